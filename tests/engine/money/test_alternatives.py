"""What heat costs from the heating otherwise used, and when the miner has paid for itself."""

from datetime import date
from math import inf, nan

from hypothesis import given, strategies as st
import pytest

from custom_components.hashwarm.engine.money.alternatives import (
    COPS,
    EFFICIENCIES,
    AlternativePrice,
    Burner,
    HeatingKind,
    HeatPump,
    HeatPumpClass,
    OtherHeating,
    Resistive,
    cheaper_than,
    mining_pays_without_heat,
)
from custom_components.hashwarm.engine.money.electricity import MeteredElectricity
from custom_components.hashwarm.engine.money.payback import DAY_S, LEAST_OBSERVED_S, payback


def cost(heating: OtherHeating, *, outdoor_c: float | None = None, electricity: float | None = None) -> float | None:
    """Return what its heat costs."""
    return heating.cost_per_kwh_heat(outdoor_c=outdoor_c, electricity_price=electricity)


@pytest.mark.parametrize(
    ("heating", "expected"),
    [
        (Burner.of(HeatingKind.GAS, 0.12), 0.12 / 0.9),
        (Burner.of(HeatingKind.GAS, 0.12, 0.96), 0.125),
        (Burner.of(HeatingKind.OIL, 1.02), 0.12),
        (Burner.of(HeatingKind.PELLETS, 0.34), 0.34 / (4.8 * 0.85)),
        (Burner.of(HeatingKind.WOOD, 0.205), 0.205 / (4.1 * 0.75)),
        (Burner.of(HeatingKind.DISTRICT_HEAT, 0.15), 0.15),
        (Resistive(), 0.30),
        (Resistive(price_per_kwh=0.22), 0.22),
        (HeatPump(cop_mild=4.0, cop_cold=2.0), 0.10),
        (HeatPump(cop_mild=4.0, cop_cold=2.0, price_per_kwh=0.24), 0.08),
    ],
)
def test_what_heat_costs_elsewhere(heating, expected):
    """By hand: price over kWh in a unit over efficiency; electricity at 30 cents and 0 °C outdoors."""
    assert cost(heating, outdoor_c=0.0, electricity=0.30) == pytest.approx(expected)


def test_every_fuel_has_an_efficiency():
    """No kind that a person can choose falls through."""
    burned = set(HeatingKind) - {HeatingKind.RESISTIVE, HeatingKind.HEAT_PUMP}
    assert set(EFFICIENCIES) == burned
    assert all(cost(Burner.of(kind, 1.0)) for kind in burned)


@pytest.mark.parametrize(
    ("heating", "outdoor_c", "electricity"),
    [
        (Resistive(), 5.0, None),
        (HeatPump.of(HeatPumpClass.GOOD), None, 0.3),
        (HeatPump.of(HeatPumpClass.GOOD), nan, 0.3),
        (HeatPump.of(HeatPumpClass.GOOD), inf, 0.3),
        (HeatPump.of(HeatPumpClass.GOOD), 5.0, None),
        (Burner(price_per_unit=0.1, efficiency=0.0), 5.0, 0.3),
    ],
)
def test_what_is_not_told_is_not_known(heating, outdoor_c, electricity):
    """Unknown is unknown, never nothing."""
    assert cost(heating, outdoor_c=outdoor_c, electricity=electricity) is None


@pytest.mark.parametrize("quality", list(HeatPumpClass))
def test_heat_pumps_in_words(quality):
    """At the two temperatures of the standard they do what the table says."""
    pump = HeatPump.of(quality)
    assert (pump.cop(7.0), pump.cop(-7.0)) == pytest.approx(COPS[quality])


@given(mild=st.floats(1.5, 6), loss=st.floats(0, 1), one=st.floats(-60, 60), other=st.floats(-60, 60))
def test_colder_is_never_cheaper_with_a_heat_pump(mild, loss, one, other):
    """However bad the pump, it never does worse than its heating rod, and never better in the cold."""
    pump = HeatPump(cop_mild=mild, cop_cold=mild * (1.0 - loss / 2))
    colder, warmer = sorted((one, other))
    assert 1.0 <= pump.cop(colder) <= pump.cop(warmer)
    assert pump.cop(warmer) <= pump.cop(20.0)


def test_a_negative_price_makes_cheap_heat_everywhere():
    """An hour in which one is paid for drawing power is an hour like any other."""
    assert cost(Resistive(), electricity=-0.05) == -0.05
    assert cost(HeatPump(cop_mild=2.5, cop_cold=2.5), outdoor_c=0.0, electricity=-0.05) == pytest.approx(-0.02)


