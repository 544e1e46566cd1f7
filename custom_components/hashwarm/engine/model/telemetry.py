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
    share_work: int | None = None
    """Accepted since the session began; None where only the hash rate is told."""
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


class ThermalLoop(StrEnum):
    """A control loop in a device's firmware that fights one outside of it."""

    BRAIINS_DPS = "braiins_dps"
    LUXOS_ATM = "luxos_atm"
    AVALON_HEATING_MODE = "avalon_heating_mode"
    VNISH_PRESET_SWITCHER = "vnish_preset_switcher"


@dataclass(frozen=True, kw_only=True)
class BoardReading:
    """One hash board; temperatures in °C."""

    index: int
    hash_rate_hs: float | None = None
    board_c: float | None = None
    chip_c: float | None = None
    """Of its hottest chip."""
    chips: int | None = None
    power_w: float | None = None


@dataclass(frozen=True, kw_only=True)
class FanReading:
    """One fan."""

    index: int
    rpm: float | None = None
    percent: float | None = None


@dataclass(frozen=True, kw_only=True)
class MinerFigures:
    """What a networked miner tells beyond watts and hashes."""

    setting: float | None = None
    """The power setting in force, read back, in the device's own unit."""
    setting_label: str | None = None
    setpoint_w: float | None = None
    """The watts that the setting in force stands for."""
    learned: bool = False
    """Whether those watts were measured on this device."""
    disobeys: bool = False
    """It did not take a setting that was written twice."""
    thermal_loop: ThermalLoop | None = None
    firmware: str | None = None
    uptime_s: float | None = None
    boards: tuple[BoardReading, ...] = ()
    fans: tuple[FanReading, ...] = ()
    fan_percent: float | None = None
    """Set by hand; None while the device decides."""
    inlet_c: float | None = None
    regulator_c: float | None = None
    """Of its voltage regulator."""
    light: bool | None = None
    plug_on: bool | None = None
    """Of the plug that the person named."""


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
    stands_for_s: float = 0.0
    """How far apart two readings may be without anything being lost between them."""
    chip_c: float | None = None
    device_c: float | None = None
    limited: bool = False
    """It does less than commanded, for want of CPU time or for its own thermal reasons."""
    kernel: str | None = None
    problem: str | None = None
    """Translation key of a fault."""
    pool: PoolState | None = None
    miner: MinerFigures | None = None
