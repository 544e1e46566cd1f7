"""`python -m simulators.miners --port 8125`: one emulated miner of each family, each in a room of its own."""

import argparse
import asyncio
import json
import signal
import time

from .town import Town


async def serve(port: int, miner_ports: dict[str, int]) -> None:
    """Serve until asked to stop."""
    town = Town(clock=time.monotonic)
    await town.start("127.0.0.1", port, miner_ports)
    for family, house in town.houses.items():
        print(f"{family} on 127.0.0.1:{house.emulator.port}", flush=True)
    print(f"miners ready on 127.0.0.1:{town.port}", flush=True)
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await stop.wait()
    await town.stop()


def main() -> None:
    """Read the arguments and serve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--miner-ports", type=json.loads, default={}, help='as JSON: {"axeos": 8080}')
    arguments = parser.parse_args()
    asyncio.run(serve(arguments.port, arguments.miner_ports))


if __name__ == "__main__":
    main()