def test_the_other_heating_would_draw_on_the_roof_too():
    """A heating rod in the sun costs what our heat costs; it follows every five minutes, a price at once."""
    told = {"price": 0.30, "grid_w": -100.0, "outdoor_c": 0.4, "now_s": 0.0}
    electricity = MeteredElectricity(
        grid_price=lambda: told["price"], feed_in_price=0.08, grid_w=lambda: told["grid_w"]
    )
    rod, pump = (
        AlternativePrice(
            heating,
            electricity=electricity,
            own_power_w=lambda: 1000.0,
            outdoor_c=lambda: told["outdoor_c"],
            clock=lambda: told["now_s"],
        )
        for heating in (Resistive(), HeatPump(cop_mild=4.0, cop_cold=2.0))
    )
    assert rod.per_kwh() == pytest.approx(0.08)
    assert pump.per_kwh() == pytest.approx(0.08 / 3.0)
    told |= {"grid_w": 480.0, "outdoor_c": 7.4, "now_s": 299.0}
    assert rod.per_kwh() == pytest.approx(0.08)
    told["now_s"] = 300.0
    assert rod.per_kwh() == pytest.approx(0.19)
    assert pump.per_kwh() == pytest.approx(0.19 / 4.0)
    told["price"] = 0.40
    assert rod.per_kwh() == pytest.approx(0.24)
    told |= {"outdoor_c": nan, "now_s": 700.0}
    assert pump.per_kwh() is None
    told["outdoor_c"] = 7.0
    assert pump.per_kwh() == pytest.approx(0.24 / 4.0)


def test_while_our_heaters_rest():
    """The other heating is asked about as if it drew a kilowatt."""
    electricity = MeteredElectricity(grid_price=lambda: 0.3, feed_in_price=0.1, grid_w=lambda: -500.0)
    price = AlternativePrice(
        Resistive(),
        electricity=electricity,
        own_power_w=lambda: 0.0,
        outdoor_c=lambda: None,
        clock=lambda: 0.0,
    )
    assert price.per_kwh() == pytest.approx(0.2)


@given(grid_w=st.floats(-5000, 5000), battery_w=st.floats(-5000, 5000))
def test_steps_stay_between_the_prices(grid_w, battery_w):
    """However the shares are rounded, they are one."""
    electricity = MeteredElectricity(
        grid_price=lambda: 0.3, feed_in_price=0.08, grid_w=lambda: grid_w, battery_w=lambda: battery_w
    )
    price = AlternativePrice(
        Resistive(),
        electricity=electricity,
        own_power_w=lambda: 1000.0,
        outdoor_c=lambda: None,
        clock=lambda: 0.0,
    ).per_kwh()
    assert price is not None
    assert 0.08 - 1e-9 <= price <= 0.3 + 1e-9


@pytest.mark.parametrize(
    ("revenue", "price", "expected"), [(0.2, 0.1, True), (0.1, 0.2, False), (0.1, 0.1, False), (0.0, -0.01, True)]
)
def test_mining_pays_without_heat(revenue, price, expected):
    """Above the price in force only."""
    assert mining_pays_without_heat(revenue, price) is expected


def test_decisions_need_both_figures():
    """Nothing is advised where one side is unknown."""
    assert mining_pays_without_heat(None, 0.1) is None
    assert mining_pays_without_heat(0.1, None) is None
    assert cheaper_than(None, 0.1) is None
    assert cheaper_than(0.1, None) is None
    assert cheaper_than(0.1, 0.2) is True
    assert cheaper_than(0.2, 0.1) is False


def test_payback_by_hand():
    """600 of which 150 are saved, at 1.50 a day: 300 days."""
    found = payback(600.0, saved=150.0, saved_lately=45.0, observed_s=30 * DAY_S)
    assert found is not None
    assert found.saving_per_day == pytest.approx(1.5)
    assert found.paid_percent == pytest.approx(25.0)
    assert found.days_left == pytest.approx(300.0)
    assert found.paid_on(date(2026, 1, 1)) == date(2026, 10, 28)


@pytest.mark.parametrize("lately", [-3.0, 0.0, 1e-9])
def test_what_saves_nothing_never_pays(lately):
    """There is a rate and a part paid, but no day."""
    found = payback(600.0, saved=-20.0, saved_lately=lately, observed_s=30 * DAY_S)
    assert found is not None
    assert (found.days_left, found.paid_percent, found.paid_on(date(2026, 1, 1))) == (None, 0.0, None)


def test_a_device_that_is_paid():
    """It stays paid, also in a summer in which it saves nothing."""
    found = payback(600.0, saved=700.0, saved_lately=-1.0, observed_s=30 * DAY_S)
    assert found is not None
    assert (found.days_left, found.paid_on(date(2026, 1, 1))) == (0.0, None)
    assert found.paid_percent > 100.0


@pytest.mark.parametrize(
    ("price", "saved", "lately", "observed_s"),
    [
        (None, 1.0, 1.0, 30 * DAY_S),
        (0.0, 1.0, 1.0, 30 * DAY_S),
        (600.0, None, 1.0, 30 * DAY_S),
        (600.0, 1.0, None, 30 * DAY_S),
        (600.0, 1.0, 1.0, None),
        (600.0, 1.0, 1.0, LEAST_OBSERVED_S - 1.0),
    ],
)
def test_no_payback_without_figures(price, saved, lately, observed_s):
    """A week is the least that says anything."""
    assert payback(price, saved=saved, saved_lately=lately, observed_s=observed_s) is None
