"""The hashing worker on this host as a heater: any power from a sliver of one core to all of its threads."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
import os
import random
import ssl
import sys
from typing import override

from ..hashing.heat_only import heat_only_work
from ..hashing.keeper import ChildReport, HashingChild, default_threads
from ..hashing.work import FoundShare, HashWork
from ..model.capabilities import Capabilities, ControlKind, PowerSource
from ..model.pool import PoolConfig
from ..model.protocols import Backend, Monotonic, PowerMeter
from ..model.telemetry import DeviceStatus, PoolState, Telemetry
from ..stratum import PoolSession
from .cpu_power import CpuModel, PackageMeter, default_full_w, read_limits_w, worker_share_w
from .host_sensors import HostReading, read_host

FLOOR_SHARE = 0.02
SMOOTHING_S = 2.0


@dataclass(frozen=True, kw_only=True)
class WorkerOptions:
    """How the worker is set up; without pools it heats and earns nothing."""

    pools: tuple[PoolConfig, ...] = ()
    threads: int | None = None
    full_power_w: float | None = None
    """Of the whole CPU at full load; None takes what the host states or a modest guess."""
    meter: PowerMeter | None = None
    guard: str = "hashwarm-worker"
    agent: str = "hashwarm"
    ssl_context: Callable[[], ssl.SSLContext] | None = None
    python: str = field(default=sys.executable)


class LocalWorker(Backend):
    """Owns the hashing child and the pool session, and converts watts to duty."""

    def __init__(self, options: WorkerOptions, *, clock: Monotonic, randomness: random.Random) -> None:
        self._options = options
        self._clock = clock
        cpus = os.cpu_count() or 1
        self._threads = min(options.threads or default_threads(), cpus)
        self._model = CpuModel(full_w=options.full_power_w or default_full_w(cpus, []), cpus=cpus)
        self._child = HashingChild(
            on_share=self._found,
            clock=clock,
            threads=self._threads,
            guard=options.guard,
            python=options.python,
            jitter=randomness.random,
        )
        self._session = self._make_session(randomness) if options.pools else None
        self._packages = PackageMeter()
        self._commanded_w = 0.0
        self._last: tuple[float, float, float | None] | None = None
        self._power: tuple[float, PowerSource] | None = None

    def _make_session(self, randomness: random.Random) -> PoolSession:
        return PoolSession(
            self._options.pools,
            on_work=self._work_came,
            clock=self._clock,
            random=randomness,
            agent=self._options.agent,
            ssl_context=self._options.ssl_context,
            hash_rate_hs=self._full_rate_hs,
        )

    @property
    @override
    def capabilities(self) -> Capabilities:
        maximum_w = self._model.maximum_w(self._threads)
        metered = self._options.meter is not None
        return Capabilities(
            control=ControlKind.CONTINUOUS_WATTS,
            floor_w=FLOOR_SHARE * maximum_w,
            maximum_w=maximum_w,
            power_source=PowerSource.METERED if metered else PowerSource.ESTIMATED,
        )

    @override
    async def start(self) -> None:
        """Start the child and the session; raises WorkerError when the child does not come up."""
        if self._options.full_power_w is None:
            limits_w = await asyncio.to_thread(read_limits_w)
            self._model = replace(self._model, full_w=default_full_w(self._model.cpus, limits_w))
        await self._child.start()
        if self._session is None:
            self._child.set_work(heat_only_work())
        else:
            await self._session.start()

    @override
    async def stop(self) -> None:
        """Stop hashing first, then say good-bye to the pool."""
        await self._child.stop()
        if self._session is not None:
            await self._session.stop()

    @override
    async def command(self, power_w: float) -> None:
        """Hash at the duty that draws this power."""
        self._commanded_w = power_w
        maximum_w = self._model.maximum_w(self._threads)
        self._child.set_duty(min(max(power_w / maximum_w, 0.0), 1.0))

    @override
    def beat(self) -> None:
        """Tell the child that a governor pass was completed."""
        self._child.beat()

    @override
    async def read(self) -> Telemetry:
        """Look at the child, the host and the pool."""
        host = await asyncio.to_thread(read_host)
        report, now_s = self._child.report, self._clock()
        self._measure(report, host, now_s)
        power_w, source = self._power or (None, None)
        pool = self._session.state if self._session is not None else None
        return Telemetry(
            at_s=now_s,
            status=_status(report, pool, self._commanded_w),
            power_w=power_w,
            power_source=source,
            hash_rate_hs=report.hash_rate_hs if report else None,
            hashes=report.hashes if report else None,
            chip_c=host.chip_c,
            limited=report.limited if report else False,
            kernel=report.kernel if report else None,
            problem=report.kernel_problem if report else None,
            pool=pool,
        )

    def _measure(self, report: ChildReport | None, host: HostReading, now_s: float) -> None:
        meter_w = self._options.meter.read_w() if self._options.meter is not None else None
        if meter_w is not None:
            self._power = (meter_w, PowerSource.METERED)
            return
        if report is None or not report.running:
            self._power = (0.0, PowerSource.ESTIMATED) if report is not None else None
            self._last = None
            return
        last, current = self._last, (report.at_s, report.cpu_s, host.busy_cpu_s)
        if last is None or report.at_s > last[0]:
            self._last = current
        if last is None or report.at_s <= last[0]:
            return
        host_cpu_s = host.busy_cpu_s - last[2] if host.busy_cpu_s is not None and last[2] is not None else None
        self._power = worker_share_w(
            self._packages.power_w(now_s, host.packages),
            self._model,
            worker_cpu_s=max(report.cpu_s - last[1], 0.0),
            host_cpu_s=host_cpu_s,
            elapsed_s=report.at_s - last[0],
        )

    def _work_came(self, work: HashWork | None) -> None:
        # Without a pool the heater goes on heating, on work that can win nothing.
        self._child.set_work(work or heat_only_work())

    def _found(self, share: FoundShare) -> None:
        if self._session is not None:
            self._session.submit(share)

    def _full_rate_hs(self) -> float | None:
        report = self._child.report
        return report.full_rate_hs if report is not None else None


def _status(report: ChildReport | None, pool: PoolState | None, commanded_w: float) -> DeviceStatus:
    if report is None:
        return DeviceStatus.STARTING
    if not report.running:
        return DeviceStatus.FAULT
    if commanded_w <= 0.0:
        return DeviceStatus.PAUSED if not report.hash_rate_hs else DeviceStatus.PAUSING
    if pool is not None and not pool.connected:
        return DeviceStatus.NO_POOL
    if report.limited:
        return DeviceStatus.THROTTLED
    return DeviceStatus.RUNNING if report.hash_rate_hs else DeviceStatus.RESUMING
