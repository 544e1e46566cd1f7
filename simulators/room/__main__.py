"""`python -m simulators.room --port 8124`: the demo's insulated box."""

import argparse
import asyncio
import signal
import time

from .physics import Climate, Room, insulated_box
from .sensor import Sensor
from .server import RoomServer


async def serve(port: int, start_c: float, heater_w: float) -> None:
    """Serve until asked to stop."""
    room = Room(building=insulated_box(heater_w), climate=Climate(), air_c=start_c, mass_c=start_c)
    sensor = Sensor(lag_s=5.0, resolution_k=0.01, reading_c=start_c)
    server = RoomServer(room, sensor, clock=time.monotonic, time_of_day=time.time)
    await server.start("127.0.0.1", port)
    print(f"room ready on 127.0.0.1:{server.port}", flush=True)
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await stop.wait()
    await server.stop()


def main() -> None:
    """Read the arguments and serve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--start-c", type=float, default=18.0)
    parser.add_argument("--heater-w", type=float, default=30.0, help="the heater that the box is made for")
    arguments = parser.parse_args()
    asyncio.run(serve(arguments.port, arguments.start_c, arguments.heater_w))


if __name__ == "__main__":
    main()
