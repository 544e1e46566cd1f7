"""A breaker circuit never carries more than it can, and who runs keeps on running."""

from dataclasses import dataclass, field, replace

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.hashwarm.engine.home.circuits import (
    CALM_S,
    GONE_S,
    HOLD_S,
    WAIT_S,
    Circuit,
    CircuitBook,
    CircuitMember,
    legal_w,
    plan,
    wanted_w,
)
from custom_components.hashwarm.engine.home.order import HeatPrice
from custom_components.hashwarm.engine.home.peak import PeakHold
from custom_components.hashwarm.engine.model.capabilities import Capabilities, ControlKind
from custom_components.hashwarm.engine.model.sharing import Standing
from custom_components.hashwarm.engine.model.telemetry import DeviceStatus, MinerFigures, Telemetry
from tests.thorough import examples

MINER = Capabilities(control=ControlKind.CONTINUOUS_WATTS, floor_w=400.0, maximum_w=1000.0)
LEVELS = replace(MINER, levels_w=(300.0, 600.0, 900.0), floor_w=300.0, maximum_w=900.0)


class Meter:
    def __init__(self, power_w=0.0):
        self.power_w = power_w

    def read_w(self):
        return self.power_w


@dataclass
class Device:
    """Draws what it is told, slowly; commands what it is granted of what it wants."""

    heater_id: str
    capabilities: Capabilities = MINER
    ramp_w_per_s: float = 1e9
    demand_w: float = 0.0
    on: bool = True
    blind: bool = False
    """Its power is unknown."""
    online: bool = True
    commanded_w: float = 0.0
    drawn_w: float = 0.0
    surplus_w: float = 0.0
    figures: MinerFigures | None = None
    told: tuple = field(default=(None, False))

    def advance(self, seconds):
        gap_w = self.commanded_w - self.drawn_w
        self.drawn_w += max(min(gap_w, self.ramp_w_per_s * seconds), -self.ramp_w_per_s * seconds)

    def standing(self, now_s):
        known_w = None if self.blind or not self.online else self.drawn_w + self.surplus_w
        return Standing(
            now_s=now_s,
            capabilities=self.capabilities,
            telemetry=Telemetry(
                at_s=now_s,
                status=DeviceStatus.RUNNING if self.online else DeviceStatus.OFFLINE,
                power_w=known_w,
                miner=self.figures,
            ),
            commanded_w=self.commanded_w,
            demand_w=self.demand_w,
            runs=self.on,
        )


class Panel:
    """A book, its devices and virtual time."""

    def __init__(self, limit_w, *devices, meter=None, assumed_w=0.0):
        self.book = CircuitBook()
        self.devices = {device.heater_id: device for device in devices}
        self.now_s = 1000.0
        self.limit_w = limit_w
        self.meter = meter
        self.prices = {}
        self.assumed_w = dict.fromkeys(self.devices, assumed_w)
        self.limit(limit_w)

    def limit(self, limit_w):
        self.limit_w = limit_w
        self.book.configure(
            [Circuit(circuit_id="kitchen", limit_w=limit_w, assumed_w=self.assumed_w, other_loads=self.meter)]
        )

    def a_pass(self, device):
        device.told = self.book.ask(device.heater_id, device.standing(self.now_s), device.demand_w, self.prices)
        left_w, wish_w = device.told[0], wanted_w(device.demand_w, device.standing(self.now_s))
        if device.online:
            device.commanded_w = legal_w(min(wish_w, left_w), device.capabilities) if device.demand_w > 0 else 0.0
        return left_w

    def run(self, seconds, step_s=10.0):
        for _ in range(max(round(seconds / step_s), 1)):
            self.now_s += step_s
            for device in self.devices.values():
                device.advance(step_s)
                self.a_pass(device)
        return {heater_id: device.commanded_w for heater_id, device in self.devices.items()}

    @property
    def possible_w(self):
        """What all devices draw or may draw at the most."""
        return sum(max(device.commanded_w, device.drawn_w) for device in self.devices.values())


