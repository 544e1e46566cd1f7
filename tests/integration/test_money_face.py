"""What a heater and the home show of money: comparison, saving, payback, periods, and what would be earned at rest."""

from dataclasses import replace
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component
from homeassistant.util.dt import utcnow
import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.hashwarm import heater_money
from custom_components.hashwarm.adapters.energy_preferences import Connection, EnergyMeters, EnergyPreferences
from custom_components.hashwarm.adapters.energy_shares import EnergyDashboard
from custom_components.hashwarm.coordinator import HeaterCoordinator
from custom_components.hashwarm.electricity import build_electricity, energy_dashboard
from custom_components.hashwarm.engine.home import Outlook, PeriodTotals, Scheme, Totals
from custom_components.hashwarm.engine.model.control import ControlMode
from custom_components.hashwarm.heater_money import payback_of, prospect, revenue_per_kwh, working_point
from custom_components.hashwarm.periods import PERIODS, by_period
from custom_components.hashwarm.revenue import MiningRevenue
from custom_components.hashwarm.sharing import SHARED, shared

from .conftest import HEATER_ID, HOME_OPTIONS, House, SetUp, heater_of, home_of, options_form
from .fake_worker import POOL

GAS = {"other_heating": "gas", "other_price": 0.09, "other_efficiency": 90}
DAY_S = 86_400.0


@pytest.fixture
def mock_recorder_before_hass(recorder_db_url: str) -> None:
    """Have the recorder's database ready before Home Assistant starts."""


async def heat(house: House, freezer: FrozenDateTimeFactory, power_w: float = 40.0, minutes: int = 2) -> None:
    """Draw power, and find shares worth a kWh of gas a second."""
    settings = house.coordinator.settings
    settings.on, settings.mode, settings.manual_power_w = power_w > 0.0, ControlMode.MANUAL_POWER, power_w
    for _ in range(6 * minutes):
        await house.a_pass()
        freezer.tick(10)
    await house.a_pass()
    await house.home_entry.runtime_data.async_refresh()
    await house.hass.async_block_till_done()


class Clock:
    """A monotonic clock that a test turns."""

    now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def number(house: House, key: str, owner: str = HEATER_ID) -> float:
    """Return the figure as it stands, which is published once a minute."""
    return float(house.entity("sensor", key, owner).native_value)


async def test_saving_against_gas(set_up: SetUp, freezer: FrozenDateTimeFactory):
    """Gas at 9 cents in a boiler of 90 % costs 10 cents; electricity at 4 cents saves 6 a kWh."""
    house = await set_up(home=home_of({**HOME_OPTIONS, "price": 0.04, **GAS}))
    await heat(house, freezer)
    kwh = house.coordinator.totals.all_time.energy_kwh
    assert kwh == pytest.approx(0.040 / 30, rel=0.2)
    assert number(house, "saving") == pytest.approx(0.06 * kwh, rel=1e-3)
    assert number(house, "saving", "home") == pytest.approx(0.06 * kwh, rel=1e-3)
    attributes = house.entity("sensor", "saving").extra_state_attributes
    assert attributes["today"] == pytest.approx(0.06 * kwh, rel=0.01)
    assert attributes["yesterday"] is None
    assert attributes["alternative_cost"] == pytest.approx(0.1 * kwh, rel=1e-3)
    assert number(house, "other_heat_cost", "home") == pytest.approx(0.1)
    cheaper = house.state("binary_sensor", "cheaper_than_other")
    assert cheaper.state == "on"
    assert cheaper.attributes["heat_cost"] == pytest.approx(0.04, abs=1e-4)
    assert cheaper.attributes["other_heat_cost"] == pytest.approx(0.1)


async def test_dearer_than_gas(set_up: SetUp, freezer: FrozenDateTimeFactory):
    """What costs more saves less than nothing, and is told."""
    house = await set_up(home=home_of({**HOME_OPTIONS, **GAS}))
    await heat(house, freezer)
    assert number(house, "saving") < 0.0
    assert house.state("binary_sensor", "cheaper_than_other").state == "off"


async def test_without_a_comparison_nothing_is_compared(hass: HomeAssistant, house: House):
    """Its entities come and go with the choice, also at the heaters."""
    registry = er.async_get(hass)
    compared = [f"{HEATER_ID}_saving", "home_saving", "home_other_heat_cost"]

    def there() -> list[bool]:
        return [registry.async_get_entity_id("sensor", "hashwarm", unique_id) is not None for unique_id in compared]

    assert there() == [False] * 3
    assert heater_money.is_cheaper(house.coordinator) is None
    for heating, expected in (("resistive", True), ("none", False)):
        form = await options_form(hass, house.home_entry.entry_id, "comparison")
        result = await hass.config_entries.options.async_configure(form["flow_id"], {"other_heating": heating})
        if expected:
            await hass.config_entries.options.async_configure(result["flow_id"], {})
        await hass.async_block_till_done()
        assert there() == [expected] * 3


