"""Heaters of one room share its demand: cheapest heat first, and none cycles without need."""

from dataclasses import replace

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.hashwarm.engine.control import (
    ControlInputs,
    Controller,
    HeaterSettings,
    RoomResponse,
    SafetyLimits,
)
from custom_components.hashwarm.engine.home import Circuit, Neighbourhood
from custom_components.hashwarm.engine.home.order import LASTING_S, HeatOrder, HeatPrice
from custom_components.hashwarm.engine.home.rooms import DISTRUST_S, GONE_S, Room, RoomMember, split
from custom_components.hashwarm.engine.model.capabilities import Capabilities, ControlKind
from custom_components.hashwarm.engine.model.control import ControlMode, Why
from custom_components.hashwarm.engine.model.protocols import TemperatureReading
from custom_components.hashwarm.engine.model.sharing import Standing
from custom_components.hashwarm.engine.model.telemetry import DeviceStatus, MinerFigures, Telemetry
from simulators.room.physics import LIVING_ROOM, Climate, Room as Physics
from simulators.room.sensor import Sensor

MINER = Capabilities(
    control=ControlKind.CONTINUOUS_WATTS,
    floor_w=400.0,
    maximum_w=1000.0,
    boot_s=60.0,
    minimum_on_s=600.0,
    minimum_off_s=300.0,
    starts_per_day=6,
)
# Twice a pass of life: nothing in hours of an even room turns on ten seconds.
LONG_STEP_S = 20.0


def member(name, *, floor_w=400.0, capacity_w=1000.0, maximum_w=1000.0):
    return RoomMember(heater_id=name, floor_w=floor_w, capacity_w=capacity_w, maximum_w=maximum_w)


A, B, C = (member(name) for name in "abc")


@pytest.mark.parametrize(
    ("demand_w", "members", "helping", "shares_w"),
    [
        (0.0, (A, B), (), (0.0, 0.0)),
        (150.0, (A, B), (), (150.0, 0.0)),
        (700.0, (A, B), (), (700.0, 0.0)),
        (1600.0, (A, B), (), (1000.0, 600.0)),
        (1100.0, (A, B), (), (700.0, 400.0)),
        (900.0, (A, B), ("a", "b"), (500.0, 400.0)),
        (900.0, (A, B), ("a",), (900.0, 0.0)),
        (799.0, (A, B), ("a", "b"), (799.0, 0.0)),
        (5000.0, (A, B), (), (1000.0, 1000.0)),
        (2100.0, (A, B, C), (), (1000.0, 700.0, 400.0)),
        (1010.0, (member("a", floor_w=800.0), B), (), (1000.0, 10.0)),
        (700.0, (B, member("a", capacity_w=0.0)), (), (700.0, 0.0)),
        (1500.0, (B, member("a", capacity_w=0.0)), (), (1000.0, 500.0)),
        (900.0, (member("a", capacity_w=500.0), B), (), (500.0, 400.0)),
        (300.0, (member("a", capacity_w=0.0),), (), (300.0,)),
    ],
)
def test_the_demand_is_given_out_cheapest_first(demand_w, members, helping, shares_w):
    assert tuple(split(demand_w, members, helping).values()) == pytest.approx(shares_w)


@given(
    st.floats(0.0, 6000.0),
    st.lists(st.tuples(st.floats(0.0, 500.0), st.floats(0.0, 1000.0), st.booleans()), min_size=1, max_size=6),
)
@settings(max_examples=300, deadline=None)
def test_all_of_it_is_given_out_and_one_cycles_at_most(demand_w, drawn):
    members = [
        member(str(index), floor_w=floor_w, capacity_w=max(capacity_w, floor_w), maximum_w=1000.0)
        for index, (floor_w, capacity_w, _) in enumerate(drawn)
    ]
    helping = [str(index) for index, (_, _, helps) in enumerate(drawn) if helps]
    shares = split(demand_w, members, helping)
    assert sum(shares.values()) == pytest.approx(min(demand_w, 1000.0 * len(members)), abs=1e-6)
    assert all(0.0 <= share_w <= 1000.0 for share_w in shares.values())
    able_w = sum(one.capacity_w for one in members)
    if demand_w <= able_w:
        cycling = [one for one in members if 1e-6 < shares[one.heater_id] < one.floor_w - 1e-6]
        assert len(cycling) <= 1


