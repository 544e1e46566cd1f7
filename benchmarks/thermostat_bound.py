"""How far from the cheapest possible: the planner on the RC plant against a linear program that foresees everything.

The program knows neither floor nor ramp nor boots. It may be cold for as many K·h as the contestant was, and no warmer
than wanted, but where the contestant was so or while the warmth of the hours before leaks; it ends with as much heat in
the house. So the contestant's own course is one of those it chooses from, and nobody is cheaper at the same comfort.
Earnings are concave in power; the program gets the least of their tangents, which is never less than they are.
"""

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from datetime import date
from importlib import import_module
from multiprocessing import get_context
from os import environ
from time import process_time
from typing import Any

import numpy as np

from custom_components.hashwarm.engine.control.planner import Present, belief_now, make_plan
from custom_components.hashwarm.engine.control.thermal_model import step_matrices
from custom_components.hashwarm.engine.model.capabilities import Capabilities
from custom_components.hashwarm.engine.model.planning import SLOT_S, Slot

from .thermostat_chain import Chain
from .thermostat_contestants import PLANNERS, contestant
from .thermostat_energyplus import weather_file
from .thermostat_ours import CAPABILITIES
from .thermostat_planner import OurPlanner, RevenueAsNow
from .thermostat_rc import PLANT, Course, run
from .thermostat_view import DAY_S, HOUR_S, MAXIMUM_W, Conditions, Contestant, daily_schedule
from .thermostat_weather import WIDE_SPREAD, YEAR, Prices, read_epw

type Say = Callable[[str], None]

CONTESTANTS = ("planner", "planner-perfect-weather", "regulator", "floor-aware-pi")
SETTLING_DAYS, SCORED_DAYS = 2, 21
SLOT_MINUTES = 15
SLOT_H = 0.25
TANGENTS_KW = np.linspace(0.0, 3.0, 13)
MAXIMUM_KW = MAXIMUM_W / 1000.0
SEED = 1
SOLVED = 20
PLANNED_FROM_H = 14.0
LEAKING_H = 3


def bound(say: Say) -> dict[str, Any]:
    """Return by how many percent each contestant's net cost exceeds its bound, with its comfort."""
    found: dict[str, Any] = {}
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as processes:
        for name, figures in zip(CONTESTANTS, processes.map(against_bound, CONTESTANTS), strict=True):
            say(f"RC plant: {name} costs {figures['excess_percent']} % more than foreseeing everything would")
            key = name.replace("planner-perfect-weather", "planner_perfect").replace("-", "_")
            found |= {f"{key}_{figure}": value for figure, value in figures.items()}
    return found


def against_bound(name: str) -> dict[str, Any]:
    """Run a contestant on the RC plant at the wide spread, and solve the program that it is held against."""
    year = read_epw(weather_file("chicago"))
    start = year.start_of(date(YEAR, 1, 1))
    chain = Chain(
        _with_plant(name),
        year=year,
        start=start,
        learn_days=SETTLING_DAYS,
        seed=SEED,
        conditions=Conditions(setpoint_c=daily_schedule(year.place)),
        spread=WIDE_SPREAD,
    )
    course = run(chain, year, start, (SETTLING_DAYS + SCORED_DAYS) * 1440)
    figures = chain.figures((SEED,), WIDE_SPREAD)
    program = _Program(course, chain.conditions, chain.prices, start)
    least = program.least_cost() / SCORED_DAYS
    return {
        "excess_percent": round(100.0 * (figures["net_cost_per_day"] - least) / least, 2),
        "net_cost_per_day": figures["net_cost_per_day"],
        "bound_per_day": round(least, 3),
        "cold_kh_per_day": figures["cold_kh_per_day"],
        "overshoot_kh_per_day": figures["overshoot_kh_per_day"],
        "starts_per_day": figures["starts_per_day"],
    }


def _with_plant(name: str) -> Contestant:
    """Return a contestant; a planner knows the plant's own parameters."""
    return OurPlanner(900, PLANNERS[name], house=PLANT) if name in PLANNERS else contestant(name, 900)