@given(st.data())
@settings(max_examples=examples(60), deadline=None)
def test_the_sum_of_what_may_be_drawn_never_exceeds_the_limit(data):
    levels = st.sampled_from([MINER, LEVELS, replace(MINER, floor_w=50.0), replace(LEVELS, power_delay_s=20.0)])
    devices = [
        Device(f"h{index}", data.draw(levels), ramp_w_per_s=data.draw(st.sampled_from([5.0, 50.0, 1e9])))
        for index in range(data.draw(st.integers(2, 5)))
    ]
    panel = Panel(data.draw(st.floats(300.0, 4000.0)), *devices)
    for _ in range(data.draw(st.integers(5, 40))):
        panel.now_s += 10.0
        for device in devices:
            device.advance(10.0)
        for device in data.draw(st.permutations(devices)):
            if data.draw(st.integers(0, 3)) == 0:
                device.demand_w = data.draw(st.floats(0.0, 1200.0))
                device.on = data.draw(st.integers(0, 9)) > 0
            panel.a_pass(device)
            assert panel.possible_w <= panel.limit_w + 1e-6


@given(st.data())
@settings(max_examples=examples(200), deadline=None)
def test_a_plan_is_legal_and_never_more_than_there_is(data):
    capabilities = st.sampled_from([MINER, LEVELS, replace(MINER, floor_w=0.5)])
    members = []
    for index in range(data.draw(st.integers(0, 6))):
        able = data.draw(capabilities)
        want_w = data.draw(st.sampled_from([0.0, able.levels_w[0] if able.levels_w else able.floor_w, able.maximum_w]))
        granted_w = legal_w(data.draw(st.floats(0.0, 1000.0)), able)
        members.append(
            CircuitMember(
                heater_id=str(index),
                capabilities=able,
                want_w=want_w,
                granted_w=granted_w,
                waited=data.draw(st.booleans()),
            )
        )
    available_w = data.draw(st.floats(-500.0, 5000.0))
    grants = plan(available_w, members)
    assert sum(grants.values()) <= max(available_w, 0.0) + 1e-6
    for member in members:
        granted_w = grants[member.heater_id]
        assert granted_w == legal_w(granted_w, member.capabilities)
        assert granted_w <= member.want_w + 1e-9


def test_without_a_circuit_nothing_limits():
    panel = Panel(1000.0)
    device = Device("elsewhere", demand_w=900.0)
    assert panel.book.ask("elsewhere", device.standing(0.0), 900.0, {}) == (None, False)
    assert panel.book.possible_w("elsewhere") is None
    assert panel.book.status("nowhere", 0.0) is None
    panel.book.leave("unheard of", parting=True)


def test_who_runs_keeps_its_watts_and_a_newcomer_gets_what_is_left():
    a, b = Device("a", demand_w=1000.0), Device("b")
    panel = Panel(1500.0, a, b)
    panel.run(60)
    b.demand_w = 1000.0
    assert panel.run(60) == {"a": 1000.0, "b": 500.0}


def test_a_demand_that_dips_for_a_moment_loses_nothing():
    a, b = Device("a", demand_w=1000.0), Device("b")
    panel = Panel(1500.0, a, b)
    panel.run(60)
    b.demand_w = 1000.0
    for _ in range(10):
        a.demand_w = 600.0
        panel.run(60)
        a.demand_w = 1000.0
        panel.run(60)
        assert (a.commanded_w, b.commanded_w) == (1000.0, 500.0)
    a.demand_w = 600.0
    panel.run(HOLD_S + 60)
    assert (a.commanded_w, b.commanded_w) == (600.0, 900.0)


