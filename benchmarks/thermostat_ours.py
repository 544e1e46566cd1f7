"""Our own thermostats as contestants: the regulator, and the shaper before a peer."""

from typing import Any

from custom_components.hashwarm.engine.control import (
    ControlInputs,
    Controller,
    HeaterSettings,
    RoomResponse,
    SafetyLimits,
)
from custom_components.hashwarm.engine.control.house import assumed_house
from custom_components.hashwarm.engine.control.pilot import Pilot
from custom_components.hashwarm.engine.control.preheat import LONGEST_LEAD_S, RATES_K_PER_H, HeatingRate, preheat_start
from custom_components.hashwarm.engine.control.room_words import Insulation
from custom_components.hashwarm.engine.control.shaper import Shaper
from custom_components.hashwarm.engine.model.capabilities import Capabilities, ControlKind, PowerSource
from custom_components.hashwarm.engine.model.planning import Guidance
from custom_components.hashwarm.engine.model.protocols import TemperatureReading
from custom_components.hashwarm.engine.model.telemetry import DeviceStatus, Telemetry

from .thermostat_view import (
    BOOT_MINUTES,
    FLOOR_W,
    HOUR_S,
    LEAST_OFF_MINUTES,
    MAXIMUM_W,
    MINUTE_S,
    RAMP_W_PER_MINUTE,
    RESTART_COST,
    Contestant,
    View,
    Weather,
)
from .thermostat_weather import MEAN_PRICE

COLD_K = 2.0
QUARTER_S = 900.0
CAPABILITIES = Capabilities(
    control=ControlKind.CONTINUOUS_WATTS,
    floor_w=FLOOR_W,
    maximum_w=MAXIMUM_W,
    ramp_s=(MAXIMUM_W - FLOOR_W) / RAMP_W_PER_MINUTE * 60.0,
    boot_s=BOOT_MINUTES * 60.0,
    minimum_on_s=1200.0,
    minimum_off_s=LEAST_OFF_MINUTES * 60.0,
    restart_cost_s=RESTART_COST / (MAXIMUM_W / 1000.0 * MEAN_PRICE) * HOUR_S,
    power_source=PowerSource.METERED,
)
RESPONSES = {600: RoomResponse.ORDINARY, 900: RoomResponse.HEAVY}
"""What a person would answer of these houses."""


class BehindShaper:
    """A peer whose demand our shaper turns into commands that the miner can obey."""

    uses_prices = False

    def __init__(self, peer: Contestant) -> None:
        self._peer = peer
        self.weather = peer.weather
        self._shaper = Shaper()

    def demand_w(self, view: View) -> float:
        """Return the shaped command."""
        cold = view.room_c is not None and view.room_c < view.setpoint_c - COLD_K
        wanted_w = self._peer.demand_w(view)
        return self._shaper.step(wanted_w, CAPABILITIES, now=view.at, elapsed_s=MINUTE_S, cold=cold).power_w

    def notes(self) -> dict[str, Any]:
        """Return what the peer says."""
        return self._peer.notes()

    def close(self) -> None:
        """End the peer."""
        self._peer.close()


class OurRegulator:
    """The product's own pass: regulator, shaper and governor, as on the first evening."""

    weather = Weather.NONE
    uses_prices = False

    def __init__(self, case: int, stored: dict[str, Any] | None = None, now: float = 0.0) -> None:
        self._case = case
        self._controller = Controller.restored(RESPONSES[case], SafetyLimits(), stored, now=now)
        self._settings = HeaterSettings(on=True)
        self._rate = HeatingRate(k_per_h=RATES_K_PER_H[RESPONSES[case]])
        self._unnoticed_ws = Pilot(assumed_house(RESPONSES[case], Insulation.ORDINARY, MAXIMUM_W), MAXIMUM_W).cycle_ws

    def demand_w(self, view: View) -> float:
        """Pass the readings through the controller."""
        return self._controller.step(self._inputs(view)).power_w

    def _guidance(self, _: View) -> Guidance | None:
        """Return what a planner asks for; the regulator alone has none."""
        return None

    def _target_c(self, view: View) -> float:
        """Return the setpoint, and the next one early enough: a person with a schedule is warm when it says so."""
        self._rate.step(now_s=view.at, room_c=view.room_c, power_share=view.drawn_w / MAXIMUM_W)
        if view.room_c is None:
            return view.setpoint_c
        first = view.at - view.at % QUARTER_S + QUARTER_S
        ahead = (first + quarter * QUARTER_S for quarter in range(int(LONGEST_LEAD_S / QUARTER_S)))
        rises = ((at, later_c) for at in ahead if (later_c := view.conditions.setpoint_c(at)) > view.setpoint_c)
        at, target_c = next(rises, (view.at, view.setpoint_c))
        begin = preheat_start(comfort_at=at, room_c=view.room_c, target_c=target_c, rate_k_per_h=self._rate.k_per_h)
        return target_c if view.at >= begin else view.setpoint_c

    def _inputs(self, view: View) -> ControlInputs:
        guidance = self._guidance(view)
        self._settings.choose_target(view.setpoint_c if guidance is not None else self._target_c(view))
        return ControlInputs(
            now_s=view.at,
            now=view.at,
            settings=self._settings,
            capabilities=CAPABILITIES,
            telemetry=telemetry(view),
            room=(reading(view),),
            outdoor_c=view.outdoor_c,
            guidance=guidance,
            cycle_ws=self._cycle_ws(),
            breaker_left_w=None
            if view.conditions.ceiling_w(view.at) > MAXIMUM_W
            else view.conditions.ceiling_w(view.at),
        )

    def _cycle_ws(self) -> float:
        return self._unnoticed_ws

    def restarted(self, now: float) -> OurRegulator:
        """Return what a Home Assistant started anew makes of the state that the old one kept."""
        return OurRegulator(self._case, self._kept(now), now)

    def _kept(self, now: float) -> dict[str, Any]:
        """Return what outlives a restart; the miner goes on by itself."""
        return {**self._controller.as_dict(now), "outlives": True}

    def notes(self) -> dict[str, Any]:
        """Return nothing."""
        return {}

    def close(self) -> None:
        """Hold nothing."""


def telemetry(view: View) -> Telemetry:
    """Say what a miner of the bench would say of itself."""
    status = DeviceStatus.PAUSED
    if view.running:
        status = DeviceStatus.STARTING if view.booting else DeviceStatus.RUNNING
    return Telemetry(at_s=view.at, status=status, power_w=view.drawn_w, power_source=PowerSource.METERED)


def reading(view: View) -> TemperatureReading | None:
    """Return the room sensor's report as an adapter hands it on."""
    return None if view.room_c is None else TemperatureReading(celsius=view.room_c, age_s=view.room_age_s)
