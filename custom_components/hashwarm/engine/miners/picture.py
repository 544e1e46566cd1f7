"""Puts together what is shown of a miner: its answer, the meter, and what it was told."""

from ..model.capabilities import PowerSource
from ..model.protocols import Plug, PowerMeter
from ..model.telemetry import DeviceStatus, MinerFigures, Telemetry
from .commander import Commander
from .curve import PowerCurve
from .driver import Family, MinerProfile, MinerReading
from .states import status_of

# A lucky minute is no more heat.
HIGHEST_SHARE = 1.2


class Picture:
    """Turns readings into telemetry. Powers in W, times monotonic."""

    def __init__(
        self,
        profile: MinerProfile,
        curve: PowerCurve,
        commander: Commander,
        meter: PowerMeter | None,
        plug: Plug | None,
        *,
        stands_for_s: float,
    ) -> None:
        """Take what a picture is made of; a reading stands for `stands_for_s` at most."""
        self.profile = profile
        self._stands_for_s = stands_for_s
        self._curve = curve
        self._commander = commander
        self._meter = meter
        self._plug = plug

    def told_w(self, reading: MinerReading) -> float | None:
        """Return the watts that the meter or the device itself tells; worth learning from, unlike our own estimate."""
        metered_w = self._meter.read_w() if self._meter is not None else None
        return metered_w if metered_w is not None else reading.power_w

    def of(
        self, reading: MinerReading, read_at_s: float, now_s: float, *, problem: str | None, idle_w: float | None
    ) -> Telemetry:
        """Return the picture of a miner that answers; `idle_w` is what it was seen to draw at rest."""
        power_w, source = self._power(reading, idle_w)
        setpoint_w = self._setpoint_w(reading)
        status = status_of(
            reading,
            self._commander.wanted,
            settling=self._commander.settling(now_s),
            power_w=power_w,
            setpoint_w=setpoint_w,
        )
        return Telemetry(
            at_s=read_at_s,
            status=status,
            power_w=power_w,
            power_source=source,
            energy_mj=reading.energy_mj,
            hash_rate_hs=reading.hash_rate_hs,
            stands_for_s=self._stands_for_s,
            chip_c=reading.chip_c,
            device_c=reading.device_c,
            limited=status is DeviceStatus.THROTTLED,
            problem=problem,
            pool=reading.pool,
            miner=self._figures(reading, setpoint_w),
        )

    def offline(self, now_s: float, problem: str | None) -> Telemetry:
        """Return the picture of a miner that does not answer; with its plug off, or metered, its watts are known."""
        plug_on = self._plug.is_on() if self._plug is not None else None
        metered_w = self._meter.read_w() if self._meter is not None else None
        power_w = metered_w if metered_w is not None else 0.0 if plug_on is False else None
        return Telemetry(
            at_s=now_s,
            status=DeviceStatus.OFFLINE,
            power_w=power_w,
            power_source=None if power_w is None else PowerSource.METERED,
            problem=problem,
            miner=MinerFigures(plug_on=plug_on, firmware=self.profile.firmware),
        )

    def _power(self, reading: MinerReading, idle_w: float | None) -> tuple[float | None, PowerSource | None]:
        metered_w = self._meter.read_w() if self._meter is not None else None
        if metered_w is not None:
            return metered_w, PowerSource.METERED
        if reading.power_w is not None:
            return reading.power_w, self.profile.power_source or PowerSource.ESTIMATED
        estimate_w = self._estimated_w(reading, idle_w)
        return estimate_w, None if estimate_w is None else PowerSource.ESTIMATED

    def _estimated_w(self, reading: MinerReading, idle_w: float | None) -> float | None:
        """Return the watts that a hash rate stands for at the setting in force, None where that cannot be told."""
        if reading.status is DeviceStatus.PAUSED:
            return idle_w if idle_w is not None else self.profile.idle_w
        level_w = None if reading.setting is None else self._curve.power_w(reading.setting)
        if reading.setting is None or level_w is None:
            return None
        if reading.hash_rate_hs is None:
            # Entities tell no hash rate; the state that they are in is all that can be known of them.
            return level_w if self.profile.family is Family.ENTITIES else None
        nominal_hs = self._curve.hash_rate_hs(reading.setting)
        if not nominal_hs:
            return level_w if reading.hash_rate_hs > 0.0 else None
        return level_w * min(reading.hash_rate_hs / nominal_hs, HIGHEST_SHARE)

    def _setpoint_w(self, reading: MinerReading) -> float | None:
        if reading.status is DeviceStatus.PAUSED:
            return 0.0
        return None if reading.setting is None else self._curve.power_w(reading.setting)

    def _figures(self, reading: MinerReading, setpoint_w: float | None) -> MinerFigures:
        setting = reading.setting
        return MinerFigures(
            setting=setting,
            setting_label=None if setting is None else self._curve.label(setting),
            setpoint_w=setpoint_w,
            learned=setting is not None and self._curve.learned_at(setting),
            disobeys=self._commander.disobeys,
            thermal_loop=reading.thermal_loop,
            firmware=reading.firmware or self.profile.firmware,
            uptime_s=reading.uptime_s,
            boards=reading.boards,
            fans=reading.fans,
            fan_percent=reading.fan_percent,
            inlet_c=reading.inlet_c,
            regulator_c=reading.regulator_c,
            light=reading.light,
            plug_on=self._plug.is_on() if self._plug is not None else None,
        )