def test_watts_are_given_again_only_when_readings_show_that_they_are_free():
    a, b = Device("a", replace(MINER, ramp_s=200.0), demand_w=1000.0, ramp_w_per_s=5.0), Device("b")
    panel = Panel(1000.0, a, b)
    panel.run(300)
    a.on, a.demand_w, b.demand_w = False, 0.0, 1000.0
    seen = []
    for _ in range(30):
        panel.run(10)
        assert b.commanded_w + a.drawn_w <= 1000.0
        seen.append(b.commanded_w)
    assert seen[0] == 0.0
    assert seen[-1] == 1000.0


def test_a_device_whose_power_is_unknown_is_given_time():
    a, b = Device("a", replace(MINER, ramp_s=60.0), demand_w=1000.0, blind=True), Device("b")
    panel = Panel(1000.0, a, b)
    panel.run(60)
    a.on, a.demand_w, b.demand_w = False, 0.0, 1000.0
    panel.run(80)
    assert b.commanded_w == 0.0
    panel.run(60)
    assert b.commanded_w == 1000.0


def test_a_setting_that_was_not_taken_back_yet_counts():
    a, b = Device("a", demand_w=1000.0, blind=True), Device("b")
    panel = Panel(1000.0, a, b)
    panel.run(60)
    a.on, a.demand_w, b.demand_w = False, 0.0, 1000.0
    a.figures = MinerFigures(setpoint_w=1000.0)
    panel.run(600)
    assert b.commanded_w == 0.0
    a.figures = MinerFigures(setpoint_w=0.0)
    panel.run(120)
    assert b.commanded_w == 1000.0


def test_a_smaller_limit_cuts_the_dearest_first_down_to_its_floor_and_then_off():
    devices = [Device(name, demand_w=1000.0) for name in ("dear", "fair", "cheap")]
    panel = Panel(3000.0, *devices)
    panel.prices = {
        "cheap": HeatPrice(cost_per_kwh=0.1),
        "fair": HeatPrice(cost_per_kwh=0.2),
        "dear": HeatPrice(cost_per_kwh=0.3),
    }
    panel.run(60)
    panel.limit(2500.0)
    assert panel.run(60) == {"dear": 500.0, "fair": 1000.0, "cheap": 1000.0}
    panel.limit(2000.0)
    assert panel.run(60) == {"dear": 400.0, "fair": 600.0, "cheap": 1000.0}
    panel.limit(1100.0)
    assert panel.run(60) == {"dear": 0.0, "fair": 400.0, "cheap": 700.0}
    panel.limit(300.0)
    assert panel.run(60) == {"dear": 0.0, "fair": 0.0, "cheap": 0.0}
    panel.limit(3000.0)
    assert panel.run(60) == {"dear": 1000.0, "fair": 1000.0, "cheap": 1000.0}


def test_who_waited_long_gets_its_floor_from_those_that_have_more():
    a, b = Device("a", demand_w=1000.0), Device("b")
    panel = Panel(1200.0, a, b)
    panel.run(60)
    b.demand_w = 1000.0
    panel.run(WAIT_S - 60)
    assert (a.commanded_w, b.commanded_w) == (1000.0, 0.0)
    panel.run(120)
    assert (a.commanded_w, b.commanded_w) == (800.0, 400.0)
    panel.run(3600)
    assert (a.commanded_w, b.commanded_w) == (800.0, 400.0)


def test_waiting_switches_nobody_off():
    a, b = Device("a", demand_w=1000.0), Device("b", demand_w=0.0)
    panel = Panel(700.0, a, b)
    panel.run(60)
    b.demand_w = 1000.0
    panel.run(2 * WAIT_S)
    assert (a.commanded_w, b.commanded_w) == (700.0, 0.0)


def test_a_silent_miner_may_still_be_drawing_what_it_drew():
    a, b = Device("a", demand_w=1000.0), Device("b")
    panel = Panel(1500.0, a, b)
    panel.run(60)
    a.online = False
    a.demand_w, b.demand_w = 0.0, 1000.0
    panel.run(4 * HOLD_S)
    assert b.commanded_w == 500.0
    a.figures = MinerFigures(plug_on=False)
    panel.run(120)
    assert b.commanded_w == 500.0, "its command is on, and it starts with its plug"
    a.commanded_w = a.drawn_w = 0.0
    panel.run(120)
    assert b.commanded_w == 1000.0


