"""Prices as integrations list them: every shape that is publicly documented, and every way to get them wrong."""

from datetime import UTC, date, datetime, timedelta
from math import nan
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.hashwarm.adapters.periods import Period, in_order, quarter_hours
from custom_components.hashwarm.adapters.price_attributes import listed_prices, moment, number, periods_of
from custom_components.hashwarm.adapters.price_scale import agrees, at_scale_of
from tests.thorough import examples

BERLIN = ZoneInfo("Europe/Berlin")
DAY = date(2026, 11, 22)
HOUR_S = 3600.0


def at(hour: float, day: date = DAY) -> float:
    return datetime(day.year, day.month, day.day, tzinfo=BERLIN).timestamp() + hour * HOUR_S


def iso(hour: float, day: date = DAY) -> str:
    return datetime.fromtimestamp(at(hour, day), BERLIN).isoformat()


def local(hour: float) -> datetime:
    return datetime.fromtimestamp(at(hour), BERLIN)


@pytest.fixture(autouse=True)
def _the_house() -> None:
    """None of these tests needs a Home Assistant."""


type Hours = dict[float, float]


def read(attributes: dict[str, Any], *, day: date = DAY, factor: float = 1.0, currency: str = "EUR") -> Hours:
    """Return the quarters of an hour of the day and the next one, by their hour after midnight."""
    periods = listed_prices(attributes, zone=BERLIN, day=day, factor=factor, currency=currency)
    start = at(0, day)
    found = quarter_hours(periods, start, start + 50 * HOUR_S)
    return {(slot - start) / HOUR_S: price for slot, price in found.items()}


SHAPES: dict[str, dict[str, Any]] = {
    "Nord Pool of HACS": {
        "raw_today": [{"start": iso(0), "end": iso(1), "value": 0.1}, {"start": iso(1), "end": iso(2), "value": 0.2}]
    },
    "Nord Pool of HACS, with datetimes": {
        "raw_today": [
            {"start": local(0), "end": local(1), "value": 0.1},
            {"start": local(1), "end": local(2), "value": 0.2},
        ]
    },
    "ENTSO-e": {"prices_today": [{"time": iso(0), "price": 0.1}, {"time": iso(1), "price": 0.2}]},
    "a template sensor": {
        "prices_today": [
            {"time": "2026-11-22 00:00:00+01:00", "price": 0.1},
            {"time": "2026-11-22 01:00:00+01:00", "price": 0.2},
        ]
    },
    "EPEX Spot": {
        "data": [
            {"start_time": iso(0), "end_time": iso(1), "price_per_kwh": 0.1},
            {"start_time": iso(1), "end_time": iso(2), "price_per_kwh": 0.2},
        ]
    },
    "EPEX Spot of before, in ct/kWh": {
        "data": [
            {"start_time": iso(0), "end_time": iso(1), "price_ct_per_kwh": 10.0},
            {"start_time": iso(1), "end_time": iso(2), "price_ct_per_kwh": 20.0},
        ]
    },
    "EPEX Spot of before, in EUR/MWh": {
        "data": [
            {"start_time": iso(0), "end_time": iso(1), "price_eur_per_mwh": 100.0},
            {"start_time": iso(1), "end_time": iso(2), "price_eur_per_mwh": 200.0},
        ]
    },
    "Octopus": {
        "rates": [
            {"start": iso(0.5 * half), "end": iso(0.5 * half + 0.5), "value_inc_vat": 0.1 if half < 2 else 0.2}
            for half in range(4)
        ]
    },
    "Amber, whose intervals begin a second late": {
        "forecasts": [
            {"start_time": iso(1 / 3600), "end_time": iso(1), "duration": 60, "per_kwh": 0.1},
            {"start_time": iso(1 + 1 / 3600), "duration": 60, "per_kwh": 0.2},
        ]
    },
    "Energi Data Service": {"raw_today": [{"hour": iso(0), "price": 0.1}, {"hour": iso(1), "price": 0.2}]},
    "Frank Energie": {
        "prices": [{"from": iso(0), "till": iso(1), "price": 0.1}, {"from": iso(1), "till": iso(2), "price": 0.2}]
    },
    "Tibber": {"today": [{"startsAt": iso(0), "total": 0.1}, {"startsAt": iso(1), "total": 0.2}]},
    "aWATTar, in milliseconds": {
        "prices": [
            {"start_timestamp": at(0) * 1000, "end_timestamp": at(1) * 1000, "price": 0.1},
            {"start_timestamp": at(1) * 1000, "end_timestamp": at(2) * 1000, "price": 0.2},
        ]
    },
    "Unix seconds": {"prices": [{"timestamp": at(0), "price": 0.1}, {"timestamp": at(1), "price": 0.2}]},
    "PVPC": {"price_00h": 0.1, "price_01h": 0.2, "tariff": "2.0TD", "price_position": 7},
    "texts, a decimal comma among them": {
        "prices": [{"time": iso(0), "price": "0.1"}, {"time": iso(1), "price": "0,2"}]
    },
    "times without a zone": {
        "prices": [{"time": "2026-11-22T00:00", "price": 0.1}, {"time": "2026-11-22T01:00", "price": 0.2}]
    },
}  # fmt: skip