async def test_a_heater_at_rest_tells_what_it_would_earn(set_up: SetUp, freezer: FrozenDateTimeFactory):
    """Break-even comes from the present, and at rest from what the ledger remembers."""
    house = await set_up()
    assert working_point(house.coordinator) == (None, 100.0)
    assert house.state("sensor", "break_even_price").state == "unknown"
    assert revenue_per_kwh(house.coordinator) is None
    assert house.state("binary_sensor", "mining_pays").state == "unknown"
    house.worker.said["hashes"] = 0
    await heat(house, freezer)
    running = prospect(house.coordinator).value_per_kwh
    assert running is not None
    assert house.state("binary_sensor", "mining_pays").state == "off"
    for second in range(1, 13):
        house.worker.said["hashes"] = second * 400_000_000
        await house.a_pass()
        freezer.tick(10)
    await heat(house, freezer, power_w=0.0, minutes=1)
    rate_hs, power_w = working_point(house.coordinator)
    past = house.coordinator.totals.last_30_days
    assert power_w == 100.0
    assert rate_hs == pytest.approx(past.hashes / (past.energy_kwh * 3.6e6) * 100.0)
    assert number(house, "break_even_price") > 0.0
    planner = MiningRevenue(house.coordinator, lambda: 0.0)
    planner.look()
    assert planner.revenue_per_kwh_at(50.0, 0.0) == pytest.approx(prospect(house.coordinator).value_per_kwh)


async def test_mining_that_pays_without_need_of_heat(set_up: SetUp, freezer: FrozenDateTimeFactory):
    """With a price under what a kWh earns, and with a negative one anyway."""
    house = await set_up(home=home_of({**HOME_OPTIONS, "manual_difficulty": 1e6}))
    await heat(house, freezer, minutes=1)
    state = house.state("binary_sensor", "mining_pays")
    assert state.state == "on"
    assert state.attributes["revenue"] > state.attributes["electricity_price"] == 0.3


async def test_the_price_of_electricity_by_source(hass: HomeAssistant, set_up: SetUp, freezer: FrozenDateTimeFactory):
    """The home tells prices, shares, and whether meters know; the ledger books solar heat at the feed-in price."""
    told = {"grid_meter": "sensor.grid", "feed_in_price": 0.08}
    house = await set_up(home=home_of({**HOME_OPTIONS, **told}))
    attributes = house.state("sensor", "electricity_price", "home").attributes
    assert (attributes["supply_known"], attributes["grid_share"]) == (False, 1.0)
    hass.states.async_set("sensor.grid", "-500", {"unit_of_measurement": "W"})
    assert heater_money.electricity_per_kwh(house.coordinator) == pytest.approx(0.08)
    await heat(house, freezer)
    state = house.state("sensor", "electricity_price", "home")
    assert float(state.state) == 0.3
    assert (state.attributes["supply_known"], state.attributes["solar_share"]) == (True, 1.0)
    period = house.coordinator.totals.all_time
    assert period.cost == pytest.approx(0.08 * period.energy_kwh, rel=0.05)
    assert house.entity("sensor", "energy").extra_state_attributes["solar_kwh"] == period.solar_kwh > 0.0


async def test_the_energy_dashboard_is_asked_where_no_meter_is_named(
    hass: HomeAssistant, recorder_mock: Any, set_up: SetUp
):
    """Two power sensors of the grid and one of a battery, as a person fills in the dashboard."""
    assert await async_setup_component(hass, "energy", {})
    await hass.async_block_till_done()
    from homeassistant.components.energy import async_get_manager

    manager = await async_get_manager(hass)
    grid = {
        "type": "grid",
        "stat_energy_from": "sensor.import",
        "stat_energy_to": None,
        "stat_cost": None,
        "entity_energy_price": None,
        "number_energy_price": None,
        "stat_compensation": None,
        "entity_energy_price_export": None,
        "number_energy_price_export": None,
        "power_config": {"stat_rate_from": "sensor.drawn", "stat_rate_to": "sensor.fed_in"},
        "cost_adjustment_day": 0.0,
    }
    battery = {
        "type": "battery",
        "stat_energy_from": "sensor.out",
        "stat_energy_to": "sensor.in",
        "power_config": {"stat_rate_inverted": "sensor.battery"},
    }
    await manager.async_update({"energy_sources": [grid, battery]})  # type: ignore[typeddict-item]
    house = await set_up()
    electricity = house.home_entry.runtime_data.home.electricity
    assert not electricity.known
    for name, power in (("drawn", 200), ("fed_in", 0), ("battery", -300)):
        hass.states.async_set(f"sensor.{name}", str(power), {"unit_of_measurement": "W"})
    assert electricity.known
    supply = electricity.supply(1000.0)
    assert (supply.grid, supply.battery, supply.solar) == pytest.approx((0.2, 0.3, 0.5))


