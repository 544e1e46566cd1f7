"""What a real NVIDIA GPU tells, and what freezing its job does to its watts: `python3 -m benchmarks.gpu_probe [INDEX]`.

Only reads, through the product's own reader: no limit is ever written. Needs nvidia-ml-py and the driver, and runs on
Python 3.12 and newer, for machines with a GPU seldom have ours. Prints one JSON object; power in W, times in s.
"""

from contextlib import suppress
from importlib import import_module
import json
import os
from pathlib import Path
import signal
import statistics
import subprocess
import sys
import time
import types
from typing import Any

ROOT = Path(__file__).parents[1]
ENGINE = "custom_components.hashwarm.engine"
READ_EVERY_S = 0.1
IDLE_S, BUSY_S, FROZEN_S = 3.0, 6.0, 8.0
WARM_UP_S = 60.0
SETTLED = 0.1


def load_cap(index: int) -> Any:
    """Return the product's own reader. Its rooms are entered without what their doors import, which needs 3.14."""
    names = ["custom_components", "custom_components.hashwarm", ENGINE, f"{ENGINE}.model"]
    for name in (*names, f"{ENGINE}.jobs", f"{ENGINE}.jobs.power"):
        room = types.ModuleType(name)
        room.__path__ = [str(ROOT / name.replace(".", "/"))]
        sys.modules[name] = room
    return import_module(f"{ENGINE}.jobs.power.nvml").NvmlCap(index)


def watch(cap: Any, length_s: float) -> list[tuple[float, float]]:
    """Return readings of the power over a while, each with its time since the beginning."""
    begun, readings = time.monotonic(), []
    while (at := time.monotonic() - begun) < length_s:
        power_w = cap.read_w()
        readings.append((round(at, 2), power_w))
        time.sleep(READ_EVERY_S)
    return readings


def settled_s(readings: list[tuple[float, float]], before_w: float, after_w: float) -> float | None:
    """Return when the power had come within a tenth of the way to where it ended, None where it hardly moved."""
    way_w = before_w - after_w
    if abs(way_w) < SETTLED * before_w:
        return None
    away = [at for at, power_w in readings if abs(power_w - after_w) > SETTLED * abs(way_w)]
    return away[-1] if away else 0.0


def mean_w(readings: list[tuple[float, float]], tail_s: float = 2.0) -> float:
    """Return the mean of the last readings."""
    end = readings[-1][0]
    return round(statistics.fmean(power_w for at, power_w in readings if at >= end - tail_s), 2)


def figures(cap: Any) -> dict[str, Any]:
    """Return what the GPU tells of its limits, and how long reading takes."""
    times = []
    for _ in range(50):
        begun = time.perf_counter()
        cap.read_w()
        times.append((time.perf_counter() - begun) * 1000.0)
    least_mw, most_mw = cap.range_mw()
    found = cap.setting()
    return {
        "name": cap.name,
        "limit_w": cap.power_of(found),
        "default_w": cap.default_mw() / 1000.0,
        "least_w": least_mw / 1000.0,
        "most_w": most_mw / 1000.0,
        "would_set_for_half_w": cap.power_of(cap.setting_for(cap.power_of(found) / 2, found)),
        "read_ms_median": round(statistics.median(times), 3),
        "read_ms_max": round(max(times), 3),
    }


def freezing(cap: Any, index: int) -> dict[str, Any]:
    """Return what the GPU draws idle, busy, with its job frozen, thawed, and ended."""
    idle = watch(cap, IDLE_S)
    command = [sys.executable, str(ROOT / "benchmarks" / "gpu_burn_probe.py"), str(index)]
    environment = {**os.environ, "CUDA_DEVICE_ORDER": "PCI_BUS_ID"}
    begun = time.monotonic()
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True, env=environment
    ) as job:
        try:
            assert job.stdout is not None
            if job.stdout.readline().strip() != "burning":
                return {"problem": job.communicate(timeout=WARM_UP_S)[1].strip()[-300:]}
            started_s = time.monotonic() - begun
            busy = watch(cap, BUSY_S)
            begun_ns = time.perf_counter_ns()
            os.killpg(job.pid, signal.SIGSTOP)
            stop_ms = (time.perf_counter_ns() - begun_ns) / 1e6
            frozen = watch(cap, FROZEN_S)
            os.killpg(job.pid, signal.SIGCONT)
            thawed = watch(cap, BUSY_S)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(job.pid, signal.SIGKILL)
    ended = watch(cap, FROZEN_S)
    watts = {
        name: mean_w(readings)
        for name, readings in (
            ("idle_w", idle),
            ("busy_w", busy),
            ("frozen_w", frozen),
            ("thawed_w", thawed),
            ("ended_w", ended),
        )
    }
    return watts | {
        "started_s": round(started_s, 2),
        "stop_call_ms": round(stop_ms, 3),
        "frozen_after_s": settled_s(frozen, watts["busy_w"], watts["frozen_w"]),
        "thawed_after_s": settled_s(thawed, watts["frozen_w"], watts["thawed_w"]),
        "ended_after_s": settled_s(ended, watts["thawed_w"], watts["ended_w"]),
        "frozen_readings": frozen[:40:2],
    }


def main() -> None:
    """Print what was found; a GPU that is not there, or no driver, is an error that says so."""
    index = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    cap = load_cap(index)
    cap.open()
    try:
        before = cap.setting()
        told = {"limits": figures(cap), "freezing": freezing(cap, index)}
        told["limit_untouched"] = cap.setting() == before
    finally:
        cap.close()
    print(json.dumps(told, indent=2))


if __name__ == "__main__":
    main()
