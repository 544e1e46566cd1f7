"""Names that the face shares."""

import logging
from typing import Final

from homeassistant.const import Platform

AGENT: Final = "hashwarm/0.1.0"

CONF_BACKUP_POOL: Final = "backup_pool"
CONF_CHIP_MAXIMUM: Final = "chip_maximum"
CONF_CIRCUIT_LIMIT: Final = "limit"
CONF_CONTROLLED: Final = "controlled"
CONF_CUTS_MAINS: Final = "cuts_mains"
CONF_CUT_PLUG: Final = "cut_plug"
CONF_END_THERMAL_LOOP: Final = "end_thermal_loop"
CONF_FAMILY: Final = "family"
CONF_FLOOR_POWER: Final = "floor_power"
CONF_FULL_POWER: Final = "full_power"
CONF_HEATERS: Final = "heaters"
CONF_INTERVAL: Final = "interval"
CONF_KIND: Final = "kind"
CONF_MANUAL_BTC_PRICE: Final = "manual_btc_price"
CONF_MANUAL_DIFFICULTY: Final = "manual_difficulty"
CONF_MAXIMUM_POWER: Final = "maximum_power"
CONF_MINIMUM_POWER: Final = "minimum_power"
CONF_MARKET_ONLINE: Final = "market_online"
CONF_MARKET_URL: Final = "market_url"
CONF_OTHER_LOADS: Final = "other_loads"
CONF_OUTDOOR_SENSOR: Final = "outdoor_sensor"
CONF_OFF_OPTION: Final = "off_option"
CONF_PARTING: Final = "parting"
CONF_PAUSE_SWITCH: Final = "pause_switch"
CONF_PAYS: Final = "pays"
CONF_PLUG: Final = "plug"
CONF_POOL: Final = "pool"
CONF_POOL_USER: Final = "user"
CONF_POOLS: Final = "pools"
CONF_POWER_METER: Final = "power_meter"
CONF_PRESET_TARGETS: Final = "preset_targets"
CONF_PROFILE: Final = "profile"
CONF_PRICE: Final = "price"
CONF_PRICE_SENSOR: Final = "price_sensor"
CONF_ROOM_MAXIMUM: Final = "room_maximum"
CONF_ROOM_RESPONSE: Final = "room_response"
CONF_ROOM_SENSOR: Final = "room_sensor"
CONF_SECOND_ROOM_SENSOR: Final = "second_room_sensor"
CONF_STALE_MINUTES: Final = "stale_minutes"
CONF_THREADS: Final = "threads"

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
