"""What the planner knows of the room and of the hours to come, and what it answers; times are Unix seconds."""

from bisect import bisect_right
from dataclasses import dataclass
from enum import StrEnum
from math import inf
from typing import Protocol

from .control import Why

SLOT_S = 900.0


@dataclass(frozen=True, kw_only=True)
class SunOnWalls:
    """Sunshine on a level plane and on walls to the east, to the equator and to the west, in W/m²."""

    level: float
    east: float
    equator: float
    west: float


@dataclass(frozen=True, kw_only=True)
class RoomSample:
    """One look at the room, to learn from; temperatures in °C, power in W as really drawn, None where unknown."""

    at: float
    room_c: float | None
    outdoor_c: float | None
    power_w: float | None
    sun: SunOnWalls | None = None
    disturbed: bool = False
    """A window is open or the like: nothing can be learned from it."""


@dataclass(frozen=True, kw_only=True)
class Slot:
    """A quarter of an hour to come; temperatures in °C, powers in W, prices in currency per kWh."""

    at: float
    outdoor_c: float
    target_c: float
    coldest_c: float
    """Under this a person is cold."""
    warmest_c: float
    """Above this heat is no longer wanted."""
    sun: SunOnWalls = SunOnWalls(level=0.0, east=0.0, equator=0.0, west=0.0)
    price_per_kwh: float = 0.0
    priced: bool = False
    """Whether a price of 0 is one that somebody said, for this or for like hours."""
    price_known: bool = False
    """Whether somebody said the price of this very slot; else it is as on the days that are known."""
    surplus_w: float = 0.0
    """Power of one's own roof that would be fed in, and is had at `surplus_price_per_kwh` instead."""
    surplus_price_per_kwh: float = 0.0
    surplus_warmest_c: float | None = None
    """How warm the room may get from surplus alone; None for no warmer than else."""
    ceiling_w: float = inf
    """Quiet hours and circuits leave no more than this."""
    job_power_w: float | None = None
    """An AI job holds the device at this power; None while it is free."""
    job_revenue_per_kwh: float = 0.0
    job_interruption_cost: float = 0.0
    """What it costs, in currency, to end that job early; inf for one that cannot be ended."""


@dataclass(frozen=True, kw_only=True)
class PlannedSlot:
    """What is expected of a quarter of an hour: mean power in W, room temperature in °C at its end."""

    at: float
    power_w: float
    room_c: float
    target_c: float
    outdoor_c: float
    price_per_kwh: float | None
    price_known: bool = False
    """Whether somebody said this price; else it is a guess, or none."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The hours to come as the planner wants them."""

    made_at: float
    slots: tuple[PlannedSlot, ...]
    heat_cost_per_kwh: float | None
    """What the next kWh of heat costs after earnings, in currency; None where neither price nor revenue is known."""
    began_c: float | None = None
    """The room in °C when it was made, None where nobody said."""

    def slot(self, at: float) -> PlannedSlot | None:
        """Return the slot that a time falls into, None outside the plan."""
        index = bisect_right([slot.at for slot in self.slots], at) - 1
        if index < 0 or at >= self.slots[index].at + SLOT_S:
            return None
        return self.slots[index]

    def next_start(self, at: float) -> float | None:
        """Return when the heater is next switched on after a time, None when it is not."""
        for before, slot in zip(self.slots, self.slots[1:], strict=False):
            if slot.at > at and before.power_w <= 0.0 < slot.power_w:
                return slot.at
        return None


class PlannerStatus(StrEnum):
    """How far the planner is trusted, and whether it decides."""

    OFF = "off"
    LEARNING = "learning"
    SHADOW = "shadow"
    ACTIVE = "active"
    WAITING = "waiting"
    """Trusted, and without a plan for the room and the wish as they are now: the regulator decides."""
    NOT_TRUSTED = "not_trusted"
    NO_NUMPY = "no_numpy"


@dataclass(frozen=True, kw_only=True)
class Guidance:
    """What the planner asks for now: power in W, and the room temperature in °C that it expects of it."""

    power_w: float
    expected_c: float
    why: Why


@dataclass(frozen=True, kw_only=True)
class Expectation:
    """What a trusted model expects of the room at the least, in °C, from its state hours before and the watts drawn."""

    at: float
    room_c: float
    unsure_k: float
    """How far off the model is six hours ahead."""


class RevenueForecast(Protocol):
    """What a kWh spent at a power earns at a time to come, in currency; None when unknown."""

    def revenue_per_kwh_at(self, power_w: float, at: float) -> float | None:
        """Return the revenue."""
        ...


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What a person wants of the room at a time: temperatures in °C, and why."""

    target_c: float
    coldest_c: float
    warmest_c: float
    comfort: bool = True
    """Somebody is there and awake; preheating aims at the beginning of this."""
