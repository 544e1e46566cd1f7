"""What the host says of itself: CPU time spent and chip temperature. Blocking reads; call them in a thread."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
import os
from pathlib import Path

from .cpu_power import POWERCAP, PackageReading, read_packages

PROC_STAT = Path("/proc/stat")
HWMON = Path("/sys/class/hwmon")
THERMAL = Path("/sys/class/thermal")
CPU_CHIPS = frozenset({"coretemp", "k10temp", "zenpower", "cpu_thermal", "soc_thermal"})
CPU_ZONES = ("x86_pkg_temp", "cpu-thermal", "cpu_thermal", "soc-thermal")
BUSY_FIELDS = (0, 1, 2, 5, 6, 7)
LOOK_LIMIT_S = 1.0


class HostReading:
    """One look at the host; None is unknown."""

    def __init__(self, *, packages: dict[str, PackageReading], busy_cpu_s: float | None, chip_c: float | None) -> None:
        self.packages = packages
        self.busy_cpu_s = busy_cpu_s
        self.chip_c = chip_c


UNREAD = HostReading(packages={}, busy_cpu_s=None, chip_c=None)


class HostSensors:
    """Reads the host in a thread of its own, so that a file that hangs holds up nobody else."""

    def __init__(self, look: Callable[[], HostReading], limit_s: float = LOOK_LIMIT_S) -> None:
        self._look = look
        self._limit_s = limit_s
        self._thread: ThreadPoolExecutor | None = None
        self._looking: asyncio.Future[HostReading] | None = None

    async def read(self) -> HostReading:
        """Return what the host says, nothing known while it takes too long; one look at a time."""
        if self._looking is None:
            self._thread = self._thread or ThreadPoolExecutor(max_workers=1, thread_name_prefix="hashwarm-host")
            self._looking = asyncio.get_running_loop().run_in_executor(self._thread, self._look)
        done, _ = await asyncio.wait({self._looking}, timeout=self._limit_s)
        if not done:
            return UNREAD
        looked, self._looking = self._looking, None
        return looked.result()

    def close(self) -> None:
        """Let the thread go."""
        thread, self._thread, self._looking = self._thread, None, None
        if thread is not None:
            thread.shutdown(wait=False, cancel_futures=True)


def read_host() -> HostReading:
    """Read all at once."""
    return HostReading(
        packages=read_packages(POWERCAP), busy_cpu_s=busy_cpu_s(PROC_STAT), chip_c=chip_c(HWMON, THERMAL)
    )


def busy_cpu_s(proc_stat: Path) -> float | None:
    """Return the CPU time all processes of the host have used, in s."""
    try:
        fields = proc_stat.read_text().split("\n", 1)[0].split()[1:]
        ticks = sum(int(fields[index]) for index in BUSY_FIELDS)
    except OSError, ValueError, IndexError:
        return None
    return ticks / os.sysconf("SC_CLK_TCK")


def chip_c(hwmon: Path, thermal: Path) -> float | None:
    """Return the hottest CPU temperature in °C, None where nothing can be read."""
    inputs = [
        sensor
        for chip in hwmon.glob("hwmon*")
        if _text(chip / "name") in CPU_CHIPS
        for sensor in chip.glob("temp*_input")
    ]
    inputs += [
        zone / "temp" for zone in thermal.glob("thermal_zone*") if (_text(zone / "type") or "").startswith(CPU_ZONES)
    ]
    readings = [celsius for path in inputs if (celsius := _celsius(path)) is not None]
    return max(readings, default=None)


def _text(path: Path) -> str | None:
    try:
        return path.read_text().strip()
    except OSError:
        return None


def _celsius(path: Path) -> float | None:
    text = _text(path)
    try:
        return int(text) / 1000.0 if text else None
    except ValueError:
        return None
