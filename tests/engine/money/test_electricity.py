"""Where the heaters' electricity comes from, and what it costs."""

from hypothesis import given, strategies as st
import pytest

from custom_components.hashwarm.engine.money.electricity import (
    ALL_GRID,
    MeteredElectricity,
    Prices,
    Supply,
    marginal_supply,
)

WATTS = st.floats(-30_000, 30_000)
OWN = st.floats(0.01, 30_000)


@pytest.mark.parametrize(
    ("grid_w", "battery_w", "own_w", "expected"),
    [
        (2000.0, 0.0, 1000.0, Supply()),
        (-500.0, 0.0, 1000.0, Supply(grid=0.0, solar=1.0)),
        (400.0, 0.0, 1000.0, Supply(grid=0.4, solar=0.6)),
        (400.0, 500.0, 1000.0, Supply(grid=0.4, solar=0.1, battery=0.5)),
        (0.0, 3000.0, 1000.0, Supply(grid=0.0, battery=1.0)),
        (0.0, -3000.0, 1000.0, Supply(grid=0.0, solar=1.0)),
        (None, 500.0, 1000.0, ALL_GRID),
        (-500.0, None, 1000.0, ALL_GRID),
        (-500.0, 0.0, None, ALL_GRID),
        (-500.0, 0.0, 0.0, ALL_GRID),
    ],
)
def test_the_heaters_are_the_last_load(grid_w, battery_w, own_w, expected):
    """Import is ours first, then what the battery gives, and the rest would have been fed in."""
    found = marginal_supply(grid_w, battery_w, own_w)
    assert (found.grid, found.solar, found.battery) == pytest.approx((expected.grid, expected.solar, expected.battery))


@given(grid_w=WATTS, battery_w=WATTS, own_w=OWN)
def test_shares_are_shares(grid_w, battery_w, own_w):
    """No share is under nothing, together they are one, and none is more than its meter tells."""
    supply = marginal_supply(grid_w, battery_w, own_w)
    assert min(supply.grid, supply.solar, supply.battery) >= 0.0
    assert supply.grid + supply.solar + supply.battery == pytest.approx(1.0)
    assert supply.grid * own_w <= max(grid_w, 0.0) * (1 + 1e-9) + 1e-9
    assert supply.battery * own_w <= max(battery_w, 0.0) * (1 + 1e-9) + 1e-9


@given(grid_w=WATTS, more_w=st.floats(0, 10_000), battery_w=WATTS, own_w=OWN)
def test_more_import_is_never_less_grid(grid_w, more_w, battery_w, own_w):
    """A house that draws more from the grid leaves no more sun for the heaters."""
    less, more = (marginal_supply(power_w, battery_w, own_w) for power_w in (grid_w, grid_w + more_w))
    assert more.grid >= less.grid
    assert more.solar <= less.solar + 1e-12


@given(grid_w=WATTS, battery_w=WATTS, own_w=OWN, energy_mj=st.integers(0, 10**15))
def test_parts_are_never_more_than_the_energy(grid_w, battery_w, own_w, energy_mj):
    """What is booked as solar and from the battery leaves no negative rest for the grid."""
    solar_mj, battery_mj = marginal_supply(grid_w, battery_w, own_w).parts(energy_mj)
    assert solar_mj >= 0
    assert battery_mj >= 0
    assert solar_mj + battery_mj <= energy_mj


def test_a_mix_costs_what_its_parts_cost():
    """Unknown prices of the roof and of the battery are the grid's; without that one nothing is known."""
    mix = Supply(grid=0.5, solar=0.3, battery=0.2)
    assert Prices(grid=0.40, solar=0.08, battery=0.10).mixed(mix) == pytest.approx(0.244)
    assert Prices(grid=0.40).mixed(mix) == pytest.approx(0.40)
    assert Prices(solar=0.08, battery=0.10).mixed(mix) is None


@pytest.mark.parametrize(
    ("feed_in", "battery", "expected"),
    [(None, None, None), (0.09, None, 0.1), (0.09, 0.2, 0.2), (None, 0.2, 0.2), (-0.09, None, -0.09)],
)
def test_stored_energy_costs_what_it_lost_on_the_way(feed_in, battery, expected):
    """A battery that a person does not price costs the feed-in price and its losses."""
    electricity = MeteredElectricity(grid_price=lambda: 0.3, feed_in_price=feed_in, battery_price=battery)
    assert electricity.prices() == Prices(
        grid=0.3, solar=feed_in, battery=expected if expected is None else pytest.approx(expected)
    )


def test_the_supply_follows_the_meters():
    """A meter that falls silent makes it all grid, and says so."""
    told = {"grid": -200.0, "battery": 300.0}
    electricity = MeteredElectricity(
        grid_price=lambda: None, grid_w=lambda: told["grid"], battery_w=lambda: told["battery"]
    )
    assert electricity.known
    assert electricity.prices().grid is None
    assert electricity.supply(600.0) == Supply(grid=0.0, solar=0.5, battery=0.5)
    told["battery"] = None
    assert not electricity.known
    assert electricity.supply(600.0) == ALL_GRID
    told |= {"grid": None, "battery": 300.0}
    assert not electricity.known
    assert electricity.supply(600.0) == ALL_GRID


def test_where_more_power_would_come_from():
    """A heater that rests while the roof feeds in would run on sun, as far as that goes."""
    electricity = MeteredElectricity(grid_price=lambda: 0.3, grid_w=lambda: -600.0)
    assert electricity.supply(0.0) == ALL_GRID
    assert electricity.supply(0.0, 500.0) == Supply(grid=0.0, solar=1.0)
    assert electricity.supply(0.0, 1000.0) == Supply(grid=0.4, solar=0.6)
    assert electricity.supply(200.0, 1000.0) == Supply(grid=pytest.approx(1 / 3), solar=pytest.approx(2 / 3))
    assert electricity.supply(None, 500.0) == ALL_GRID


def test_without_meters_all_is_grid():
    """A battery alone tells nothing of what is imported."""
    bare = MeteredElectricity(grid_price=lambda: 0.3)
    assert bare.prices() == Prices(grid=0.3)
    assert not bare.known
    assert bare.supply(100.0) == ALL_GRID
    no_battery = MeteredElectricity(grid_price=lambda: 0.3, grid_w=lambda: 50.0)
    assert no_battery.known
    assert no_battery.supply(100.0) == Supply(grid=0.5, solar=0.5)
