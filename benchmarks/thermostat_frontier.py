"""How few starts a house allows: who foresees all weather, at each weight of starts and comfort.

Dynamic programming in steps of five minutes over three weeks of the house that the planner learns of case 900: a heater
with a floor that needs no time to start, weather as it comes, and no money. Starts + weight · (cold + overshoot) is the
least that anybody can have, so that a goal below the line through it is none that a thermostat can reach. It is found
for one who measures without error, and for one who knows the air of the moments to come within some tenths of a
kelvin: then what counts as cold and too warm is the mean over a bell curve around what he expects.

`python -m benchmarks.thermostat_frontier` prints the table of docs/planner.md.
"""

from dataclasses import dataclass
from datetime import date
from math import erf, pi, sqrt

import numpy as np

from custom_components.hashwarm.engine.control.grid import modes
from custom_components.hashwarm.engine.control.house import House
from custom_components.hashwarm.engine.control.sun import Site, sun_on_walls
from custom_components.hashwarm.engine.control.thermal_model import Floats, heat_inputs, step_matrices

from .thermostat_energyplus import weather_file
from .thermostat_view import COLD_K, DAY_S, FLOOR_W, HOUR_S, MAXIMUM_W, WARM_K, daily_schedule
from .thermostat_weather import YEAR, read_epw

LEARNED = House(
    heat_loss_w_per_k=66.0,
    air_wh_per_k=210.0,
    mass_wh_per_k=2700.0,
    coupling_w_per_k=280.0,
    heater_to_air=0.9,
    sun_to_air=0.24,
    apertures_m2=(3.0, 0.5, 3.0, 1.0),
)
"""Of the house of EnergyPlus, the figures in the middle of what several fits of case 900 in Chicago found."""
FIRST_DAYS = {"January": date(YEAR, 1, 8), "spring": date(YEAR, 3, 22)}
DAYS = 21
STEP_S = 300.0
STEP_H = STEP_S / HOUR_S
POWERS_W = np.array([0.0, FLOOR_W, 1500.0, 1800.0, 2400.0, MAXIMUM_W])
BEGIN_C = 20.0
SLOW_C = np.linspace(-3.0, 4.5, 64)
FAST_C = np.linspace(-4.0, 6.0, 140)
# Weights of a K·h of cold and of overshoot, in starts.
WEIGHTS = ((2.0, 2.0), (4.0, 2.0), (4.0, 4.0), (8.0, 4.0))
WEIGHTS_UNSURE = ((4.0, 4.0), (6.0, 6.0), (8.0, 8.0))
# One hour ahead the learned model of case 900 errs by this much in the mean of squares.
UNSURE_K = 0.2
GOALS = {"January": (4.0, 0.35, 0.3), "spring": (3.5, 0.35, 0.3)}
_BELL_X = np.linspace(-6.0, 6.0, 4001)
_BELL = np.array([0.5 * (1.0 + erf(x / sqrt(2.0))) for x in _BELL_X])


@dataclass(frozen=True, kw_only=True)
class Frontier:
    """What the best of all had each day: starts, and K·h of cold and overshoot."""

    starts: float
    cold_kh: float
    over_kh: float

    def least_starts(self, weights: tuple[float, float], cold_kh: float, over_kh: float) -> float:
        """Return the starts a day that nobody gets below with so much cold and overshoot."""
        cold, over = weights
        return self.starts + cold * (self.cold_kh - cold_kh) + over * (self.over_kh - over_kh)


class Season:
    """Three weeks, step by step: what weather adds to each way in which the house cools, and the setpoint in °C."""

    def __init__(self, first: date, days: int = DAYS, unsure_k: float = 0.0) -> None:
        year = read_epw(weather_file("chicago"))
        start = year.start_of(first)
        at = [start + step * STEP_S for step in range(int(days * DAY_S / STEP_S))]
        site = Site(latitude=year.place.latitude, longitude=year.place.longitude)
        weather = [year.weather_at(each + STEP_S / 2) for each in at]
        suns = [sun_on_walls(each.at, site, each.cloud) for each in weather]
        walls = np.array([(sun.level, sun.east, sun.equator, sun.west) for sun in suns])
        matrices = step_matrices(LEARNED, STEP_H)
        self.modes = modes(matrices.house_carry)
        into = (self.modes.inverse @ matrices.house_heat).T
        outdoor_k = np.array([each.outdoor_c for each in weather]) - BEGIN_C
        drift = heat_inputs(LEARNED, outdoor_k, np.zeros(len(at)), walls) @ into
        per_watt = np.array([LEARNED.heater_to_air, 1.0 - LEARNED.heater_to_air]) @ into
        self.shift = drift[:, None] + POWERS_W[:, None] * per_watt
        setpoint_c = daily_schedule(year.place)
        self.setpoint_k = np.array([setpoint_c(each) for each in at]) - BEGIN_C
        self.days = days
        self._unsure_k = unsure_k

    def expected_k(self, beyond_k: Floats) -> Floats:
        """Return by how much the air is beyond a limit in the mean, by how much it is expected to be."""
        beyond_k = np.asarray(beyond_k)
        if not self._unsure_k:
            return np.maximum(beyond_k, 0.0)
        share = beyond_k / self._unsure_k
        density = np.exp(-share * share / 2.0) / sqrt(2.0 * pi)
        mean_k: Floats = self._unsure_k * density + beyond_k * np.interp(share, _BELL_X, _BELL)
        return mean_k

    def discomfort(self, air_k: Floats, setpoint_k: float, weights: tuple[float, float]) -> tuple[Floats, Floats]:
        """Return what half a step costs, off and on."""
        cold = self.expected_k(setpoint_k - COLD_K - air_k) * weights[0] * STEP_H / 2
        return cold, cold + self.expected_k(air_k - setpoint_k - WARM_K) * weights[1] * STEP_H / 2


