"""AI work and heat together: a real queue on a real file, an executor in memory, a heater that says what it needs."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
import os

import pytest

from custom_components.hashwarm.engine.control import Decision
from custom_components.hashwarm.engine.heater import AI_SCHEMAS, AiStatus, JobIncome, Workplace, Workshop
from custom_components.hashwarm.engine.jobs import (
    Abilities,
    Compute,
    Flexibility,
    JobSpec,
    JobState,
    Payout,
    PowerReading,
    RunState,
    RunStatus,
)
from custom_components.hashwarm.engine.model.capabilities import PowerSource
from custom_components.hashwarm.engine.model.control import Why
from custom_components.hashwarm.engine.model.dispatch import Act, DispatchReason, WorkloadMode, Worth
from custom_components.hashwarm.engine.model.errors import ExecutorUnreachableError, StoreUnavailableError
from custom_components.hashwarm.engine.model.telemetry import DeviceStatus, Telemetry
from custom_components.hashwarm.engine.money import SCHEMA as MONEY_SCHEMA
from custom_components.hashwarm.engine.money.entries import entry_sums
from custom_components.hashwarm.engine.store import Store

START = datetime(2026, 11, 22, 12, tzinfo=UTC)


class Runner:
    """Runs jobs in memory; does what it is told, at once."""

    def __init__(self, *, slots=1, freezes=True, throttles=True):
        self.abilities = Abilities(freezes=freezes, throttles=throttles, slots=slots)
        self.runs = {}
        self.shares = {}
        self.error = None
        self.measured_w = None
        self.wake = lambda: None

    def check(self):
        if self.error is not None:
            raise self.error

    async def start(self):
        self.check()

    async def stop(self):
        self.check()

    async def launch(self, launch):
        self.check()
        self.runs[launch.run_id] = RunStatus(ref=launch.run_id, state=RunState.RUNNING)
        self.wake()
        return launch.run_id

    async def freeze(self, ref):
        self.tell(ref, state=RunState.FROZEN)

    async def thaw(self, ref):
        self.tell(ref, state=RunState.RUNNING)

    async def throttle(self, ref, share):
        self.check()
        self.shares[ref] = share

    async def end(self, ref, grace_s):
        self.tell(ref, state=RunState.ENDED, exit_code=75 if grace_s else None)

    def tell(self, ref, **changes):
        self.check()
        told = {name: getattr(self.runs[ref], name) for name in RunStatus.__dataclass_fields__}
        self.runs[ref] = RunStatus(**(told | changes))
        self.wake()

    async def look(self):
        self.check()
        return list(self.runs.values())

    async def log(self, ref, lines):
        return []

    def power(self):
        return PowerReading(power_w=self.measured_w, source="measured" if self.measured_w is not None else "unknown")

    def attach(self, wake):
        self.wake = wake


@dataclass
class Rented:
    """A machine with work of its own."""

    reading: object = None
    problem: str | None = None
    quieted_for_s: float | None = None
    share: float = 1.0
    slowdown: float = 0.0
    obeys: bool = False
    orders: list = field(default_factory=list)

    @property
    def quieted(self):
        return self.quieted_for_s is not None

    async def start(self):
        """Nothing to take hold of."""

    async def stop(self):
        """Nothing to let go of."""

    def attach(self, wake):
        self.wake = wake

    def look(self):
        self.looks = getattr(self, "looks", 0) + 1

    async def obey(self, order):
        self.orders.append(order)


class Bench:
    """A workshop, and time that passes when it is told to."""

    def __init__(self, path, **workplaces):
        self.seconds = 0.0
        self.events = []
        self.worth = Worth(mining_per_kwh=0.1, price_per_kwh=0.3)
        self.store = Store(path / "h.db", schemas=(MONEY_SCHEMA, *AI_SCHEMAS), now=self.now)
        self.workplaces = workplaces
        self.changes = 0
        self.workshop = self.build(None)

    def build(self, stored):
        return Workshop(
            owner="heater",
            file=self.store,
            workplaces=self.workplaces,
            stored=stored,
            worth=lambda: self.worth,
            now=self.now,
            clock=lambda: self.seconds,
            timezone=UTC,
            randomness=os.urandom,
            income=JobIncome("heater", "EUR", UTC),
            currency="EUR",
            on_change=self.changed,
            on_event=lambda job, event: self.events.append((job.spec.name, event.value)),
        )

    def other(self, stored):
        """Return another life's workshop, with nobody to run anything."""
        workplaces, self.workplaces = self.workplaces, {}
        try:
            return self.build(stored)
        finally:
            self.workplaces = workplaces

    def changed(self):
        self.changes += 1

    def now(self):
        return START + timedelta(seconds=self.seconds)

    def heat(self, heat_w, *, ceiling_w=None, off=False, maximum_w=1000.0, why=Why.HEATING_UP):
        decision = Decision(
            power_w=0.0,
            demand_w=heat_w,
            demand_percent=0.0,
            why=why,
            room_c=20.0,
            heat_w=heat_w,
            ceiling_w=ceiling_w,
        )
        self.workshop.observe(decision, off=off, maximum_w=maximum_w)

    async def round(self, passes_s=10.0):
        self.seconds += passes_s
        await self.workshop.queue.refresh()
        await self.workshop.one_round()
        return self.workshop.state

    async def submit(self, name="train", **changes):
        told = {"name": name, "executor_id": "here", "command": ("true",), "expected_power_w": 200.0}
        return await self.workshop.queue.submit(JobSpec(**(told | changes)))