def test_a_silent_miner_is_given_no_more():
    a = Device("a", demand_w=500.0)
    panel = Panel(1500.0, a)
    panel.run(60)
    a.online, a.demand_w = False, 1000.0
    panel.run(60)
    assert a.told == (500.0, False)


def test_a_miner_not_heard_of_yet_counts_at_what_is_assumed():
    a, b = Device("a", demand_w=1000.0), Device("b", demand_w=1000.0)
    panel = Panel(1500.0, a, b, assumed_w=1000.0)
    panel.a_pass(a)
    assert a.told == (500.0, False)
    panel.run(60)
    assert (a.commanded_w, b.commanded_w) == (1000.0, 500.0)


def test_one_that_left_for_a_moment_keeps_its_watts_and_one_that_parted_does_not():
    a, b = Device("a", demand_w=1000.0), Device("b")
    panel = Panel(1000.0, a, b)
    panel.run(60)
    panel.book.leave("a", parting=False)
    b.demand_w = 1000.0
    panel.now_s += 30.0
    assert panel.a_pass(b) == 0.0
    panel.now_s += GONE_S
    assert panel.a_pass(b) == 1000.0
    panel.book.leave("b", parting=True)
    assert panel.book.status("kitchen", panel.now_s).left_w == 1000.0


def test_draws_beyond_the_command_are_taken_off_for_all():
    a, b = Device("a", demand_w=1000.0, surplus_w=95.0), Device("b", demand_w=1000.0)
    panel = Panel(2000.0, a, b)
    panel.run(300)
    assert a.commanded_w + b.commanded_w + 95.0 <= 2000.0
    assert a.commanded_w + b.commanded_w >= 1890.0


def test_other_loads_take_at_once_and_give_back_when_they_are_calm():
    meter, a = Meter(), Device("a", demand_w=1000.0)
    panel = Panel(1500.0, a, meter=meter)
    assert panel.run(60) == {"a": 1000.0}
    meter.power_w = 900.0
    assert panel.run(10) == {"a": 600.0}
    meter.power_w = 0.0
    assert panel.run(60) == {"a": 600.0}
    assert panel.run(CALM_S) == {"a": 1000.0}


def test_a_lost_meter_counts_at_its_worst_and_one_never_seen_at_all_there_is():
    meter, a = Meter(power_w=None), Device("a", demand_w=1000.0)
    panel = Panel(1500.0, a, meter=meter)
    panel.run(600)
    assert a.told == (0.0, True)
    meter.power_w = 700.0
    panel.run(60)
    meter.power_w = 100.0
    panel.run(2 * CALM_S)
    assert a.told == (1000.0, False)
    meter.power_w = None
    panel.run(30)
    assert a.told == (800.0, True)
    status = panel.book.status("kitchen", panel.now_s)
    assert (status.other_loads_w, status.meter_lost) == (700.0, True)
    panel.limit(1600.0)
    panel.run(30)
    assert a.told == (900.0, True), "what was known of the meter stays"
    panel.meter = Meter(power_w=100.0)
    panel.limit(1600.0)
    panel.run(30)
    assert a.told == (1000.0, False)


def test_a_heater_on_two_circuits_keeps_to_both():
    a, b = Device("a", demand_w=1000.0), Device("b", demand_w=1000.0)
    panel = Panel(5000.0, a, b)
    panel.book.configure(
        [
            Circuit(circuit_id="room", limit_w=700.0, assumed_w={"a": 0.0}),
            Circuit(circuit_id="main", limit_w=1500.0, assumed_w={"a": 0.0, "b": 0.0}),
        ]
    )
    assert panel.run(60) == {"a": 700.0, "b": 800.0}
    assert panel.book.possible_w("a") == 700.0
    assert panel.book.possible_w("b") == 800.0
    panel.book.configure([])
    assert panel.book.ask("a", a.standing(panel.now_s), 1000.0, {}) == (None, False)


