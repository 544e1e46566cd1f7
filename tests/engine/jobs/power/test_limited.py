"""Jobs here are throttled in hardware first, by duty cycle for the rest."""

from datetime import UTC, datetime
import os
import sys
import time

import pytest

from custom_components.hashwarm.engine.jobs import (
    Abilities,
    Forgets,
    JobSpec,
    Launch,
    LocalExecutor,
    LocalSettings,
    PowerReading,
    RunState,
    RunStatus,
)
from custom_components.hashwarm.engine.jobs.power import LimitedExecutor
from custom_components.hashwarm.engine.jobs.ulid import UlidSource
from custom_components.hashwarm.engine.model.errors import ExecutorError, ExecutorRefusedError


class Recorder:
    """An executor that remembers what it was asked; duty cycles by run."""

    def __init__(self):
        self.duty = {}
        self.asked = []
        self.over = set()
        self.reading = PowerReading(power_w=300.0, source="estimated")
        self.refuses = None

    abilities = Abilities(freezes=True, throttles=True, slots=2)

    def attach(self, wake):
        self.asked.append("attach")

    async def start(self):
        self.asked.append("start")
        if self.refuses is not None:
            raise self.refuses

    async def stop(self):
        self.asked.append("stop")
        if self.refuses is not None:
            raise self.refuses

    async def launch(self, launch):
        self.duty[launch] = 1.0
        return launch

    async def freeze(self, ref):
        self.asked.append(("freeze", ref))

    async def thaw(self, ref):
        self.asked.append(("thaw", ref))

    async def throttle(self, ref, share):
        self.asked.append(("throttle", ref))
        if ref in self.over:
            raise ExecutorRefusedError("it is over")
        self.duty[ref] = share

    async def end(self, ref, grace_s):
        self.asked.append(("end", ref, grace_s))

    async def look(self):
        return [RunStatus(ref=ref, state=RunState.ENDED if ref in self.over else RunState.RUNNING) for ref in self.duty]

    async def log(self, ref, lines):
        return [ref]

    def power(self):
        return self.reading

    async def forget(self, job_id):
        self.asked.append(("forget", job_id))


@pytest.fixture
def inner():
    return Recorder()


@pytest.fixture
async def limited(make, nvml, inner):
    executor = LimitedExecutor(inner, make(gpu_index=0, load=lambda: nvml))
    await executor.start()
    yield executor
    inner.refuses = None
    await executor.stop()


async def test_one_job_is_slowed_down_in_hardware_alone(limited, nvml, inner, kept):
    assert (limited.limiter.method, limited.limiter.most_w) == ("nvml", 350.0)
    ref = await limited.launch("a")
    await limited.throttle(ref, 0.5)
    assert [run.ref for run in await limited.look()] == ["a"]
    assert (nvml.limits, inner.duty) == ([175_000], {"a": 1.0})
    assert limited.power() == PowerReading(power_w=150.0, source="estimated")
    await limited.throttle(ref, 1.0)
    assert (nvml.limits, inner.duty) == ([350_000], {"a": 1.0})
    assert (limited.power().power_w, kept()) == (300.0, [])


async def test_below_the_least_of_the_hardware_the_duty_cycle_does_the_rest(limited, nvml, inner):
    ref = await limited.launch("a")
    await limited.throttle(ref, 0.1)
    assert nvml.limits == [100_000]
    assert inner.duty["a"] == pytest.approx(0.35)
    await limited.throttle(ref, -1.0)
    assert inner.duty["a"] == 0.0
    await limited.throttle(ref, 2.0)
    assert (nvml.limits, inner.duty["a"]) == ([350_000], 1.0)


async def test_the_hardware_is_limited_for_the_job_with_the_largest_share(limited, nvml, inner):
    first, second = await limited.launch("a"), await limited.launch("b")
    await limited.throttle(first, 0.4)
    assert nvml.limits == [350_000]
    assert inner.duty == {"a": pytest.approx(0.4), "b": 1.0}
    await limited.throttle(second, 0.8)
    assert nvml.limits == [280_000]
    assert inner.duty == {"a": pytest.approx(0.5), "b": pytest.approx(1.0)}
    inner.over.add(second)
    await limited.look()
    assert nvml.limits == [140_000]
    assert inner.duty["a"] == pytest.approx(1.0)
    await limited.launch("c")
    assert nvml.limits == [350_000]
    assert inner.duty["a"] == pytest.approx(0.4)
    inner.over |= {"a", "c"}
    await limited.look()
    assert nvml.limits == [350_000]