@pytest.fixture
def runner():
    return Runner()


@pytest.fixture
async def bench(tmp_path, runner):
    bench = Bench(tmp_path, here=Workplace(title="This machine", executor=runner, expected_w=100.0))
    await bench.store.start()
    yield bench
    await bench.workshop.queue.stop()
    await bench.store.stop()


async def test_a_job_runs_while_heat_is_wanted_and_mining_gets_what_is_left(bench, runner):
    bench.heat(500.0)
    await bench.submit()
    state = await bench.round()
    assert (state.status, state.running) == (AiStatus.STARTING, 1)
    state = await bench.round()
    assert (state.status, state.name, state.power_w) == (AiStatus.RUNNING, "train", 200.0)
    work = bench.workshop.work
    assert (work.heat_w, work.drawn_w, work.mining_most_w) == (200.0, 200.0, float("inf"))


async def test_no_heat_freezes_at_once_and_heat_lets_it_go_on(bench, runner):
    bench.heat(500.0)
    await bench.submit()
    await bench.round()
    await bench.round()
    bench.heat(0.0)
    state = await bench.round(0.5)
    assert state.status is AiStatus.PAUSED
    assert state.reason is DispatchReason.NO_HEAT_DEMAND
    assert [run.state for run in runner.runs.values()] == [RunState.FROZEN]
    assert bench.workshop.work.drawn_w == 0.0
    bench.heat(500.0)
    await bench.round(40.0)
    assert bench.workshop.state.status is AiStatus.RUNNING


async def test_frozen_for_long_it_is_saved_and_goes_on_later(bench, runner):
    bench.heat(500.0)
    await bench.submit()
    await bench.round()
    bench.heat(0.0)
    for _ in range(40):
        await bench.round()
    assert bench.workshop.state.status is AiStatus.PREEMPTED
    assert bench.workshop.state.preemptions_today == 1
    bench.heat(500.0)
    await bench.round()
    await bench.round()
    assert bench.workshop.state.status is AiStatus.RUNNING
    assert bench.workshop.state.job.attempt == 2


async def test_a_person_who_switches_off_stops_even_what_was_promised(bench, runner):
    bench.heat(500.0)
    await bench.submit(flexibility=Flexibility.RIGID)
    await bench.round()
    await bench.round()
    bench.heat(0.0)
    state = await bench.round()
    assert state.status is AiStatus.RUNNING, "promised work keeps its watts where only the heat has ended"
    bench.heat(0.0, ceiling_w=0.0, off=True)
    state = await bench.round()
    assert (state.status, state.reason) == (AiStatus.PAUSED, DispatchReason.PERSON)


