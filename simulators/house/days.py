"""The days before the demo: what the sensors of the house would have told of them."""

from datetime import tzinfo
from typing import Any

from .living import House
from .prices import HOUR_S, price_at

DAYS = 10
DAY_S = 86400.0
TOLD_EVERY_S = 120.0
# Who was away for a moment only has nothing to catch up with.
LEAST_S = 600.0
ENTITIES = {
    "room_c": ("sensor.living_room_temperature", "Living room temperature", "temperature", "°C"),
    "outdoor_c": ("sensor.outdoor_temperature", "Outdoor temperature", "temperature", "°C"),
    "plug_w": ("sensor.miner_plug_power", "Miner plug power", "power", "W"),
}
WEATHER = "weather.winter"
PRICE = "sensor.electricity_price"

type Past = dict[str, dict[str, Any]]
"""By entity: its attributes, and what it told, each as a Unix time, a value, and attributes that change."""


def house_of(kept: dict[str, Any] | None, now: float, zone: tzinfo) -> House:
    """Return the house as it was left, or as it was ten days ago where that is longer ago or it is new."""
    known = kept is not None and now - DAYS * DAY_S < kept["at"] <= now
    return House.begun(kept["at"] if kept is not None and known else now - DAYS * DAY_S, zone, kept if known else None)


def live_through(house: House, now: float, zone: tzinfo) -> Past:
    """Let the house come to the present, and return what was told meanwhile."""
    past = _nothing_told()
    began = house.clock.now
    if now - began >= LEAST_S:
        first = began // HOUR_S * HOUR_S
        past[PRICE]["told"] = [
            [max(at, began), price_at(at, zone)]
            for at in (first + index * HOUR_S for index in range(round((now - first) // HOUR_S) + 1))
        ]
    while house.clock.now < now:
        house.live(min(house.clock.now + TOLD_EVERY_S, now))
        told = house.told
        past[WEATHER]["told"].append([house.clock.now, told["sky"], {"temperature": told["outdoor_c"]}])
        for key, (entity_id, *_) in ENTITIES.items():
            past[entity_id]["told"].append([house.clock.now, told[key]])
    return past if now - began >= LEAST_S else {}


def _nothing_told() -> Past:
    past = {
        entity_id: {"attributes": _attributes(name, unit, kind), "told": []}
        for entity_id, name, kind, unit in ENTITIES.values()
    }
    weather = {"attributes": {"friendly_name": "Winter", "temperature_unit": "°C"}, "told": list[list[Any]]()}
    return {**past, WEATHER: weather, PRICE: {"attributes": _attributes("Electricity price", "EUR/kWh"), "told": []}}


def _attributes(name: str, unit: str, kind: str | None = None) -> dict[str, str]:
    device_class = {"device_class": kind} if kind is not None else {}
    return {"friendly_name": name, "state_class": "measurement", "unit_of_measurement": unit, **device_class}
