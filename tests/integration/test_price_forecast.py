"""The price forecast behind one price entity: its attributes, its integration's action, its neighbours, its past."""

import asyncio
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from freezegun.api import FrozenDateTimeFactory
from homeassistant import components
from homeassistant.core import HomeAssistant, ServiceCall, State, SupportsResponse
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.util import dt as dt_util
from homeassistant.util.yaml import load_yaml_dict
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.hashwarm.adapters.asking import LIMIT_S
from custom_components.hashwarm.adapters.price_actions import ACTIONS, ChosenEntity, price_action
from custom_components.hashwarm.adapters.price_forecast import (
    EntityPriceForecast,
    FixedPriceForecast,
    PriceOrigin,
    PriceSource,
)
from custom_components.hashwarm.adapters.recorded import Recorder

from .conftest import PRICE

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 22, 10, 7, tzinfo=BERLIN)
MIDNIGHT = NOW.replace(hour=0, minute=0)
DAY = timedelta(days=1)


class NoPast(Recorder):
    """A recorder that remembers what a test tells it."""

    def __init__(self, hass: HomeAssistant, states: list[State] | None = None) -> None:
        super().__init__(hass)
        self.told = states or []
        self.asked = 0

    async def states(self, entity_id: str, start: datetime, end: datetime) -> list[State]:
        self.asked += 1
        return self.told


