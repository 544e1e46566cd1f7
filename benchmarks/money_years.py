"""Five years of ten heaters in one file, written by the ledger itself; how fast it opens and answers."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
import subprocess
import sys
import time
from zoneinfo import ZoneInfo

from custom_components.hashwarm.engine.home import Earning, HeaterSample, Home, Scheme
from custom_components.hashwarm.engine.money import SCHEMA, FigureKind, Manual, Market, MeteredElectricity
from custom_components.hashwarm.engine.store import Store

type Say = Callable[[str], None]

HEATERS = 10
YEARS = 5
STEP_S = 900
DAY_S = 86_400
BEGIN = datetime(2021, 11, 22, tzinfo=UTC)
NETWORK = {FigureKind.DIFFICULTY: 1.4e14, FigureKind.REWARD_SAT: 3.2e8, FigureKind.BTC_PRICE: 9e4}


class _Years:
    """A home in virtual time whose electricity has another price every quarter of an hour."""

    def __init__(self, path: Path, elapsed_s: int = 0) -> None:
        self.elapsed_s = elapsed_s
        self.store = Store(path, schemas=(SCHEMA,), now=self.now)
        market = Market(sources=(), manual=Manual(NETWORK), currency="EUR", now=self.now, clock=self.clock)
        self.home = Home(
            store=self.store,
            market=market,
            currency="EUR",
            tz=ZoneInfo("Europe/Berlin"),
            clock=self.clock,
            now=self.now,
            electricity=MeteredElectricity(grid_price=lambda: 0.1 + (self.elapsed_s // STEP_S * 37 % 400) / 1000),
        )

    def clock(self) -> float:
        return float(self.elapsed_s)

    def now(self) -> datetime:
        return BEGIN + timedelta(seconds=self.elapsed_s)

    def book(self, heater: int) -> None:
        work = self.elapsed_s * 50 * 10**12
        power_w = 0.0 if self.elapsed_s // STEP_S % (5 + heater) == 0 else 1000.0 + heater
        sample = HeaterSample(
            at_s=self.clock(), power_w=power_w, share_work=work, running=power_w > 0, stands_for_s=STEP_S
        )
        self.home.book(f"heater {heater}", sample)


async def fill_years(path: Path, say: Say) -> None:
    """Write five years; old days are folded as they would be."""
    years = _Years(path)
    await years.store.start()
    await years.home.flush()
    for heater in range(HEATERS):
        years.home.set_earning(f"heater {heater}", Earning(scheme=Scheme.FPPS, fee_ppm=25_000))
    shown = time.monotonic()
    end_s = YEARS * 365 * DAY_S
    while years.elapsed_s < end_s:
        years.elapsed_s += STEP_S
        for heater in range(HEATERS):
            years.book(heater)
        if years.elapsed_s % DAY_S == 0:
            await years.home.flush()
        if years.elapsed_s % (30 * DAY_S) == 0:
            await years.home.fold()
        if time.monotonic() - shown > 10:
            shown = time.monotonic()
            say(f"five years: {100 * years.elapsed_s / end_s:.0f} %")
    await years.home.stop()
    await years.store.stop()


async def opened(path: Path) -> tuple[_Years, float]:
    """Open the file; returns the home with its past known, and how many ms that took."""
    years = _Years(path, YEARS * 365 * DAY_S + 60)
    begin = time.perf_counter()
    await years.store.start()
    await years.home.flush()
    assert years.home.totals().all_time.energy_kwh
    return years, (time.perf_counter() - begin) * 1000


async def worst_query_ms(path: Path) -> float:
    """Return the longest time in which what a dashboard shows was asked: of every heater and the home, also anew."""
    years, _ = await opened(path)
    asked: list[float] = []
    for _ in range(24):
        years.elapsed_s += DAY_S // 8
        for heater in range(HEATERS):
            years.book(heater)
        for heater_id in (*(f"heater {heater}" for heater in range(HEATERS)), None):
            begin = time.perf_counter()
            years.home.totals(heater_id)
            asked.append((time.perf_counter() - begin) * 1000)
    await years.store.stop()
    return max(asked)


def startup_ms(path: Path) -> float:
    """Return the time to open the ledger in a fresh process."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.money_start_probe", str(path)], check=True, capture_output=True, text=True
    )
    return float(done.stdout)