async def test_safety_freezes_then_ends_without_grace(bench, runner):
    bench.heat(500.0)
    await bench.submit()
    await bench.round()
    await bench.round()
    bench.heat(500.0, ceiling_w=0.0)
    state = await bench.round(0.5)
    assert (state.status, state.reason) == (AiStatus.PAUSED, DispatchReason.SAFETY)
    for _ in range(7):
        await bench.round()
    assert [run.exit_code for run in runner.runs.values()] == [None]
    assert bench.workshop.state.lost_work_today == 1


async def test_what_a_job_earned_is_booked_with_its_end_and_tells_the_worth_of_a_kwh(bench, runner):
    bench.heat(500.0)
    job = await bench.submit(payout=Payout(amount=0.5))
    await bench.round()
    for _ in range(6):
        await bench.round()
    (ref,) = runner.runs
    runner.tell(ref, state=RunState.ENDED, exit_code=0)
    state = await bench.round()
    assert (state.status, state.completed, state.job) == (AiStatus.IDLE, 1, None)
    state = await bench.round()
    done = await bench.workshop.queue.get(job.job_id)
    assert (done.state, done.revenue_nano) == (JobState.SUCCEEDED, 500_000_000)
    sums = await bench.store.read(lambda c: entry_sums(c, "EUR"))
    ((_day, booked),) = sums["heater"].items()
    assert (booked.value_nano, booked.ai_nano) == (500_000_000, 500_000_000)
    kwh = done.energy_mj / 3.6e9
    assert state.worth.ai_per_kwh == pytest.approx(0.5 / kwh)
    assert ("train", "succeeded") in bench.events


async def test_an_executor_out_of_reach_counts_for_a_minute_and_then_mining_fills_in(bench, runner):
    bench.heat(500.0)
    await bench.submit()
    await bench.round()
    await bench.round()
    runner.error = ExecutorUnreachableError("gone")
    runner.wake()
    async with asyncio.timeout(5):
        while bench.workshop.queue.problem("here") is None:
            await asyncio.sleep(0)
    for passed in (10, 20, 30):
        bench.seconds += 10
        await bench.workshop.one_round()
        assert bench.workshop.work.heat_w == 200.0, f"{passed} s"
    bench.seconds += 40
    await bench.workshop.one_round()
    assert bench.workshop.work.heat_w == 0.0
    assert bench.workshop.state.status is AiStatus.OFFLINE
    assert not bench.workshop.state.connected
    runner.error = None


async def test_no_more_jobs_begin_than_there_is_room_for(bench, runner):
    bench.heat(1000.0)
    await bench.submit("one")
    await bench.submit("two")
    await bench.round()
    await bench.round()
    assert (bench.workshop.state.running, bench.workshop.state.waiting) == (1, 1)
    assert bench.workshop.work.drawn_w == 200.0, "what does not run is not reckoned with"


async def test_a_job_that_shares_the_chip_keeps_it_from_mining(tmp_path, runner):
    bench = Bench(tmp_path, here=Workplace(title="x", executor=runner, expected_w=100.0, same_chip=True))
    await bench.store.start()
    bench.heat(500.0)
    await bench.submit()
    await bench.round()
    await bench.round()
    assert bench.workshop.work.mining_most_w == 0.0
    held = bench.workshop.hold(1000.0)
    assert (held.power_w, held.until) == (200.0, 4600.0)
    bench.heat(0.0)
    await bench.round()
    assert bench.workshop.work.mining_most_w == float("inf")
    assert bench.workshop.hold(1000.0) is None
    await bench.workshop.queue.stop()
    await bench.store.stop()