@pytest.fixture(autouse=True)
async def _in_berlin(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    await hass.config.async_set_time_zone("Europe/Berlin")
    freezer.move_to(NOW)


def show(
    hass: HomeAssistant, price: Any = 0.25, unit: str | None = "EUR/kWh", entity_id: str = PRICE, **more: Any
) -> None:
    hass.states.async_set(entity_id, str(price), ({"unit_of_measurement": unit} if unit else {}) | more)


def forecast_of(hass: HomeAssistant, recorder: Recorder | None = None) -> EntityPriceForecast:
    return EntityPriceForecast(hass, PRICE, hass.config.currency, recorder or NoPast(hass))


async def hours(forecast: EntityPriceForecast, start: datetime = MIDNIGHT, days: int = 2) -> dict[float, float]:
    """Return the prices by their hour after the midnight that was."""
    found = await forecast.prices(start, start + days * DAY)
    return {(at - MIDNIGHT) / timedelta(hours=1): price for at, price in found}


def registered(
    hass: HomeAssistant, platform: str, unique_id: str, data: dict[str, Any] | None = None, **more: Any
) -> MockConfigEntry:
    """Make the price entity one of another integration."""
    entry = MockConfigEntry(domain=platform, data=data or {}, entry_id=f"entry_of_{platform}")
    entry.add_to_hass(hass)
    domain, name = PRICE.split(".")
    er.async_get(hass).async_get_or_create(
        domain, platform, unique_id, suggested_object_id=name, config_entry=entry, **more
    )
    return entry


type Answer = Callable[[dict[str, Any]], dict[str, Any]]


def offers(hass: HomeAssistant, domain: str, service: str, answer: Answer) -> list[dict[str, Any]]:
    """Register an action that answers, and return what it was asked."""
    asked: list[dict[str, Any]] = []

    async def handle(call: ServiceCall) -> Any:
        asked.append(dict(call.data))
        return answer(dict(call.data))

    hass.services.async_register(domain, service, handle, supports_response=SupportsResponse.ONLY)
    return asked


def day_of(day: str, key: str = "start", value: str = "price", price: float = 0.1, **more: Any) -> list[dict[str, Any]]:
    """Return a day of hours as integrations answer them."""
    start = datetime.combine(date.fromisoformat(day), datetime.min.time(), BERLIN)
    return [
        {key: (start.astimezone(UTC) + timedelta(hours=hour)).isoformat(), value: price, **more} for hour in range(24)
    ]


async def test_a_fixed_price_holds_at_all_times():
    fixed = FixedPriceForecast(0.31)
    found = await fixed.prices(NOW, NOW + timedelta(hours=1))
    assert [price for _, price in found] == [0.31] * 5
    assert found[0][0] == NOW.replace(minute=0)
    assert await fixed.prices(NOW, NOW - DAY) == []
    assert fixed.origin == PriceOrigin(source=PriceSource.FIXED)


async def test_the_attributes_of_the_entity_itself(hass: HomeAssistant):
    show(
        hass, raw_today=day_of("2026-11-22", value="value"), raw_tomorrow=day_of("2026-11-23", value="value", price=0.2)
    )
    forecast = forecast_of(hass)
    found = await hours(forecast)
    assert (found[0.0], found[23.75], found[24.0], found[47.75]) == (0.1, 0.1, 0.2, 0.2)
    assert forecast.origin == PriceOrigin(
        source=PriceSource.ATTRIBUTES, name=PRICE, known_until=(MIDNIGHT + 2 * DAY).astimezone(UTC)
    )


async def test_a_list_in_cents_beside_a_sensor_in_euro(hass: HomeAssistant):
    show(hass, 0.1, raw_today=day_of("2026-11-22", price=10.0))
    assert (await hours(forecast_of(hass)))[12.0] == pytest.approx(0.1)


async def test_a_sensor_in_cents_with_its_list_in_cents(hass: HomeAssistant):
    show(hass, 10, "ct/kWh", raw_today=day_of("2026-11-22", price=10.0))
    assert (await hours(forecast_of(hass)))[12.0] == pytest.approx(0.1)


async def test_a_list_in_another_currency_is_unknown(hass: HomeAssistant):
    show(hass, 10, "NOK/kWh", raw_today=day_of("2026-11-22", price=10.0))
    forecast = forecast_of(hass)
    assert await hours(forecast) == {}
    assert forecast.origin == PriceOrigin(source=PriceSource.UNKNOWN)


async def test_prices_of_another_day_are_no_prices_of_today(hass: HomeAssistant):
    show(hass, 0.25, raw_today=day_of("2026-11-20"))
    assert await hours(forecast_of(hass)) == {10.0: 0.25}


async def test_a_list_that_was_written_yesterday_is_of_yesterday(hass: HomeAssistant, freezer: FrozenDateTimeFactory):
    show(hass, 0.25, today=[0.1] * 24, tomorrow=[0.2] * 24)
    freezer.move_to(NOW + DAY)
    found = await hours(forecast_of(hass))
    assert (found[23.0], found[24.0], found.get(48.0)) == (0.1, 0.2, None)


async def test_an_entity_that_is_gone_costs_nobody_knows_what(hass: HomeAssistant):
    assert await hours(forecast_of(hass)) == {}
    show(hass, "unavailable", None)
    assert await hours(forecast_of(hass)) == {}


async def test_nord_pool_is_asked_for_both_days(hass: HomeAssistant):
    registered(hass, "nordpool", "SE3-current_price", {"currency": "EUR", "areas": ["SE3", "SE4"]})
    show(hass, 0.1)
    asked = offers(
        hass,
        "nordpool",
        "get_prices_for_date",
        lambda data: {"SE3": day_of(data["date"], price=100.0), "SE4": day_of(data["date"], price=7.0)},
    )
    forecast = forecast_of(hass)
    found = await hours(forecast)
    assert asked == [
        {"config_entry": "entry_of_nordpool", "date": "2026-11-22", "areas": ["SE3"]},
        {"config_entry": "entry_of_nordpool", "date": "2026-11-23", "areas": ["SE3"]},
    ]
    assert len(found) == 2 * 96
    assert list(found.values()) == pytest.approx([0.1] * 192)
    assert forecast.origin.source is PriceSource.ACTION
    assert forecast.origin.name == "nordpool.get_prices_for_date"


async def test_nord_pool_in_another_currency_than_ours_is_unknown(hass: HomeAssistant):
    registered(hass, "nordpool", "SE3-current_price", {"currency": "SEK"})
    show(hass, 1.0, "SEK/kWh")
    asked = offers(hass, "nordpool", "get_prices_for_date", lambda data: {"SE3": day_of(data["date"])})
    assert await hours(forecast_of(hass)) == {}
    assert asked == []


async def test_nord_pool_of_hacs_has_the_same_name_and_no_action(hass: HomeAssistant):
    registered(hass, "nordpool", "nordpool_kwh_se3_eur_3_10_025")
    show(hass, 0.1, raw_today=day_of("2026-11-22", value="value"))
    assert len(await hours(forecast_of(hass))) == 96


async def test_tibber_answers_for_the_home_of_the_entity(hass: HomeAssistant):
    registered(hass, "tibber", "home-id")
    show(hass, 0.1, app_nickname="Cabin")
    homes = {
        "Cabin": day_of("2026-11-22", "start_time", price=0.1),
        "Flat": day_of("2026-11-22", "start_time", price=0.9),
    }
    asked = offers(hass, "tibber", "get_prices", lambda _: {"prices": homes})
    assert (await hours(forecast_of(hass)))[23.0] == 0.1
    assert asked == [{"start": MIDNIGHT.isoformat(), "end": (MIDNIGHT + 2 * DAY).isoformat()}]


@pytest.mark.parametrize(("homes", "known"), [(["One"], 96), (["One", "Other"], 1), ([], 1)])
async def test_tibber_with_homes_of_other_names(hass: HomeAssistant, homes: list[str], known: int):
    registered(hass, "tibber", "home-id")
    show(hass, 0.1)
    offers(
        hass, "tibber", "get_prices", lambda _: {"prices": {home: day_of("2026-11-22", "start_time") for home in homes}}
    )
    assert len(await hours(forecast_of(hass))) == known


@pytest.mark.parametrize(("key", "kind"), [("all_in_current_price", "all_in"), ("current_hour_price", "market")])
async def test_energyzero_answers_in_the_kind_of_the_entity(hass: HomeAssistant, key: str, kind: str):
    registered(hass, "energyzero", f"entry_today_energy_{key}")
    show(hass, 0.1)
    asked = offers(hass, "energyzero", "get_energy_prices", lambda data: {"prices": day_of(data["start"], "timestamp")})
    assert len(await hours(forecast_of(hass))) == 192
    assert asked[0] == {
        "config_entry": "entry_of_energyzero", "incl_vat": True, "price_type": kind, "interval": "quarter",
        "start": "2026-11-22", "end": "2026-11-22",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "service", "vat"),
    [("usage", "get_energy_usage_prices", {"incl_vat": True}), ("return", "get_energy_return_prices", {})],
)
async def test_easyenergy_answers_for_what_is_used_and_what_is_returned(
    hass: HomeAssistant, kind: str, service: str, vat: dict[str, bool]
):
    registered(hass, "easyenergy", f"entry_today_energy_{kind}_current_hour_price")
    show(hass, 0.1)
    asked = offers(hass, "easyenergy", service, lambda data: {"prices": day_of(data["start"], "timestamp")})
    assert len(await hours(forecast_of(hass))) == 192
    assert asked[1] == {"config_entry": "entry_of_easyenergy", **vat, "start": "2026-11-23", "end": "2026-11-23"}


