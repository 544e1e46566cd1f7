"""The worker with a real child process and a real pool on loopback."""

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager
import random
import time
import uuid

import pytest

from custom_components.hashwarm.engine.heater import LocalWorker, WorkerOptions
from custom_components.hashwarm.engine.model.capabilities import ControlKind, PowerSource
from custom_components.hashwarm.engine.model.errors import WorkerBusyError
from custom_components.hashwarm.engine.model.pool import PoolConfig
from custom_components.hashwarm.engine.model.telemetry import DeviceStatus
from simulators.practice_pool import PracticePool


class Meter:
    def __init__(self, watts):
        self.watts = watts

    def read_w(self):
        return self.watts


@asynccontextmanager
async def running(**options):
    worker = LocalWorker(
        WorkerOptions(guard=f"test-{uuid.uuid4().hex}", threads=1, full_power_w=40.0, **options),
        clock=time.monotonic,
        randomness=random.Random(1),
    )
    await worker.start()
    try:
        yield worker
    finally:
        await worker.stop()


async def until(worker, condition, limit_s=90.0):
    async with asyncio.timeout(limit_s):
        while True:
            worker.beat()
            telemetry = await worker.read()
            if condition(telemetry):
                return telemetry
            await asyncio.sleep(0.1)


async def test_watts_become_hashes_and_nothing_becomes_a_pause():
    async with running() as worker:
        maximum_w = worker.capabilities.maximum_w
        assert worker.capabilities.control is ControlKind.CONTINUOUS_WATTS
        await worker.command(0.5 * maximum_w)
        seen = await until(worker, lambda t: t.status in {DeviceStatus.RUNNING, DeviceStatus.THROTTLED} and t.power_w)
        assert seen.hash_rate_hs > 0
        assert seen.power_source in {PowerSource.ESTIMATED, PowerSource.MEASURED}
        assert seen.pool is None
        assert seen.kernel
        await worker.command(0.0)
        seen = await until(worker, lambda t: t.status is DeviceStatus.PAUSED)
        assert seen.hash_rate_hs == 0
        await until(worker, lambda t: t.power_w is not None and t.power_w < 0.05 * maximum_w)


async def test_a_meter_counts_once_the_machine_without_the_worker_is_known():
    meter = Meter(45.0)
    async with running(meter=meter) as worker:
        assert worker.capabilities.power_source is PowerSource.METERED
        assert worker.capabilities.power_delay_s > 0
        seen = await worker.read()
        assert seen.power_source is not PowerSource.METERED
        worker._machine.idle_w = 45.0
        await worker.command(worker.capabilities.maximum_w)
        meter.watts = 65.0
        seen = await until(worker, lambda t: bool(t.hash_rate_hs))
        assert (seen.power_w, seen.power_source) == (20.0, PowerSource.METERED)
        meter.watts = None
        seen = await until(worker, lambda t: t.power_source not in {None, PowerSource.METERED})
        assert seen.power_w is not None


async def test_a_pool_that_never_answered_does_not_keep_the_room_cold():
    config = PoolConfig(host="127.0.0.1", port=1, user="test.worker")
    async with running(pools=(config,)) as worker:
        await worker.command(worker.capabilities.maximum_w)
        seen = await until(worker, lambda t: bool(t.hash_rate_hs))
        assert seen.status is DeviceStatus.NO_POOL


async def test_a_child_that_says_nothing_is_not_taken_at_its_last_word(monkeypatch):
    async with running() as worker:
        await worker.command(worker.capabilities.maximum_w)
        await until(worker, lambda t: bool(t.hash_rate_hs) and bool(t.power_w))
        clock = worker._clock
        worker._clock = lambda: clock() + 6.0
        seen = await worker.read()
        assert (seen.power_w, seen.hash_rate_hs) == (None, None)
        worker._clock = clock


async def test_a_pool_gets_shares_and_a_lost_pool_does_not_stop_the_heat():
    async with AsyncExitStack() as open_pool:
        pool = await open_pool.enter_async_context(PracticePool(host="127.0.0.1", port=0))
        config = PoolConfig(host="127.0.0.1", port=pool.port, user="test.worker")
        async with running(pools=(config,)) as worker:
            await worker.command(worker.capabilities.maximum_w)
            seen = await until(worker, lambda t: t.pool is not None and t.pool.shares_accepted > 0)
            assert seen.pool.share_work > 0
            assert seen.pool.shares_rejected == 0
            await open_pool.aclose()
            seen = await until(worker, lambda t: t.status is DeviceStatus.NO_POOL)
            seen = await until(worker, lambda t: bool(t.hash_rate_hs))
            assert seen.pool.problem


async def test_a_second_worker_is_refused():
    async with running() as first:
        second = LocalWorker(
            WorkerOptions(guard=first._options.guard, threads=1), clock=time.monotonic, randomness=random.Random(1)
        )
        with pytest.raises(WorkerBusyError):
            await second.start()
        await second.stop()
        assert second.capabilities.maximum_w > 0


async def test_a_worker_that_has_not_started_says_so():
    worker = LocalWorker(WorkerOptions(threads=1), clock=time.monotonic, randomness=random.Random(1))
    seen = await worker.read()
    assert (seen.status, seen.power_w, seen.hash_rate_hs) == (DeviceStatus.STARTING, None, None)
