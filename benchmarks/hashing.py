"""Hashing: kernels against hashlib, scaling, how well a rate is held, and what it costs the event loop.

Rates are MH/s per CPU second of the thread, the best of five rounds, so that other load on the machine matters little.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
import ctypes
from hashlib import sha256
import os
from pathlib import Path
import platform
import statistics
import subprocess
import sys
import time
from typing import Any

from custom_components.hashwarm.engine.hashing.heat_only import heat_only_work
from custom_components.hashwarm.engine.hashing.keeper import HashingChild
from custom_components.hashwarm.engine.hashing.native_kernel import NativeKernel, open_library, usable_kernels
from custom_components.hashwarm.engine.hashing.proving import GENESIS, proven, versions_of

type Say = Callable[[str], None]

ROUNDS = 5
GOALS = {"avx512": 24.0, "sha_ni": 11.0, "avx2": 9.0, "generic": 4.5}
"""Times hashlib, the better of a kernel with and without AsicBoost."""
RUN_S = 0.15
HOLD_S = 20.0
SETTLE_S = 2.5
LAG_S = 4.0
LAG_ROUNDS = 3
TICK_S = 0.005


def cpu_name() -> str:
    """Name the CPU and its cores."""
    names = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        if line.startswith(("model name", "Model"))
    ]
    return f"{names[0] if names else platform.machine()}, {os.cpu_count()} cores"


def hashlib_rate_mhs() -> float:
    """Time hashlib with a copied midstate, nothing else in the loop."""
    midstate, tail = sha256(GENESIS[:64]), GENESIS[64:76]
    count = 100_000
    began_s = time.thread_time()
    for nonce in range(count):
        inner = midstate.copy()
        inner.update(tail + nonce.to_bytes(4, "little"))
        sha256(inner.digest()).digest()
    return count / (time.thread_time() - began_s) / 1e6


def kernel_rate_mhs(kernel: NativeKernel, seconds: float = RUN_S) -> float:
    """Time one kernel on the calling thread for about that long."""
    prefixes = versions_of(GENESIS[:76], kernel.versions)
    stop = ctypes.c_int32(0)
    began_s = time.thread_time()
    done = 0
    while (elapsed_s := time.thread_time() - began_s) < seconds:
        done += kernel.scan(prefixes, 0, 0, 1 << 17, stop)[0]
    return done / elapsed_s / 1e6


def kernel_rates(kernels: list[NativeKernel]) -> tuple[dict[str, float], float]:
    """Time all kernels and hashlib in turns; the best of each."""
    rates = {kernel.name: 0.0 for kernel in kernels}
    baseline = 0.0
    for _ in range(ROUNDS):
        baseline = max(baseline, hashlib_rate_mhs())
        for kernel in kernels:
            rates[kernel.name] = max(rates[kernel.name], kernel_rate_mhs(kernel))
    return {name: round(rate, 2) for name, rate in rates.items()}, round(baseline, 3)


def two_threads_scaling(kernel: NativeKernel) -> float:
    """Return what two threads do per CPU second, over what one does."""
    one, two = 0.0, 0.0
    for _ in range(ROUNDS):
        one = max(one, kernel_rate_mhs(kernel))
        with ThreadPoolExecutor(2) as pool:
            two = max(two, sum(pool.map(kernel_rate_mhs, [kernel, kernel])))
    return round(two / one, 3)


class Bench:
    """A child of our own that is fed heartbeats."""

    def __init__(self, threads: int | None, label: str) -> None:
        self.changed = asyncio.Event()
        self.child = HashingChild(
            on_share=lambda _: None,
            clock=time.monotonic,
            threads=threads,
            guard=f"hashwarm-bench-{os.getpid()}-{label}",
            on_change=self.changed.set,
        )

    async def start(self) -> float:
        """Start the child; return the ms until it answered."""
        began_s = time.perf_counter()
        await self.child.start()
        answered_ms = (time.perf_counter() - began_s) * 1e3
        self.child.set_work(heat_only_work())
        while self.child.report is None or self.child.report.kernel is None:
            await self._news()
        return answered_ms

    async def _news(self) -> None:
        """Wait for the next word of the child."""
        self.changed.clear()
        await self.changed.wait()

    async def hashes_after(self, seconds: float) -> tuple[float, int]:
        """Hash for that long; return the time and the count of the report that follows."""
        end_s = time.monotonic() + seconds
        report = self.child.report
        while report is None or report.at_s < end_s:
            self.child.beat()
            await self._news()
            report = self.child.report
        return report.at_s, report.hashes

    def rss_mb(self) -> float:
        """Return the resident memory of the child."""
        status = Path(f"/proc/{self.child.pid}/status").read_text(encoding="utf-8")
        return round(int(status.split("VmRSS:")[1].split()[0]) / 1024, 1)


async def rate_errors(say: Say) -> dict[str, float]:
    """Hold 2, 50 and 90 % of the full rate for 20 s each; return the errors of the means in %."""
    bench = Bench(None, "rate")
    await bench.start()
    errors: dict[str, float] = {}
    try:
        assert bench.child.report is not None
        full_hs = bench.child.report.full_rate_hs or 0.0
        for percent in (2, 50, 90):
            say(f"holding {percent} % of {full_hs / 1e6:.1f} MH/s for {HOLD_S:.0f} s")
            wanted_hs = full_hs * percent / 100
            bench.child.set_rate(wanted_hs)
            from_s, before = await bench.hashes_after(SETTLE_S)
            to_s, after = await bench.hashes_after(HOLD_S)
            errors[str(percent)] = round(((after - before) / (to_s - from_s) / wanted_hs - 1) * 100, 3)
    finally:
        await bench.child.stop()
    return errors


async def _lags_ms(seconds: float) -> list[float]:
    """Return how late a timer of this loop fires."""
    lags: list[float] = []
    end_s = time.perf_counter() + seconds
    while (began_s := time.perf_counter()) < end_s:
        await asyncio.sleep(TICK_S)
        lags.append((time.perf_counter() - began_s - TICK_S) * 1e3)
    return lags


async def loop_lag(say: Say) -> dict[str, float]:
    """Compare the loop's lateness while idle and while all cores hash, in turns."""
    bench = Bench(os.cpu_count(), "lag")
    await bench.start()
    idle: list[float] = []
    hashing: list[float] = []
    try:
        for _ in range(LAG_ROUNDS):
            for duty, lags in ((0.0, idle), (1.0, hashing)):
                say(f"event loop lag {'with all cores hashing' if duty else 'idle'}, {LAG_S:.0f} s")
                bench.child.set_duty(duty)
                bench.child.beat()
                await asyncio.sleep(0.3)
                lags.extend(await _lags_ms(LAG_S))
    finally:
        await bench.child.stop()
    return {name: round(_p99(lags), 3) for name, lags in (("idle", idle), ("hashing", hashing))}


