"""A quick look at what this machine can hash, before a person sets a heater up."""

import asyncio
from dataclasses import dataclass
import time

from ..model.errors import WorkerError
from .heat_only import heat_only_work
from .keeper import HashingChild

_TUNING_TIMEOUT_S = 20.0


@dataclass(frozen=True, kw_only=True)
class BenchmarkResult:
    """What a second of hashing showed."""

    kernel: str
    kernel_problem: str | None
    hash_rate_hs: float
    """All threads at full duty."""
    threads: int
    kernel_rates_hs: tuple[tuple[str, float], ...]


async def quick_benchmark(
    seconds: float = 1.0, *, threads: int | None = None, guard: str = "hashwarm-worker"
) -> BenchmarkResult:
    """Hash at full duty for that long. Raises WorkerBusyError while another worker runs on this host, WorkerError."""
    changed = asyncio.Event()
    child = HashingChild(
        on_share=lambda _: None, clock=time.monotonic, threads=threads, guard=guard, on_change=changed.set
    )
    await child.start()
    try:
        child.set_work(heat_only_work())
        async with asyncio.timeout(_TUNING_TIMEOUT_S):
            while child.report is None or child.report.kernel is None:
                changed.clear()
                await changed.wait()
        child.set_duty(1.0)
        child.beat()
        await asyncio.sleep(seconds)
        report = child.report
    except TimeoutError as error:
        raise WorkerError("the kernels could not be timed") from error
    finally:
        await child.stop()
    assert report.kernel is not None
    return BenchmarkResult(
        kernel=report.kernel,
        kernel_problem=report.kernel_problem,
        hash_rate_hs=report.full_rate_hs or 0.0,
        threads=report.threads,
        kernel_rates_hs=report.kernel_rates_hs,
    )
