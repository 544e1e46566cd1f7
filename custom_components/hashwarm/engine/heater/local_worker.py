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
from .cpu_quota import cpu_quota, within_quota
from .host_sensors import HostReading, HostSensors, read_host
from .metering import MachineMeter

FLOOR_SHARE = 0.02
# A meter counts as silent after five minutes; until then its reading may be that old.
METER_DELAY_S = 300.0
SILENT_AFTER_S = 5.0
LIMITED_AFTER_S = 15.0


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
        self._machine = MachineMeter()
        self._host = HostSensors(read_host)
        self._duty_limit = 1.0
        self._limited_since_s: float | None = None
        self._duty = 0.0
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
        maximum_w = self._full_duty_w * self._duty_limit
        metered = self._options.meter is not None
        return Capabilities(
            control=ControlKind.CONTINUOUS_WATTS,
            floor_w=FLOOR_SHARE * maximum_w,
            maximum_w=maximum_w,
            power_source=PowerSource.METERED if metered else PowerSource.ESTIMATED,
            power_delay_s=METER_DELAY_S if metered else 0.0,
        )

    @property
    def _full_duty_w(self) -> float:
        return self._machine.full_duty_w or self._model.maximum_w(self._threads)

    @override
    async def start(self) -> None:
        """Start the child and the session; raises WorkerError when the child does not come up.

        Without a pool, or until one answers, it heats on work that can win nothing.
        """
        quota = await asyncio.to_thread(cpu_quota)
        self._threads, self._duty_limit = within_quota(self._threads, quota)
        self._child.limit_threads(self._threads)
        if self._options.full_power_w is None:
            limits_w = await asyncio.to_thread(read_limits_w)
            self._model = replace(self._model, full_w=default_full_w(self._model.cpus, limits_w))
        await self._child.start()
        self._child.set_work(heat_only_work())
        if self._session is not None:
            await self._session.start()

    @override
    async def stop(self) -> None:
        """Stop hashing first, then say good-bye to the pool."""
        await self._child.stop()
        if self._session is not None:
            await self._session.stop()
        self._host.close()

    @override
    async def command(self, power_w: float) -> None:
        """Hash at the duty that draws this power."""
        self._duty = min(max(power_w / self._full_duty_w, 0.0), self._duty_limit)
        self._child.set_duty(self._duty)

    @override
    def beat(self) -> None:
        """Tell the child that a governor pass was completed."""
        self._child.beat()

    @override
    async def read(self) -> Telemetry:
        """Look at the child, the host and the pool."""
        host = await self._host.read()
        report, now_s = self._child.report, self._clock()
        if report is not None and report.running and now_s - report.at_s > SILENT_AFTER_S:
            # A child that says nothing draws and hashes nobody knows what; the keeper will replace it.
            report = replace(report, hash_rate_hs=None, running=False)
            self._forget_power()
        else:
            self._measure(report, host, now_s)
        limited = self._is_limited(report, now_s)
        power_w, source = self._power or (None, None)
        pool = self._session.state if self._session is not None else None
        return Telemetry(
            at_s=now_s,
            status=_status(report, pool, self._duty, limited=limited),
            power_w=power_w,
            power_source=source,
            hash_rate_hs=_hash_rate_hs(report),
            hashes=report.hashes if report else None,
            chip_c=host.chip_c,
            limited=limited,
            kernel=report.kernel if report else None,
            problem=report.kernel_problem if report else None,
            pool=pool,
        )

    def _is_limited(self, report: ChildReport | None, now_s: float) -> bool:
        """Return whether other work has kept the child from its pace for a while; a short rush is no limit."""
        if report is None or not report.limited:
            self._limited_since_s = None
            return False
        if self._limited_since_s is None:
            self._limited_since_s = now_s
        return now_s - self._limited_since_s >= LIMITED_AFTER_S

    def _measure(self, report: ChildReport | None, host: HostReading, now_s: float) -> None:
        meter_w = self._options.meter.read_w() if self._options.meter is not None else None
        worker_w = self._machine.worker_w(meter_w, self._duty, now_s) if meter_w is not None else None
        if worker_w is not None:
            self._forget_power()
            self._power = (worker_w, PowerSource.METERED)
        elif report is None or not report.running:
            self._forget_power()
            self._power = (0.0, PowerSource.ESTIMATED) if report is not None else None
        else:
            self._estimate(report, host, now_s)

    def _forget_power(self) -> None:
        self._power = self._last = None
        self._packages.forget()

    def _estimate(self, report: ChildReport, host: HostReading, now_s: float) -> None:
        last = self._last
        if last is not None and report.at_s <= last[0]:
            return
        self._last = (report.at_s, report.cpu_s, host.busy_cpu_s)
        package_w = self._packages.power_w(now_s, host.packages)
        if last is None:
            return
        host_cpu_s = host.busy_cpu_s - last[2] if host.busy_cpu_s is not None and last[2] is not None else None
        self._power = worker_share_w(
            package_w,
            self._model,
            worker_cpu_s=min(max(report.cpu_s - last[1], 0.0), self._threads * (report.at_s - last[0])),
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


def _hash_rate_hs(report: ChildReport | None) -> float | None:
    """Return the mean of the last two seconds, but nothing at once when the child says that it has stopped."""
    if report is None or report.hash_rate_hs is None:
        return None
    return report.hash_rate_hs if report.hashing else 0.0


def _status(report: ChildReport | None, pool: PoolState | None, duty: float, *, limited: bool) -> DeviceStatus:
    if report is None:
        return DeviceStatus.STARTING
    if not report.running:
        return DeviceStatus.FAULT
    if duty <= 0.0:
        return DeviceStatus.PAUSED if not report.hash_rate_hs else DeviceStatus.PAUSING
    if pool is not None and not pool.connected:
        return DeviceStatus.NO_POOL
    if limited:
        return DeviceStatus.THROTTLED
    return DeviceStatus.RUNNING if report.hash_rate_hs else DeviceStatus.RESUMING