def standing(demand_w, now_s=0.0, capabilities=MINER, **changes):
    return Standing(
        now_s=now_s,
        capabilities=capabilities,
        telemetry=None,
        commanded_w=0.0,
        demand_w=demand_w,
        runs=True,
        shares_room=True,
        **changes,
    )


def test_a_heater_alone_in_its_room_keeps_its_demand():
    share = Room().share("a", standing(700.0), 0.0, {})
    assert (share.demand_w, share.met) == (700.0, None)


def test_demands_add_up_and_the_dearer_gets_none():
    room, prices = Room(), {"a": HeatPrice(cost_per_kwh=0.1), "b": HeatPrice(cost_per_kwh=0.2)}
    room.share("b", standing(300.0), 1000.0, prices)
    share = room.share("a", standing(300.0), 1000.0, prices)
    assert (share.demand_w, share.met) == (600.0, 1.0)
    assert room.share("b", standing(300.0), 1000.0, prices).demand_w == 0.0


def test_what_cannot_be_met_is_told():
    room = Room()
    room.share("a", standing(1000.0), 500.0, {})
    share = room.share("b", standing(1000.0), 1000.0, {})
    assert share.met == pytest.approx(0.75)


def test_one_that_is_not_able_gives_its_share_to_the_next_and_gets_it_back():
    room = Room()
    room.share("a", standing(500.0, able=False), 1000.0, {})
    assert room.share("b", standing(500.0), 1000.0, {}).demand_w == 1000.0
    assert room.share("a", standing(500.0, able=False), 1000.0, {}).demand_w == 0.0
    assert room.share("a", standing(500.0), 1000.0, {}).demand_w == 600.0


def test_one_that_does_not_obey_comes_last_for_a_while():
    room = Room()
    room.share("b", standing(500.0), 1000.0, {})
    assert room.share("a", standing(500.0, obeys=False), 1000.0, {}).demand_w == 0.0
    room.share("b", standing(500.0, DISTRUST_S - 1.0), 1000.0, {})
    assert room.share("a", standing(500.0, DISTRUST_S - 1.0), 1000.0, {}).demand_w == 0.0
    room.share("b", standing(500.0, DISTRUST_S), 1000.0, {})
    assert room.share("a", standing(500.0, DISTRUST_S), 1000.0, {}).demand_w > 0.0


def test_one_not_heard_of_takes_no_part():
    room = Room()
    room.share("a", standing(500.0), 1000.0, {})
    assert room.share("b", standing(500.0, GONE_S), 1000.0, {}).met == 1.0
    assert room.share("b", standing(500.0, GONE_S + 1.0), 1000.0, {}).met is None


class TestOrder:
    def test_cheapest_first_then_by_efficiency_then_by_id(self):
        prices = {
            "d": HeatPrice(cost_per_kwh=0.2, efficiency_j_per_th=20.0),
            "c": HeatPrice(cost_per_kwh=0.1, efficiency_j_per_th=30.0),
            "b": HeatPrice(efficiency_j_per_th=15.0),
            "a": HeatPrice(efficiency_j_per_th=17.0),
        }
        assert HeatOrder().sort(["y", "x", "a", "b", "c", "d"], prices, 0.0) == ["c", "d", "b", "a", "x", "y"]

    def test_one_that_earns_is_tried_before_one_that_never_will(self):
        prices = {"a": HeatPrice(cost_per_kwh=0.3), "b": HeatPrice(cost_per_kwh=0.3, earns=True)}
        assert HeatOrder().sort("ab", prices, 0.0) == ["b", "a"]

    def test_noise_does_not_turn_it_a_clear_difference_does(self):
        order = HeatOrder()
        assert order.sort("ab", {"a": HeatPrice(cost_per_kwh=0.20), "b": HeatPrice(cost_per_kwh=0.21)}, 0.0) == [
            "a",
            "b",
        ]
        noise = {"a": HeatPrice(cost_per_kwh=0.21), "b": HeatPrice(cost_per_kwh=0.205)}
        assert order.sort("ab", noise, 10.0) == ["a", "b"]
        clear = {"a": HeatPrice(cost_per_kwh=0.21), "b": HeatPrice(cost_per_kwh=0.19)}
        assert order.sort("ab", clear, 20.0) == ["b", "a"]

    def test_a_small_difference_turns_it_when_it_lasts(self):
        order, first = HeatOrder(), {"a": HeatPrice(efficiency_j_per_th=20.0), "b": HeatPrice(efficiency_j_per_th=21.0)}
        order.sort("ab", first, 0.0)
        later = {"a": HeatPrice(efficiency_j_per_th=20.0), "b": HeatPrice(efficiency_j_per_th=19.5)}
        assert order.sort("ab", later, 10.0) == ["a", "b"]
        order.sort("ab", first, 20.0)
        assert order.sort("ab", later, LASTING_S) == ["a", "b"], "it began anew"
        assert order.sort("ab", later, 2 * LASTING_S) == ["b", "a"]

    def test_a_price_that_becomes_known_turns_it_and_one_that_is_lost_does_not_at_once(self):
        order = HeatOrder()
        assert order.sort("ab", {}, 0.0) == ["a", "b"]
        known = {"b": HeatPrice(cost_per_kwh=-0.1)}
        assert order.sort("ab", known, 1.0) == ["b", "a"]
        assert order.sort("ab", {}, 2.0) == ["b", "a"]

    def test_a_newcomer_finds_its_place(self):
        order = HeatOrder()
        assert order.sort("ac", {}, 0.0) == ["a", "c"]
        assert order.sort("abc", {}, 1.0) == ["a", "b", "c"]