async def test_counters_of_the_dashboard_are_looked_at_without_a_heater(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
):
    """Power comes from their growth, also where no heater asks."""
    clock = Clock()
    preferences = shared(hass, EnergyPreferences)
    preferences.meters = EnergyMeters(grid=(Connection(counter_in="sensor.import"),))
    dashboard = EnergyDashboard(hass, preferences, clock=clock)
    hass.data[SHARED][(energy_dashboard,)] = dashboard
    home = home_of()
    electricity = await build_electricity(hass, home, {})
    for kwh in (10.0, 10.1):
        hass.states.async_set("sensor.import", str(kwh), {"unit_of_measurement": "kWh"})
        freezer.tick(302)
        clock.now_s += 302
        async_fire_time_changed(hass)
        await hass.async_block_till_done()
    assert electricity.known
    await home._async_process_on_unload(hass)


def with_totals(monkeypatch: pytest.MonkeyPatch, totals: Totals | None) -> None:
    monkeypatch.setattr(HeaterCoordinator, "totals", property(lambda _: totals))


async def test_payback(set_up: SetUp, monkeypatch: pytest.MonkeyPatch):
    """600, of which 150 are saved, at 45 a month: 300 days to go."""
    house = await set_up(home=home_of({**HOME_OPTIONS, **GAS}), heater=heater_of(options={"device_price": 600.0}))
    assert house.state("sensor", "payback").state == "unknown"
    month = PeriodTotals(saved=45.0, length_s=30 * DAY_S)
    with_totals(monkeypatch, Totals(currency="EUR", last_30_days=month, all_time=PeriodTotals(saved=150.0)))
    await house.a_pass()
    house.coordinator.async_update_listeners()
    entity = house.entity("sensor", "payback")
    assert entity.native_value == 300.0
    assert entity.extra_state_attributes["paid_percent"] == 25.0
    assert entity.extra_state_attributes["saving_per_day"] == 1.5
    assert entity.extra_state_attributes["paid_on"] > utcnow().date().isoformat()
    nothing = replace(month, saved=-1.0)
    with_totals(monkeypatch, Totals(currency="EUR", last_30_days=nothing, all_time=PeriodTotals(saved=150.0)))
    assert entity.native_value is None
    assert entity.extra_state_attributes["paid_on"] is None
    with_totals(monkeypatch, None)
    assert payback_of(house.coordinator) is None
    assert entity.extra_state_attributes == {}


async def test_payback_needs_the_price_of_the_device(hass: HomeAssistant, set_up: SetUp):
    """Without it nothing is asked and nothing is shown."""
    await set_up(home=home_of({**HOME_OPTIONS, **GAS}))
    assert er.async_get(hass).async_get_entity_id("sensor", "hashwarm", f"{HEATER_ID}_payback") is None


async def test_a_solo_miner_has_no_income_until_it_found_a_block(set_up: SetUp, monkeypatch: pytest.MonkeyPatch):
    """It sees its odds; income appears with what was really earned."""
    house = await set_up()
    coordinator = house.coordinator
    assert heater_money.has_income(coordinator)
    monkeypatch.setattr(HeaterCoordinator, "scheme", Scheme.SOLO)
    assert heater_money.is_solo(coordinator)
    assert not heater_money.has_income(coordinator)
    assert revenue_per_kwh(coordinator) == 0.0
    found = Totals(currency="EUR", all_time=PeriodTotals(earned_sat=312_500_000.0))
    with_totals(monkeypatch, found)
    assert heater_money.has_income(coordinator)


async def test_without_a_home_nothing_is_known(hass: HomeAssistant, house: House):
    """Figures that need the ledger are unknown while it is closed."""
    await hass.config_entries.async_unload(house.home_entry.entry_id)
    coordinator = house.coordinator
    assert prospect(coordinator) == Outlook()
    assert heater_money.electricity_per_kwh(coordinator) is None
    assert heater_money.other_heat_cost(coordinator) is None
    assert heater_money.heat_cost(coordinator) is None
    assert heater_money.next_heat_cost(coordinator) is None
    assert heater_money.pays_without_heat(coordinator) is None


def test_periods_of_a_figure():
    """Every period is there, unknown where it is unknown; without totals nothing is."""
    totals = Totals(currency="EUR", month=PeriodTotals(cost=1.23456789))
    assert by_period(totals, "cost") == dict.fromkeys(PERIODS) | {"month": 1.234568}
    assert by_period(None, "cost") == {}


async def test_periods_are_attributes_and_not_recorded(set_up: SetUp, freezer: FrozenDateTimeFactory):
    """Dashboards and templates read them; the recorder need not keep them each minute."""
    house = await set_up()
    house.worker.said["pool"] = replace(POOL, share_work=8 << 31)
    await heat(house, freezer)
    for key in ("energy", "heating_cost", "earnings_total", "earnings_value", "energy_offset", "heat_cost"):
        assert set(PERIODS) <= set(house.state("sensor", key).attributes), key
        assert set(PERIODS) <= house.entity("sensor", key)._unrecorded_attributes
    for key in ("heat", "heating_cost", "earnings", "earnings_value", "energy_offset"):
        assert set(PERIODS) <= set(house.state("sensor", key, "home").attributes), key
