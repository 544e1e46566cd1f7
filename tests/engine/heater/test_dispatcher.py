"""Who gets the watts: within the ceiling, never a cold room for want of a job, and no dithering."""

from dataclasses import replace
import itertools
from math import sin

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.hashwarm.engine.heater.dispatcher import (
    FROZEN_AT_MOST_S,
    MINIMUM_S,
    SAFETY_FROZEN_S,
    Dispatcher,
    JobView,
    Situation,
)
from custom_components.hashwarm.engine.model.dispatch import Act, DispatchReason, WorkloadMode, Worth

RICH = Worth(ai_per_kwh=0.5, mining_per_kwh=0.1, price_per_kwh=0.3)
POOR = Worth(ai_per_kwh=0.05, mining_per_kwh=0.1, price_per_kwh=0.3)


def job(job_id="j", **changes):
    return JobView(**{"job_id": job_id, "power_w": 200.0} | changes)


def now(at=0.0, *jobs, **changes):
    return Situation(**{"at": at, "heat_w": 500.0, "ceiling_w": 1000.0, "worth": RICH, "jobs": jobs} | changes)


def acts(dispatch):
    return {order.job_id: order.act for order in dispatch.orders}


class Bench:
    """Jobs that do what they are told, ten seconds at a time."""

    def __init__(self, *jobs, ends_after_s=20.0):
        self.jobs = {told.job_id: told for told in jobs}
        self.ends_after_s = ends_after_s
        self.ending_for_s = {}
        self.dispatcher = Dispatcher()
        self.at = 0.0
        self.starts = 0

    def step(self, **changes):
        situation = now(self.at, *self.jobs.values(), **changes)
        dispatch = self.dispatcher.decide(situation)
        for order in dispatch.orders:
            self.obey(order)
        self.at += 10.0
        for job_id, told in self.jobs.items():
            self.jobs[job_id] = self.aged(told)
        return situation, dispatch

    def obey(self, order):
        told = replace(self.jobs[order.job_id], share=order.share)
        if order.act is Act.START:
            self.starts += 1
            told = replace(told, on=True, ran_s=0.0)
        elif order.act is Act.THAW:
            told = replace(told, frozen_for_s=None)
        elif order.act is Act.FREEZE:
            told = replace(told, frozen_for_s=0.0)
        elif order.act is Act.PREEMPT:
            told = replace(told, ending=True, frozen_for_s=None)
            self.ending_for_s[order.job_id] = 0.0
        elif order.act is Act.STOP:
            told = replace(told, on=False, ending=False, frozen_for_s=None)
        self.jobs[order.job_id] = told

    def aged(self, told):
        if told.ending:
            self.ending_for_s[told.job_id] += 10.0
            if self.ending_for_s[told.job_id] >= self.ends_after_s:
                return replace(told, on=False, ending=False, share=1.0)
        frozen = None if told.frozen_for_s is None else told.frozen_for_s + 10.0
        return replace(told, frozen_for_s=frozen, ran_s=told.ran_s + 10.0)


JOBS = st.builds(
    job,
    power_w=st.floats(20, 400),
    slowdown=st.sampled_from([0.0, 0.1, 0.25, 0.5]),
    freezes=st.booleans(),
    throttles=st.booleans(),
    committed=st.booleans(),
    reachable=st.sampled_from([True, True, True, False]),
    deadline_in_s=st.sampled_from([None, 1000.0]),
    checkpoint_in_s=st.sampled_from([None, 60.0, 1000.0]),
)
STEPS = st.lists(
    st.tuples(st.floats(0, 1500), st.sampled_from([0.0, 150.0, 600.0, 2000.0]), st.floats(0, 1), st.floats(0, 1)),
    min_size=1,
    max_size=60,
)