def best(season: Season, weights: tuple[float, float]) -> Frontier:
    """Return what the best has that pays 1 for a start and so much for each K·h of cold and of overshoot."""
    return _walked(season, weights, _costs_to_come(season, weights))


def _costs_to_come(season: Season, weights: tuple[float, float]) -> list[Floats]:
    """Return what comes after each step and its second half, off and on, over the grid."""
    air_k = SLOW_C[:, None] + FAST_C[None, :]
    value: Floats = np.zeros((2, *air_k.shape), np.float32)
    found: list[Floats] = []
    for shift, setpoint_k in zip(season.shift[::-1], season.setpoint_k[::-1], strict=True):
        half = np.stack(season.discomfort(air_k, float(setpoint_k), weights)).astype(np.float32)
        after = value + half
        found.append(after)
        onward = [
            _taken(season, after[int(power_w > 0.0)], each) for power_w, each in zip(POWERS_W, shift, strict=True)
        ]
        off, on = onward[0] + half[0], np.min(onward[1:], axis=0) + half[1]
        value = np.stack([np.minimum(off, on + 1.0), np.minimum(off, on)])
    return found[::-1]


def _taken(season: Season, values: Floats, shift: Floats) -> Floats:
    """Return the values where each point of the grid goes."""
    row, down = _place(season.modes.kept[0] * SLOW_C + shift[0], SLOW_C)
    column, right = _place(season.modes.kept[1] * FAST_C + shift[1], FAST_C)
    between = values[row] + down[:, None] * (values[row + 1] - values[row])
    taken: Floats = between[:, column] + right * (between[:, column + 1] - between[:, column])
    return taken


def _place(value: Floats, axis: Floats) -> tuple[np.ndarray, Floats]:
    position = np.clip((value - axis[0]) / (axis[1] - axis[0]), 0.0, len(axis) - 1.001)
    index = position.astype(np.intp)
    return index, (position - index).astype(np.float32)


def _walked(season: Season, weights: tuple[float, float], values: list[Floats]) -> Frontier:
    """Walk the cheapest way and count."""
    at, running, starts, cold, over = np.zeros(2), False, 0, 0.0, 0.0
    on = POWERS_W > 0.0
    for shift, setpoint_k, after in zip(season.shift, season.setpoint_k, values, strict=True):
        ends = season.modes.kept * at + shift
        (row, down), (column, right) = _place(ends[:, 0], SLOW_C), _place(ends[:, 1], FAST_C)
        layers = [after[int(each)] for each in on]
        corners = [
            [layer[r + i, c + j] for layer, r, c in zip(layers, row, column, strict=True)]
            for i in (0, 1)
            for j in (0, 1)
        ]
        share = np.stack([(1 - down) * (1 - right), (1 - down) * right, down * (1 - right), down * right])
        cool, warm = season.discomfort(at.sum(), setpoint_k, weights)
        cost = (np.array(corners) * share).sum(axis=0) + np.where(on, warm - cool, 0.0)
        best_move = int(np.argmin(cost + np.where(on & (not running), 1.0, 0.0)))
        air_k = np.array([at.sum(), ends[best_move].sum()])
        cold += float(season.expected_k(setpoint_k - COLD_K - air_k).mean()) * STEP_H
        over += float(season.expected_k(air_k - setpoint_k - WARM_K).mean()) * STEP_H * on[best_move]
        starts += bool(on[best_move]) and not running
        at, running = ends[best_move], bool(on[best_move])
    return Frontier(starts=starts / season.days, cold_kh=cold / season.days, over_kh=over / season.days)


def main() -> None:
    """Print the table."""
    print("| season | air known within | cold, overshoot weigh | starts/day | cold K·h/d | over K·h/d | least starts |")
    print("|---|---|---|---|---|---|---|")
    for unsure_k, tried in ((0.0, WEIGHTS), (UNSURE_K, WEIGHTS_UNSURE)):
        for name, first in FIRST_DAYS.items():
            season = Season(first, unsure_k=unsure_k)
            for weights in tried:
                _print(name, unsure_k, weights, best(season, weights))


def _print(name: str, unsure_k: float, weights: tuple[float, float], found: Frontier) -> None:
    _, cold_kh, over_kh = GOALS[name]
    least = found.least_starts(weights, cold_kh, over_kh)
    figures = f"{found.starts:.1f} | {found.cold_kh:.2f} | {found.over_kh:.2f} | {least:.1f}"
    print(f"| {name} | {unsure_k:.1f} K | {weights[0]:.0f}, {weights[1]:.0f} | {figures} |", flush=True)


if __name__ == "__main__":
    main()
