"""The actions of price integrations that answer with the prices of today and tomorrow: how to ask and to read; pure.

As the integrations of Home Assistant 2026.11 offer them: Nord Pool, Tibber, EnergyZero, easyEnergy, Amber Electric,
OMIE, Green Planet Energy and Ecosmart.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

DAY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class ChosenEntity:
    """The price entity that a person chose, as the registry and its config entry know it."""

    platform: str
    unique_id: str
    entry_id: str | None = None
    device_id: str | None = None
    entry_data: Mapping[str, Any] = field(default_factory=dict)
    attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class PriceAction:
    """An action to call once with each of `calls`; `read` finds the list of prices in an answer.

    `unit` is what the prices are in, None for the unit of the entity.
    """

    service: str
    calls: tuple[dict[str, Any], ...]
    read: Callable[[Mapping[str, Any]], Any]
    unit: str | None = None


def price_action(chosen: ChosenEntity, now: datetime) -> PriceAction | None:
    """Return the action for an entity, None where its integration has none; `now` is local."""
    made = ACTIONS.get(chosen.platform)
    return made(chosen, now.replace(hour=0, minute=0, second=0, microsecond=0)) if made is not None else None


def _nordpool(chosen: ChosenEntity, today: datetime) -> PriceAction | None:
    area, _, key = chosen.unique_id.partition("-")
    if chosen.entry_id is None or not key:
        return None
    return PriceAction(
        service="get_prices_for_date",
        calls=tuple({"config_entry": chosen.entry_id, "date": day, "areas": [area]} for day in _days(today)),
        read=lambda answer: answer.get(area),
        unit=f"{chosen.entry_data.get('currency')}/MWh",
    )


def _tibber(chosen: ChosenEntity, today: datetime) -> PriceAction:
    end = (today + 2 * DAY).isoformat()

    def read(answer: Mapping[str, Any]) -> Any:
        homes = answer.get("prices") or {}
        only = next(iter(homes.values())) if len(homes) == 1 else None
        return homes.get(chosen.attributes.get("app_nickname"), only)

    return PriceAction(service="get_prices", calls=({"start": today.isoformat(), "end": end},), read=read)


def _energyzero(chosen: ChosenEntity, today: datetime) -> PriceAction | None:
    if chosen.entry_id is None or "gas" in chosen.unique_id:
        return None
    kind = "all_in" if "all_in" in chosen.unique_id else "market"
    asked = {"config_entry": chosen.entry_id, "incl_vat": True, "price_type": kind, "interval": "quarter"}
    calls = tuple({**asked, "start": day, "end": day} for day in _days(today))
    return PriceAction(service="get_energy_prices", calls=calls, read=_prices, unit="EUR/kWh")


def _easyenergy(chosen: ChosenEntity, today: datetime) -> PriceAction | None:
    if chosen.entry_id is None or "gas" in chosen.unique_id:
        return None
    returned = "energy_return" in chosen.unique_id
    asked = {"config_entry": chosen.entry_id} | ({} if returned else {"incl_vat": True})
    return PriceAction(
        service="get_energy_return_prices" if returned else "get_energy_usage_prices",
        calls=tuple({**asked, "start": day, "end": day} for day in _days(today)),
        read=_prices,
        unit="EUR/kWh",
    )


def _amber(chosen: ChosenEntity, today: datetime) -> PriceAction | None:
    if chosen.entry_id is None:
        return None
    channel = chosen.unique_id.rpartition("-")[2]
    calls = ({"config_entry_id": chosen.entry_id, "channel_type": channel},)
    return PriceAction(service="get_forecasts", calls=calls, read=_forecasts)


def _omie(chosen: ChosenEntity, today: datetime) -> PriceAction:
    country = chosen.unique_id[:2]
    return PriceAction(
        service="get_prices_for_date",
        calls=tuple({"date": day, "countries": [country]} for day in _days(today)),
        read=lambda answer: answer.get(country),
        unit="EUR/kWh",
    )


def _green_planet(chosen: ChosenEntity, today: datetime) -> PriceAction | None:
    if chosen.entry_id is None:
        return None
    calls = ({"config_entry_id": chosen.entry_id, "hours": 24},)
    return PriceAction(service="get_prices", calls=calls, read=_prices, unit="EUR/kWh")


def _ecosmart(chosen: ChosenEntity, today: datetime) -> PriceAction | None:
    if chosen.device_id is None:
        return None
    return PriceAction(service="get_forecasts", calls=({"device_id": chosen.device_id},), read=_forecasts)


def _days(today: datetime) -> tuple[str, str]:
    return today.date().isoformat(), (today.date() + DAY).isoformat()


def _prices(answer: Mapping[str, Any]) -> Any:
    return answer.get("prices")


def _forecasts(answer: Mapping[str, Any]) -> Any:
    return answer.get("forecasts")


ACTIONS: dict[str, Callable[[ChosenEntity, datetime], PriceAction | None]] = {
    "amberelectric": _amber,
    "easyenergy": _easyenergy,
    "ecosmart": _ecosmart,
    "energyzero": _energyzero,
    "green_planet_energy": _green_planet,
    "nordpool": _nordpool,
    "omie": _omie,
    "tibber": _tibber,
}