async def test_amber_answers_for_the_channel_of_the_entity(hass: HomeAssistant):
    hass.config.currency = "AUD"
    registered(hass, "amberelectric", "site-current-general")
    show(hass, 0.1, "$/kWh")
    asked = offers(
        hass,
        "amberelectric",
        "get_forecasts",
        lambda _: {"forecasts": day_of("2026-11-22", "start_time", "per_kwh", duration=30, spot_per_kwh=0.01)},
    )
    found = await hours(forecast_of(hass))
    assert (found[0.25], 0.5 in found) == (0.1, False)
    assert asked == [{"config_entry_id": "entry_of_amberelectric", "channel_type": "general"}]


async def test_omie_answers_for_the_country_of_the_entity(hass: HomeAssistant):
    registered(hass, "omie", "pt_spot_price")
    show(hass, 0.1)
    asked = offers(hass, "omie", "get_prices_for_date", lambda data: {"pt": day_of(data["date"])})
    assert len(await hours(forecast_of(hass))) == 192
    assert asked[0] == {"date": "2026-11-22", "countries": ["pt"]}


async def test_green_planet_energy_answers_for_a_day(hass: HomeAssistant):
    registered(hass, "green_planet_energy", "gpe_current_price")
    show(hass, 0.1)
    asked = offers(hass, "green_planet_energy", "get_prices", lambda _: {"prices": day_of("2026-11-22")})
    assert len(await hours(forecast_of(hass))) == 96
    assert asked == [{"config_entry_id": "entry_of_green_planet_energy", "hours": 24}]


