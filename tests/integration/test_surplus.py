"""Surplus of one's own roof: the grid meter's now, and the solar forecast's hours to come."""

from datetime import datetime, timedelta
import logging
from typing import Any
from zoneinfo import ZoneInfo

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockModule, mock_integration, mock_platform

from custom_components.hashwarm.adapters.solar import SolarForecast, powers_of
from custom_components.hashwarm.adapters.surplus import GridMeter, RoofSurplus

GRID = "sensor.grid"
BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 6, 21, 11, 0, tzinfo=BERLIN)
HOUR = timedelta(hours=1)


@pytest.fixture
def mock_recorder_before_hass(recorder_db_url: str, caplog: pytest.LogCaptureFixture) -> None:
    """Have the recorder's database ready before Home Assistant starts."""
    caplog.set_level(logging.WARNING, "sqlalchemy.engine")


@pytest.fixture(autouse=True)
async def _in_berlin(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    await hass.config.async_set_time_zone("Europe/Berlin")
    freezer.move_to(NOW)


def show(hass: HomeAssistant, power: Any, unit: str | None = "W") -> None:
    hass.states.async_set(GRID, str(power), {"unit_of_measurement": unit} if unit else {})


class Roof(SolarForecast):
    """A solar forecast of paper."""

    def __init__(self, hass: HomeAssistant, powers_w: dict[float, float]) -> None:
        super().__init__(hass)
        self.by_hour = powers_w

    async def powers_w(self, start: float, end: float) -> dict[float, float]:
        first = NOW.timestamp()
        return {
            first + hour * 3600.0 + quarter * 900.0: power_w
            for hour, power_w in self.by_hour.items()
            for quarter in range(4)
        }


def surplus_of(
    hass: HomeAssistant, solar: SolarForecast | None = None, own_w: float | None = 0.0, **more: Any
) -> RoofSurplus:
    return RoofSurplus(GridMeter(hass, GRID, **more), solar=solar, own_power_w=lambda: own_w)


async def hours(surplus: RoofSurplus, count: int = 24) -> dict[float, float]:
    found = await surplus.surplus(NOW, NOW + count * HOUR)
    return {(at - NOW) / HOUR: power_w for at, power_w in found}


@pytest.mark.parametrize(("power", "unit", "surplus_w"), [(-1500, "W", 1500.0), (-1.5, "kW", 1500.0), (800, "W", 0.0)])
async def test_what_is_fed_in_is_surplus(hass: HomeAssistant, power: float, unit: str, surplus_w: float):
    show(hass, power, unit)
    assert surplus_of(hass).surplus_now_w() == pytest.approx(surplus_w)


async def test_a_meter_that_counts_the_other_way(hass: HomeAssistant):
    show(hass, 1500)
    assert surplus_of(hass, export_is_positive=True).surplus_now_w() == 1500.0
    assert surplus_of(hass).surplus_now_w() == 0.0


@pytest.mark.parametrize(("own_w", "surplus_w"), [(1200.0, 1000.0), (None, 0.0)])
async def test_what_our_heaters_draw_of_it_is_still_surplus(hass: HomeAssistant, own_w: float | None, surplus_w: float):
    show(hass, 200)
    assert surplus_of(hass, own_w=own_w).surplus_now_w() == surplus_w


@pytest.mark.parametrize(("state", "unit"), [("unknown", "W"), ("nan", "W"), ("5", "°C"), (None, None)])
async def test_a_meter_that_says_nothing(hass: HomeAssistant, state: str | None, unit: str | None):
    if state is not None:
        show(hass, state, unit)
    assert surplus_of(hass).surplus_now_w() is None
    assert await hours(surplus_of(hass)) == {}


async def test_a_meter_that_fell_silent(hass: HomeAssistant, freezer: FrozenDateTimeFactory):
    show(hass, -500)
    surplus = surplus_of(hass)
    assert surplus.surplus_now_w() == 500.0
    freezer.tick(901.0)
    assert surplus.surplus_now_w() is None


async def test_without_a_solar_forecast_it_lasts_for_an_hour(hass: HomeAssistant):
    show(hass, -500, None)
    assert await hours(surplus_of(hass)) == {0.0: 500.0, 0.25: 500.0, 0.5: 500.0, 0.75: 500.0}


async def test_the_forecast_less_what_the_house_draws(hass: HomeAssistant):
    """The roof gives 2000 W, 1500 are fed in: the house draws 500."""
    show(hass, -1500)
    found = await hours(surplus_of(hass, Roof(hass, {0: 2000.0, 1: 3000.0, 2: 400.0})))
    assert found == {
        0.0: 1500.0, 0.25: 1500.0, 0.5: 1500.0, 0.75: 1500.0,
        1.0: 2500.0, 1.25: 2500.0, 1.5: 2500.0, 1.75: 2500.0,
        2.0: 0.0, 2.25: 0.0, 2.5: 0.0, 2.75: 0.0,
    }  # fmt: skip


async def test_between_now_and_an_hour_it_goes_over_to_the_forecast(hass: HomeAssistant):
    show(hass, 0)
    roof = Roof(hass, {0: 0.0, 1: 1000.0})
    surplus = surplus_of(hass, roof)
    await hours(surplus)
    show(hass, -800)
    roof.by_hour = {0: 1000.0}
    assert [(await hours(surplus))[hour] for hour in (0.0, 0.5)] == pytest.approx([800.0, 900.0])


async def test_what_the_house_draws_is_learned_slowly(hass: HomeAssistant, freezer: FrozenDateTimeFactory):
    roof = Roof(hass, dict.fromkeys(range(-1, 30), 2000.0))
    surplus = surplus_of(hass, roof)
    show(hass, -1500)
    await hours(surplus)
    freezer.move_to(NOW + HOUR)
    show(hass, 1000)
    found = await hours(surplus)
    assert 1250.0 < found[10.0] < 1350.0


async def test_without_a_meter_the_forecast_is_all_there_is(hass: HomeAssistant):
    assert (await hours(surplus_of(hass, Roof(hass, {3: 700.0}))))[3.0] == 700.0


def test_energies_become_powers():
    hour = NOW.timestamp()
    found = powers_of({NOW.isoformat(): 500, (NOW + HOUR / 2).isoformat(): 250.0, "soon": 1, "x": None}, BERLIN)
    assert [(period.start, period.value) for period in found] == [(hour, 1000.0), (hour + 1800.0, 500.0)]
    assert powers_of({NOW.isoformat(): -3}, BERLIN) == []


@pytest.mark.parametrize(("battery_w", "surplus_w"), [(None, 1500.0), (600.0, 900.0), (-800.0, 1500.0), (2000.0, 0.0)])
def test_what_a_battery_gives_is_no_surplus(hass: HomeAssistant, battery_w: float | None, surplus_w: float):
    """Heaters that run on the battery would empty it by a surplus that the roof never gave."""
    show(hass, -500)
    surplus = RoofSurplus(GridMeter(hass, GRID), solar=None, own_power_w=lambda: 1000.0, battery_w=lambda: battery_w)
    assert surplus.surplus_now_w() == surplus_w


@pytest.fixture
async def roofs(hass: HomeAssistant, recorder_mock: Any) -> dict[str, Any]:
    """An Energy dashboard with the forecasts of two roofs and of something else."""
    answers: dict[str, Any] = {
        "south": {"wh_hours": {(NOW + hour * HOUR).isoformat(): 1000.0 for hour in range(3)}},
        "west": {"wh_hours": {(NOW + hour * HOUR).isoformat(): 200.0 for hour in range(2)}},
    }

    class Platform:
        @staticmethod
        async def async_get_solar_forecast(hass: HomeAssistant, config_entry_id: str) -> Any:
            answer = answers[config_entry_id]
            if isinstance(answer, Exception):
                raise answer
            return answer

    mock_integration(hass, MockModule("sunny"))
    mock_platform(hass, "sunny.energy", Platform)
    hass.config.components.add("sunny")
    for entry_id in ("south", "west"):
        MockConfigEntry(domain="sunny", entry_id=entry_id).add_to_hass(hass)
    MockConfigEntry(domain="dark", entry_id="cellar").add_to_hass(hass)
    assert await async_setup_component(hass, "energy", {})
    await hass.async_block_till_done()
    from homeassistant.components.energy import async_get_manager

    manager = await async_get_manager(hass)
    manager.data = {
        "energy_sources": [
            {
                "type": "solar",
                "stat_energy_from": "x",
                "config_entry_solar_forecast": ["south", "west", "cellar", "gone"],
            },
            {"type": "solar", "stat_energy_from": "y", "config_entry_solar_forecast": None},
            {"type": "grid"},
        ]
    }  # type: ignore[assignment]
    return answers


async def test_the_forecasts_of_the_energy_dashboard_are_added_up(
    hass: HomeAssistant, roofs: dict[str, Any], watched_loop: None
):
    found = await SolarForecast(hass).powers_w(NOW.timestamp(), (NOW + 24 * HOUR).timestamp())
    assert list(found.values()) == [1200.0] * 8 + [1000.0] * 4


@pytest.mark.parametrize("answer", [None, {}, {"wh_hours": {}}, ValueError("no"), KeyError("no")])
async def test_a_roof_that_tells_nothing(hass: HomeAssistant, roofs: dict[str, Any], answer: Any):
    roofs["south"] = roofs["west"] = answer
    assert await SolarForecast(hass).powers_w(NOW.timestamp(), (NOW + 24 * HOUR).timestamp()) == {}


async def test_a_forecast_outlives_its_source_for_a_while(
    hass: HomeAssistant, roofs: dict[str, Any], freezer: FrozenDateTimeFactory
):
    solar = SolarForecast(hass)
    span = NOW.timestamp(), (NOW + 24 * HOUR).timestamp()
    assert len(await solar.powers_w(*span)) == 12
    roofs["south"] = roofs["west"] = None
    assert len(await solar.powers_w(*span)) == 12
    freezer.move_to(NOW + HOUR)
    assert len(await solar.powers_w(*span)) == 12


async def test_without_an_energy_dashboard_there_is_none(hass: HomeAssistant):
    assert await SolarForecast(hass).powers_w(NOW.timestamp(), (NOW + HOUR).timestamp()) == {}


async def test_an_energy_dashboard_that_nobody_filled_in(hass: HomeAssistant, recorder_mock: Any):
    assert await async_setup_component(hass, "energy", {})
    assert await SolarForecast(hass).powers_w(NOW.timestamp(), (NOW + HOUR).timestamp()) == {}