@pytest.mark.parametrize("attributes", SHAPES.values(), ids=SHAPES)
def test_every_known_shape_tells_the_same(attributes: dict[str, Any]):
    assert read(attributes) == pytest.approx({0.25 * slot: 0.1 if slot < 4 else 0.2 for slot in range(8)})


def test_prices_are_brought_to_the_unit_of_the_home():
    found = read({"raw_today": [{"start": iso(0), "end": iso(1), "value": 25.0}]}, factor=0.01)
    assert found[0] == pytest.approx(0.25)


def test_another_currency_named_in_a_key_is_no_price():
    assert read({"data": [{"start_time": iso(0), "price_eur_per_mwh": 100.0}]}, currency="GBP") == {}


def test_a_hole_in_the_list_stays_a_hole():
    found = read({"prices": [{"time": iso(hour), "price": 0.1} for hour in (0, 1, 3, 4)]})
    assert set(found) == {0.25 * slot for slot in range(20)} - {2.0, 2.25, 2.5, 2.75}


def test_quarters_keep_their_own_prices():
    found = read({"prices": [{"time": iso(0.25 * slot), "price": slot / 100} for slot in range(8)]})
    assert found == pytest.approx({0.25 * slot: slot / 100 for slot in range(8)})


def test_five_minutes_are_averaged():
    items = [{"start": iso(minute / 60), "end": iso((minute + 5) / 60), "price": minute / 10} for minute in (0, 5, 10)]
    assert read({"prices": items}) == pytest.approx({0.0: 0.5})


def test_negative_prices_are_prices():
    assert read({"prices": [{"time": iso(2), "price": -0.12}]})[2.0] == -0.12


def test_what_is_known_for_certain_goes_before_a_forecast():
    attributes = {
        "forecast": [{"hour": iso(0), "price": 0.9}, {"hour": iso(1), "price": 0.8}],
        "raw_today": [{"hour": iso(0), "price": 0.1}],
    }
    found = read(attributes)
    assert (found[0.0], found[1.0]) == (0.1, 0.8)


@pytest.mark.parametrize("name", ["sell_prices", "export_rates", "raw_yesterday", "gas_prices", "feed_in"])
def test_other_prices_are_not_taken_for_those_of_electricity_bought(name: str):
    assert read({name: [{"start": iso(0), "value": 0.1}]}) == {}


