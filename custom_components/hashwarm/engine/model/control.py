"""Who is master, what is wanted, and why the heater does what it does."""

from enum import StrEnum


class ControlMode(StrEnum):
    """Who decides how many watts."""

    THERMOSTAT = "thermostat"
    HEAT_DEMAND = "heat_demand"
    MANUAL_POWER = "manual_power"


class Preset(StrEnum):
    """Comfort presets of the thermostat."""

    COMFORT = "comfort"
    ECO = "eco"
    AWAY = "away"
    SLEEP = "sleep"
    BOOST = "boost"
    FROST = "frost_protection"


class Why(StrEnum):
    """The one reason in force for the power commanded, over control, dispatcher and governor."""

    AT_TARGET = "at_target"
    HEATING_UP = "heating_up"
    HOLDING = "holding"
    PREHEAT = "preheat"
    PREHEATING_DEVICE = "preheating_device"
    PLAN_RUN = "plan_run"
    PLAN_WAIT = "plan_wait"
    BELOW_FLOOR_CYCLING = "below_floor_cycling"
    HEAT_DEMAND = "heat_demand"
    HEAT_DEMAND_EXPIRED = "heat_demand_expired"
    MANUAL_POWER = "manual_power"
    USER_OFF = "user_off"
    USER_PAUSED = "user_paused"
    FROST = "frost"
    WINDOW_OPEN = "window_open"
    NOBODY_HOME = "nobody_home"
    QUIET_HOURS = "quiet_hours"
    MINIMUM_ON = "minimum_on"
    MINIMUM_OFF = "minimum_off"
    RESTART_BUDGET = "restart_budget"
    RESTART_BUDGET_COLD = "restart_budget_cold"
    SENSOR_AWAITED = "sensor_awaited"
    SENSOR_JUMP = "sensor_jump"
    SENSOR_STALE_FLOOR = "sensor_stale_floor"
    SENSOR_STALE_OFF = "sensor_stale_off"
    SENSOR_STALE_FROST = "sensor_stale_frost"
    ROOM_TOO_HOT = "room_too_hot"
    CHIP_TOO_HOT = "chip_too_hot"
    OUTLET_LIMIT = "outlet_limit"
    BREAKER = "breaker"
    BREAKER_METER_LOST = "breaker_meter_lost"
    NOT_OBEYING = "not_obeying"
    HEAT_WITHOUT_COMMAND = "heat_without_command"
    HEATER_NOT_HEATING = "heater_not_heating"
    DEVICE_OFFLINE = "device_offline"
    DEVICE_FAULT = "device_fault"
    NO_POOL = "no_pool"
    SHARED_DEMAND = "shared_demand"
    AI_HEATS = "ai_heats"
    """AI work makes all the heat that is needed."""
    WORKER_RESTARTING = "worker_restarting"
    STOPPING = "stopping"
