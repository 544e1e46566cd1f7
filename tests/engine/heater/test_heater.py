"""The loop around a device that does what a test tells it."""

import asyncio
from datetime import UTC, datetime
import logging
import time
from unittest.mock import Mock

import pytest

from custom_components.hashwarm.engine.control import Controller, HeaterSettings, JobHold, RoomResponse, SafetyLimits
from custom_components.hashwarm.engine.heater import Heater, HeaterAction
from custom_components.hashwarm.engine.heater.combined import with_work
from custom_components.hashwarm.engine.model.capabilities import Capabilities, ControlKind
from custom_components.hashwarm.engine.model.dispatch import OtherWork
from custom_components.hashwarm.engine.model.errors import DeviceUnreachableError, WorkerError
from custom_components.hashwarm.engine.model.protocols import TemperatureReading
from custom_components.hashwarm.engine.model.sharing import Allotment
from custom_components.hashwarm.engine.model.telemetry import DeviceStatus, MinerFigures, PoolState, Telemetry, Workload


class Device:
    capabilities = Capabilities(control=ControlKind.CONTINUOUS_WATTS, floor_w=1.0, maximum_w=100.0, idle_w=2.0)

    def __init__(self):
        self.commands = []
        self.beats = 0
        self.fail = None
        self.hang = None
        self.refuse_start = None
        self.running = False
        self.status = DeviceStatus.RUNNING
        self.power_w = None
        self.hash_rate_hs = 1e7
        self.pool = None
        self.miner = None

    async def start(self):
        if self.refuse_start:
            raise self.refuse_start
        self.running = True

    async def stop(self):
        self.running = False

    async def command(self, power_w):
        self.commands.append(power_w)

    async def read(self):
        if self.hang is not None:
            await self.hang.wait()
        if self.fail:
            raise self.fail
        power_w = self.power_w if self.power_w is not None else (self.commands[-1] if self.commands else 0.0)
        return Telemetry(
            at_s=time.monotonic(),
            status=self.status,
            power_w=power_w,
            hash_rate_hs=self.hash_rate_hs,
            pool=self.pool,
            miner=self.miner,
        )

    def beat(self):
        self.beats += 1


class Sensor:
    def __init__(self, celsius):
        self.celsius = celsius

    def read(self):
        return TemperatureReading(celsius=self.celsius, age_s=0.0)


@pytest.fixture
def device():
    return Device()


@pytest.fixture
def heater(device):
    booked = []
    heater = Heater(
        backend=device,
        controller=Controller(RoomResponse.BOX, SafetyLimits()),
        settings=HeaterSettings(on=True, target_c=21.0),
        room=(Sensor(19.0),),
        outdoor=Sensor(5.0),
        clock=time.monotonic,
        now=lambda: datetime.now(UTC),
        timezone=UTC,
        book=booked.append,
        on_change=lambda: None,
    )
    heater.booked = booked
    return heater


async def test_a_pass_reads_decides_commands_beats_and_books(heater, device):
    await heater.one_pass()
    assert device.commands[-1] > 0
    assert device.beats == 1
    assert len(heater.booked) == 1
    assert heater.state.decision.room_c == 19.0
    assert heater.state.outdoor_c == 5.0
    assert heater.state.starts_today == 1


async def test_a_wish_is_acted_on_at_once(heater, device):
    await heater.start()
    async with asyncio.timeout(5):
        while not device.commands:
            await asyncio.sleep(0.01)
        heater.settings.on = False
        heater.apply()
        before = time.monotonic()
        while device.commands[-1] != 0.0:
            await asyncio.sleep(0.001)
    assert time.monotonic() - before < 1.0
    await heater.stop()
    assert not device.running
    await heater.stop()


async def test_off_does_not_wait_for_a_reading_under_way(heater, device):
    await heater.start()
    async with asyncio.timeout(5):
        while not device.commands or device.commands[-1] == 0.0:
            await asyncio.sleep(0.01)
    device.hang = asyncio.Event()
    heater.apply()
    await asyncio.sleep(0.05)
    heater.settings.on = False
    heater.apply()
    async with asyncio.timeout(1):
        while device.commands[-1] != 0.0:
            await asyncio.sleep(0.001)
    device.hang.set()
    await asyncio.sleep(0.05)
    assert device.commands[-1] == 0.0
    await heater.stop()


async def test_a_deaf_device_is_one_line_in_the_log(heater, device, caplog):
    caplog.set_level(logging.INFO)
    device.fail = DeviceUnreachableError("gone")
    await heater.one_pass()
    await heater.one_pass()
    assert heater.state.telemetry.status is DeviceStatus.OFFLINE
    assert heater.state.offline
    assert heater.state.workload is None
    assert sum("does not answer" in record.message for record in caplog.records) == 1
    device.fail = None
    await heater.one_pass()
    assert any("answers again" in record.message for record in caplog.records)


async def test_the_loop_outlives_a_defect_shows_nothing_old_and_gives_no_heartbeat(heater, device, caplog):
    await heater.one_pass()
    beats = device.beats
    device.fail = ValueError("a defect")
    await heater.start()
    async with asyncio.timeout(5):
        while not heater.state.offline:
            await asyncio.sleep(0.01)
    assert heater.state.decision is None
    assert device.beats == beats
    heater.apply()
    await asyncio.sleep(0.05)
    assert sum("pass failed" in record.message for record in caplog.records) == 1
    device.fail = None
    heater.apply()
    async with asyncio.timeout(5):
        while device.beats == beats:
            await asyncio.sleep(0.01)
    assert not heater.state.offline
    await heater.stop()