@pytest.mark.parametrize(
    "items",
    [
        [],
        [None, 3, "x", [], {}],
        [{"start": iso(0)}],
        [{"value": 0.1}],
        [{"start": "soon", "value": 0.1}],
        [{"start": None, "value": 0.1}],
        [{"start": True, "value": 0.1}],
        [{"start": nan, "value": 0.1}],
        [{"start": "0001-01-01T00:00", "value": 0.1}],
        [{"start": "9999-12-31T23:59:59+00:00", "value": 0.1}],
        [{"start": 1e300, "value": 0.1}],
        [{"start": iso(0), "value": nan}],
        [{"start": iso(0), "value": "cheap"}],
        [{"start": iso(0), "value": True}],
        [{"start": iso(0), "value": [0.1]}],
        [{"start": iso(0), "rank": 3}],
    ],
)
def test_what_is_no_price_is_left_out(items: list[Any]):
    assert read({"prices": items}) == {}


def test_a_plain_list_is_of_the_day_on_which_it_was_written():
    found = read({"today": [0.1] * 24, "tomorrow": [0.2] * 24})
    assert (found[0.0], found[23.75], found[24.0], found[47.75]) == (0.1, 0.1, 0.2, 0.2)
    stale = listed_prices({"today": [0.1] * 24}, zone=BERLIN, day=DAY - timedelta(days=1), factor=1.0, currency="EUR")
    assert quarter_hours(stale, at(0), at(24)) == {}


@pytest.mark.parametrize("size", [0, 1, 7, 25, 30, 97, 200])
def test_a_plain_list_of_another_length_says_nothing(size: int):
    assert read({"today": [0.1] * size}) == {}


def test_a_plain_list_of_quarters_and_its_holes():
    prices: list[Any] = [index / 100 for index in range(96)]
    prices[5] = None
    found = read({"today": prices})
    assert found[23.75] == 0.95
    assert 1.25 not in found
    assert len(found) == 95


FORWARD, BACK = date(2026, 3, 29), date(2026, 10, 25)


@pytest.mark.parametrize(("day", "hours"), [(FORWARD, 23), (BACK, 25)])
def test_a_day_on_which_the_clock_is_set_has_its_own_number_of_hours(day: date, hours: int):
    found = read({"today": [hour / 100 for hour in range(hours)], "tomorrow": [9.0] * 24}, day=day)
    assert [found[float(hour)] for hour in range(hours)] == pytest.approx([hour / 100 for hour in range(hours)])
    assert found[float(hours)] == 9.0


def test_a_list_of_24_on_a_day_of_23_hours_goes_by_the_clock():
    found = read({"today": [hour / 100 for hour in range(24)]}, day=FORWARD)
    assert [found[float(hour)] for hour in (0, 1, 2, 22)] == [0.0, 0.01, 0.03, 0.23]


def test_a_list_of_24_on_a_day_of_25_hours_goes_by_the_clock():
    found = read({"today": [hour / 100 for hour in range(24)]}, day=BACK)
    assert [found[float(hour)] for hour in (0, 1, 2, 3, 4, 24)] == [0.0, 0.01, 0.02, 0.02, 0.03, 0.23]


def test_times_without_a_zone_in_the_hour_that_strikes_twice():
    clock = ["00:00", "01:00", "02:00", "02:00", "03:00"]
    items = [{"time": f"2026-10-25T{time}", "price": index / 10} for index, time in enumerate(clock)]
    found = read({"prices": items}, day=BACK)
    assert [found[float(hour)] for hour in range(5)] == pytest.approx([0.0, 0.1, 0.2, 0.3, 0.4])


def test_times_without_a_zone_in_the_hour_that_is_left_out():
    items = [{"time": f"2026-03-29T{hour:02}:00", "price": hour / 10} for hour in range(5)]
    found = read({"prices": items}, day=FORWARD)
    assert [found[float(hour)] for hour in range(4)] == pytest.approx([0.0, 0.1, 0.3, 0.4])