async def test_elsewhere_work_costs_and_does_not_heat(tmp_path, runner):
    bench = Bench(
        tmp_path, here=Workplace(title="x", executor=runner, expected_w=100.0, heats_room=False, metered_together=True)
    )
    await bench.store.start()
    bench.heat(500.0)
    await bench.submit()
    await bench.round()
    runner.measured_w = 150.0
    await bench.round()
    assert (bench.workshop.work.heat_w, bench.workshop.work.drawn_now_w) == (0.0, 150.0)
    assert bench.workshop.state.power_source == "measured"
    told = Telemetry(
        at_s=1.0, status=DeviceStatus.RUNNING, power_w=250.0, energy_mj=1000, power_source=PowerSource.METERED
    )
    booked = bench.workshop.booked(told)
    assert booked.energy_mj == 1000, "its counter contains the work"
    await bench.workshop.queue.stop()
    await bench.store.stop()


async def test_what_is_drawn_is_added_to_the_books(bench, runner):
    bench.heat(500.0)
    await bench.submit()
    await bench.round()
    await bench.round()
    await bench.round()
    told = Telemetry(
        at_s=1.0, status=DeviceStatus.RUNNING, power_w=250.0, energy_mj=1000, power_source=PowerSource.METERED
    )
    booked = bench.workshop.booked(told)
    assert booked.power_w == 450.0
    assert booked.energy_mj == 1000 + 2 * 200 * 10 * 1000
    assert booked.power_source is PowerSource.ESTIMATED
    silent = bench.workshop.booked(Telemetry(at_s=1.0, status=DeviceStatus.OFFLINE))
    assert (silent.power_w, silent.energy_mj) == (None, None)


async def test_put_aside_nothing_begins_and_what_runs_is_frozen(bench, runner):
    bench.heat(500.0)
    await bench.submit()
    await bench.round()
    await bench.round()
    bench.workshop.put_aside(600.0, "grid")
    state = await bench.round()
    assert (state.status, state.reason) == (AiStatus.PAUSED, DispatchReason.PERSON)
    bench.workshop.put_aside(0.0, "over")
    await bench.round(40.0)
    assert bench.workshop.state.status is AiStatus.RUNNING


async def test_settings_and_counts_survive(bench, runner):
    bench.workshop.settings.mode = WorkloadMode.PREFER_AI
    bench.workshop.settings.power_limit_w = 300.0
    bench.heat(500.0)
    await bench.submit()
    await bench.round()
    await bench.round()
    await bench.round()
    stored = bench.workshop.as_dict()
    again = bench.other(stored)
    assert again.settings == bench.workshop.settings
    assert again.as_dict() == stored
    assert stored["counts"]["energy_mj"] == 4_000_000


def test_stored_nonsense_is_as_nothing_stored(tmp_path):
    bench = Bench(tmp_path)
    nonsense = {"settings": {"mode": 7, "power_limit_w": "x"}, "counts": {"day": 3, "completed": -1, "energy_mj": "a"}}
    for stored in (nonsense, {"counts": {"day": "yesterday"}}, {"settings": {"minimum_per_kwh": float("nan")}}):
        assert bench.build(stored).as_dict() == bench.build(None).as_dict()


async def test_a_home_that_is_away_is_waited_for(tmp_path, runner):
    class Away:
        async def write(self, work):
            raise StoreUnavailableError

        read = write

    bench = Bench(tmp_path, here=Workplace(title="x", executor=runner, expected_w=100.0))
    bench.store = Away()
    workshop = bench.build(None)
    await workshop.start()
    async with asyncio.timeout(5):
        while bench.changes == 0:
            await asyncio.sleep(0)
    assert workshop.state.status is AiStatus.ERROR
    assert (workshop.state.completed, workshop.state.energy_mj) == (None, None), "unknown is not zero"
    await workshop.stop()


async def test_heat_that_is_not_wanted_ends_before_anything_is_written(bench, runner, monkeypatch):
    bench.heat(500.0)
    await bench.submit()
    await bench.round()
    await bench.round()
    (run,) = runner.runs.values()
    assert run.state is RunState.RUNNING
    seen = []

    async def settle():
        seen.append(next(iter(runner.runs.values())).state)

    monkeypatch.setattr(bench.workshop.queue, "settle", settle)
    bench.heat(0.0)
    await bench.round()
    assert seen == [RunState.FROZEN]


