"""The watts of a breaker circuit, given out among the heaters on it: never more in sum than the circuit carries."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf

from ..model.capabilities import Capabilities
from ..model.protocols import PowerMeter
from ..model.sharing import Standing
from ..model.telemetry import DeviceStatus, Telemetry
from .order import HeatOrder, HeatPrice
from .peak import PeakHold

HOLD_S = 600.0
"""A heater keeps watts that it wanted within this time: demands that come and go hand nothing to and fro."""
WAIT_S = 900.0
"""A heater that waited so long gets its floor from what others draw above theirs."""
CALM_S = 300.0
"""Other loads and surplus draws count at their highest within this time."""
WORST_S = 86400.0
"""A meter that falls silent counts at its highest within this time before."""
GONE_S = 120.0
"""After this time without a word a heater that was not taken away counts at what is assumed of it."""
SETTLING_S = 60.0
READ_LAG_S = 5.0
UNREAD_LAG_S = 30.0
GRAIN_SHARE = 0.01
"""Surplus draws are rounded up to this share of the limit, so that their noise moves nobody's ceiling."""


@dataclass(frozen=True, kw_only=True)
class Circuit:
    """A breaker circuit as a person describes it; powers in W."""

    circuit_id: str
    limit_w: float
    assumed_w: Mapping[str, float]
    """Its heaters, by id, each with what it counts at while nothing was heard of it."""
    other_loads: PowerMeter | None = None


@dataclass(frozen=True, kw_only=True)
class CircuitStatus:
    """How things stand on a circuit; powers in W, None where unknown."""

    limit_w: float
    other_loads_w: float | None
    """None without a meter."""
    meter_lost: bool
    drawn_w: float | None
    """By its heaters."""
    reserved_w: Mapping[str, float]
    """What each heater may be drawing, by id."""

    @property
    def left_w(self) -> float:
        """Return what nobody draws or was promised."""
        return max(self.limit_w - (self.other_loads_w or 0.0) - sum(self.reserved_w.values()), 0.0)


@dataclass(frozen=True, kw_only=True)
class CircuitMember:
    """A heater that asks for watts, with what it was granted before; powers in W."""

    heater_id: str
    capabilities: Capabilities
    want_w: float
    granted_w: float
    waited: bool = False


def plan(available_w: float, members: Sequence[CircuitMember]) -> dict[str, float]:
    """Return what each may draw, in W, never more in sum than there is; members come cheapest heat first.

    Who runs keeps its watts, a newcomer gets what is left, one that waited long gets its floor. Where there is too
    little the dearest are cut first, down to their floors, and then they are off, newcomers before those that run.
    """
    grants = dict.fromkeys((member.heater_id for member in members), 0.0)
    wanting = [member for member in members if member.want_w > 0.0]
    running = [member for member in wanting if member.granted_w > 0.0]
    waited = [member for member in wanting if member.granted_w <= 0.0 and member.waited]
    staying = _fitting(available_w, [*running, *waited])
    grants |= {member.heater_id: _floor_w(member.capabilities) for member in staying}
    kept = [(member, min(member.want_w, member.granted_w)) for member in staying]
    for member, limit_w in (*kept, *((member, member.want_w) for member in (*staying, *_rest(wanting, staying)))):
        left_w = available_w - sum(grants.values()) + grants[member.heater_id]
        raised_w = legal_w(min(limit_w, left_w), member.capabilities)
        grants[member.heater_id] = max(grants[member.heater_id], raised_w)
    return grants


def _fitting(available_w: float, members: Sequence[CircuitMember]) -> list[CircuitMember]:
    """Return those whose floors fit, the first before the last."""
    fitting: list[CircuitMember] = []
    for member in members:
        floor_w = _floor_w(member.capabilities)
        if floor_w <= available_w:
            available_w -= floor_w
            fitting.append(member)
    return fitting


def _rest(members: Sequence[CircuitMember], without: Sequence[CircuitMember]) -> list[CircuitMember]:
    taken = {member.heater_id for member in without}
    return [member for member in members if member.heater_id not in taken]


def _floor_w(capabilities: Capabilities) -> float:
    return capabilities.levels_w[0] if capabilities.levels_w else capabilities.floor_w


