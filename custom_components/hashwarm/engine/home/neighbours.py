"""Where heaters meet: circuits and rooms of the home, and what heat from each heater costs."""

from collections.abc import Callable
from typing import override

from ..model.sharing import Allotment, Neighbours, Standing
from .circuits import CircuitBook
from .order import HeatPrice
from .rooms import Room

type HeatCost = Callable[[float | None, float | None], float | None]
"""From a hash rate in H/s and a power in W, None before it ever worked, to the cost of a kWh of heat after earnings."""


class Neighbourhood:
    """What all heaters share of circuits and rooms; lives longer than the ledger and than any heater."""

    def __init__(self) -> None:
        self.circuits = CircuitBook()
        self.prices: dict[str, HeatPrice] = {}
        self._rooms: dict[str, Room] = {}

    def place(self, heater_id: str, room_id: str, heat_cost: HeatCost, *, earns: bool = True) -> Neighbours:
        """Return a heater's place; heaters with the same `room_id` share a room."""
        return _Place(self, heater_id, self._rooms.setdefault(room_id, Room()), heat_cost, earns=earns)


class _Place(Neighbours):
    """One heater among its neighbours."""

    def __init__(self, all_: Neighbourhood, heater_id: str, room: Room, heat_cost: HeatCost, *, earns: bool) -> None:
        self._all = all_
        self._heater_id = heater_id
        self._room = room
        self._heat_cost = heat_cost
        self._earns = earns
        self._worked: tuple[float, float] | None = None

    @override
    def allot(self, standing: Standing) -> Allotment:
        self._tell_price(standing)
        demand_w, met = self._part(standing)
        left_w, meter_lost = self._all.circuits.ask(self._heater_id, standing, demand_w, self._all.prices)
        room_w = self._all.circuits.room_w(self._heater_id)
        if left_w is not None and room_w is not None:
            # What AI work draws already was never asked for: it counts as long as there is room for it.
            left_w = min(left_w + standing.beside_w, max(room_w, left_w))
        return Allotment(
            demand_w=demand_w,
            room_met=met,
            breaker_left_w=left_w,
            breaker_room_w=room_w,
            breaker_share_w=self._all.circuits.share_w(self._heater_id),
            meter_lost=meter_lost,
        )

    @override
    def leave(self, *, parting: bool) -> None:
        self._room.leave(self._heater_id)
        self._all.circuits.leave(self._heater_id, parting=parting)
        self._all.prices.pop(self._heater_id, None)

    def _part(self, standing: Standing) -> tuple[float, float | None]:
        if not standing.shares_room:
            self._room.leave(self._heater_id)
            return standing.demand_w, None
        possible_w, capacity_w = self._all.circuits.possible_w(self._heater_id), standing.capabilities.maximum_w
        if possible_w is not None:
            capacity_w = min(capacity_w, possible_w)
        share = self._room.share(self._heater_id, standing, capacity_w, self._all.prices)
        return share.demand_w, share.met

    def _tell_price(self, standing: Standing) -> None:
        """Tell what heat costs by the hash rate and power of now, or of when it last worked."""
        telemetry = standing.telemetry
        if telemetry is not None and telemetry.power_w and telemetry.hash_rate_hs:
            self._worked = (telemetry.hash_rate_hs, telemetry.power_w)
        hash_rate_hs, power_w = self._worked or (None, None)
        self._all.prices[self._heater_id] = HeatPrice(
            cost_per_kwh=self._heat_cost(hash_rate_hs, power_w),
            efficiency_j_per_th=power_w / (hash_rate_hs / 1e12) if power_w and hash_rate_hs else None,
            earns=self._earns,
        )