@settings(max_examples=60, deadline=None)
@given(st.lists(JOBS, max_size=4), STEPS, st.sampled_from(WorkloadMode))
def test_never_more_than_the_ceiling_and_never_cold_for_want_of_a_job(jobs, steps, mode):
    bench = Bench(*(replace(told, job_id=str(index)) for index, told in enumerate(jobs)))
    for heat, ceiling, ai, mining in steps:
        worth = Worth(ai_per_kwh=ai, mining_per_kwh=mining, price_per_kwh=0.3)
        situation, dispatch = bench.step(heat_w=heat, ceiling_w=ceiling, worth=worth, mode=mode, slots=2)
        reachable_w = sum(told.drawn_w for told in bench.jobs.values() if told.reachable)
        assert dispatch.ai_w + dispatch.mining_w <= situation.ceiling_w + 1e-6
        assert reachable_w <= situation.ceiling_w + 1e-6
        if situation.ceiling_w == 0.0:
            continue
        if mode.allows_mining:
            assert dispatch.ai_w + dispatch.mining_w >= min(heat, ceiling) - 1e-6


@settings(max_examples=40, deadline=None)
@given(st.floats(150, 400), st.lists(st.floats(0, 600), min_size=1, max_size=40))
def test_committed_work_is_ended_by_the_ceiling_alone(power_w, demands):
    bench = Bench(job(power_w=power_w, committed=True, on=True))
    for heat_w in demands:
        _, dispatch = bench.step(heat_w=heat_w, worth=POOR)
        assert not {Act.PREEMPT, Act.STOP, Act.FREEZE} & set(acts(dispatch).values())
    _, dispatch = bench.step(heat_w=0.0, worth=POOR)
    assert dispatch.reason is DispatchReason.COMMITTED_JOB
    _, dispatch = bench.step(heat_w=500.0, ceiling_w=power_w / 2)
    assert acts(dispatch) == {"j": Act.FREEZE}


@pytest.mark.parametrize("middle", [1.0, 1.1])
def test_values_that_waver_by_a_tenth_change_nothing_for_a_day(middle):
    bench = Bench(job(freezes=False))
    preferences = []
    for tick in range(8640):
        worth = Worth(
            ai_per_kwh=0.1 * middle * (1 + 0.1 * sin(tick / 7)), mining_per_kwh=0.1 * (1 - 0.1 * sin(tick / 11)),
            price_per_kwh=0.3,
        )  # fmt: skip
        bench.step(worth=worth)
        preferences.append(bench.dispatcher._prefers_ai)
    changes = sum(a != b for a, b in itertools.pairwise(preferences))
    assert changes <= 1
    assert bench.starts <= 2


def test_what_earns_more_goes_first_and_mining_takes_the_rest():
    bench = Bench(job(power_w=200.0), job("k", power_w=400.0))
    _, dispatch = bench.step(heat_w=500.0, slots=2)
    assert acts(dispatch) == {"j": Act.START}
    assert (dispatch.ai_w, dispatch.mining_w, dispatch.reason) == (200.0, 300.0, DispatchReason.HIGHER_VALUE)
    _, dispatch = Bench(job()).step(worth=POOR)
    assert (acts(dispatch), dispatch.mining_w) == ({}, 500.0)


def test_a_switch_waits_for_its_minimum_time_and_must_pay():
    bench = Bench(job())
    bench.step()
    nothing = Worth(ai_per_kwh=0.0, mining_per_kwh=0.6, price_per_kwh=0.3)
    reasons = []
    while bench.at < 3600.0:
        _, dispatch = bench.step(worth=nothing)
        reasons.append(dispatch.reason)
        if dispatch.orders:
            break
    assert acts(dispatch) == {"j": Act.FREEZE}
    assert MINIMUM_S <= bench.at <= 2 * MINIMUM_S
    assert DispatchReason.MINIMUM_RUNTIME in reasons


def test_a_tenth_more_is_not_worth_a_switch():
    a_little = Worth(ai_per_kwh=0.11, mining_per_kwh=0.1, price_per_kwh=0.3)
    bench = Bench(job())
    bench.step(worth=POOR)
    for _ in range(1000):
        _, dispatch = bench.step(worth=a_little)
        assert not dispatch.orders
    while bench.at < 20_000.0 and not dispatch.orders:
        _, dispatch = bench.step()
    assert acts(dispatch) == {"j": Act.START}