async def test_ecosmart_answers_in_cents_for_a_device(hass: HomeAssistant):
    hass.config.currency = "NZD"
    entry = MockConfigEntry(domain="ecosmart", entry_id="entry_of_ecosmart")
    entry.add_to_hass(hass)
    device = dr.async_get(hass).async_get_or_create(config_entry_id=entry.entry_id, identifiers={("ecosmart", "icp")})
    er.async_get(hass).async_get_or_create(
        "sensor",
        "ecosmart",
        "icp-spot",
        suggested_object_id=PRICE.split(".")[1],
        config_entry=entry,
        device_id=device.id,
    )
    show(hass, 10, "c/kWh")
    asked = offers(
        hass, "ecosmart", "get_forecasts", lambda _: {"forecasts": day_of("2026-11-22", "start_time", price=10.0)}
    )
    assert (await hours(forecast_of(hass)))[5.0] == pytest.approx(0.1)
    assert asked == [{"device_id": device.id}]


def test_an_entity_of_which_too_little_is_known_is_not_asked_for():
    for platform in ACTIONS:
        action = price_action(ChosenEntity(platform=platform, unique_id="x"), NOW)
        assert action is None or platform in {"omie", "tibber"}
    for platform in ("energyzero", "easyenergy"):
        assert price_action(ChosenEntity(platform=platform, unique_id="today_gas_x", entry_id="e"), NOW) is None
    assert price_action(ChosenEntity(platform="template", unique_id="x", entry_id="e"), NOW) is None


ENTITIES = {
    "amberelectric": "site-current-general",
    "easyenergy": "entry_today_energy_usage_current_hour_price",
    "ecosmart": "icp-spot_price",
    "energyzero": "entry_today_energy_current_hour_price",
    "green_planet_energy": "gpe_current_price",
    "nordpool": "SE3-current_price",
    "omie": "es_spot_price",
    "tibber": "home-id",
}


@pytest.mark.parametrize("platform", sorted(ACTIONS))
def test_the_installed_home_assistant_has_the_action_and_its_fields(platform: str):
    """What is asked is held against what the integrations of this very Home Assistant describe."""
    chosen = ChosenEntity(platform=platform, unique_id=ENTITIES[platform], entry_id="entry", device_id="device")
    action = price_action(chosen, NOW)
    assert action is not None
    described = load_yaml_dict(str(Path(components.__path__[0]) / platform / "services.yaml"))[action.service]
    fields = described["fields"]
    required = {name for name, told in fields.items() if told.get("required")}
    for data in action.calls:
        assert required <= set(data) <= set(fields)


@pytest.mark.parametrize(
    "error",
    [
        HomeAssistantError("no"),
        ServiceValidationError("no"),
        ValueError("no"),
        KeyError("x"),
        TimeoutError(),
        OSError(),
    ],
)
async def test_an_action_that_fails_leaves_the_price_of_now(hass: HomeAssistant, error: Exception):
    registered(hass, "nordpool", "SE3-current_price", {"currency": "EUR"})
    show(hass, 0.25)

    def fail(_: dict[str, Any]) -> dict[str, Any]:
        raise error

    offers(hass, "nordpool", "get_prices_for_date", fail)
    forecast = forecast_of(hass)
    assert await hours(forecast) == {10.0: 0.25}
    assert forecast.origin.source is PriceSource.RECORDED


