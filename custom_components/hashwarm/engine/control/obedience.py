"""Does the device do what it was told? Two named deadlines on the difference between command and draw."""

from dataclasses import dataclass

from ..model.capabilities import Capabilities
from ..model.control import Why
from ..model.telemetry import DeviceStatus, Telemetry

TOLERANCE_SHARE = 0.15
TOLERANCE_W = 5.0
# In these a device that draws too little says itself why.
EXCUSED = {
    DeviceStatus.FAULT,
    DeviceStatus.NO_POOL,
    DeviceStatus.OFFLINE,
    DeviceStatus.RESTRICTED,
    DeviceStatus.STARTING,
    DeviceStatus.TUNING,
}


@dataclass(kw_only=True)
class ObedienceWatch:
    """Latches a disagreement that lasts longer than ramp, boot and a minute."""

    since_s: float | None = None

    def judge(
        self, commanded_w: float, telemetry: Telemetry | None, capabilities: Capabilities, *, now_s: float
    ) -> Why | None:
        """Return what is wrong, None while the device obeys or its power is unknown."""
        if telemetry is not None and telemetry.miner is not None and telemetry.miner.disobeys:
            # It was told twice and reads back another setting: there is nothing to wait for.
            return Why.NOT_OBEYING if commanded_w > 0.0 else Why.HEAT_WITHOUT_COMMAND
        wrong = _disagreement(commanded_w, telemetry, capabilities)
        if wrong is None:
            self.since_s = None
            return None
        if self.since_s is None:
            self.since_s = now_s
        patience_s = 60.0 + 2 * (capabilities.ramp_s + capabilities.boot_s) + capabilities.power_delay_s
        return wrong if now_s - self.since_s >= patience_s else None


def _disagreement(commanded_w: float, telemetry: Telemetry | None, capabilities: Capabilities) -> Why | None:
    if telemetry is None or telemetry.power_w is None or telemetry.limited:
        return None
    tolerance_w = TOLERANCE_W + TOLERANCE_SHARE * capabilities.maximum_w
    if commanded_w <= 0.0:
        return Why.HEAT_WITHOUT_COMMAND if telemetry.power_w > capabilities.idle_w + tolerance_w else None
    if telemetry.status in EXCUSED and telemetry.power_w < commanded_w:
        return None
    return Why.NOT_OBEYING if abs(telemetry.power_w - commanded_w) > tolerance_w else None
