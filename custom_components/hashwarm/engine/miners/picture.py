"""Puts together what is shown of a miner: its answer, the meter, and what it was told."""

from ..model.capabilities import PowerSource
from ..model.protocols import Plug, PowerMeter
from ..model.telemetry import DeviceStatus, MinerFigures, Telemetry
from .commander import Commander
from .curve import PowerCurve
from .driver import MinerProfile, MinerReading
from .states import status_of


class Picture:
    """Turns readings into telemetry. Powers in W, times monotonic."""

    def __init__(
        self,
        profile: MinerProfile,
        curve: PowerCurve,
        commander: Commander,
        meter: PowerMeter | None,
        plug: Plug | None,
    ) -> None:
        self.profile = profile
        self._curve = curve
        self._commander = commander
        self._meter = meter
        self._plug = plug

    def told_w(self, reading: MinerReading) -> float | None:
        """Return the watts that the meter or the device itself tells; worth learning from, unlike our own estimate."""
        metered_w = self._meter.read_w() if self._meter is not None else None
        return metered_w if metered_w is not None else reading.power_w

    def of(self, reading: MinerReading, read_at_s: float, now_s: float, problem: str | None) -> Telemetry:
        """Return the picture of a miner that answers."""
        power_w, source = self._power(reading)
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
            chip_c=reading.chip_c,
            device_c=reading.device_c,
            limited=status is DeviceStatus.THROTTLED,
            problem=problem or reading.problem,
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

    def _power(self, reading: MinerReading) -> tuple[float | None, PowerSource | None]:
        told_w = self.told_w(reading)
        if told_w is not None:
            metered = self._meter is not None and self._meter.read_w() is not None
            return told_w, PowerSource.METERED if metered else self.profile.power_source or PowerSource.ESTIMATED
        estimate_w = self._estimated_w(reading)
        return estimate_w, None if estimate_w is None else PowerSource.ESTIMATED

    def _estimated_w(self, reading: MinerReading) -> float | None:
        """Return the watts that a hash rate stands for at the setting in force, None where that cannot be told."""
        if reading.status is DeviceStatus.PAUSED:
            return self.profile.idle_w
        setting = reading.setting
        if setting is None or reading.hash_rate_hs is None:
            return None
        level = min(self._curve.levels, key=lambda level: abs(level.setting - setting))
        if not level.hash_rate_hs:
            return self._curve.power_w(setting) if reading.hash_rate_hs > 0.0 else None
        return level.power_w * min(reading.hash_rate_hs / level.hash_rate_hs, 1.2)

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