class Together:
    """Heaters in one simulated room, each with its thermostat, on virtual time; the first id is the cheapest."""

    def __init__(self, capabilities, *, targets=None, start_c=20.5, limit_w=None):
        self.neighbourhood = Neighbourhood()
        if limit_w is not None:
            assumed_w = dict.fromkeys(capabilities, 0.0)
            self.neighbourhood.circuits.configure([Circuit(circuit_id="one", limit_w=limit_w, assumed_w=assumed_w)])
        self.capabilities = capabilities
        self.controllers = {name: Controller(RoomResponse.ORDINARY, SafetyLimits()) for name in capabilities}
        self.settings = {
            name: HeaterSettings(on=True, target_c=(targets or {}).get(name, 21.0)) for name in capabilities
        }
        cost = {name: 0.1 * (index + 1) for index, name in enumerate(capabilities)}
        self.places = {
            name: self.neighbourhood.place(name, "room", lambda *_, c=cost[name]: c) for name in capabilities
        }
        self.drawn_w = dict.fromkeys(capabilities, 0.0)
        self.offline = set()
        self.decisions = {}
        self.physics = Physics(
            building=LIVING_ROOM, climate=Climate(mean_c=3.0, swing_k=3.0, sun_peak_w_per_m2=100.0),
            air_c=start_c, mass_c=start_c,
        )  # fmt: skip
        self.sensor = Sensor(lag_s=480.0, resolution_k=0.1, reading_c=start_c)
        self.now_s = 0.0
        self.starts = dict.fromkeys(capabilities, 0)
        self.energy_wh = dict.fromkeys(capabilities, 0.0)

    def telemetry(self, name):
        if name in self.offline:
            return Telemetry(at_s=self.now_s, status=DeviceStatus.OFFLINE, miner=MinerFigures())
        power_w = self.drawn_w[name]
        return Telemetry(at_s=self.now_s, status=DeviceStatus.RUNNING, power_w=power_w, hash_rate_hs=1e10 * power_w)

    def a_pass(self, name):
        decision = self.controllers[name].step(
            ControlInputs(
                now_s=self.now_s,
                now=1.7e9 + self.now_s,
                settings=self.settings[name],
                capabilities=self.capabilities[name],
                telemetry=self.telemetry(name),
                room=(TemperatureReading(celsius=self.sensor.read(), age_s=0.0),),
                outdoor_c=self.physics.climate.outdoor_c(self.now_s),
                neighbours=self.places[name],
            )
        )
        self.decisions[name] = decision
        if name in self.offline:
            self.drawn_w[name] = 0.0
            return
        self.starts[name] += self.drawn_w[name] == 0.0 < decision.power_w
        self.drawn_w[name] = decision.power_w

    def run(self, seconds, step_s=10.0):
        temperatures = []
        for _ in range(round(seconds / step_s)):
            self.physics.advance(sum(self.drawn_w.values()), step_s, self.now_s % 86400)
            self.sensor.follow(self.physics.air_c, step_s)
            self.now_s += step_s
            for name in self.controllers:
                self.energy_wh[name] += self.drawn_w[name] * step_s / 3600
                self.a_pass(name)
            temperatures.append(self.physics.air_c)
        return temperatures