def test_a_long_switch_must_be_worth_its_time():
    bench = Bench(job(switch_s=3000.0, remaining_s=600.0))
    bench.step(worth=POOR)
    twice = Worth(ai_per_kwh=0.2, mining_per_kwh=0.1, price_per_kwh=0.3)
    for _ in range(1000):
        _, dispatch = bench.step(worth=twice)
        assert not dispatch.orders


def test_heat_off_freezes_at_once_then_saves_and_heat_on_thaws():
    bench = Bench(job())
    bench.step()
    _, dispatch = bench.step(heat_w=0.0)
    assert (acts(dispatch), dispatch.ai_w, dispatch.reason) == ({"j": Act.FREEZE}, 0.0, DispatchReason.NO_HEAT_DEMAND)
    for _ in range(10):
        _, dispatch = bench.step(heat_w=0.0)
    assert not dispatch.orders
    _, dispatch = bench.step(heat_w=500.0)
    assert acts(dispatch) == {"j": Act.THAW}
    for _ in range(round(FROZEN_AT_MOST_S / 10) + 2):
        _, dispatch = bench.step(heat_w=0.0)
        if Act.PREEMPT in acts(dispatch).values():
            break
    else:
        pytest.fail("a job frozen for long is saved and ended")


def test_less_heat_throttles_within_what_the_job_allows():
    bench = Bench(job(power_w=400.0, slowdown=0.5, on=True))
    _, dispatch = bench.step(heat_w=310.0)
    (order,) = dispatch.orders
    assert (order.act, order.share) == (None, 0.75)
    assert dispatch.ai_w + dispatch.mining_w == pytest.approx(310.0)
    _, dispatch = bench.step(heat_w=150.0)
    assert acts(dispatch) == {"j": Act.FREEZE}


def test_a_checkpoint_that_is_near_is_waited_for():
    bench = Bench(job(on=True, freezes=False, checkpoint_in_s=60.0))
    _, dispatch = bench.step(heat_w=0.0)
    assert not dispatch.orders
    bench = Bench(job(on=True, freezes=False, checkpoint_in_s=600.0))
    _, dispatch = bench.step(heat_w=0.0)
    assert acts(dispatch) == {"j": Act.PREEMPT}


def test_safety_freezes_at_once_and_then_ends():
    bench = Bench(job(on=True), job("k", on=True, freezes=False))
    _, dispatch = bench.step(ceiling_w=0.0)
    assert acts(dispatch) == {"j": Act.FREEZE, "k": Act.STOP}
    assert (dispatch.mining_w, dispatch.reason) == (0.0, DispatchReason.SAFETY)
    for _ in range(round(SAFETY_FROZEN_S / 10)):
        _, dispatch = bench.step(ceiling_w=0.0)
    assert acts(dispatch) == {"j": Act.STOP}


def test_without_heat_only_what_pays_and_was_allowed():
    assert not Bench(job()).step(heat_w=0.0)[1].orders
    _, dispatch = Bench(job()).step(heat_w=0.0, without_heat=True)
    assert (acts(dispatch), dispatch.reason) == ({"j": Act.START}, DispatchReason.PAYS_WITHOUT_HEAT)
    assert dispatch.mining_w == 0.0
    assert not Bench(job()).step(heat_w=0.0, without_heat=True, worth=POOR)[1].orders


def test_the_mode_is_a_persons_word():
    assert acts(Bench(job()).step(worth=POOR, mode=WorkloadMode.PREFER_AI)[1]) == {"j": Act.START}
    assert not Bench(job()).step(mode=WorkloadMode.PREFER_MINING)[1].orders
    _, dispatch = Bench(job(power_w=900.0)).step(mode=WorkloadMode.AI_ONLY)
    assert (dispatch.mining_w, dispatch.orders) == (0.0, ())
    _, dispatch = Bench(job(on=True)).step(mode=WorkloadMode.MINING_ONLY)
    assert (acts(dispatch), dispatch.reason) == ({"j": Act.FREEZE}, DispatchReason.PERSON)
    assert acts(Bench(job(deadline_in_s=100.0)).step(worth=POOR)[1]) == {"j": Act.START}


