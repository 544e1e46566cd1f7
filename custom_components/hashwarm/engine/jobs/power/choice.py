"""Which limits of this machine may be tried, best first."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ...model.protocols import Monotonic
from .amdgpu import SYSFS, AmdgpuCap
from .cap import PowerCap
from .limiter import HardwareLimiter, PowerLimiter
from .nvml import NvmlCap, load_nvml
from .rapl import RaplCap


def choose_limiter(
    *,
    folder: Path,
    clock: Monotonic,
    gpu_index: int | None = None,
    allow_rapl: bool = False,
    load: Callable[[], Any] = load_nvml,
    sysfs: Path = SYSFS,
    poll_s: float = 5.0,
) -> PowerLimiter:
    """Return a limiter that takes, once started, what can really be written: NVML, amdgpu, and RAPL where allowed.

    No GPU is touched that the person did not name, for nobody knows whether jobs run there. In `folder` is kept what a
    crash must not leave limited.
    """
    caps: list[PowerCap] = []
    if gpu_index is not None:
        caps += [NvmlCap(gpu_index, load=load), AmdgpuCap(gpu_index, sysfs=sysfs)]
    if allow_rapl:
        caps.append(RaplCap(powercap=sysfs / "class" / "powercap"))
    return HardwareLimiter(caps, folder=folder, clock=clock, poll_s=poll_s)
