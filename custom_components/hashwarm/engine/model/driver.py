"""What every driver of a networked miner offers: one profile, one reading, one field written at a time."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from .capabilities import ControlKind, PowerSource
from .errors import DeviceUnsupportedError
from .telemetry import BoardReading, DeviceStatus, FanReading, PoolState, ThermalLoop


class Family(StrEnum):
    """Miners that speak the same API."""

    AXEOS = "axeos"
    NERDQAXE = "nerdqaxe"
    AVALON = "avalon"
    BRAIINS = "braiins"
    LUXOS = "luxos"
    VNISH = "vnish"
    OFEN = "ofen"
    WHATSMINER_V2 = "whatsminer_v2"
    WHATSMINER_V3 = "whatsminer_v3"
    ANTMINER = "antminer"
    ASIC_RS = "asic_rs"
    ENTITIES = "entities"
    """What other integrations of Home Assistant control."""


class Feature(StrEnum):
    """What some devices can do beside heating."""

    FAN = "fan"
    """Its fan's speed can be set in percent, or left to the device."""
    LIGHT = "light"
    """It can blink or shine to be found."""
    RESTART = "restart"


@dataclass(frozen=True, kw_only=True)
class MinerAddress:
    """Where a miner listens and what it lets one in with; None takes the family's usual."""

    host: str
    port: int | None = None
    username: str | None = None
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, kw_only=True)
class PowerLevel:
    """One power setting in the device's own unit (MHz, percent, W, mode number) and what it draws, wall W."""

    setting: float
    label: str
    power_w: float
    """Nominal, until it is measured."""
    hash_rate_hs: float | None = None


@dataclass(frozen=True, kw_only=True)
class MinerProfile:
    """What a miner is and can do, asked once; powers in W, times in s.

    `levels` rise by power. Without `step` they are all there is; with it they are points of a curve between whose
    ends every multiple of `step` can be set.
    """

    family: Family
    identity: str
    """MAC as aa:bb:cc:dd:ee:ff, else a serial number; never an address."""
    mac: str | None = None
    model: str
    firmware: str | None = None
    control: ControlKind
    levels: tuple[PowerLevel, ...]
    step: float | None = None
    idle_w: float | None = None
    """Drawn while paused; None is unknown."""
    ramp_s: float
    """From the lowest to the highest level or back, whichever takes longer."""
    boot_s: float
    """From resume or restart to the first watt of work."""
    write_interval_s: float
    minimum_on_s: float
    minimum_off_s: float
    starts_per_day: int | None = None
    can_pause: bool
    pause_survives_reboot: bool = False
    resume_reboots: bool = False
    write_resumes: bool = False
    """Writing a setting also wakes it from a pause."""
    write_restarts: bool = False
    write_hits_flash: bool = False
    power_source: PowerSource | None
    """Of the watts it tells: MEASURED at the wall, ESTIMATED for anything else, None where it tells none."""
    features: frozenset[Feature] = frozenset()


@dataclass(frozen=True, kw_only=True)
class MinerReading:
    """One answer of a miner, converted: W, H/s, °C, s. None is unknown.

    `status` is what the device itself says: of STARTING, TUNING, RUNNING, RESUMING, PAUSED, THROTTLED, NO_POOL, FAULT
    and RESTRICTED. Pausing, ramping and offline are found out by the backend.
    """

    status: DeviceStatus
    identity: str | None = None
    """Where the answer names it: another miner may have got this address."""
    setting: float | None = None
    """The power setting in force, in the unit of PowerLevel; None while paused or where it is not told."""
    power_w: float | None = None
    hash_rate_hs: float | None = None
    energy_mj: int | None = None
    chip_c: float | None = None
    device_c: float | None = None
    inlet_c: float | None = None
    regulator_c: float | None = None
    boards: tuple[BoardReading, ...] = ()
    fans: tuple[FanReading, ...] = ()
    fan_percent: float | None = None
    """Set by hand; None while the device decides."""
    light: bool | None = None
    firmware: str | None = None
    uptime_s: float | None = None
    pool: PoolState | None = None
    thermal_loop: ThermalLoop | None = None
    """Which loop of its firmware is on and would fight ours."""
    problem: str | None = None
    """Translation key of a fault: miner_overheated, miner_hardware, miner_power_supply, miner_fan, miner_no_pool."""


type OnReading = Callable[[MinerReading], None]


class Driver(ABC):
    """Speaks one API to one miner. It keeps no task and no connection that `close` does not end.

    Every call raises BackendError only: DeviceUnreachableError, DeviceAuthError, DeviceGarbageError,
    DeviceRefusedError, DeviceUnsupportedError. Time limits are the caller's.
    """

    @abstractmethod
    async def identify(self) -> MinerProfile:
        """Ask once what it is; also used again after its firmware changed."""

    @abstractmethod
    async def read(self) -> MinerReading:
        """Ask how things stand, in one request where the API allows it and never more than two."""

    @abstractmethod
    async def write(self, setting: float) -> None:
        """Set the power, writing that field only; a yes of the device is no proof, the next reading is."""

    async def pause(self) -> None:
        """Stop hashing and drawing power."""
        raise DeviceUnsupportedError("cannot pause")

    async def resume(self) -> None:
        """Take up hashing again."""
        raise DeviceUnsupportedError("cannot resume")

    async def restart(self) -> None:
        """Restart the device."""
        raise DeviceUnsupportedError("cannot restart")

    async def set_light(self, *, on: bool) -> None:  # noqa: ARG002 - for drivers that can
        """Make it shine or blink, or stop that."""
        raise DeviceUnsupportedError("has no light")

    async def set_fan(self, percent: float | None) -> None:  # noqa: ARG002 - for drivers that can
        """Set the fan's speed; None leaves it to the device."""
        raise DeviceUnsupportedError("has no fan to set")

    async def end_thermal_loop(self) -> None:
        """Switch off the firmware's loop that fights ours; called with the person's consent only."""
        raise DeviceUnsupportedError("has no loop of its own")

    async def listen(self, on_reading: OnReading) -> None:  # noqa: ARG002 - for drivers that can
        """Pass on readings that the device pushes, until the connection ends."""
        raise DeviceUnsupportedError("pushes nothing")

    async def close(self) -> None:
        """Let go of all connections."""
        return
