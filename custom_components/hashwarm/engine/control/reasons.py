"""The word for what is done: which of several reasons counts."""

from ..model.control import Preset, Why
from ..model.sharing import Allotment
from ..model.telemetry import DeviceStatus, Telemetry
from .comfort import InForce, Source
from .inputs import ControlInputs
from .shaper import Shaped

SHARED_LEAST_W = 0.5
AT_TARGET_K = 0.2
DEVICE_REASONS = {
    DeviceStatus.OFFLINE: Why.DEVICE_OFFLINE,
    DeviceStatus.STARTING: Why.PREHEATING_DEVICE,
    DeviceStatus.RESUMING: Why.PREHEATING_DEVICE,
}
# What is told of comfort gives way to what may be wrong with it.
OF_COMFORT = {
    Why.AT_TARGET,
    Why.BELOW_FLOOR_CYCLING,
    Why.HEATING_UP,
    Why.HOLDING,
    Why.PLAN_RUN,
    Why.PLAN_WAIT,
    Why.PREHEAT,
}
NO_HEAT = {Source.WINDOW_OPEN: Why.WINDOW_OPEN, Source.NOBODY_HOME: Why.NOBODY_HOME}


def comfort_reason(demand_w: float, room_c: float, in_force: InForce) -> Why:
    """Return why the thermostat asks for that much, in W, at a room temperature in °C."""
    if demand_w <= 0.0:
        return NO_HEAT.get(in_force.source, Why.AT_TARGET)
    if in_force.preset is Preset.FROST or room_c < in_force.frost_c:
        return Why.FROST
    if in_force.source is Source.PREHEAT:
        return Why.PREHEAT
    return Why.HOLDING if abs(in_force.target_c - room_c) <= AT_TARGET_K else Why.HEATING_UP


def warned(why: Why, *, doubted: bool, without_effect: bool) -> Why:
    """Return what a person should hear of first: a sensor that jumped, heat that does not reach the room."""
    if why not in OF_COMFORT:
        return why
    if doubted:
        return Why.SENSOR_JUMP
    return Why.HEATER_NOT_HEATING if without_effect else why


def shared_reason(reason: Why, own_w: float, allotment: Allotment) -> Why:
    """Return why a heater gives its part of the room's heat: less than it asks for, or more."""
    if allotment.room_met is None or abs(allotment.demand_w - own_w) < SHARED_LEAST_W:
        return reason
    if allotment.demand_w < own_w:
        return Why.SHARED_DEMAND
    return Why.HOLDING if reason in NO_HEAT.values() or reason is Why.AT_TARGET else reason


def told(why: Why, inputs: ControlInputs) -> Why:
    """Return the reason that counts: nothing else is so of a device that does not answer."""
    deaf = inputs.telemetry is not None and inputs.telemetry.status is DeviceStatus.OFFLINE
    return Why.DEVICE_OFFLINE if deaf and inputs.settings.runs and not inputs.stopping else why


def shaped_reason(shaped: Shaped, reason: Why, telemetry: Telemetry | None) -> Why:
    """Return what bent the command, else what holds the device up, else why it is wanted."""
    if shaped.why is not None:
        return shaped.why
    return device_reason(telemetry) or reason if shaped.power_w > 0.0 else reason


def device_reason(telemetry: Telemetry | None) -> Why | None:
    """Return what keeps a device from the heat that it was told to give."""
    if telemetry is None:
        return None
    if telemetry.status is DeviceStatus.FAULT:
        return Why.WORKER_RESTARTING if telemetry.miner is None else Why.DEVICE_FAULT
    if telemetry.status is DeviceStatus.NO_POOL:
        # The worker on this host heats without a pool, a networked miner does not.
        return None if telemetry.miner is None else Why.NO_POOL
    return DEVICE_REASONS.get(telemetry.status)
