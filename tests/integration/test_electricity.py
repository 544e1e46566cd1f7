"""Prices that are believed, tariffs by the clock on the wall, and the power of grid and batteries."""

from datetime import datetime, time, timedelta
from math import inf
from typing import Any
from zoneinfo import ZoneInfo

from homeassistant.core import HomeAssistant
import pytest

from custom_components.hashwarm.adapters.energy_preferences import (
    Connection,
    EnergyMeters,
    EnergyPreferences,
    meters_of,
)
from custom_components.hashwarm.adapters.energy_shares import CounterPower, EnergyDashboard
from custom_components.hashwarm.adapters.price import Charges, SensorPrice
from custom_components.hashwarm.adapters.price_belief import PriceBelief
from custom_components.hashwarm.adapters.price_forecast import EntityPriceForecast
from custom_components.hashwarm.adapters.tariff import Tariff, TariffPriceForecast, TariffWindow

from .conftest import PRICE

BERLIN = ZoneInfo("Europe/Berlin")
WORKDAYS = frozenset(range(5))
MINUTE_S = 60.0


class Clock:
    """A monotonic clock that a test turns."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def believed(prices: list[float | None], belief: PriceBelief | None = None, step_s: float = 300.0) -> list[Any]:
    """Return what is made of prices that come every five minutes."""
    belief, at_s, found = belief or PriceBelief(), 0.0, []
    for price in prices:
        found.append(belief.take(price, at_s) if price is not None else None)
        at_s += step_s
    return found


@pytest.mark.parametrize(
    "prices",
    [
        [0.30, 0.45, 0.12, 0.0, -0.05, 0.31],
        [0.25, *[0.001] * 24, 0.28],
        [0.3, *[-0.4] * 20, 0.3],
        [0.0, 0.0, 0.3],
        [0.1, 4.0, 0.1],
    ],
)
def test_real_prices_are_believed(prices: list[float]):
    """Negative hours, hours at nothing and dear hours happen."""
    assert believed(prices) == prices


@pytest.mark.parametrize("factor", [1000.0, 100.0, 60.0, -80.0, 0.01, 0.001])
def test_a_jump_is_doubted_until_it_has_held(factor: float):
    """A unit that changed without a word is not believed for half an hour, and then it is."""
    usual, other = [0.30] * 24, 0.30 * factor
    assert believed([*usual, *[other] * 5, 0.30]) == [*usual, *[None] * 5, 0.30]
    assert believed([*usual, *[other] * 8]) == [*usual, *[None] * 6, other, other]


def test_a_doubt_begins_anew_after_a_believable_price():
    """Single spikes never add up to half an hour."""
    spikes = [0.3, 300.0, 0.3, 300.0, 0.3, *[300.0] * 5, 0.3, *[300.0] * 5]
    assert [price for price in believed(spikes) if price is not None] == [0.3] * 4


def test_the_usual_price_is_remembered_over_a_silence():
    """After two silent hours a jump is measured by what is usual."""
    silent: list[float | None] = [None] * 24
    assert believed([0.3, *silent, 0.3, *silent, 300.0])[-1] is None
    assert believed([0.3, *silent, 3.0])[-1] == 3.0


def test_charges_come_on_top_of_what_the_sensor_tells(hass: HomeAssistant):
    """Final price = sensor x factor + offset, in the currency of the home."""
    hass.states.async_set(PRICE, "10.0", {"unit_of_measurement": "ct/kWh"})
    price = SensorPrice(hass, PRICE, "EUR", Charges(factor=1.19, offset=0.2))
    assert price.price_now() == pytest.approx(0.319)
    assert price.told_now() == pytest.approx(0.1)
    hass.states.async_set(PRICE, "unavailable")
    assert price.price_now() is None


def test_a_sensor_that_jumps_by_a_thousand_is_unknown(hass: HomeAssistant):
    """The ledger books no price that nobody can believe."""
    clock = Clock()
    price = SensorPrice(hass, PRICE, "EUR", clock=clock)
    hass.states.async_set(PRICE, "0.3", {"unit_of_measurement": "EUR/kWh"})
    assert price.price_now() == 0.3
    hass.states.async_set(PRICE, "300", {"unit_of_measurement": "EUR/kWh"})
    assert price.price_now() is None
    hass.states.async_set(PRICE, "300", {"unit_of_measurement": "EUR/MWh"})
    assert price.price_now() == pytest.approx(0.3)
    hass.states.async_set(PRICE, "300", {"unit_of_measurement": "EUR/kWh"})
    assert price.price_now() is None
    clock.now_s += 31 * MINUTE_S
    assert price.price_now() == 300.0


async def test_the_planner_sees_the_price_of_the_ledger(hass: HomeAssistant):
    """Charges come on every price of a forecast, and lists are scaled by what the sensor tells."""

    class NoPast:
        async def states(self, *_: Any) -> list[Any]:
            return []

    now = datetime(2026, 11, 22, 10, 7, tzinfo=BERLIN)
    listed = [
        {"start": (now.replace(minute=0) + timedelta(hours=hour)).isoformat(), "price": 10.0 + hour}
        for hour in range(3)
    ]
    hass.states.async_set(PRICE, "0.10", {"unit_of_measurement": "EUR/kWh", "prices": listed})
    charges = Charges(factor=2.0, offset=0.05)
    forecast = EntityPriceForecast(hass, PRICE, "EUR", NoPast(), charges, now=lambda: now)  # type: ignore[arg-type]
    prices = await forecast.prices(now, now + timedelta(hours=3))
    assert dict(prices)[now.replace(minute=0)] == pytest.approx(forecast.price_now())
    assert sorted({round(price, 6) for _, price in prices}) == [0.25, 0.27, 0.29]


NIGHT = TariffWindow(per_kwh=0.2, begin=time(22), end=time(6))
WEEKEND = TariffWindow(per_kwh=0.15, begin=time(0), end=time(0), days=frozenset({5, 6}))
FRIDAY_LATE = TariffWindow(per_kwh=0.1, begin=time(23), end=time(2), days=frozenset({4}))


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-11-23T05:59", 0.2),
        ("2026-11-23T06:00", 0.35),
        ("2026-11-23T21:59", 0.35),
        ("2026-11-23T22:00", 0.2),
        ("2026-11-27T23:30", 0.1),
        ("2026-11-28T01:59", 0.1),
        ("2026-11-28T02:00", 0.15),
        ("2026-11-29T12:00", 0.15),
        ("2026-11-30T00:00", 0.2),
        ("2026-11-26T23:30", 0.2),
    ],
)
def test_a_tariff_by_the_clock_on_the_wall(at: str, expected: float):
    """Windows reach over midnight, count by the day on which they begin, and the first that holds is taken."""
    tariff = Tariff(base_per_kwh=0.35, windows=(FRIDAY_LATE, WEEKEND, NIGHT))
    assert tariff.price_at(datetime.fromisoformat(at)) == expected


def test_a_tariff_without_a_base_price_is_unknown_outside():
    """Nothing is invented between the windows."""
    assert Tariff(base_per_kwh=None, windows=(NIGHT,)).price_at(datetime(2026, 1, 1, 12, tzinfo=BERLIN)) is None


@pytest.mark.parametrize(
    ("day", "hours", "cheap"),
    [("2026-03-29", 23, 2), ("2026-10-25", 25, 4), ("2026-11-22", 24, 3)],
)
async def test_a_tariff_in_nights_that_are_shorter_or_longer(day: str, hours: int, cheap: int):
    """From one to four is two hours when the clock is set forward, and four when it is set back."""
    midnight = datetime.fromisoformat(day).replace(tzinfo=BERLIN)
    end = (midnight + timedelta(days=1)).replace(tzinfo=BERLIN)
    tariff = Tariff(base_per_kwh=0.3, windows=(TariffWindow(per_kwh=0.2, begin=time(1), end=time(4)),))
    forecast = TariffPriceForecast(tariff, BERLIN, lambda: midnight + timedelta(hours=3))
    prices = await forecast.prices(midnight, end)
    assert len(prices) == hours * 4
    assert [price for _, price in prices].count(0.2) == cheap * 4
    assert forecast.price_now() == 0.2


async def test_a_tariff_without_base_price_lists_its_windows_only():
    """What is unknown is missing."""
    midnight = datetime(2026, 11, 22, tzinfo=BERLIN)
    forecast = TariffPriceForecast(Tariff(base_per_kwh=None, windows=(NIGHT,)), BERLIN, lambda: midnight)
    assert len(await forecast.prices(midnight, midnight + timedelta(days=1))) == 8 * 4


def counter(hass: HomeAssistant, entity_id: str, value: Any, unit: str = "kWh") -> None:
    hass.states.async_set(entity_id, str(value), {"unit_of_measurement": unit})


def test_power_from_a_counter(hass: HomeAssistant):
    """Its growth over the last minutes; a reset, a gap and nonsense begin anew."""
    clock = Clock()
    power = CounterPower(hass, "sensor.import", clock=clock)
    assert power.read_w() is None
    told: list[float | None] = []
    for minute in range(16):
        counter(hass, "sensor.import", 5000.0 + minute * 20.0, "Wh")
        told.append(power.read_w())
        clock.now_s += MINUTE_S
    assert told[:5] == [None] * 5
    assert told[5:] == pytest.approx([1200.0] * 11)
    counter(hass, "sensor.import", 0.0)
    assert power.read_w() is None
    clock.now_s += 6 * MINUTE_S
    assert power.read_w() == 0.0
    clock.now_s += 11 * MINUTE_S
    assert power.read_w() is None
    for nonsense in ("unknown", "nan", "inf"):
        counter(hass, "sensor.import", nonsense)
        assert power.read_w() is None
    counter(hass, "sensor.import", 1.0, "m³")
    assert power.read_w() is None


def dashboard(hass: HomeAssistant, meters: EnergyMeters, clock: Clock) -> EnergyDashboard:
    preferences = EnergyPreferences(hass)
    preferences.meters = meters
    return EnergyDashboard(hass, preferences, clock=clock)


def watt(hass: HomeAssistant, entity_id: str, power: Any, unit: str = "W") -> None:
    hass.states.async_set(entity_id, str(power), {"unit_of_measurement": unit})


def test_power_sensors_of_the_dashboard(hass: HomeAssistant):
    """Signs as the dashboard was told; one unknown part makes the sum unknown."""
    grid = (
        Connection(powers=(("sensor.use", 1.0), ("sensor.give", -1.0)), counter_in="sensor.import"),
        Connection(powers=(("sensor.second", -1.0),)),
    )
    house = dashboard(hass, EnergyMeters(grid=grid), Clock())
    assert house.grid_w() is None
    watt(hass, "sensor.use", 0.5, "kW")
    watt(hass, "sensor.give", 200)
    watt(hass, "sensor.second", 50)
    assert house.grid_w() == pytest.approx(250.0)
    assert house.battery_w() == 0.0
    watt(hass, "sensor.give", "unavailable")
    assert house.grid_w() is None


def test_counters_of_the_dashboard(hass: HomeAssistant):
    """Two tariffs, one of which rests, are no reason for doubt; when all stand still for hours they are dead."""
    clock = Clock()
    grid = (
        Connection(counter_in="sensor.import_day", counter_out="sensor.export"),
        Connection(counter_in="sensor.import_night"),
    )
    battery = (Connection(counter_in="sensor.discharged", counter_out="sensor.charged"),)
    house = dashboard(hass, EnergyMeters(grid=grid, batteries=battery), clock)
    for name in ("import_day", "export", "import_night", "discharged", "charged"):
        counter(hass, f"sensor.{name}", 10.0)
    for minute in range(200):
        counter(hass, "sensor.export", 10.0 + minute / 60.0)
        counter(hass, "sensor.charged", 10.0 + minute / 30.0)
        house.grid_w(), house.battery_w()
        clock.now_s += MINUTE_S
    assert house.grid_w() == pytest.approx(-1000.0, rel=0.15)
    assert house.battery_w() == pytest.approx(-2000.0, rel=0.15)
    for _ in range(125):
        house.grid_w(), house.battery_w()
        clock.now_s += MINUTE_S
    assert house.grid_w() is None
    assert house.battery_w() == 0.0


def test_without_a_dashboard_nothing_is_known(hass: HomeAssistant):
    """No grid is unknown, no battery is none."""
    house = dashboard(hass, EnergyMeters(), Clock())
    assert (house.grid_w(), house.battery_w()) == (None, 0.0)


@pytest.mark.parametrize(
    ("source", "powers"),
    [
        ({"stat_rate": "sensor.a"}, (("sensor.a", 1.0),)),
        ({"stat_rate": "sensor.made", "power_config": {"stat_rate_inverted": "sensor.a"}}, (("sensor.a", -1.0),)),
        (
            {"stat_rate": "sensor.made", "power_config": {"stat_rate_from": "sensor.a", "stat_rate_to": "sensor.b"}},
            (("sensor.a", 1.0), ("sensor.b", -1.0)),
        ),
        ({"stat_rate": "sensor.made", "power_config": {}}, (("sensor.made", 1.0),)),
        ({"stat_rate": "elsewhere:grid"}, ()),
        ({"stat_rate": 7, "power_config": "?"}, ()),
    ],
)
def test_what_the_dashboard_was_told(source: dict[str, Any], powers: tuple[Any, ...]):
    """All the ways in which a person can tell it of power."""
    told = {"type": "grid", "stat_energy_from": "sensor.import", "stat_energy_to": None, **source}
    found = meters_of({"energy_sources": [told, {"type": "solar", "stat_energy_from": "sensor.roof"}]})
    assert found == EnergyMeters(grid=(Connection(powers=powers, counter_in="sensor.import"),))


@pytest.mark.parametrize(
    "preferences", [None, [], {}, {"energy_sources": ["?", {"type": "grid"}, {"type": "battery", "stat_rate": None}]}]
)
def test_preferences_of_another_shape(preferences: Any):
    """They tell nothing, and nothing breaks."""
    assert meters_of(preferences) == EnergyMeters()


async def test_a_battery_of_the_dashboard():
    """What is discharged flows into the house."""
    told = {"type": "battery", "stat_energy_from": "sensor.out", "stat_energy_to": "sensor.in", "stat_rate": "sensor.b"}
    battery = Connection(powers=(("sensor.b", 1.0),), counter_in="sensor.out", counter_out="sensor.in")
    assert meters_of({"energy_sources": [told]}).batteries == (battery,)


async def test_a_dashboard_that_cannot_be_asked(hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch):
    """It is asked every five minutes only, and an error is no meter."""
    preferences = EnergyPreferences(hass)
    await preferences.refresh()
    assert preferences.meters == EnergyMeters()
    again = EnergyPreferences(hass)
    hass.config.components.add("energy")
    asked = []

    async def broken(_: HomeAssistant) -> Any:
        asked.append(inf)
        raise ValueError("no data")

    monkeypatch.setattr("homeassistant.components.energy.async_get_manager", broken)
    await again.refresh()
    await again.refresh()
    assert again.meters == EnergyMeters()
    assert len(asked) == 1
