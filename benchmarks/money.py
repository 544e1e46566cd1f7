"""The ledger: a year of ten heaters that is killed and restarted and whose clocks change, and five years in one file.

The year runs in child processes in virtual time. Each tells, as it goes, how long its heaters have drawn power; what
the ledger has of that after a kill says what was lost. The totals are then replayed from the facts in the file.
"""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
import random
import sqlite3
import subprocess
import sys
from tempfile import TemporaryDirectory
import time
from typing import Any

from benchmarks.money_child import HEATERS, POWER_W, SHARE_RATE_HS
from benchmarks.money_years import fill_years, startup_ms, worst_query_ms
from custom_components.hashwarm.engine.money.quantities import MJ_PER_KWH, RATE_ONE, earning_rate, joined

type Say = Callable[[str], None]

KILLS = 200
CLEAN_RESTARTS = 60
DAYS = 365
BEGIN = datetime(2025, 10, 1, tzinfo=UTC)
STARTS = 5
DAY_S = 86_400
MJ_PER_W_S = 1000
GOALS = {
    "energy_lost_s_max": 10.0,
    "double_counted": 0,
    "database_mb": 200.0,
    "query_ms_max": 20.0,
    "startup_ms": 200.0,
}


def measure(say: Say) -> dict[str, Any]:
    """Return the figures of both halves."""
    with TemporaryDirectory(prefix="hashwarm-money-") as folder:
        year = _Year(Path(folder) / "year.db", say)
        year.run()
        figures = year.figures()
        path = Path(folder) / "years.db"
        asyncio.run(fill_years(path, say))
        starts = [startup_ms(path) for _ in range(STARTS)]
        return figures | {
            "database_mb": round(sum(file.stat().st_size for file in path.parent.glob("years.db*")) / 1e6, 1),
            "query_ms_max": round(asyncio.run(worst_query_ms(path)), 2),
            "startup_ms": round(min(starts), 1),
            "startup_ms_worst": round(max(starts), 1),
        }


class _Year:
    """A year in sessions, each ended by a kill or a stop."""

    def __init__(self, path: Path, say: Say) -> None:
        self._path = path
        self._say = say
        self._random = random.Random(7)
        self._truth_ms = 0
        """How long every heater has drawn power while somebody looked, as the children told."""
        self._lost_ms: list[float] = []
        self._away_ms = 0
        self._doubled_mj = 0
        self._kills = 0

    def run(self) -> None:
        """Live through the year."""
        ends = ["kill"] * KILLS + ["stop"] * CLEAN_RESTARTS
        self._random.shuffle(ends)
        session_s = DAYS * DAY_S / len(ends)
        wall, shown = BEGIN, time.monotonic()
        for number, end in enumerate(ends):
            away_s = round(self._random.uniform(30, 8 * 3600))
            lasted_s = self._session(wall, max(600, round(session_s - away_s)), end)
            wall += timedelta(seconds=lasted_s + away_s)
            self._away_ms += 1000 * away_s
            if time.monotonic() - shown > 10:
                shown = time.monotonic()
                self._say(f"a year: {self._kills} of {KILLS} kills, {100 * number / len(ends):.0f} %")
        self._session(wall, 600, "stop")

    def _session(self, wall: datetime, lasts_s: int, end: str) -> float:
        """Run one child to its end; returns how long it lasted in virtual s."""
        arguments = [str(self._path), str(wall.timestamp()), str(lasts_s), end, str(self._random.randrange(10**9))]
        with subprocess.Popen(
            [sys.executable, "-m", "benchmarks.money_child", *arguments], stdout=subprocess.PIPE, text=True
        ) as child:
            assert child.stdout is not None
            booked_mj = [int(amount) for amount in child.stdout.readline().split()]
            self._compare(booked_mj)
            told = child.stdout.readline().split()
            if end == "kill":
                time.sleep(self._random.uniform(0.0, 0.15))
                child.kill()
                self._kills += 1
            # A child that had no time to say more has lasted no longer than it said first.
            told += child.stdout.read().split()
        lasted_ms = int(told[-1])
        self._truth_ms += lasted_ms
        return lasted_ms / 1000

    def _compare(self, booked_mj: list[int]) -> None:
        """Compare what the ledger has with what was true, before this session adds to both."""
        short_ms = [
            self._truth_ms - amount / (MJ_PER_W_S * watts) * 1000
            for amount, watts in zip(booked_mj, POWER_W, strict=True)
        ]
        known_ms = sum(self._lost_ms)
        self._lost_ms.append(max(short_ms) - known_ms)
        self._doubled_mj += sum(
            max(0, round((known_ms - short) * watts)) for short, watts in zip(short_ms, POWER_W, strict=True)
        )

    def figures(self) -> dict[str, Any]:
        """Return what the year cost, and whether its totals are those of its facts."""
        with sqlite3.connect(self._path) as connection:
            replay = _replayed(connection)
            rows, unmeasured_ms, folded = connection.execute(
                "SELECT (SELECT COUNT(*) FROM money_interval), SUM(unmeasured_ms), MAX(folded) FROM money_day"
            ).fetchone()
        return {
            "kills": self._kills,
            "energy_lost_s_max": round(max(self._lost_ms) / 1000, 3),
            "energy_lost_s_mean": round(sum(self._lost_ms) / 1000 / max(self._kills, 1), 3),
            "double_counted": self._doubled_mj,
            "replay_differs_by": replay,
            "rows": rows,
            "folded": bool(folded),
            "unmeasured_h": round(unmeasured_ms / HEATERS / 3_600_000, 1),
            "away_h": round(self._away_ms / 3_600_000, 1),
        }


def _replayed(connection: sqlite3.Connection) -> dict[str, int]:
    """Price every fact anew, exactly, and return by how much the booked totals differ: 1e-9 currency and sat."""
    cost = earned = Fraction(0)
    booked_cost = booked_earned = 0
    for energy, price, cost_nano, high, low, difficulty, reward, fee, usat in connection.execute(
        "SELECT energy_mj, price_nano, cost_nano, share_work_hi, share_work_lo, difficulty, reward_sat, fee_ppm,"
        " earned_usat FROM money_interval"
    ):
        if cost_nano is not None:
            cost += Fraction(energy * price, MJ_PER_KWH)
            booked_cost += cost_nano
        if usat is not None and difficulty is not None:
            earned += Fraction(joined(high, low) * earning_rate(difficulty, reward, fee), RATE_ONE)
            booked_earned += usat
    (cached_cost, cached_earned) = connection.execute(
        "SELECT SUM(cost_nano), SUM(earned_usat) FROM money_day"
    ).fetchone()
    carried = HEATERS
    return {
        "cost_nano": max(0, abs(round(cost) - booked_cost) - carried),
        "sat": max(0, abs(round(earned) - booked_earned) - carried) // 1_000_000,
        "days": abs(cached_cost - booked_cost) + abs(cached_earned - booked_earned),
    }


def table(figures: dict[str, Any]) -> str:
    """Return the figures beside their goals."""
    lines = [f"{'figure':<22}{'measured':>12}{'goal':>10}"]
    for name, value in figures.items():
        shown = ", ".join(f"{key} {amount}" for key, amount in value.items()) if isinstance(value, dict) else value
        goal = GOALS.get(name)
        lines.append(f"{name:<22}{shown!s:>12}{'' if goal is None else f'≤ {goal:g}':>10}")
    share = SHARE_RATE_HS / 1e12
    return "\n".join([*lines, f"{HEATERS} heaters of {POWER_W[0]:.0f} to {POWER_W[-1]:.0f} W, {share:.0f} TH/s each"])