async def test_a_command_that_fails_gives_no_heartbeat(heater, device, caplog):
    async def refuse(power_w):
        raise DeviceUnreachableError("busy")

    device.command = refuse
    await heater.start()
    async with asyncio.timeout(5):
        while not caplog.records:
            await asyncio.sleep(0.01)
    assert device.beats == 0
    heater.settings.on = False
    heater.apply()
    await asyncio.sleep(0.05)
    await heater.stop()


async def test_a_ledger_or_a_face_that_fails_does_not_stop_the_heat(heater, device, caplog):
    def fail(*_):
        raise RuntimeError("full")

    heater._book = fail
    heater._on_change = fail
    await heater.one_pass()
    await heater.one_pass()
    assert device.beats == 2
    assert sum("Could not" in record.message for record in caplog.records) == 2
    heater._book = heater.booked.append
    await heater.one_pass()
    assert heater.booked


async def test_a_miner_that_tells_nothing_of_its_pool_mines_all_the_same(heater, device):
    device.power_w, device.miner = 50.0, MinerFigures()
    await heater.one_pass()
    assert heater.state.workload is Workload.MINING


async def test_a_device_that_does_not_start_is_an_error(heater, device):
    device.refuse_start = WorkerError("no")
    with pytest.raises(WorkerError):
        await heater.start()
    await heater.stop()


async def test_heating_only_when_watts_are_drawn(heater, device):
    assert heater.state.action is HeaterAction.IDLE
    device.power_w = 50.0
    await heater.one_pass()
    assert heater.state.action is HeaterAction.HEATING
    assert heater.state.workload is Workload.HEAT_ONLY
    device.pool = PoolState(connected=True)
    await heater.one_pass()
    assert heater.state.workload is Workload.MINING
    assert heater.state.efficiency_j_per_th == pytest.approx(5e6)
    device.power_w, device.status = 2.0, DeviceStatus.STARTING
    await heater.one_pass()
    assert heater.state.action is HeaterAction.PREHEATING
    device.status, device.hash_rate_hs = DeviceStatus.PAUSED, 0.0
    await heater.one_pass()
    assert heater.state.action is HeaterAction.IDLE
    assert heater.state.workload is Workload.OFF
    assert heater.state.efficiency_j_per_th is None
    heater.settings.on = False
    await heater.one_pass()
    assert heater.state.action is HeaterAction.OFF


async def test_what_survives_a_restart_is_all_there(heater):
    await heater.one_pass()
    assert heater.as_dict()["settings"]["on"] is True
    assert heater.as_dict()["controller"]["shaper"]["starts_at"]


class Workshop:
    """Stands where AI work would be, and remembers what it is told."""

    def __init__(self, work):
        self.work = work
        self.seen = []
        self.calls = []

    async def start(self):
        self.calls.append("start")

    async def stop(self):
        self.calls.append("stop")

    def observe(self, decision, *, off, maximum_w):
        self.seen.append((decision.heat_w, decision.ceiling_w, off, maximum_w))

    def booked(self, telemetry):
        return with_work(telemetry, self.work, 0, measured=True)

    def as_dict(self):
        return {"settings": {}}

    def hold(self, at):
        return None


async def test_ai_work_heats_beside_and_mining_makes_the_rest(heater, device):
    heater.workshop = Workshop(OtherWork(heat_w=60.0, drawn_now_w=60.0, drawn_w=60.0))
    heater.settings.on, heater.settings.target_c = True, 30.0
    await heater.start()
    heater.apply()
    for _ in range(5):
        await heater.one_pass()
    assert device.commands[-1] == pytest.approx(40.0)
    assert heater.state.action is HeaterAction.HEATING
    assert heater.state.power_w == pytest.approx(100.0)
    assert heater.state.workload is Workload.MIXED
    assert heater.workshop.seen[-1] == (100.0, None, False, 100.0)
    heater.settings.on = False
    await heater.one_pass()
    assert heater.workshop.seen[-1] == (0.0, 0.0, True, 100.0)
    assert heater.as_dict()["ai"] == {"settings": {}}
    await heater.stop()
    assert heater.workshop.calls == ["start", "stop"]


async def test_a_reading_that_contains_ai_work_is_told_apart(heater, device):
    heater.workshop = Workshop(OtherWork(heat_w=60.0, drawn_now_w=60.0, together_w=60.0, drawn_w=60.0))
    heater.settings.on, heater.settings.target_c = True, 30.0
    device.power_w = 95.0
    await heater.start()
    await heater.one_pass()
    assert heater.state.telemetry.power_w == pytest.approx(35.0)
    assert heater.state.power_w == pytest.approx(95.0)
    device.status, device.power_w = DeviceStatus.RUNNING, 40.0
    await heater.one_pass()
    assert heater.state.telemetry.power_w == 0.0, "no reading is less than nothing"
    await heater.stop()


class Circuit:
    """A circuit that would leave a thousand watts to whatever works here."""

    def allot(self, standing):
        return Allotment(
            demand_w=standing.demand_w, breaker_left_w=1000.0, breaker_room_w=1000.0, breaker_share_w=1000.0
        )


@pytest.mark.parametrize(
    ("job", "circuit_w"), [(None, 700.0), (JobHold(until=0.0, power_w=300.0), 1000.0)], ids=["beside", "on the chip"]
)
async def test_a_plan_has_what_work_beside_leaves_of_the_circuit(heater, job, circuit_w):
    heater.neighbours = Circuit()
    heater.workshop = Mock(work=OtherWork(drawn_w=300.0), hold=Mock(return_value=job))
    heater.forethought = Mock(cycle_ws=0.0, guide=Mock(return_value=None), expected=Mock(return_value=None))
    await heater.one_pass()
    assert heater.forethought.observe.call_args.args[0].circuit_w == circuit_w