def test_a_heater_counts_on_what_is_free_and_on_the_floor_that_it_is_given_when_it_waits():
    one, other = Device("a", demand_w=1000.0), Device("b")
    panel = Panel(1500.0, one, other)
    panel.run(600)
    assert (panel.book.share_w("a"), panel.book.share_w("b")) == (1500.0, 500.0)
    panel.limit(1100.0)
    panel.run(600)
    assert panel.book.share_w("b") == 400.0, "only 100 W are free, and who asks for its floor gets it"
    assert panel.book.share_w("elsewhere") is None
    panel.limit(300.0)
    panel.run(600)
    assert panel.book.share_w("b") <= 300.0, "never more than the circuit carries"


def test_what_a_circuit_shows():
    a, b = Device("a", demand_w=1000.0), Device("b", blind=True)
    panel = Panel(1500.0, a, b, assumed_w=100.0)
    status = panel.book.status("kitchen", panel.now_s)
    assert (status.drawn_w, status.left_w, status.other_loads_w) == (None, 1300.0, None)
    panel.run(60)
    assert panel.book.status("kitchen", panel.now_s).drawn_w is None
    b.blind = False
    panel.run(60)
    status = panel.book.status("kitchen", panel.now_s)
    assert (status.drawn_w, status.left_w, status.meter_lost) == (1000.0, 500.0, False)
    assert status.reserved_w == {"a": 1000.0, "b": 0.0}


@pytest.mark.parametrize(
    ("demand_w", "commanded_w", "capabilities", "want_w"),
    [
        (0.0, 0.0, MINER, 0.0),
        (0.0, 500.0, MINER, 400.0),
        (100.0, 0.0, MINER, 400.0),
        (700.0, 0.0, MINER, 700.0),
        (350.0, 0.0, LEVELS, 600.0),
        (5000.0, 0.0, LEVELS, 900.0),
    ],
)
def test_what_a_demand_may_need_at_one_moment(demand_w, commanded_w, capabilities, want_w):
    device = Device("a", capabilities, commanded_w=commanded_w)
    assert wanted_w(demand_w, device.standing(0.0)) == want_w
    device.on = False
    assert wanted_w(demand_w, device.standing(0.0)) == 0.0


def test_a_peak_holds_until_its_window_has_passed():
    peak = PeakHold()
    assert peak.take(0.0, 5.0, 10.0) == 5.0
    assert peak.take(100.0, 1.0, 10.0) == 5.0, "it was so until now"
    assert peak.take(109.0, 2.0, 10.0) == 5.0
    assert peak.take(111.0, 1.0, 10.0) == 2.0
    peak.clear()
    assert peak.take(112.0, 0.5, 10.0) == 0.5


def test_one_that_runs_where_a_circuit_is_drawn_up_is_one_of_those_that_run():
    a, b = Device("a"), Device("b", demand_w=1000.0)
    panel = Panel(5000.0, a, b)
    panel.book.configure([])
    for _ in range(2):
        b.told = panel.book.ask("b", b.standing(panel.now_s), 1000.0, {})
        b.commanded_w = 1000.0
    a.demand_w = 1000.0
    panel.limit(1500.0)
    assert panel.run(30) == {"a": 500.0, "b": 1000.0}


def test_one_that_is_heard_of_first_while_it_runs_goes_on():
    a, b = Device("a", demand_w=1000.0), Device("b", demand_w=1000.0, commanded_w=1000.0, drawn_w=1000.0)
    panel = Panel(1500.0, a, b, assumed_w=1000.0)
    assert panel.run(30) == {"a": 500.0, "b": 1000.0}
