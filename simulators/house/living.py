"""The house, its miner and the plain thermostat of the days before Hashwarm; time passes in steps from outside."""

from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Any

from simulators.miners.braiins import BraiinsEmulator
from simulators.room.physics import OPEN_LIVING_ROOM, Room
from simulators.room.sensor import Sensor
from simulators.room.weather import Winter

STEP_S = 10.0
START_C = 19.5
SENSOR_LAG_S = 120.0
# What a person who knows no better tells the miner to draw when it heats.
OLD_POWER_W = 1800


@dataclass(kw_only=True)
class PlainThermostat:
    """On below the target, off above it, and colder at night."""

    zone: tzinfo
    day_c: float = 21.0
    night_c: float = 19.0
    day_h: tuple[float, float] = (6.5, 22.5)
    half_band_k: float = 0.4

    def target_c(self, at: float) -> float:
        """Return what it is set to at a Unix time."""
        local = datetime.fromtimestamp(at, self.zone)
        return self.day_c if self.day_h[0] <= local.hour + local.minute / 60 < self.day_h[1] else self.night_c

    def wants_heat(self, at: float, room_c: float, *, heating: bool) -> bool:
        """Return whether the heater is to run."""
        half_band_k = self.half_band_k if heating else -self.half_band_k
        return room_c < self.target_c(at) + half_band_k


class Clock:
    """What the miner takes for the time: it passes with the house."""

    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        """Return the Unix time of the house."""
        return self.now


@dataclass
class House:
    """What happens in one house; `at` is its time. The plain thermostat rules until another writes to the miner."""

    clock: Clock
    thermostat: PlainThermostat
    weather: Winter
    room: Room
    miner: BraiinsEmulator
    sensor: Sensor
    _energy_ws: float = field(init=False)

    def __post_init__(self) -> None:
        self._energy_ws = self.miner.machine.energy_ws

    @classmethod
    def begun(cls, at: float, zone: tzinfo, kept: dict[str, Any] | None = None) -> House:
        """Return a house as it was kept, or a new one that was heated for a while."""
        told = kept or {"air_c": START_C, "mass_c": START_C, "reading_c": START_C, "paused": True}
        clock = Clock(at)
        weather = Winter()
        room = Room(
            building=OPEN_LIVING_ROOM,
            climate=weather,
            air_c=told["air_c"],
            mass_c=told["mass_c"],
            step_s=STEP_S,
        )
        miner = BraiinsEmulator(clock=clock)
        miner.target = OLD_POWER_W
        miner.machine.set_target(float(OLD_POWER_W))
        if told["paused"]:
            miner.machine.pause()
        sensor = Sensor(lag_s=SENSOR_LAG_S, resolution_k=0.1, reading_c=told["reading_c"])
        return cls(clock, PlainThermostat(zone=zone), weather, room, miner, sensor)

    def kept(self) -> dict[str, Any]:
        """Return what another start of the house needs to go on from here."""
        return {
            "at": self.clock.now,
            "air_c": self.room.air_c,
            "mass_c": self.room.mass_c,
            "reading_c": self.sensor.reading_c,
            "paused": self.miner.machine.paused,
        }

    def live(self, until: float) -> None:
        """Let the time pass until then."""
        while self.clock.now < until:
            began = self.clock.now
            elapsed_s = min(until - began, STEP_S)
            self.clock.now = began + elapsed_s
            energy_ws = self.miner.machine.energy_ws
            self.room.advance((energy_ws - self._energy_ws) / elapsed_s, elapsed_s, began)
            self._energy_ws = energy_ws
            self.sensor.follow(self.room.air_c, elapsed_s)
            if not self.miner.writes:
                self._obey_thermostat()

    def _obey_thermostat(self) -> None:
        machine = self.miner.machine
        wanted = self.thermostat.wants_heat(self.clock.now, self.sensor.reading_c, heating=not machine.paused)
        if wanted and machine.paused:
            machine.resume()
        elif not wanted and not machine.paused:
            machine.pause()

    @property
    def told(self) -> dict[str, float | str]:
        """Return what the sensors of the house say now, in °C and W, and a word for the sky."""
        return {
            "room_c": self.sensor.read() or 0.0,
            "outdoor_c": round(self.weather.outdoor_c(self.clock.now), 1),
            "sky": self.weather.sky(self.clock.now).value,
            "plug_w": round(self.miner.machine.power_w),
        }