async def test_a_job_that_ended_meanwhile_holds_up_no_other(limited, inner):
    first, second = await limited.launch("a"), await limited.launch("b")
    inner.over.add(first)
    await limited.throttle(first, 0.3)
    await limited.throttle(second, 0.5)
    assert inner.duty["b"] == pytest.approx(1.0)


@pytest.mark.parametrize("code", [3, 4])
async def test_without_a_limit_in_hardware_it_is_duty_cycle_alone(make, nvml, inner, code):
    nvml.errors = {"nvmlDeviceSetPowerManagementLimit": code}
    limited = LimitedExecutor(inner, make(gpu_index=0, load=lambda: nvml))
    await limited.start()
    await limited.throttle(await limited.launch("a"), 0.5)
    assert (limited.limiter.method, inner.duty) == ("duty_cycle", {"a": 0.5})
    assert limited.power().power_w == 300.0


async def test_a_limit_that_fails_is_made_up_for_by_duty_cycle(limited, nvml, inner):
    ref = await limited.launch("a")
    nvml.errors = {"nvmlDeviceSetPowerManagementLimit": 15}
    await limited.throttle(ref, 0.5)
    assert (limited.limiter.method, inner.duty) == ("duty_cycle", {"a": 0.5})


async def test_a_measurement_is_told_as_it_is(limited, inner):
    await limited.throttle(await limited.launch("a"), 0.5)
    for reading in (PowerReading(power_w=200.0, source="measured"), PowerReading()):
        inner.reading = reading
        assert limited.power() == reading


async def test_the_default_comes_back_though_the_executor_fails(make, nvml, inner):
    limited = LimitedExecutor(inner, make(gpu_index=0, load=lambda: nvml))
    inner.refuses = ExecutorError("no")
    for _ in range(2):
        with pytest.raises(ExecutorError):
            await limited.start()
    assert nvml.opened == 1
    await limited.throttle(await limited.launch("a"), 0.5)
    with pytest.raises(ExecutorError):
        await limited.stop()
    assert (nvml.limits, nvml.opened) == ([350_000], 0)


async def test_the_rest_goes_to_the_executor(limited, inner):
    limited.attach(lambda: None)
    await limited.freeze("a")
    await limited.thaw("a")
    await limited.end("a", 5.0)
    await limited.forget("job")
    assert isinstance(limited, Forgets)
    assert inner.asked == ["start", "attach", ("freeze", "a"), ("thaw", "a"), ("end", "a", 5.0), ("forget", "job")]
    assert (limited.abilities.slots, await limited.log("a", 1)) == (2, ["a"])
    inner_without = LimitedExecutor(Only(), limited.limiter)
    await inner_without.forget("job")


class Only:
    """Has nothing to forget."""


async def test_a_real_job_is_slowed_down_and_ended(make, nvml, tmp_path, until):
    local = LocalExecutor(
        tmp_path / "jobs",
        now=lambda: datetime.now(UTC),
        clock=time.monotonic,
        settings=LocalSettings(slots=1, currency="EUR"),
    )
    limited = LimitedExecutor(local, make(gpu_index=0, load=lambda: nvml))
    limited.attach(lambda: None)
    await limited.start()
    command = (sys.executable, "-S", "-c", "while True: pass")
    spec = JobSpec(name="burn", executor_id="here", command=command, grace_s=2.0, expected_power_w=200.0)
    ref = await limited.launch(Launch(job_id=UlidSource(os.urandom).next(datetime.now(UTC)), attempt=1, spec=spec))
    await limited.throttle(ref, 0.1)
    assert nvml.limits == [100_000]
    assert local._runs[ref].share == pytest.approx(0.35)
    await until(lambda: limited.power().power_w == pytest.approx(20.0))
    await limited.end(ref, 2.0)
    await until(local._runs[ref].ended.is_set)
    await limited.look()
    assert nvml.limits == [350_000]
    await limited.stop()
