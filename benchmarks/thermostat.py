"""Thermostats side by side on a house of EnergyPlus with a miner as its heater: starts, comfort, money, and a bound.

Each run is a process of its own. docs/benchmarks.md tells what is measured, and how.
"""

import argparse
from collections.abc import Callable, Iterable
from importlib.util import find_spec
import os
from statistics import fmean
from typing import Any

from .thermostat_case import Order
from .thermostat_contestants import NAMES, PLANNERS
from .thermostat_energyplus import MISSING, UnableError, library
from .thermostat_runs import run_all
from .thermostat_scenarios import LEARN_DAYS as SCENARIO_LEARN_DAYS, SCENARIOS, SCORED_DAYS as SCENARIO_DAYS
from .thermostat_table import laid_out

type Say = Callable[[str], None]

CASES = tuple(
    f"case{case}-{climate}-{season}"
    for case, climate in ((900, "chicago"), (600, "chicago"), (900, "golden"), (900, "sterling"))
    for season in ("january", "spring")
)
SEEDS = 3
"""For the houses that goals are set for; the others have one."""
GOAL_CASES = CASES[:2]
LEARN_DAYS, SCORED = 7, 21
SCENARIO_CONTESTANTS = ("regulator", "planner")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what people may choose."""
    parser.add_argument("--cases", nargs="*", default=list(CASES), choices=CASES, help="houses, places and seasons")
    parser.add_argument("--contestants", nargs="+", default=list(NAMES), choices=NAMES, help="thermostats")
    parser.add_argument("--days", type=int, default=SCORED, help="days that are scored")
    parser.add_argument("--learn-days", type=int, default=LEARN_DAYS, help="days before that")
    parser.add_argument("--seeds", type=int, default=SEEDS, help="forecast errors and prices for case 900 in Chicago")
    parser.add_argument("--scenarios", nargs="*", default=list(SCENARIOS), choices=SCENARIOS, help="what comes between")
    parser.add_argument("--no-bound", action="store_false", dest="bound", help="without the RC plant and its bound")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="runs at a time")


def measure(
    say: Say,
    *,
    cases: Iterable[str] = CASES,
    contestants: Iterable[str] = NAMES,
    days: int = SCORED,
    learn_days: int = LEARN_DAYS,
    seeds: int = SEEDS,
    scenarios: Iterable[str] = tuple(SCENARIOS),
    bound: bool = True,
    jobs: int = 2,
) -> dict[str, Any]:
    """Run all that was asked for. Errors: SystemExit where EnergyPlus or HiGHS cannot be had, with what to do."""
    if bound and find_spec("highspy") is None:
        raise SystemExit(MISSING.format("highspy"))
    try:
        library()
    except UnableError as error:
        raise SystemExit(str(error)) from error
    names = list(contestants)
    table = [order for case in cases for name in names for order in _orders(case, name, days, learn_days, seeds)]
    between = [
        _order("case900-chicago-january", name, (1,), SCENARIO_DAYS, SCENARIO_LEARN_DAYS, scenario)
        for scenario in scenarios
        for name in SCENARIO_CONTESTANTS
        if name in names
    ]
    found = run_all([*table, *between], jobs, say)
    figures: dict[str, Any] = {}
    for order, result in zip(table, found, strict=False):
        figures.setdefault(order.name, {}).setdefault(order.contestant, []).append(result)
    figures = {case: {name: _mean(runs) for name, runs in rows.items()} for case, rows in figures.items()}
    for order, result in zip(between, found[len(table) :], strict=True):
        assert order.scenario is not None
        figures.setdefault("scenarios", {}).setdefault(order.scenario, {})[order.contestant] = result
    return figures | (_bound(say) if bound else {})


def _orders(case: str, name: str, days: int, learn_days: int, seeds: int) -> list[Order]:
    """Return the runs of a contestant: one for each seed where that makes a difference, else one for all of them."""
    numbers = tuple(range(1, (seeds if case in GOAL_CASES else 1) + 1))
    each = [(number,) for number in numbers] if name in PLANNERS else [numbers]
    return [_order(case, name, some, days, learn_days) for some in each]


def _order(
    case: str, name: str, seeds: tuple[int, ...], days: int, learn_days: int, scenario: str | None = None
) -> Order:
    house, climate, season = case.split("-")
    return Order(
        case=int(house.removeprefix("case")),
        climate=climate,
        season=season,
        contestant=name,
        seeds=seeds,
        days=days,
        learn_days=learn_days,
        scenario=scenario,
    )


def _mean(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the means of what are numbers in all runs, the first of anything else."""
    return {
        key: round(fmean(run[key] for run in runs), 3)
        if all(isinstance(run[key], int | float) for run in runs)
        else value
        for key, value in runs[0].items()
    }


def _bound(say: Say) -> dict[str, Any]:
    from .thermostat_bound import bound, solve_ms  # noqa: PLC0415 - needs HiGHS and numpy

    return {"bound": bound(say), **solve_ms(say)}


def table(figures: dict[str, Any]) -> str:
    """Lay the figures out for people."""
    return laid_out(figures)
