"""How much of the host's processors a container may use. Blocking reads; call in a thread.

Source: Linux kernel documentation, cgroup v2 (cpu.max) and CFS bandwidth control (v1).
"""

from math import floor
from pathlib import Path

CGROUP = Path("/sys/fs/cgroup")
KEEP_FREE_CPUS = 0.5
LEAST_DUTY = 0.1


def cpu_quota(root: Path = CGROUP) -> float | None:
    """Return the number of CPUs that this container may use at a time, None without a limit."""
    for quota_file, period_file in (("cpu.max", None), ("cpu/cpu.cfs_quota_us", "cpu/cpu.cfs_period_us")):
        try:
            fields = (root / quota_file).read_text().split()
            period = fields[1] if period_file is None else (root / period_file).read_text()
            quota_us, period_us = int(fields[0]), int(period)
        except OSError, ValueError, IndexError:
            continue
        if quota_us > 0 and period_us > 0:
            return quota_us / period_us
    return None


def within_quota(threads: int, quota: float | None) -> tuple[int, float]:
    """Return how many threads may run, and at what duty, so that Home Assistant keeps its share of the quota."""
    if quota is None:
        return threads, 1.0
    allowed = min(threads, max(1, floor(quota) - 1))
    return allowed, min(max((quota - KEEP_FREE_CPUS) / allowed, LEAST_DUTY), 1.0)