def legal_w(power_w: float, capabilities: Capabilities) -> float:
    """Return the most that the device can draw without exceeding a power, in W."""
    if capabilities.levels_w:
        return max((level_w for level_w in capabilities.levels_w if level_w <= power_w), default=0.0)
    return power_w if power_w >= capabilities.floor_w else 0.0


def wanted_w(demand_w: float, standing: Standing) -> float:
    """Return the watts that a demand may need at one moment: levels alternate, and under the floor is the floor."""
    capabilities, running = standing.capabilities, standing.commanded_w > 0.0
    if not standing.runs or (demand_w <= 0.0 and not running):
        return 0.0
    least_w = max(demand_w, _floor_w(capabilities))
    levels_w = capabilities.levels_w or (least_w,)
    return min((level_w for level_w in levels_w if level_w >= least_w), default=levels_w[-1])


@dataclass(kw_only=True)
class _Record:
    """What is known of one heater, on whatever circuits; powers in W."""

    capabilities: Capabilities
    at_s: float
    want_w: float = 0.0
    most_w: float = inf
    claim_w: float = 0.0
    """The most that it may be drawing now."""
    excess_w: float = 0.0
    """What it draws beyond its command once it has settled."""
    granted_w: float = 0.0
    drawn_w: float | None = None
    beside_w: float = 0.0
    """What AI work draws beside what is commanded."""
    silent: bool = False
    """It does not answer: nothing can be taken from it, and nothing is given to it."""
    away: bool = False
    waiting_since_s: float | None = None
    wants: PeakHold = field(default_factory=PeakHold)
    claims: PeakHold = field(default_factory=PeakHold)
    commands: PeakHold = field(default_factory=PeakHold)
    excesses: PeakHold = field(default_factory=PeakHold)

    @property
    def reserved_w(self) -> float:
        """Return what nobody else may have."""
        mining_w = self.claim_w if self.silent else max(self.granted_w + self.excess_w, self.claim_w)
        return mining_w + self.beside_w

    def take(self, standing: Standing, demand_w: float) -> None:
        """Take in how the heater stands."""
        now_s, telemetry = standing.now_s, standing.telemetry
        self.capabilities, self.at_s, self.away = standing.capabilities, now_s, False
        plug_off = _plug_off(telemetry)
        self.silent = (telemetry is None or telemetry.status is DeviceStatus.OFFLINE) and not plug_off
        self.drawn_w = telemetry.power_w if telemetry is not None else None
        self.beside_w = standing.beside_w
        want_w = wanted_w(demand_w, standing)
        if not standing.runs:
            self.wants.clear()
        self.want_w = self.wants.take(now_s, want_w, HOLD_S)
        if self.silent and self.drawn_w is None:
            # What it drew when it was last heard of it may be drawing still.
            return
        self._claim(standing, telemetry)

    def _claim(self, standing: Standing, telemetry: Telemetry | None) -> None:
        now_s, capabilities = standing.now_s, standing.capabilities
        set_w = telemetry.miner.setpoint_w if telemetry is not None and telemetry.miner is not None else None
        now_w = max(0.0 if self.silent else standing.commanded_w, self.drawn_w or 0.0, set_w or 0.0)
        self.claim_w = self.claims.take(now_s, now_w, self._lag_s(capabilities))
        settled_w = self.commands.take(now_s, standing.commanded_w, SETTLING_S + _change_s(capabilities))
        surplus_w = 0.0 if self.drawn_w is None or self.silent else max(self.drawn_w - settled_w, 0.0)
        self.excess_w = self.excesses.take(now_s, surplus_w, CALM_S)

    def _lag_s(self, capabilities: Capabilities) -> float:
        """Return how long after a lower command the higher one may still be drawn unseen."""
        if self.drawn_w is not None:
            return READ_LAG_S + capabilities.power_delay_s
        return UNREAD_LAG_S + capabilities.write_interval_s + _change_s(capabilities)


def _plug_off(telemetry: Telemetry | None) -> bool:
    return telemetry is not None and telemetry.miner is not None and telemetry.miner.plug_on is False


def _change_s(capabilities: Capabilities) -> float:
    return capabilities.ramp_s + capabilities.power_delay_s


