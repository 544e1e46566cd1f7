"""Names that the face shares."""

import logging
from typing import Final

from homeassistant.const import Platform

AGENT: Final = "hashwarm/0.1.0"

CONF_AWAY_AFTER: Final = "away_after"
CONF_BACKUP_POOL: Final = "backup_pool"
CONF_BOOST_MINUTES: Final = "boost_minutes"
CONF_CHIP_MAXIMUM: Final = "chip_maximum"
CONF_CIRCUIT_LIMIT: Final = "limit"
CONF_CONTROLLED: Final = "controlled"
CONF_CUTS_MAINS: Final = "cuts_mains"
CONF_CUT_PLUG: Final = "cut_plug"
CONF_DETECT_WINDOW: Final = "detect_window"
CONF_END_THERMAL_LOOP: Final = "end_thermal_loop"
CONF_EXPORT_POSITIVE: Final = "export_positive"
CONF_FAMILY: Final = "family"
CONF_FEED_IN_PRICE: Final = "feed_in_price"
CONF_FLOOR_POWER: Final = "floor_power"
CONF_FULL_POWER: Final = "full_power"
CONF_FUSION: Final = "fusion"
CONF_GRID_METER: Final = "grid_meter"
CONF_HEATERS: Final = "heaters"
CONF_HIGHEST_TARGET: Final = "highest_target"
CONF_INSULATION: Final = "insulation"
CONF_INTERVAL: Final = "interval"
CONF_KIND: Final = "kind"
CONF_LOWEST_TARGET: Final = "lowest_target"
CONF_MANUAL_BTC_PRICE: Final = "manual_btc_price"
CONF_MANUAL_DIFFICULTY: Final = "manual_difficulty"
CONF_MARKET_ONLINE: Final = "market_online"
CONF_MARKET_URL: Final = "market_url"
CONF_MAXIMUM_POWER: Final = "maximum_power"
CONF_MINIMUM_POWER: Final = "minimum_power"
CONF_OFF_OPTION: Final = "off_option"
CONF_OTHER_LOADS: Final = "other_loads"
CONF_OUTDOOR_SENSOR: Final = "outdoor_sensor"
CONF_OUTLET_LIMIT: Final = "outlet_limit"
CONF_PARTING: Final = "parting"
CONF_PAUSE_SWITCH: Final = "pause_switch"
CONF_PAYS: Final = "pays"
CONF_PLUG: Final = "plug"
CONF_POOL: Final = "pool"
CONF_POOLS: Final = "pools"
CONF_POOL_USER: Final = "user"
CONF_POWER_METER: Final = "power_meter"
CONF_PRESENCE: Final = "presence"
CONF_PRESET_TARGETS: Final = "preset_targets"
CONF_PRICE: Final = "price"
CONF_PRICE_SENSOR: Final = "price_sensor"
CONF_PROFILE: Final = "profile"
CONF_QUIET_FROM: Final = "quiet_from"
CONF_QUIET_POWER: Final = "quiet_power"
CONF_QUIET_TO: Final = "quiet_to"
CONF_ROOM_MAXIMUM: Final = "room_maximum"
CONF_ROOM_RESPONSE: Final = "room_response"
CONF_ROOM_SENSOR: Final = "room_sensor"
CONF_ROOM_SENSORS: Final = "room_sensors"
CONF_SCHEDULE: Final = "schedule"
CONF_SECOND_ROOM_SENSOR: Final = "second_room_sensor"
CONF_SOLAR_FORECAST: Final = "solar_forecast"
CONF_STALE_MINUTES: Final = "stale_minutes"
CONF_SURPLUS_WARMEST: Final = "surplus_warmest"
CONF_THREADS: Final = "threads"
CONF_WEATHER: Final = "weather"
CONF_WEEKEND_FROM: Final = "weekend_from"
CONF_WEEKEND_TO: Final = "weekend_to"
CONF_WEIGHTS: Final = "weights"
CONF_WINDOWS: Final = "windows"
CONF_WINDOW_DELAY: Final = "window_delay"
CONF_WORKDAY_FROM: Final = "workday_from"
CONF_WORKDAY_TO: Final = "workday_to"

DOMAIN: Final = "hashwarm"
HOME_UNIQUE_ID: Final = "home"
KIND_HOME: Final = "home"
KIND_ENTITIES: Final = "entities"
KIND_LOCAL_WORKER: Final = "local_worker"
KIND_NETWORKED_MINER: Final = "networked_miner"
LOGGER: Final = logging.getLogger(__package__)
MANUFACTURER: Final = "Hashwarm"
MARKET_URL: Final = "https://mempool.space"
MODELS: Final = {KIND_ENTITIES: "Heater of other entities", KIND_LOCAL_WORKER: "Hashing worker"}
SUBENTRY_CIRCUIT: Final = "circuit"

HEATER_PLATFORMS: Final = (
    Platform.BINARY_SENSOR,
    Platform.BUTTON,
    Platform.CLIMATE,
    Platform.NUMBER,
    Platform.SELECT,
    Platform.SENSOR,
    Platform.SWITCH,
)
HOME_PLATFORMS: Final = (Platform.SENSOR,)
