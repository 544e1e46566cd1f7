"""`python -m simulators.market --port 8127`: market figures that change only when they are told to."""

import argparse
import asyncio
from datetime import UTC, datetime
import signal

from .server import SOURCES, PracticeMarket


async def serve(port: int, currency: str) -> None:
    """Serve until asked to stop."""
    server = PracticeMarket(now=lambda: datetime.now(UTC), currency=currency)
    await server.start(port=port)
    for source in SOURCES:
        print(f"{source} on {server.url(source)}", flush=True)
    print(f"market ready on 127.0.0.1:{server.port}", flush=True)
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await stop.wait()
    await server.stop()


def main() -> None:
    """Read the arguments and serve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--currency", default="EUR")
    arguments = parser.parse_args()
    asyncio.run(serve(arguments.port, arguments.currency))


if __name__ == "__main__":
    main()
