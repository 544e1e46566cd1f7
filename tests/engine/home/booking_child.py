"""Books two heaters in virtual time as fast as it can, says what it booked, and expects to be killed."""

import asyncio
from datetime import UTC, datetime, timedelta
import os
from pathlib import Path
import sys

sys.path.insert(0, str(Path(__file__).parents[3]))

from tests.engine import conftest

assert conftest

from custom_components.hashwarm.engine.home import HeaterSample, Home  # noqa: E402
from custom_components.hashwarm.engine.money import SCHEMA, FigureKind, Manual, Market, MeteredElectricity  # noqa: E402
from custom_components.hashwarm.engine.store import Store  # noqa: E402


async def main(path: str, start_s: float) -> None:
    begin = datetime.fromtimestamp(start_s, UTC)
    seconds = 0

    def clock():
        return float(seconds)

    def now():
        return begin + timedelta(seconds=seconds)

    store = Store(Path(path), schemas=(SCHEMA,), now=now)
    await store.start()
    manual = Manual({FigureKind.DIFFICULTY: 1e12, FigureKind.REWARD_SAT: 3e8, FigureKind.BTC_PRICE: 1e5})
    market = Market(sources=(), manual=manual, currency="EUR", now=now, clock=clock)
    home = Home(
        store=store,
        market=market,
        currency="EUR",
        tz=UTC,
        clock=clock,
        now=now,
        electricity=MeteredElectricity(grid_price=lambda: 0.25),
    )
    await home.start()
    while True:
        for heater, power in (("a", 1000.0), ("b", 500.0)):
            work = seconds * 10**12
            home.book(heater, HeaterSample(at_s=clock(), power_w=power, share_work=work, running=True))
        os.write(1, f"{seconds}\n".encode())
        if seconds % 10 == 0:
            await home.flush()
            os.write(1, f"flushed {home.totals().meter_kwh}\n".encode())
        seconds += 1


asyncio.run(main(sys.argv[1], float(sys.argv[2])))