def test_work_of_unknown_worth_runs_where_heat_is_wanted():
    unknown = Worth(mining_per_kwh=0.1, price_per_kwh=0.3)
    assert acts(Bench(job()).step(worth=unknown)[1]) == {"j": Act.START}
    assert not Bench(job()).step(worth=unknown, heat_w=0.0, without_heat=True)[1].orders
    assert not Bench(job()).step(ai_minimum_per_kwh=0.6)[1].orders


def test_an_executor_that_is_gone_leaves_the_room_to_mining():
    bench = Bench(job(on=True, reachable=False, power_w=0.0))
    _, dispatch = bench.step()
    assert (dispatch.mining_w, dispatch.reason) == (500.0, DispatchReason.BACKEND_OFFLINE)


def test_slots_limits_and_draining_hold():
    jobs = [job(str(index), power_w=100.0) for index in range(4)]
    assert len(Bench(*jobs).step(slots=2)[1].orders) == 2
    assert len(Bench(*jobs).step(slots=4, ai_limit_w=250.0)[1].orders) == 2
    assert not Bench(*jobs).step(slots=4, drains=True)[1].orders


def test_a_job_that_needs_more_than_there_is_holds_up_nobody():
    large, small = job("large", power_w=5000.0), job("small", power_w=100.0)
    dispatch = Dispatcher().decide(now(0.0, large, small))
    assert (acts(dispatch), dispatch.reason) == ({"small": Act.START}, DispatchReason.HIGHER_VALUE)
    alone = Dispatcher().decide(now(0.0, large))
    assert (alone.orders, alone.mining_w, alone.reason) == ((), 500.0, DispatchReason.TOO_LARGE)
    slowed = replace(large, slowdown=0.9)
    assert acts(Dispatcher().decide(now(0.0, slowed))) == {"large": Act.START}
    assert Dispatcher().decide(now(0.0, replace(slowed, throttles=False))).reason is DispatchReason.TOO_LARGE


def test_a_place_takes_as_many_jobs_as_it_has_room_for():
    jobs = [job(f"{place}{index}", place_id=place, power_w=50.0) for place in "ab" for index in range(3)]
    orders = Dispatcher().decide(now(0.0, *jobs, slots=9, free={"a": 1, "b": 2})).orders
    assert {order.job_id for order in orders} == {"a0", "b0", "b1"}


def test_a_job_that_is_said_to_draw_nothing_waits_for_heat_too():
    nothing = job(power_w=0.0)
    for changes in ({"heat_w": 0.0}, {"mode": WorkloadMode.MINING_ONLY}):
        assert Dispatcher().decide(now(0.0, nothing, **changes)).orders == ()
        running = replace(nothing, on=True)
        assert acts(Dispatcher().decide(now(0.0, running, **changes))) == {"j": Act.FREEZE}
    assert acts(Dispatcher().decide(now(0.0, nothing))) == {"j": Act.START}


def test_a_job_begins_at_once_where_there_was_nothing_to_choose_before():
    dispatcher = Dispatcher()
    assert dispatcher.decide(now(0.0)).orders == ()
    assert acts(dispatcher.decide(now(10.0, job()))) == {"j": Act.START}


def test_a_job_that_may_run_slower_begins_so_where_less_is_wanted():
    dispatcher = Dispatcher()
    (order,) = dispatcher.decide(now(0.0, job(slowdown=0.5), heat_w=120.0)).orders
    assert (order.act, order.share) == (Act.START, 0.6)
    assert Dispatcher().decide(now(0.0, job(slowdown=0.25), heat_w=120.0)).orders == ()
    assert Dispatcher().decide(now(0.0, job(slowdown=0.5, throttles=False), heat_w=120.0)).orders == ()


def test_switched_off_by_a_person_even_promised_work_is_saved():
    told = job(on=True, committed=True, freezes=False)
    dispatch = Dispatcher().decide(now(0.0, told, off=DispatchReason.PERSON))
    assert acts(dispatch) == {"j": Act.PREEMPT}
    assert (dispatch.ai_w, dispatch.mining_w, dispatch.reason) == (200.0, 0.0, DispatchReason.PERSON)