def test_pvpc_on_a_day_of_25_hours_and_the_day_after():
    attributes = {f"price_{hour:02}h": hour / 100 for hour in range(24)} | {
        "price_02h_d": 0.99,
        "price_next_day_00h": 0.5,
        "price_next_day_23h": "unknown",
    }
    found = read(attributes, day=BACK)
    assert [found[float(hour)] for hour in (1, 2, 3, 4, 25)] == [0.01, 0.02, 0.99, 0.03, 0.5]


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=8) | st.datetimes(),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from(["start", "end", "price", "value", "time", "duration"]), inner, max_size=4
            )
        ),
        max_leaves=12,
    )
)
@settings(max_examples=examples(150), deadline=None)
def test_whatever_stands_in_the_attributes_nothing_breaks(value: Any):
    for name in ("prices", "today", "price_00h"):
        periods = listed_prices({name: value}, zone=BERLIN, day=DAY, factor=1.0, currency="EUR")
        quarter_hours(periods, at(0), at(48))


def test_a_list_in_cents_is_brought_to_the_sensor_beside_it():
    listed = {at(0): 30.0, at(0.25): 20.0, at(0.5): -5.0}
    assert at_scale_of(listed, 0.3, at(0.1)) == pytest.approx({at(0): 0.3, at(0.25): 0.2, at(0.5): -0.05})


@pytest.mark.parametrize("scale", [1e2, 1e3, 1e5, 1e7, 1e-2, 1e-3])
def test_every_power_of_ten_in_use(scale: float):
    assert at_scale_of({at(0): 0.3 * scale, at(1): 0.2 * scale}, 0.301, at(0))[at(1)] == pytest.approx(0.2)


@pytest.mark.parametrize("price_now", [None, 0.0, 0.00001, 0.25, -0.3, 0.3])
def test_a_price_that_differs_otherwise_is_left_alone(price_now: float | None):
    listed = {at(0): 0.3, at(1): 0.2}
    assert at_scale_of(listed, price_now, at(0)) == listed
    assert at_scale_of(listed, 0.003, at(5)) == listed


def test_one_low_price_beside_a_sensor_of_the_mean_is_no_other_scale():
    listed = {at(0): 0.001, at(1): 0.1, at(2): 0.11}
    assert at_scale_of(listed, 0.1, at(0)) == listed


def test_whether_a_list_is_of_the_sensor():
    assert agrees({at(0): 0.3}, 0.301, at(0))
    assert agrees({at(1): 0.3}, 0.9, at(0))
    assert agrees({at(0): 0.3}, None, at(0))
    assert not agrees({at(0): 0.3}, 0.9, at(0))


def test_the_first_of_two_that_begin_together_counts_and_ends_are_believed():
    periods = [
        Period(start=at(0), end=at(1), value=1.0),
        Period(start=at(0), end=at(1), value=2.0),
        Period(start=at(2), end=at(1), value=3.0),
        Period(start=nan, end=None, value=3.0),
        Period(start=at(3), end=None, value=nan),
    ]
    assert [(period.start, period.end, period.value) for period in in_order(periods)] == [
        (at(0), at(1), 1.0),
        (at(2), at(3), 3.0),
    ]


def test_a_week_is_the_longest_that_a_price_lasts():
    assert in_order([Period(start=at(0), end=at(9999), value=1.0)])[0].end == at(7 * 24)


def test_less_than_half_a_quarter_says_nothing():
    assert quarter_hours([Period(start=at(0), end=at(0.1), value=1.0)], at(0), at(1)) == {}
    assert quarter_hours([Period(start=at(0), end=at(0.2), value=1.0)], at(0), at(1)) == {at(0): 1.0}


def test_times_and_numbers_by_themselves():
    assert moment(datetime(2026, 11, 22, tzinfo=UTC), BERLIN) == at(1)
    assert moment("2026-11-22", BERLIN) == at(0)
    assert moment([], BERLIN) is None
    assert number("1,5") == 1.5
    assert number(None) is None
    assert periods_of(iter(()), zone=BERLIN, factor=1.0, currency="EUR") == []