def test_two_heaters_hold_one_room_and_the_cheap_one_gives_the_heat():
    both = Together({"cheap": MINER, "dear": replace(MINER, floor_w=200.0)})
    both.run(12 * 3600, LONG_STEP_S)
    both.starts = dict.fromkeys(both.starts, 0)
    both.energy_wh = dict.fromkeys(both.energy_wh, 0.0)
    held = both.run(24 * 3600, LONG_STEP_S)
    assert max(abs(celsius - 21.0) for celsius in held) < 0.3
    assert both.energy_wh["cheap"] > 5 * both.energy_wh["dear"]
    assert both.starts["dear"] <= 3
    assert both.starts["cheap"] == 0


def test_more_than_one_can_give_is_given_by_both_without_cycling():
    both = Together({"cheap": replace(MINER, maximum_w=700.0), "dear": replace(MINER, floor_w=300.0)})
    both.run(12 * 3600, LONG_STEP_S)
    both.starts = dict.fromkeys(both.starts, 0)
    held = both.run(24 * 3600, LONG_STEP_S)
    assert max(abs(celsius - 21.0) for celsius in held) < 0.3
    assert sum(both.starts.values()) <= 4


def test_when_the_cheap_one_is_gone_the_other_takes_over_at_once_and_no_integral_winds_up():
    both = Together({"cheap": MINER, "dear": MINER})
    both.run(12 * 3600, LONG_STEP_S)
    both.offline.add("cheap")
    held = both.run(8 * 3600, LONG_STEP_S)
    assert max(abs(celsius - 21.0) for celsius in held) < 0.3
    both.offline.clear()
    back = both.run(8 * 3600, LONG_STEP_S)
    assert max(abs(celsius - 21.0) for celsius in back) < 0.3
    assert both.drawn_w["cheap"] > both.drawn_w["dear"]


def test_one_without_starts_leaves_the_heat_to_the_next_for_good():
    """Its share does not come back with every pass, which would keep both from heating."""
    both = Together({"cheap": replace(MINER, starts_per_day=0), "dear": MINER})
    held = both.run(24 * 3600, LONG_STEP_S)[12 * 180 :]
    assert max(abs(celsius - 21.0) for celsius in held) < 0.3
    assert both.energy_wh["cheap"] == 0.0


def test_each_keeps_its_target_and_the_cheap_one_heats_for_the_other():
    both = Together({"cheap": MINER, "dear": MINER}, targets={"cheap": 18.0, "dear": 21.0})
    held = both.run(24 * 3600, LONG_STEP_S)[12 * 180 :]
    assert max(abs(celsius - 21.0) for celsius in held) < 0.3
    assert both.drawn_w["cheap"] > 0.0
    assert both.drawn_w["dear"] == 0.0
    assert both.decisions["cheap"].why is Why.HOLDING
    assert both.decisions["dear"].why is Why.SHARED_DEMAND


def test_one_that_is_off_or_driven_by_hand_takes_no_part():
    both = Together({"cheap": MINER, "dear": MINER})
    both.run(600)
    assert both.decisions["dear"].why is Why.SHARED_DEMAND
    both.settings["cheap"].on = False
    both.run(20)
    assert both.drawn_w["cheap"] == 0.0
    assert both.decisions["dear"].why is not Why.SHARED_DEMAND
    both.settings["cheap"].on = True
    both.settings["cheap"].mode = ControlMode.MANUAL_POWER
    both.settings["cheap"].manual_power_w = 450.0
    both.run(600)
    assert both.drawn_w["cheap"] == 450.0
    assert both.drawn_w["dear"] > 0.0


def test_one_room_on_one_circuit_keeps_to_both():
    both = Together({"cheap": MINER, "dear": MINER}, start_c=18.0, limit_w=1500.0)
    for _ in range(360):
        both.run(10)
        assert sum(both.drawn_w.values()) <= 1500.0
    assert sum(both.drawn_w.values()) == pytest.approx(1500.0)
    assert both.decisions["dear"].why is Why.BREAKER or both.decisions["cheap"].why is Why.BREAKER
    both.places["cheap"].leave(parting=True)
    assert "cheap" not in both.neighbourhood.prices