async def test_an_action_that_never_answers_is_not_waited_for(hass: HomeAssistant, freezer: FrozenDateTimeFactory):
    registered(hass, "omie", "es_spot_price")
    show(hass, 0.25)

    async def hang(call: ServiceCall) -> None:
        freezer.tick(LIMIT_S + 1.0)
        await asyncio.sleep(3600.0)

    hass.services.async_register("omie", "get_prices_for_date", hang, supports_response=SupportsResponse.ONLY)
    assert await hours(forecast_of(hass)) == {10.0: 0.25}


@pytest.mark.parametrize("answer", [{}, {"es": None}, {"es": "x"}, {"es": [1, None]}, {"es": []}])
async def test_an_action_that_answers_nonsense(hass: HomeAssistant, answer: dict[str, Any]):
    registered(hass, "omie", "es_spot_price")
    show(hass, 0.25)
    offers(hass, "omie", "get_prices_for_date", lambda _: answer)
    assert await hours(forecast_of(hass)) == {10.0: 0.25}


async def test_an_action_is_asked_every_half_hour_and_its_answer_outlives_it(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
):
    registered(hass, "nordpool", "SE3-current_price", {"currency": "EUR"})
    show(hass, 0.1)
    published = ["2026-11-22"]

    def answer(data: dict[str, Any]) -> dict[str, Any]:
        return {"SE3": day_of(data["date"], price=100.0) if data["date"] in published else []}

    asked = offers(hass, "nordpool", "get_prices_for_date", answer)
    forecast = forecast_of(hass)
    assert len(await hours(forecast)) == 96
    await hours(forecast)
    assert len(asked) == 2
    published[:] = ["2026-11-23"]
    freezer.move_to(NOW + timedelta(minutes=31))
    assert len(await hours(forecast)) == 192
    assert len(asked) == 4
    freezer.move_to(NOW - DAY)
    await hours(forecast)
    assert len(asked) == 6


async def test_entso_e_lists_its_prices_beside_another_sensor(hass: HomeAssistant):
    entry = registered(hass, "entsoe", "entsoe.current_price")
    er.async_get(hass).async_get_or_create(
        "sensor", "entsoe", "entsoe.avg_price", suggested_object_id="average", config_entry=entry
    )
    er.async_get(hass).async_get_or_create(
        "sensor", "entsoe", "entsoe.max_price", suggested_object_id="highest", config_entry=entry
    )
    show(hass, 0.1)
    show(hass, 0.14, entity_id="sensor.average", prices_today=day_of("2026-11-22", "time"))
    show(hass, 0.2, entity_id="sensor.highest")
    forecast = forecast_of(hass)
    assert len(await hours(forecast)) == 96
    assert forecast.origin.name == "sensor.average"


async def test_octopus_lists_its_rates_in_events_of_the_meter(hass: HomeAssistant):
    hass.config.currency = "GBP"
    entry = registered(hass, "octopus_energy", "meter_current_rate")
    registry = er.async_get(hass)
    device = dr.async_get(hass).async_get_or_create(config_entry_id=entry.entry_id, identifiers={("octopus", "meter")})
    registry.async_update_entity(PRICE, device_id=device.id)
    for name in ("current_day_rates", "next_day_rates", "export_rates"):
        registry.async_get_or_create(
            "event", "octopus_energy", name, suggested_object_id=name, config_entry=entry, device_id=device.id
        )
    show(hass, 0.1, "GBP/kWh")
    for name, day, rate in (
        ("current_day_rates", "2026-11-22", 0.1),
        ("next_day_rates", "2026-11-23", 0.3),
        ("export_rates", "2026-11-22", 9.0),
    ):
        rates = day_of(day, value="value_inc_vat", price=rate)
        show(hass, "2026-11-22T00:00:00", None, f"event.{name}", rates=rates)
    found = await hours(forecast_of(hass))
    assert (found[10.0], found[30.0], len(found)) == (0.1, 0.3, 192)