def _p99(values: list[float]) -> float:
    """Return the 99th percentile."""
    return statistics.quantiles(values, n=100)[98]


async def child_cost() -> dict[str, float]:
    """Return the ms from start to answer, the best of five, and the memory once kernels are timed."""
    starts_ms: list[float] = []
    rss_mb = 0.0
    for label in range(ROUNDS):
        bench = Bench(1, f"start-{label}")
        try:
            starts_ms.append(await bench.start())
            rss_mb = max(rss_mb, bench.rss_mb())
        finally:
            await bench.child.stop()
    return {"start_ms": round(min(starts_ms), 1), "rss_mb": rss_mb}


def import_ms(say: Say) -> float | None:
    """Return the ms to import the integration into Home Assistant, the best of three; None where it cannot be."""
    times_ms = []
    for _ in range(3):
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.import_probe"],
            capture_output=True,
            text=True,
            check=False,
            # Home Assistant keeps bytecode; a shell that forbids it would have every module compiled anew.
            env={name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"},
        )
        if done.returncode:
            say(f"the integration cannot be imported here: {done.stderr.strip().splitlines()[-1:]}")
            return None
        times_ms.append(float(done.stdout))
    return min(times_ms)


def measure(say: Say) -> dict[str, Any]:
    """Measure everything; about two minutes."""
    kernels = [kernel for kernel in usable_kernels(open_library(), ()) if proven(kernel)]
    say(f"{len(kernels)} kernels and hashlib, best of {ROUNDS}")
    rates, baseline = kernel_rates(kernels)
    say("two threads")
    scaling = two_threads_scaling(max(kernels, key=lambda kernel: rates[kernel.name]))
    errors = asyncio.run(rate_errors(say))
    lags = asyncio.run(loop_lag(say))
    say("start of the child")
    child = asyncio.run(child_cost())
    say("import of the integration")
    return {
        "cpu": cpu_name(),
        "kernels": rates,
        "hashlib": baseline,
        "threads2_scaling": scaling,
        "rate_error_percent": errors,
        "loop_lag_p99_ms": lags,
        "child": child,
        "import_ms": import_ms(say),
    }


def table(figures: dict[str, Any]) -> str:
    """Lay the figures out for people, with the goals beside them."""
    lines = [figures["cpu"], f"{'hashlib':14}{figures['hashlib']:8.2f} MH/s per core"]
    for name, rate in figures["kernels"].items():
        goal = GOALS.get(name.removesuffix("_ab4"))
        wanted = f"  (goal {goal}x with or without AsicBoost)" if goal else ""
        lines.append(f"{name:14}{rate:8.2f} MH/s per core {rate / figures['hashlib']:6.1f}x hashlib{wanted}")
    errors = ", ".join(f"{percent} %: {error:+.3f} %" for percent, error in figures["rate_error_percent"].items())
    lag = figures["loop_lag_p99_ms"]
    imported = figures["import_ms"]
    return "\n".join(
        [
            *lines,
            f"two threads    {figures['threads2_scaling']:.2f}x one (goal 1.9)",
            f"rate held      {errors} (goal 0.5 %)",
            f"loop lag p99   {lag['idle']} ms idle, {lag['hashing']} ms hashing (goal: 0.3 ms more at most)",
            f"child          {figures['child']['start_ms']} ms, {figures['child']['rss_mb']} MB (goal 60 ms, 20 MB)",
            f"import         {'unknown' if imported is None else f'{imported} ms'} (goal 150 ms)",
        ]
    )
