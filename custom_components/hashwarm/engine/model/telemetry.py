"""What a device says of itself, and the states it can be in."""

from dataclasses import dataclass
from enum import StrEnum

from .capabilities import PowerSource


class DeviceStatus(StrEnum):
    """The state machine of a miner."""

    OFFLINE = "offline"
    STARTING = "starting"
    TUNING = "tuning"
    RAMPING = "ramping"
    RUNNING = "running"
    PAUSING = "pausing"
    PAUSED = "paused"
    RESUMING = "resuming"
    THROTTLED = "throttled"
    NO_POOL = "no_pool"
    FAULT = "fault"
    RESTRICTED = "restricted"


class Workload(StrEnum):
    """What the watts are spent on."""

    MINING = "mining"
    AI = "ai"
    MIXED = "mixed"
    HEAT_ONLY = "heat_only"
    """Hashing that no pool pays."""
    OFF = "off"


@dataclass(frozen=True, kw_only=True)
class PoolState:
    """How things stand with the pool; share work in hashes (difficulty x 2^32)."""

    connected: bool
    name: str | None = None
    """host:port of the pool in use."""
    difficulty: float | None = None
    shares_accepted: int = 0
    shares_rejected: int = 0
    shares_stale: int = 0
    share_work: int = 0
    """Accepted since the session began."""
    best_share: float | None = None
    """Highest difficulty of a share found since the session began."""
    last_share_at_s: float | None = None
    """Monotonic."""
    message: str | None = None
    problem: str | None = None
    """Translation key of what is wrong, None when all is well."""
    version_rolling: bool | None = None
    share_interval_s: float | None = None
    """Expected on average at the hash rate of now."""
    latency_s: float | None = None
    """The pool's answer to the newest share took that long."""
    reject_reasons: tuple[tuple[str, int], ...] = ()
    """Shares that earned nothing, by reason."""


@dataclass(frozen=True, kw_only=True)
class Telemetry:
    """One reading of a device. None is unknown; never a stand-in zero."""

    at_s: float
    """Monotonic time of the reading."""
    status: DeviceStatus
    power_w: float | None = None
    power_source: PowerSource | None = None
    energy_mj: int | None = None
    """A counter of the device's own, in mJ, where it has one."""
    hash_rate_hs: float | None = None
    hashes: int | None = None
    """Counted since the device started."""
    chip_c: float | None = None
    device_c: float | None = None
    limited: bool = False
    """It does less than commanded, for want of CPU time or for its own thermal reasons."""
    kernel: str | None = None
    problem: str | None = None
    """Translation key of a fault."""
    pool: PoolState | None = None
