"""The state machine of a networked miner: what it says of itself, seen beside what it was told."""

from ..model.telemetry import DeviceStatus
from .commander import Wanted
from .driver import MinerReading

RAMPING_SHARE = 0.12
RAMPING_W = 3.0
SAID_OUTRIGHT = {
    DeviceStatus.FAULT,
    DeviceStatus.RESTRICTED,
    DeviceStatus.NO_POOL,
    DeviceStatus.STARTING,
    DeviceStatus.RESUMING,
    DeviceStatus.TUNING,
    DeviceStatus.THROTTLED,
}


def status_of(
    reading: MinerReading,
    wanted: Wanted | None,
    *,
    settling: bool,
    power_w: float | None,
    setpoint_w: float | None,
) -> DeviceStatus:
    """Return the state; `settling` says that what was written last may still be on its way, powers in W."""
    paused = reading.status is DeviceStatus.PAUSED
    if wanted is not None and wanted.paused and not paused and reading.status is not DeviceStatus.FAULT:
        return DeviceStatus.PAUSING if settling else reading.status
    if wanted is not None and not wanted.paused and paused and settling:
        return DeviceStatus.RESUMING
    if paused or reading.status in SAID_OUTRIGHT:
        return reading.status
    if settling and _far(power_w, setpoint_w):
        return DeviceStatus.RAMPING
    return DeviceStatus.RUNNING


def _far(power_w: float | None, setpoint_w: float | None) -> bool:
    if power_w is None or setpoint_w is None:
        return False
    return abs(power_w - setpoint_w) > max(RAMPING_SHARE * setpoint_w, RAMPING_W)
