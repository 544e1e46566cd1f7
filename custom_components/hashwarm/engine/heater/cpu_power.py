"""Watts of the hashing child: Intel's and AMD's energy counters where readable, else a model of the CPU.

Sources: Linux powercap documentation (name, energy_uj, max_energy_range_uj, constraint_0_*), proc(5).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from ..model.capabilities import PowerSource

POWERCAP = Path("/sys/class/powercap")
IDLE_SHARE = 0.15
WATTS_PER_CPU = 8.0
DEFAULT_RANGE_W = (10.0, 250.0)
BELIEVABLE_LIMIT_W = (1.0, 500.0)
"""Of one package; boards that lift the limit state 4095 W."""


@dataclass(frozen=True, kw_only=True)
class CpuModel:
    """Linear in utilisation: P(u) = idle + (full - idle) * u, all CPUs of the host together."""

    full_w: float
    cpus: int

    @property
    def idle_w(self) -> float:
        """Return the power of the idle package."""
        return IDLE_SHARE * self.full_w

    def share_w(self, cpu_s: float, elapsed_s: float) -> float:
        """Return what a process adds to the power by using `cpu_s` of CPU time in `elapsed_s`."""
        utilisation = min(max(cpu_s / (self.cpus * elapsed_s), 0.0), 1.0)
        return (self.full_w - self.idle_w) * utilisation

    def maximum_w(self, threads: int) -> float:
        """Return what that many busy threads add."""
        return (self.full_w - self.idle_w) * min(threads / self.cpus, 1.0)


def default_full_w(cpus: int, limits_w: list[float]) -> float:
    """Return the assumed full power of a host: the package limits it states, else a modest figure per CPU."""
    if limits_w:
        return sum(limits_w)
    return min(max(WATTS_PER_CPU * cpus, DEFAULT_RANGE_W[0]), DEFAULT_RANGE_W[1])


class PackageReading(NamedTuple):
    """One energy counter: its value and where it wraps, in µJ."""

    energy_uj: int
    range_uj: int


def read_packages(root: Path = POWERCAP) -> dict[str, PackageReading]:
    """Return the readable package counters by name; empty where there are none or they are root's only."""
    found: dict[str, PackageReading] = {}
    for package in _packages(root):
        try:
            energy_uj = int((package / "energy_uj").read_text())
            range_uj = int((package / "max_energy_range_uj").read_text())
        except OSError, ValueError:
            continue
        found[package.name] = PackageReading(energy_uj, range_uj)
    return found


def _packages(root: Path) -> Iterator[Path]:
    """Yield the zones that are packages; their parts and the whole platform would count the same watts twice."""
    for zone in sorted(root.glob("intel-rapl:*")):
        try:
            name = (zone / "name").read_text()
        except OSError, ValueError:
            continue
        if name.startswith("package"):
            yield zone


def read_limits_w(root: Path = POWERCAP) -> list[float]:
    """Return the long-term power limit of each package that states a believable one, in W."""
    limits_w = (_limit_w(package) for package in _packages(root))
    return [limit_w for limit_w in limits_w if limit_w is not None]


def _limit_w(package: Path) -> float | None:
    """Return the lower of the limit in force and the one the package was made for."""
    believable_w = []
    for name in ("constraint_0_max_power_uw", "constraint_0_power_limit_uw"):
        try:
            limit_w = int((package / name).read_text()) / 1e6
        except OSError, ValueError:
            continue
        if BELIEVABLE_LIMIT_W[0] <= limit_w <= BELIEVABLE_LIMIT_W[1]:
            believable_w.append(limit_w)
    return min(believable_w, default=None)


class PackageMeter:
    """Mean package power between two readings, wrap-safe."""

    def __init__(self) -> None:
        self._last: tuple[float, dict[str, PackageReading]] | None = None

    def forget(self) -> None:
        """Start anew after a pause in which the counters may have wrapped more than once."""
        self._last = None

    def power_w(self, at_s: float, packages: dict[str, PackageReading]) -> float | None:
        """Return W since the last reading at least half a second ago; None when it cannot be told."""
        last, self._last = self._last, (at_s, packages)
        if last is None or not packages or last[1].keys() != packages.keys() or at_s - last[0] <= 0.0:
            return None
        used_uj = sum(_since(last[1][name], reading) for name, reading in packages.items())
        return used_uj / 1e6 / (at_s - last[0])


def _since(before: PackageReading, after: PackageReading) -> int:
    used_uj = after.energy_uj - before.energy_uj
    return used_uj if used_uj >= 0 else used_uj + after.range_uj


def worker_share_w(
    package_w: float | None, model: CpuModel, *, worker_cpu_s: float, host_cpu_s: float | None, elapsed_s: float
) -> tuple[float, PowerSource]:
    """Return the watts the child is answerable for, and whether they were measured or come from the model.

    The measured package power above idle is split by CPU time; without a counter the model speaks alone. What is idle
    follows from the measurement and the model's shape, never from a limit that the package may not reach.
    """
    if package_w is None or host_cpu_s is None or host_cpu_s <= 0.0:
        return model.share_w(worker_cpu_s, elapsed_s), PowerSource.ESTIMATED
    utilisation = min(host_cpu_s / (model.cpus * elapsed_s), 1.0)
    busy_share = (1.0 - IDLE_SHARE) * utilisation
    busy_w = package_w * busy_share / (IDLE_SHARE + busy_share)
    return busy_w * min(worker_cpu_s / host_cpu_s, 1.0), PowerSource.MEASURED
