"""What a kWh of AI work earns: what was realised lately, never what was promised; pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import exp

from ..jobs import Job

REMEMBERED = timedelta(days=28)
_FADES = timedelta(days=7)
_MJ_PER_KWH = 3_600_000_000
_NANO = 1e9


@dataclass(frozen=True, kw_only=True)
class Earned:
    """What some machine earns now: currency per hour and W."""

    per_hour: float
    power_w: float


def realised_per_kwh(jobs: Iterable[Job], now: datetime) -> float | None:
    """Return what jobs that have ended earned per kWh, in currency, the last week counting most.

    Energy that brought nothing counts too. None where nothing ever paid: then work is done because a person wants it.
    """
    earned = energy = 0.0
    for job in jobs:
        if job.finished is None or not now - REMEMBERED <= job.finished <= now or job.revenue_nano is None:
            continue
        weight = exp(-((now - job.finished) / _FADES))
        earned += weight * job.revenue_nano / _NANO
        energy += weight * job.energy_mj / _MJ_PER_KWH
    return earned / energy if earned > 0.0 < energy else None


def worth_per_kwh(realised: float | None, machines: Sequence[Earned], *, jobs_wait: bool) -> float | None:
    """Return what decides between AI and mining: what jobs earned while there are any, else what machines earn."""
    power_w = sum(machine.power_w for machine in machines)
    rented = sum(machine.per_hour for machine in machines) / (power_w / 1000.0) if power_w > 0.0 else None
    if jobs_wait:
        return realised
    return rented if rented is not None else realised


def per_hour(worth: float | None, jobs_w: float, machines: Sequence[Earned]) -> float | None:
    """Return what AI work earns in an hour now, in currency; None where nothing is known of it."""
    rented = sum(machine.per_hour for machine in machines)
    if jobs_w <= 0.0:
        return rented if machines else None
    return None if worth is None else worth * jobs_w / 1000.0 + rented
