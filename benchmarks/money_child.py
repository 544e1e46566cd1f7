"""One session of the year: ten heaters in virtual time, in a process that expects to be killed.

It says first what the ledger has of each heater, in mJ. Near its end it books every second and writes every ten, as
Home Assistant does, and says after each second how many ms it has lasted.
"""

import asyncio
from datetime import UTC, datetime, timedelta
import os
from pathlib import Path
import random
import sys
from zoneinfo import ZoneInfo

from custom_components.hashwarm.engine.home import Earning, HeaterSample, Home, Scheme
from custom_components.hashwarm.engine.money import SCHEMA, FigureKind, Manual, Market, MeteredElectricity
from custom_components.hashwarm.engine.store import Store

HEATERS = 10
POWER_W = [400.0 + 300.0 * index for index in range(HEATERS)]
SHARE_RATE_HS = 50 * 10**12
COARSE_S = 60
FINE_S = 120
FLUSH_S = 10
COARSE_FLUSH_S = 3600
NETWORK = {FigureKind.DIFFICULTY: 1.4e14, FigureKind.REWARD_SAT: 3.2e8, FigureKind.BTC_PRICE: 9e4}


class Session:
    """A home, its heaters and its clocks."""

    def __init__(self, path: Path, start_s: float, seed: int) -> None:
        self._begin = datetime.fromtimestamp(start_s, UTC)
        self._random = random.Random(seed)
        self._clock_off_s = 0.0
        self.elapsed_s = 0
        self.store = Store(path, schemas=(SCHEMA,), now=self.now)
        market = Market(sources=(), manual=Manual(NETWORK), currency="EUR", now=self.now, clock=self.clock)
        self.home = Home(
            store=self.store,
            market=market,
            currency="EUR",
            tz=ZoneInfo("Europe/Berlin"),
            clock=self.clock,
            now=self.now,
            electricity=MeteredElectricity(grid_price=self._price),
        )

    def clock(self) -> float:
        """Return the monotonic clock."""
        return float(self.elapsed_s)

    def now(self) -> datetime:
        """Return the wall clock, which is sometimes set."""
        return self._begin + timedelta(seconds=self.elapsed_s + self._clock_off_s)

    def _price(self) -> float:
        """Return a price that changes every hour and is negative now and then."""
        hour = self.now().hour
        return round(0.05 + 0.02 * ((hour * 7) % 19) - (0.06 if hour == 13 else 0.0), 4)

    def set_clock(self) -> None:
        """Set the wall clock wrong, or right again."""
        self._clock_off_s = 0.0 if self._clock_off_s else self._random.choice([-3700.0, -5.0, 3.0, 1800.0])

    def book(self, stands_for_s: float) -> None:
        """Book every heater as of now."""
        work = self.elapsed_s * SHARE_RATE_HS
        for index, power_w in enumerate(POWER_W):
            sample = HeaterSample(
                at_s=self.clock(),
                power_w=power_w,
                share_work=work,
                hashes=work,
                running=True,
                stands_for_s=stands_for_s,
            )
            self.home.book(f"heater {index}", sample)


async def live(path: Path, start_s: float, lasts_s: int, *, killed: bool, seed: int) -> None:
    """Live through a session."""
    session = Session(path, start_s, seed)
    await session.store.start()
    await session.home.start()
    for index in range(HEATERS):
        session.home.set_earning(f"heater {index}", Earning(scheme=Scheme.FPPS, fee_ppm=25_000))
    totals = [session.home.totals(f"heater {index}").all_time.energy_kwh for index in range(HEATERS)]
    _say(" ".join(str(round((kwh or 0.0) * 3.6e9)) for kwh in totals))
    session.book(0.0)
    jumps_at_s = {lasts_s // 3, lasts_s // 3 + lasts_s // 10} if seed % 3 == 0 else set()
    while session.elapsed_s < lasts_s - FINE_S:
        step_s = min(COARSE_S, lasts_s - FINE_S - session.elapsed_s)
        before_s, session.elapsed_s = session.elapsed_s, session.elapsed_s + step_s
        if any(before_s < at_s <= session.elapsed_s for at_s in jumps_at_s):
            session.set_clock()
        session.book(COARSE_S)
        if session.elapsed_s // COARSE_FLUSH_S != before_s // COARSE_FLUSH_S:
            await session.home.flush()
    await _fine(session, None if killed else FINE_S)
    await session.home.stop()
    await session.store.stop()
    _say(str(1000 * session.elapsed_s))


async def _fine(session: Session, seconds: int | None) -> None:
    """Go on second by second, for ever where a kill is to come."""
    await session.home.flush()
    _say(str(1000 * session.elapsed_s))
    done = 0
    while seconds is None or done < seconds:
        done += 1
        session.elapsed_s += 1
        session.book(0.0)
        _say(str(1000 * session.elapsed_s))
        if done % FLUSH_S == 0:
            await session.home.flush()


def _say(text: str) -> None:
    """Tell the parent at once: what was said before a kill has been said."""
    os.write(1, f"{text}\n".encode())


if __name__ == "__main__":
    asyncio.run(
        live(
            Path(sys.argv[1]),
            float(sys.argv[2]),
            int(sys.argv[3]),
            killed=sys.argv[4] == "kill",
            seed=int(sys.argv[5]),
        )
    )