def rented(bench, **told):
    bench.workshop.machines["vast"].reading = Compute(at=bench.now(), busy=True, committed=True, **told)


@pytest.fixture
async def landlord(tmp_path):
    bench = Bench(tmp_path, vast=Workplace(title="Rented", machine=Rented(), expected_w=300.0))
    await bench.store.start()
    yield bench
    await bench.workshop.queue.stop()
    await bench.store.stop()


async def test_a_rented_machine_keeps_its_watts_and_mining_fills_the_rest(landlord):
    landlord.heat(500.0)
    rented(landlord, name="renter", revenue_per_hour=0.15, currency="EUR")
    state = await landlord.round()
    assert (state.status, state.name, state.committed, state.power_w) == (AiStatus.RUNNING, "renter", True, 300.0)
    assert state.worth.ai_per_kwh == pytest.approx(0.5)
    assert state.revenue_per_hour == pytest.approx(0.15)
    rented(landlord, name="renter", revenue_per_hour=0.15, currency="USD")
    state = await landlord.round()
    assert (state.worth.ai_per_kwh, state.revenue_per_hour) == (None, None), "what that is worth here nobody knows"
    landlord.heat(0.0)
    state = await landlord.round()
    assert state.reason is DispatchReason.COMMITTED_JOB
    assert landlord.workshop.work.drawn_w == 300.0
    assert landlord.workshop.machines["vast"].orders == []


async def test_a_machine_that_obeys_is_paused_without_heat_and_let_go_on_with_it(landlord):
    machine = landlord.workshop.machines["vast"]
    machine.obeys = True
    machine.reading = Compute(at=landlord.now(), busy=True)
    landlord.heat(0.0)
    await landlord.round()
    assert [order.act for order in machine.orders] == [Act.FREEZE]
    machine.quieted_for_s, machine.reading = 0.0, Compute(at=landlord.now(), busy=False)
    state = await landlord.round()
    assert (state.status, state.power_w) == (AiStatus.PAUSED, 0.0)
    told, machine.quieted_for_s = len(machine.orders), 60.0
    landlord.heat(100.0)
    await landlord.round(40.0)
    assert [order.act for order in machine.orders[told:]] == [], "it would draw more than is wanted"
    landlord.heat(500.0)
    landlord.workshop.settings.queue_paused = True
    await landlord.round(40.0)
    assert [order.act for order in machine.orders[told:]] == [], "a person wants it to rest"
    landlord.workshop.settings.queue_paused = False
    await landlord.round(40.0)
    assert machine.orders[-1].act is Act.THAW


async def test_what_a_machine_earned_is_booked_once_and_nothing_from_before_its_time(landlord):
    async def booked():
        sums = await landlord.store.read(lambda c: entry_sums(c, "EUR"))
        return sum(day.ai_nano for day in sums.get("heater", {}).values())

    landlord.heat(500.0)
    for earned, total in (
        ({"1": 700}, 0),
        ({"1": 900}, 200),
        ({"1": 900}, 200),
        ({"1": 900, "2": 50}, 250),
        ({"1": 900, "2": 20}, 250),
        ({"1": 900, "2": 50}, 250),
        ({"1": 900, "2": 70}, 270),
    ):
        landlord.seconds += 3600
        rented(landlord, earned_nano=earned, currency="EUR")
        await landlord.round()
        assert await booked() == total, earned
    rented(landlord, earned_nano={"2": 10_000}, currency="USD")
    await landlord.round()
    assert await booked() == 270, "money of another country"
    for waited_s, total in ((10, 270), (3500, 270), (80, 279)):
        landlord.seconds += waited_s
        rented(landlord, earned_nano={"2": 79}, currency="EUR")
        await landlord.round(0.0)
        assert await booked() == total, "a row an hour at most, and nothing is lost by that"
    landlord.seconds += 5
    landlord.workshop.collect_earnings()
    rented(landlord, earned_nano={"2": 80}, currency="EUR")
    await landlord.round()
    assert await booked() == 280, "a person asked"
    assert landlord.workplaces["vast"].machine.looks == 1
    landlord.seconds -= 86_400
    rented(landlord, earned_nano={"2": 81}, currency="EUR")
    await landlord.round()
    assert await booked() == 281, "the clock was set back"
    again = landlord.workshop = landlord.build(None)
    rented(landlord, earned_nano={"1": 900, "2": 91}, currency="EUR")
    await landlord.round()
    assert await booked() == 291
    assert again.state.pending_nano == 0