async def test_neighbours_with_other_prices_are_not_believed(hass: HomeAssistant):
    entry = registered(hass, "shop", "current")
    er.async_get(hass).async_get_or_create("sensor", "shop", "bare", suggested_object_id="bare", config_entry=entry)
    show(hass, 0.25)
    show(hass, 0.07, entity_id="sensor.bare", prices=day_of("2026-11-22", price=0.07))
    assert await hours(forecast_of(hass)) == {10.0: 0.25}


async def test_a_neighbour_without_a_state_or_a_device_alone(hass: HomeAssistant):
    entry = registered(hass, "shop", "current")
    er.async_get(hass).async_get_or_create("sensor", "shop", "gone", suggested_object_id="gone", config_entry=entry)
    show(hass, 0.25)
    assert await hours(forecast_of(hass)) == {10.0: 0.25}


async def test_an_entity_of_no_config_entry_has_no_neighbours(hass: HomeAssistant):
    er.async_get(hass).async_get_or_create("sensor", "template", "x", suggested_object_id=PRICE.split(".")[1])
    show(hass, 0.25)
    assert await hours(forecast_of(hass)) == {10.0: 0.25}


def past(hass: HomeAssistant, *told: tuple[datetime, str]) -> NoPast:
    return NoPast(hass, [State(PRICE, value, last_updated=at.astimezone(UTC)) for at, value in told])


async def test_a_plain_sensor_is_known_by_its_past(hass: HomeAssistant, freezer: FrozenDateTimeFactory):
    show(hass, 25, "ct/kWh")
    recorder = past(hass, (MIDNIGHT - DAY, "20"), (MIDNIGHT, "unavailable"), (MIDNIGHT + timedelta(hours=8), "25"))
    forecast = forecast_of(hass, recorder)
    found = await hours(forecast, MIDNIGHT - DAY, 3)
    assert (found[-24.0], found[-0.25], found[8.0], found[10.0]) == (0.2, 0.2, 0.25, 0.25)
    assert 0.0 not in found
    assert 10.25 not in found
    assert forecast.origin == PriceOrigin(
        source=PriceSource.RECORDED, name=PRICE, known_until=(MIDNIGHT + timedelta(hours=10.25)).astimezone(UTC)
    )
    await hours(forecast)
    assert recorder.asked == 1
    freezer.move_to(NOW + timedelta(minutes=31))
    await hours(forecast)
    assert recorder.asked == 2


async def test_the_past_has_the_unit_of_the_entity_even_while_that_is_gone(hass: HomeAssistant):
    show(hass, 25, "ct/kWh")
    forecast = forecast_of(hass, past(hass, (MIDNIGHT, "20")))
    await hours(forecast)
    show(hass, "unavailable", None)
    assert (await hours(forecast))[2.0] == 0.2


async def test_without_a_unit_the_past_says_nothing(hass: HomeAssistant):
    show(hass, 25, None)
    assert await hours(forecast_of(hass, past(hass, (MIDNIGHT, "20")))) == {}


async def test_a_local_day_of_23_hours_ends_where_the_clock_says(hass: HomeAssistant, freezer: FrozenDateTimeFactory):
    morning = datetime(2026, 3, 29, 9, 0, tzinfo=BERLIN)
    freezer.move_to(morning)
    show(hass, 0.1, today=[0.1] * 23, tomorrow=[0.2] * 24)
    forecast = forecast_of(hass)
    found = await forecast.prices(dt_util.start_of_local_day(morning), morning + 2 * DAY)
    assert len(found) == (23 + 24) * 4
    assert forecast.origin.known_until == datetime(2026, 3, 30, 22, tzinfo=UTC)


@pytest.mark.parametrize("told", [["a list"], "a word", 3.0])
async def test_an_answer_of_another_shape_is_no_answer(hass: HomeAssistant, told: Any):
    registered(hass, "tibber", "home-id")
    show(hass)
    asked = offers(hass, "tibber", "get_prices", lambda _: {"prices": told})
    prices = await EntityPriceForecast(hass, PRICE, "EUR", NoPast(hass)).prices(NOW - DAY, NOW + DAY)
    assert asked
    assert [price for _, price in prices] == [0.25]
