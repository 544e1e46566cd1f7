"""Our planner as a contestant: learns every night, plans every five minutes, steers once it is trusted."""

from collections import deque
from dataclasses import dataclass
from datetime import timedelta, timezone
from math import exp
from time import perf_counter
from typing import Any, override

from custom_components.hashwarm.engine.control.history import LOOK_S
from custom_components.hashwarm.engine.control.horizon import Household, JobHold, slots_ahead
from custom_components.hashwarm.engine.control.house import House, assumed_house
from custom_components.hashwarm.engine.control.pilot import Pilot, Questions, Trust
from custom_components.hashwarm.engine.control.room_words import Insulation
from custom_components.hashwarm.engine.control.sun import Site, sun_on_walls
from custom_components.hashwarm.engine.model.forecasts import Forecasts
from custom_components.hashwarm.engine.model.planning import SLOT_S, Guidance, PlannerStatus, RoomSample, Wish

from .thermostat_ours import CAPABILITIES, RESPONSES, OurRegulator
from .thermostat_view import DAY_S, HOUR_S, MAXIMUM_W, MINUTE_S, SURPLUS_WARMER_K, Conditions, View, Weather

AHEAD_SLOTS = 96
LEARNS_AT_H = 3.0
CLOUD_FADES_S = 6 * HOUR_S
# So long ago is remembered that a day before now is among it.
REMEMBERED_S = DAY_S + 2 * HOUR_S


@dataclass(frozen=True)
class RevenueAsNow:
    """Earnings at the hashprice of now: nobody knows tomorrow's."""

    conditions: Conditions
    now: float

    def revenue_per_kwh_at(self, power_w: float, at: float) -> float | None:
        """Return what a kWh earns at a power."""
        del at
        return self.conditions.revenue_per_kwh(power_w, self.now)