async def test_the_task_runs_rounds_and_is_ended(bench, runner):
    bench.heat(500.0)
    await bench.workshop.start()
    async with asyncio.timeout(5):
        while bench.changes == 0:
            await asyncio.sleep(0)
    await bench.submit()
    async with asyncio.timeout(5):
        while bench.workshop.state.status is not AiStatus.RUNNING:
            await asyncio.sleep(0)
    await bench.workshop.stop()
    await bench.workshop.stop()
    assert all(run.state is RunState.ENDED for run in runner.runs.values())
    assert bench.workshop.work.drawn_w == 0.0


async def test_a_defect_is_said_once_and_the_next_round_goes_on(bench, runner, caplog):
    bench.heat(500.0)

    def broken():
        raise ValueError("no price")

    workshop = bench.workshop
    await workshop._guarded_round()
    good, workshop._mining_worth = workshop._mining_worth, broken
    await workshop._guarded_round()
    await workshop._guarded_round()
    assert [record.getMessage() for record in caplog.records] == ["A round of AI work failed"]
    workshop._mining_worth = good
    await workshop._guarded_round()
    assert not workshop._broken


async def test_changed_wishes_are_acted_upon_at_once(bench, runner):
    bench.heat(500.0)
    await bench.workshop.start()
    await bench.submit()
    async with asyncio.timeout(5):
        while bench.workshop.state.status is not AiStatus.RUNNING:
            await asyncio.sleep(0)
    bench.workshop.settings.enabled = False
    bench.workshop.apply()
    async with asyncio.timeout(5):
        while bench.workshop.state.status is not AiStatus.PAUSED:
            await asyncio.sleep(0)
    bench.heat(500.0, ceiling_w=400.0)
    await bench.workshop.stop()


async def test_until_the_room_is_known_what_runs_is_left_alone(bench, runner):
    bench.heat(500.0)
    await bench.submit()
    await bench.round()
    await bench.round()
    bench.heat(0.0, ceiling_w=0.0, why=Why.SENSOR_AWAITED)
    for _ in range(10):
        state = await bench.round()
    assert (state.status, state.power_w) == (AiStatus.RUNNING, 200.0)
    await bench.submit("other")
    again = bench.workshop = bench.build(None)
    await bench.round()
    assert again.state.running == 0, "nothing is begun before the first pass either"


async def test_a_room_that_is_lost_has_work_saved_and_not_killed(bench, runner):
    bench.heat(500.0)
    await bench.submit()
    await bench.round()
    await bench.round()
    bench.heat(0.0, ceiling_w=0.0, why=Why.SENSOR_STALE_OFF)
    state = await bench.round()
    assert (state.status, state.reason) == (AiStatus.PAUSED, DispatchReason.SAFETY)
    for _ in range(35):
        state = await bench.round()
    assert state.status is AiStatus.PREEMPTED
    assert state.lost_work_today == 0


async def test_work_put_aside_rests_as_long_as_was_asked_for_whatever_the_clock_is_set_to(bench, monkeypatch):
    bench.workshop.put_aside(600.0, "grid")
    for ahead in (-timedelta(days=1), timedelta(days=1)):
        monkeypatch.setattr(bench.workshop, "_now", lambda ahead=ahead: bench.now() + ahead)
        assert bench.workshop._mode is WorkloadMode.MINING_ONLY
    monkeypatch.undo()
    bench.seconds += 601
    assert bench.workshop._mode is not WorkloadMode.MINING_ONLY