@dataclass
class _Rows:
    """Rows of a sparse matrix, each between two bounds."""

    start: list[int]
    index: list[int]
    value: list[float]
    lower: list[float]
    upper: list[float]

    def add(self, lower: float, upper: float, *terms: tuple[int, float]) -> None:
        self.index.extend(column for column, _ in terms)
        self.value.extend(factor for _, factor in terms)
        self.lower.append(lower)
        self.upper.append(upper)
        self.start.append(len(self.index))


class _Program:
    """Over the scored quarters of an hour: kW, earnings in EUR/h, air and mass in °C at its end, K too cold then."""

    POWER, EARNED, AIR, MASS, COLD = range(5)

    def __init__(self, course: Course, conditions: Conditions, prices: Prices, start: float) -> None:
        self._course, self._conditions, self._prices = course, conditions, prices
        self._first = SETTLING_DAYS * 1440
        self._start = start + SETTLING_DAYS * DAY_S
        self._count = (len(course.power_w) - self._first) // SLOT_MINUTES
        self._minute = step_matrices(PLANT, 1.0 / 60.0)
        self._rows = _Rows([0], [], [], [], [])

    def least_cost(self) -> float:
        """Return the least net cost, in EUR. Errors: RuntimeError where there is none."""
        self._dynamics()
        self._earnings()
        self._comfort()
        return self._solved()

    def _column(self, kind: int, slot: int) -> int:
        return 5 * slot + kind

    def _times(self) -> list[float]:
        """Return when each slot ends."""
        return [self._start + (slot + 1) * SLOT_S for slot in range(self._count)]

    def _dynamics(self) -> None:
        """Carry air and mass from slot to slot, with the weather as it came."""
        carry = np.linalg.matrix_power(self._minute.house_carry, SLOT_MINUTES)
        heat = step_matrices(PLANT).house_heat @ np.array([PLANT.heater_to_air, 1.0 - PLANT.heater_to_air]) * 1000.0
        course = self._course
        for slot in range(self._count):
            minute = self._first + slot * SLOT_MINUTES
            added = np.zeros(2)
            for weather_k in course.weather_k[minute : minute + SLOT_MINUTES]:
                added = self._minute.house_carry @ added + weather_k
            if slot == 0:
                added = added + carry @ np.array([course.air_c[minute], course.mass_c[minute]])
            for row, kind in enumerate((self.AIR, self.MASS)):
                before = [
                    (self._column(self.AIR, slot - 1), -float(carry[row, 0])),
                    (self._column(self.MASS, slot - 1), -float(carry[row, 1])),
                ]
                power = (self._column(self.POWER, slot), -float(heat[row]))
                terms = (*(before if slot else []), power, (self._column(kind, slot), 1.0))
                self._rows.add(float(added[row]), float(added[row]), *terms)

    def _earnings(self) -> None:
        conditions, least = self._conditions, -1e30
        for kw in TANGENTS_KW:
            share = kw / MAXIMUM_KW
            slope = 0.10 * 0.8 / (0.8 + 0.2 * share) ** 2
            offset = conditions.revenue_per_kwh(kw * 1000.0, self._start) * kw - slope * kw
            for slot in range(self._count):
                earned, power = self._column(self.EARNED, slot), self._column(self.POWER, slot)
                self._rows.add(least, float(offset), (earned, 1.0), (power, -float(slope)))

    def _comfort(self) -> None:
        """Let it be as cold in sum and as warm at a time as the contestant, and end with as much heat in the house."""
        endless, course = 1e30, self._course
        for slot, at in enumerate(self._times()):
            air = (self._column(self.AIR, slot), 1.0)
            own_c = course.air_c[self._first + (slot + 1) * SLOT_MINUTES]
            self._rows.add(-endless, max(self._warmest_c(at), own_c), air)
            self._rows.add(self._conditions.coldest_c(at), endless, air, (self._column(self.COLD, slot), 1.0))
        cold = [(self._column(self.COLD, slot), SLOT_H) for slot in range(self._count)]
        self._rows.add(-endless, self._cold_kh(), *cold)
        for kind, end_c in ((self.AIR, course.air_c[-1]), (self.MASS, course.mass_c[-1])):
            self._rows.add(end_c, endless, (self._column(kind, self._count - 1), 1.0))

    def _warmest_c(self, at: float) -> float:
        """Return how warm the room may be: as it was allowed to be in the hours before, for warmth takes time to go."""
        return max(self._conditions.warmest_c(at - hour * HOUR_S) for hour in range(LEAKING_H + 1))

    def _cold_kh(self) -> float:
        """Return how cold the contestant was, by the ends of the slots or by the minute, whichever is more."""
        coldest_c = self._conditions.coldest_c
        ends = [self._course.air_c[self._first + (slot + 1) * SLOT_MINUTES] for slot in range(self._count)]
        by_slots = sum(max(coldest_c(at) - end_c, 0.0) for at, end_c in zip(self._times(), ends, strict=True)) * SLOT_H
        minutes = self._course.air_c[self._first : self._first + self._count * SLOT_MINUTES]
        by_minutes = sum(max(coldest_c(self._start + 60.0 * n) - c, 0.0) for n, c in enumerate(minutes)) / 60.0
        return max(by_slots, by_minutes)

    def _solved(self) -> float:
        highspy: Any = import_module("highspy")
        prices = np.array([self._prices.at(at - SLOT_S) for at in self._times()])
        cost, lower, upper = (np.zeros(5 * self._count) for _ in range(3))
        cost[self.POWER :: 5], cost[self.EARNED :: 5] = prices * SLOT_H, -SLOT_H
        upper[:] = 1e30
        upper[self.POWER :: 5] = MAXIMUM_KW
        for kind in (self.EARNED, self.AIR, self.MASS):
            lower[kind::5] = -1e30
        rows = self._rows
        program = highspy.HighsLp()
        program.num_col_, program.num_row_ = len(cost), len(rows.lower)
        program.col_cost_, program.col_lower_, program.col_upper_ = cost, lower, upper
        program.row_lower_, program.row_upper_ = np.array(rows.lower), np.array(rows.upper)
        program.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        program.a_matrix_.start_ = np.array(rows.start)
        program.a_matrix_.index_, program.a_matrix_.value_ = np.array(rows.index), np.array(rows.value)
        solver = highspy.Highs()
        solver.setOptionValue("output_flag", "off")
        solver.passModel(program)
        solver.run()
        if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            raise RuntimeError(f"HiGHS found no optimum: {solver.getModelStatus()}")
        return float(solver.getInfo().objective_function_value)


