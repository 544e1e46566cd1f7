"""`python -m simulators.house --port 8126`: ten days pass in seconds, then the house lives on in real time."""

import argparse
import asyncio
import json
from pathlib import Path
import signal
import time
from typing import Any
from zoneinfo import ZoneInfo

from .days import Past, house_of, live_through
from .server import HouseServer

ZONE = "Europe/Berlin"


async def serve(port: int, miner_port: int, kept: Path, past: Path) -> None:
    """Write down the past, then serve until asked to stop."""
    zone = ZoneInfo(ZONE)
    house = house_of(_read(kept), time.time(), zone)
    _write(past, live_through(house, time.time(), zone))
    server = HouseServer(house, kept, zone, now=time.time)
    await server.start("127.0.0.1", port, miner_port)
    print(f"house ready on 127.0.0.1:{server.port}, its miner on 127.0.0.1:{house.miner.port}", flush=True)
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await stop.wait()
    await server.stop()


def _write(path: Path, past: Past) -> None:
    path.write_text(json.dumps(past))


def _read(kept: Path) -> dict[str, Any] | None:
    return dict(json.loads(kept.read_text())) if kept.exists() else None


def main() -> None:
    """Read the arguments and serve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--miner-port", type=int, default=0)
    parser.add_argument("--kept", type=Path, required=True, help="where to keep how the house stands")
    parser.add_argument("--past", type=Path, required=True, help="where to write what was told before now")
    arguments = parser.parse_args()
    asyncio.run(serve(arguments.port, arguments.miner_port, arguments.kept, arguments.past))


if __name__ == "__main__":
    main()