class OurPlanner(OurRegulator):
    """Regulator and planner together, as they run in the product."""

    uses_prices = True

    def __init__(
        self,
        case: int,
        weather: Weather,
        *,
        house: House | None = None,
        ahead_slots: int = AHEAD_SLOTS,
        stored: dict[str, Any] | None = None,
        now: float = 0.0,
    ) -> None:
        """Begin; with a `house` the planner knows its parameters and never learns."""
        super().__init__(case, stored, now)
        self.weather = weather
        self._given = house
        self._ahead_slots = ahead_slots
        prior = assumed_house(RESPONSES[case], Insulation.ORDINARY, MAXIMUM_W)
        kept = None if stored is None else stored["pilot"]
        self._pilot = Pilot.restored(prior, MAXIMUM_W, kept)
        if house is not None:
            self._pilot.house = house
            self._pilot.trust = Trust(rmse_k=0.1, unchanged_rmse_k=1.0)
            self._pilot.steering = True
        self._past: deque[tuple[float, float, float]] = deque(maxlen=int(REMEMBERED_S / SLOT_S))
        self._prices: dict[float, float] = {}
        self._running_since: tuple[bool, float] | None = None
        self._promoted_at: float | None = None
        self._began_at: float | None = None
        self._plan_s: list[float] = []
        self._learn_s: list[float] = []
        self._steered = self._minutes = 0

    @override
    def demand_w(self, view: View) -> float:
        self._began_at = view.at if self._began_at is None else self._began_at
        if self._running_since is None or self._running_since[0] != view.running:
            self._running_since = (view.running, view.at)
        self._observe(view)
        if view.at % SLOT_S < MINUTE_S:
            self._quarter(view)
        if view.at % LOOK_S < MINUTE_S:
            self._plan(view)
        return super().demand_w(view)

    def _observe(self, view: View) -> None:
        sun = sun_on_walls(view.at, _site(view), view.cloud)
        self._pilot.observe(
            RoomSample(at=view.at, room_c=view.room_c, outdoor_c=view.outdoor_c, power_w=view.drawn_w, sun=sun)
        )

    def _quarter(self, view: View) -> None:
        """Take note of weather and prices, and learn once a night."""
        self._past.append((view.at, view.outdoor_c, view.cloud))
        self._prices |= dict(_quarters(view.prices))
        self._prices = {at: price for at, price in self._prices.items() if at >= view.at - DAY_S}
        if self._given is None and abs(view.place.hour(view.at) - LEARNS_AT_H) * HOUR_S < MINUTE_S:
            began = perf_counter()
            self._pilot.learn(view.at)
            self._learn_s.append(perf_counter() - began)
        if self._pilot.status is PlannerStatus.ACTIVE and self._promoted_at is None:
            self._promoted_at = view.at

    def _plan(self, view: View) -> None:
        if not self._pilot.steering or view.room_c is None:
            # A plan made in shadow changes nothing but the time that the bench takes.
            return
        assert self._running_since is not None
        questions = Questions(
            now=view.at,
            room_c=view.room_c,
            running=view.running,
            lasted_s=view.at - self._running_since[1],
            ahead=slots_ahead(view.at, self._ahead_slots, self._forecasts(view), _household(view)),
            capabilities=CAPABILITIES,
            revenue=RevenueAsNow(view.conditions, view.at),
        )
        began = perf_counter()
        self._pilot.plan(questions)
        self._plan_s.append(perf_counter() - began)

    def _forecasts(self, view: View) -> Forecasts:
        """Return what is known; without a forecast it will be as it was a day before, and clouds fade to their mean."""
        conditions = view.conditions
        ahead = [view.at + index * SLOT_S for index in range(self._ahead_slots + 1)]
        if view.weather:
            outdoor = [(hour.at, hour.outdoor_c) for hour in view.weather]
            cloud = [(hour.at, hour.cloud) for hour in view.weather]
        else:
            outdoor = [(at, celsius) for at, celsius, _ in self._past]
            usual = sum(cover for _, _, cover in self._past) / len(self._past)
            cloud = [(at, usual + (view.cloud - usual) * exp((view.at - at) / CLOUD_FADES_S)) for at in ahead]
        return Forecasts(
            prices=sorted(self._prices.items()),
            price_now=view.prices[0][1],
            outdoor=outdoor,
            outdoor_now_c=view.outdoor_c,
            cloud=cloud,
            surplus=[(at, conditions.surplus_w(at)) for at in ahead],
            surplus_price_per_kwh=conditions.surplus_price,
        )

    @override
    def _guidance(self, view: View) -> Guidance | None:
        self._minutes += 1
        guidance = None if view.room_c is None else self._pilot.guide(view.at, view.room_c)
        self._steered += guidance is not None
        return guidance

    @override
    def _cycle_ws(self) -> float:
        return self._pilot.cycle_ws

    @override
    def restarted(self, now: float) -> OurPlanner:
        return OurPlanner(
            self._case, self.weather, house=self._given, ahead_slots=self._ahead_slots, stored=self._kept(now), now=now
        )

    @override
    def _kept(self, now: float) -> dict[str, Any]:
        return {**super()._kept(now), "pilot": self._pilot.as_dict()}

    @override
    def notes(self) -> dict[str, Any]:
        """Say when it was trusted, how much it steered, how long it thought and what it learned."""
        pilot, began_at = self._pilot, self._began_at or 0.0
        ms = sorted(1000.0 * seconds for seconds in self._plan_s)
        return {
            "promoted_after_days": None
            if self._promoted_at is None
            else round((self._promoted_at - began_at) / DAY_S, 2),
            "steered_percent": round(100.0 * self._steered / max(self._minutes, 1), 1),
            "rmse_6h_k": None if pilot.trust is None else round(pilot.trust.rmse_k, 3),
            "house": None if pilot.house is None else pilot.house.as_dict(),
            "plan_ms": round(ms[len(ms) // 2], 1) if ms else None,
            "learn_ms": round(1000.0 * max(self._learn_s), 0) if self._learn_s else None,
        }


def _site(view: View) -> Site:
    return Site(latitude=view.place.latitude, longitude=view.place.longitude)


def _quarters(prices: tuple[tuple[float, float], ...]) -> list[tuple[float, float]]:
    return [(at + quarter * SLOT_S, price) for at, price in prices for quarter in range(4)]


def _household(view: View) -> Household:
    """Return the wishes and limits of the hours ahead."""
    conditions = view.conditions

    def wish_at(at: float) -> Wish:
        target_c = conditions.setpoint_c(at)
        return Wish(target_c=target_c, coldest_c=conditions.coldest_c(at), warmest_c=conditions.warmest_c(at))

    has_roof = any(conditions.surplus_w(view.at + hour * HOUR_S) > 0.0 for hour in range(24))
    warmest_c = max(conditions.warmest_c(view.at + hour * HOUR_S) for hour in range(24))
    return Household(
        wish_at=wish_at,
        zone=timezone(timedelta(hours=view.place.time_zone_h)),
        site=_site(view),
        ceiling_w_at=conditions.ceiling_w,
        surplus_warmest_c=warmest_c + SURPLUS_WARMER_K if has_roof else None,
        job=_job(view),
    )


def _job(view: View) -> JobHold | None:
    job = view.conditions.job(view.at)
    if job is None:
        return None
    until = view.at
    while view.conditions.job(until) is not None and until < view.at + DAY_S:
        until += SLOT_S
    return JobHold(
        until=until,
        power_w=job.power_w,
        revenue_per_kwh=job.revenue_per_kwh,
        interruption_cost=job.interruption_cost,
    )
