"""What a heater shows to the face: one frozen picture per pass."""

from dataclasses import dataclass, field
from enum import StrEnum

from ..control import Decision, HeaterSettings
from ..model.capabilities import Capabilities
from ..model.dispatch import OtherWork
from ..model.telemetry import DeviceStatus, Telemetry, Workload

DRAWN_LEAST_SHARE_OF_FLOOR = 0.5


class HeaterAction(StrEnum):
    """What the heater does, in the thermostat's words."""

    OFF = "off"
    IDLE = "idle"
    PREHEATING = "preheating"
    HEATING = "heating"


@dataclass(frozen=True, kw_only=True)
class HeaterState:
    """One pass: wish, command and reality side by side."""

    settings: HeaterSettings
    capabilities: Capabilities
    decision: Decision | None = None
    telemetry: Telemetry | None = None
    outdoor_c: float | None = None
    starts_today: int = 0
    work: OtherWork = field(default_factory=OtherWork)
    """AI work beside mining."""

    @property
    def action(self) -> HeaterAction:
        """Heating only when watts are really drawn; preheating while the device boots or ramps."""
        if self.work.heat_w > 0.0:
            return HeaterAction.HEATING
        drawn_w = self.telemetry.power_w if self.telemetry else None
        least_w = self.capabilities.idle_w + DRAWN_LEAST_SHARE_OF_FLOOR * self.capabilities.floor_w
        if drawn_w is not None and drawn_w > least_w:
            return HeaterAction.HEATING
        if self.decision is not None and self.decision.power_w > 0.0 and self._booting:
            return HeaterAction.PREHEATING
        return HeaterAction.IDLE if self.settings.on else HeaterAction.OFF

    @property
    def turn(self) -> tuple[bool, int]:
        """Return what changes with every start and stop."""
        return self.decision is not None and self.decision.power_w > 0.0, self.starts_today

    @property
    def power_w(self) -> float | None:
        """Return what is drawn in all, None while the device says nothing."""
        if self.telemetry is None or self.telemetry.power_w is None:
            return None
        return self.telemetry.power_w + self.work.drawn_now_w

    @property
    def offline(self) -> bool:
        """Return whether the device does not answer."""
        return self.telemetry is not None and self.telemetry.status is DeviceStatus.OFFLINE

    @property
    def _booting(self) -> bool:
        return self.telemetry is None or self.telemetry.status in {
            DeviceStatus.STARTING,
            DeviceStatus.TUNING,
            DeviceStatus.RAMPING,
            DeviceStatus.RESUMING,
        }

    @property
    def workload(self) -> Workload | None:
        """What the watts are spent on; None while nothing says anything."""
        if self.work.drawn_now_w > 0.0:
            return Workload.MIXED if self._hashing in {Workload.MINING, Workload.HEAT_ONLY} else Workload.AI
        return self._hashing

    @property
    def _hashing(self) -> Workload | None:
        if self.telemetry is None or self.offline:
            return None
        if not self.telemetry.hash_rate_hs:
            return Workload.OFF
        pool = self.telemetry.pool
        if pool is None and self.telemetry.miner is not None:
            # A miner that tells nothing of its pool would not hash without one.
            return Workload.MINING
        return Workload.MINING if pool is not None and pool.connected else Workload.HEAT_ONLY

    @property
    def efficiency_j_per_th(self) -> float | None:
        """Return J/TH from what is drawn and hashed now, None while either is unknown or nothing is hashed."""
        telemetry = self.telemetry
        if telemetry is None or telemetry.power_w is None or not telemetry.hash_rate_hs:
            return None
        return telemetry.power_w / (telemetry.hash_rate_hs / 1e12)