class _OtherLoads:
    """What else hangs on a circuit, by its meter; while that is silent, its worst of the last day."""

    def __init__(self, meter: PowerMeter | None) -> None:
        self.meter = meter
        self.lost = False
        self._recent, self._day = PeakHold(), PeakHold()
        self._worst_w: float | None = None

    def read_w(self, now_s: float, limit_w: float) -> float | None:
        """Return what they count at, in W; all of the limit while the meter has never said anything."""
        if self.meter is None:
            return None
        power_w = self.meter.read_w()
        self.lost = power_w is None
        if power_w is None:
            return self._worst_w if self._worst_w is not None else limit_w
        self._worst_w = self._day.take(now_s, power_w, WORST_S)
        return self._recent.take(now_s, power_w, CALM_S)


class _State:
    """One circuit at work."""

    def __init__(self, circuit: Circuit, other_loads: _OtherLoads) -> None:
        self.circuit = circuit
        self.other_loads = other_loads
        self.order = HeatOrder()


class CircuitBook:
    """All circuits and the heaters on them. A heater may be on several: on its room's and on the main fuse."""

    def __init__(self) -> None:
        self._states: dict[str, _State] = {}
        self._records: dict[str, _Record] = {}
        self._now_s = 0.0

    def configure(self, circuits: Iterable[Circuit]) -> None:
        """Take what a person says of the circuits; what is known of heaters and meters stays."""
        before, self._states = self._states, {}
        for circuit in circuits:
            known = before.get(circuit.circuit_id)
            loads = known.other_loads if known is not None else _OtherLoads(circuit.other_loads)
            if known is not None and known.circuit.other_loads != circuit.other_loads:
                loads = _OtherLoads(circuit.other_loads)
            self._states[circuit.circuit_id] = _State(circuit, loads)

    def ask(
        self, heater_id: str, standing: Standing, demand_w: float, prices: dict[str, HeatPrice]
    ) -> tuple[float | None, bool]:
        """Take a heater's standing and its demand; return what is left to it in W, and whether a meter is lost.

        None is no limit. More is granted only when it is free: what others were told to give up counts as theirs
        until their readings show that they gave it up.
        """
        self._now_s = standing.now_s
        record = self._records.get(heater_id) or self._new(heater_id, standing)
        record.take(standing, demand_w)
        states = self._of(heater_id)
        if not states:
            # Should it come onto a circuit, it is one of those that run there.
            record.granted_w = standing.commanded_w
            return None, False
        # What one of its circuits can never carry, it need not be kept for it on another.
        record.most_w = min(self._carries_w(state) for state in states)
        record.granted_w = min(self._grant(state, heater_id, record, prices) for state in states)
        waits = record.want_w > 0.0 and record.granted_w <= 0.0
        record.waiting_since_s = (record.waiting_since_s or standing.now_s) if waits else None
        return record.granted_w, any(state.other_loads.lost for state in states)

    def room_w(self, heater_id: str) -> float | None:
        """Return what mining and AI work of a heater may draw together, in W, None where nothing limits it."""
        record = self._records.get(heater_id)
        beside_w = record.beside_w if record is not None else 0.0
        rooms_w = [self._free_w(state, heater_id) + beside_w for state in self._of(heater_id)]
        return max(min(rooms_w), 0.0) if rooms_w else None

    def share_w(self, heater_id: str) -> float | None:
        """Return what a heater can count on, in W: what is free, and the floor that it is given when it waits."""
        room_w, record = self.room_w(heater_id), self._records.get(heater_id)
        if room_w is None or record is None:
            return room_w
        floor_w = _floor_w(record.capabilities)
        return max(room_w, floor_w) if floor_w <= record.most_w else room_w

    def possible_w(self, heater_id: str) -> float | None:
        """Return the most that a heater could be granted now, in W, None where nothing limits it."""
        rooms_w = [self._free_w(state, heater_id) for state in self._of(heater_id)]
        return max(min(rooms_w), 0.0) if rooms_w else None

    def leave(self, heater_id: str, *, parting: bool) -> None:
        """Take note that a heater is no longer commanded; `parting` for good, else it is back in a moment."""
        record = self._records.get(heater_id)
        if record is None:
            return
        record.away = True
        if parting:
            del self._records[heater_id]

    def status(self, circuit_id: str, now_s: float) -> CircuitStatus | None:
        """Return how things stand on a circuit, None where there is no such circuit."""
        state = self._states.get(circuit_id)
        if state is None:
            return None
        self._now_s = now_s
        limit_w = state.circuit.limit_w
        others_w = state.other_loads.read_w(now_s, limit_w)
        return CircuitStatus(
            limit_w=limit_w,
            other_loads_w=others_w,
            meter_lost=state.other_loads.lost,
            drawn_w=self._drawn_w(state),
            reserved_w={heater_id: self._reserved_w(state, heater_id) for heater_id in state.circuit.assumed_w},
        )

    def _drawn_w(self, state: _State) -> float | None:
        total_w = 0.0
        for heater_id, assumed_w in state.circuit.assumed_w.items():
            record = self._records.get(heater_id)
            drawn_w = record.drawn_w if record is not None else 0.0 if assumed_w <= 0.0 else None
            if drawn_w is None:
                return None
            total_w += drawn_w + (record.beside_w if record is not None else 0.0)
        return total_w

    def _new(self, heater_id: str, standing: Standing) -> _Record:
        """Return the record of a heater that was not heard of; it may go on with what was assumed of it."""
        assumed_w = max((state.circuit.assumed_w[heater_id] for state in self._of(heater_id)), default=0.0)
        record = _Record(
            capabilities=standing.capabilities,
            at_s=standing.now_s,
            claim_w=assumed_w,
            granted_w=min(standing.commanded_w, assumed_w),
        )
        self._records[heater_id] = record
        return record

    def _of(self, heater_id: str) -> list[_State]:
        return [state for state in self._states.values() if heater_id in state.circuit.assumed_w]

    def _known(self, heater_id: str) -> _Record | None:
        """Return what is known of a heater; one that went away and did not come back is forgotten."""
        record = self._records.get(heater_id)
        if record is not None and record.away and self._now_s - record.at_s > GONE_S:
            del self._records[heater_id]
            return None
        return record

    def _reserved_w(self, state: _State, heater_id: str) -> float:
        record = self._known(heater_id)
        return record.reserved_w if record is not None else state.circuit.assumed_w[heater_id]

    def _carries_w(self, state: _State) -> float:
        """Return what there is for heaters at all."""
        limit_w = state.circuit.limit_w
        return limit_w - (state.other_loads.read_w(self._now_s, limit_w) or 0.0)

    def _free_w(self, state: _State, heater_id: str) -> float:
        """Return what nobody but this heater may be drawing."""
        others_w = sum(self._reserved_w(state, other) for other in state.circuit.assumed_w if other != heater_id)
        record = self._records.get(heater_id)
        own_w = record.excess_w + record.beside_w if record is not None else 0.0
        return self._carries_w(state) - others_w - own_w

    def _grant(self, state: _State, heater_id: str, record: _Record, prices: dict[str, HeatPrice]) -> float:
        if record.silent:
            return legal_w(min(record.want_w, record.claim_w), record.capabilities)
        planned_w = self._plan(state, prices)[heater_id]
        if planned_w <= record.granted_w:
            return planned_w
        free_w = legal_w(min(planned_w, self._free_w(state, heater_id)), record.capabilities)
        return max(record.granted_w, free_w)

    def _plan(self, state: _State, prices: dict[str, HeatPrice]) -> dict[str, float]:
        """Plan for all that can be commanded; what the others draw, and what all draw beyond commands, is gone."""
        grain_w = GRAIN_SHARE * state.circuit.limit_w
        available_w, asking = self._carries_w(state), {}
        for heater_id in state.circuit.assumed_w:
            record = self._known(heater_id)
            if record is None or record.silent or record.away:
                available_w -= self._reserved_w(state, heater_id)
            else:
                available_w -= -(-record.excess_w // grain_w) * grain_w + record.beside_w
                asking[heater_id] = record
        order = state.order.sort(asking, prices, self._now_s)
        return plan(available_w, [self._member(heater_id, asking[heater_id]) for heater_id in order])

    def _member(self, heater_id: str, record: _Record) -> CircuitMember:
        since_s = record.waiting_since_s
        return CircuitMember(
            heater_id=heater_id,
            capabilities=record.capabilities,
            want_w=legal_w(min(record.want_w, record.most_w), record.capabilities),
            granted_w=record.granted_w,
            waited=since_s is not None and self._now_s - since_s >= WAIT_S,
        )