def solve_ms(say: Say) -> dict[str, float]:
    """Return the CPU time of a plan on one core, in ms, the median of twenty.

    For 36 h a pause and a run last three quarters of an hour at least, so that their time in state counts.
    """
    long_lived = replace(CAPABILITIES, minimum_on_s=2700.0, minimum_off_s=2700.0)
    environ.update(OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1")
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        day, long = process.map(_median_ms, (96, 144), (CAPABILITIES, long_lived))
    found = {"solve_ms": day, "solve_36h_ms": long}
    say(f"a plan takes {found['solve_ms']} ms for 24 h")
    return found


def _median_ms(count: int, capabilities: Capabilities) -> float:
    year = read_epw(weather_file("chicago"))
    start = year.start_of(date(YEAR, 1, 10)) + PLANNED_FROM_H * HOUR_S
    conditions, prices = Conditions(setpoint_c=daily_schedule(year.place)), Prices(year.place, SEED)
    ahead = [
        Slot(
            at=at,
            outdoor_c=year.weather_at(at).outdoor_c,
            target_c=conditions.setpoint_c(at),
            coldest_c=conditions.coldest_c(at),
            warmest_c=conditions.warmest_c(at),
            price_per_kwh=prices.at(at),
        )
        for at in (start + slot * SLOT_S for slot in range(count))
    ]
    present = Present(now=start, room_c=20.7, running=True, lasted_s=HOUR_S)
    belief, revenue = belief_now([], PLANT, MAXIMUM_W, present), RevenueAsNow(conditions, start)
    taken: list[float] = []
    for _ in range(SOLVED):
        began = process_time()
        make_plan(PLANT, belief, present, ahead, capabilities, revenue, rmse_k=0.2)
        taken.append(process_time() - began)
    return round(1000.0 * sorted(taken)[SOLVED // 2], 1)
