"""The hours to come: holes filled with what is likeliest, and never an error."""

from datetime import UTC, datetime, timedelta
from math import inf, nan
from zoneinfo import ZoneInfo

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.hashwarm.engine.control.horizon import (
    Household,
    JobHold,
    Outdoor,
    Tariff,
    drawn_through,
    slots_ahead,
)
from custom_components.hashwarm.engine.control.sun import Site
from custom_components.hashwarm.engine.model.forecasts import Forecasts
from custom_components.hashwarm.engine.model.planning import SLOT_S, Wish

HOUR_S, DAY_S = 3600.0, 86400.0
BERLIN = ZoneInfo("Europe/Berlin")
START = datetime(2026, 3, 16, 12, 0, tzinfo=UTC).timestamp()


def wish_at(at: float) -> Wish:
    night = datetime.fromtimestamp(at, BERLIN).hour < 6
    target_c = 19.0 if night else 21.0
    return Wish(target_c=target_c, coldest_c=target_c - 0.5, warmest_c=target_c + 1.0, comfort=not night)


def household(**changes) -> Household:
    return Household(wish_at=wish_at, zone=BERLIN, **changes)


def hourly(start: float, values) -> list[tuple[float, float]]:
    """Prices of whole hours, as quarters."""
    return [(start + hour * HOUR_S + quarter * SLOT_S, v) for hour, v in enumerate(values) for quarter in range(4)]


def test_the_slots_begin_with_the_quarter_of_now_and_follow_each_other():
    made = slots_ahead(START + 421.0, 96, Forecasts(), household())
    assert [slot.at for slot in made] == [START + index * SLOT_S for index in range(96)]


def test_the_wish_of_each_slot_is_asked_for():
    made = slots_ahead(START, 96, Forecasts(), household())
    assert made[0].target_c == 21.0
    assert made[0].coldest_c == 20.5
    assert made[0].warmest_c == 22.0
    assert {slot.target_c for slot in made} == {19.0, 21.0}


def test_with_nothing_known_it_is_mild_dark_and_free():
    slot = slots_ahead(START, 1, Forecasts(), household())[0]
    assert (slot.outdoor_c, slot.price_per_kwh, slot.surplus_w, slot.ceiling_w) == (10.0, 0.0, 0.0, inf)
    assert slot.sun.level == 0.0
    assert slot.job_power_w is None


def test_known_prices_are_taken_as_they_are_negative_ones_too():
    made = slots_ahead(START, 8, Forecasts(prices=hourly(START, [0.31, -0.05])), household())
    assert [slot.price_per_kwh for slot in made] == [0.31] * 4 + [-0.05] * 4


def test_an_hour_that_nobody_knows_costs_what_it_did_on_other_days():
    known = hourly(START - 2 * DAY_S, [0.2]) + hourly(START - DAY_S, [0.4])
    assert slots_ahead(START, 1, Forecasts(prices=known), household())[0].price_per_kwh == pytest.approx(0.3)


def test_an_hour_of_which_no_day_tells_costs_the_mean():
    known = hourly(START - 6 * HOUR_S, [0.1, 0.3])
    assert slots_ahead(START, 1, Forecasts(prices=known), household())[0].price_per_kwh == pytest.approx(0.2)


def test_a_price_that_was_told_is_told_apart_from_one_that_is_guessed():
    known = hourly(START - DAY_S, [0.2, 0.3]) + hourly(START, [0.4])
    made = slots_ahead(START, 8, Forecasts(prices=known), household())
    assert [(slot.price_per_kwh, slot.price_known) for slot in made] == [(0.4, True)] * 4 + [(0.3, False)] * 4


def test_with_no_price_but_that_of_now_it_stays():
    made = slots_ahead(START, 96, Forecasts(price_now=0.27), household())
    assert {slot.price_per_kwh for slot in made} == {0.27}


def test_the_same_hour_is_the_one_on_the_clock_when_the_clock_is_set():
    """On 29 March 2026 Berlin sets its clocks forward: seven in the morning is 23 hours after seven in the morning."""
    seven = datetime(2026, 3, 28, 7, tzinfo=BERLIN).timestamp()
    tariff = Tariff(hourly(seven, [0.5]) + hourly(seven + HOUR_S, [0.1]), None, BERLIN)
    assert tariff.at(datetime(2026, 3, 29, 7, tzinfo=BERLIN).timestamp()) == 0.5
    assert tariff.at(datetime(2026, 3, 29, 8, tzinfo=BERLIN).timestamp()) == 0.1


@pytest.mark.parametrize("price_now", [None, nan, inf])
def test_a_price_that_is_no_number_is_no_price(price_now):
    assert Tariff([(START, nan)], price_now, BERLIN).at(START) == 0.0


def test_the_outdoor_temperature_is_drawn_through_the_forecast():
    made = slots_ahead(START, 4, Forecasts(outdoor=[(START, 0.0), (START + HOUR_S, 4.0)]), household())
    assert [slot.outdoor_c for slot in made] == pytest.approx([0.5, 1.5, 2.5, 3.5])


def test_the_sensor_corrects_the_forecast_and_less_with_every_hour():
    points = [(START + hour * HOUR_S, 5.0) for hour in range(25)]
    outdoor = Outdoor(Forecasts(outdoor=points, outdoor_now_c=3.0), START)
    assert outdoor.at(START) == pytest.approx(3.0, abs=0.1)
    assert outdoor.at(START + 3 * HOUR_S) == pytest.approx(4.0, abs=0.1)
    assert outdoor.at(START + 7 * HOUR_S) == 5.0


def test_a_sensor_in_the_sun_does_not_throw_the_forecast_over():
    points = [(START + hour * HOUR_S, 5.0) for hour in range(25)]
    assert Outdoor(Forecasts(outdoor=points, outdoor_now_c=38.0), START).at(START) < 11.1


def yesterday(now_c: float) -> list[tuple[float, float]]:
    """A day that is warmest in its middle and as warm at its end as at its beginning, but for what it is now."""
    return [*((START - DAY_S + hour * HOUR_S, 12.0 - abs(hour - 12.0)) for hour in range(24)), (START, now_c)]


def test_without_a_forecast_the_day_to_come_is_as_the_one_before():
    outdoor = Outdoor(Forecasts(outdoor=yesterday(0.0), outdoor_now_c=0.0), START)
    assert outdoor.at(START + 12 * HOUR_S) == pytest.approx(11.875)
    assert outdoor.at(START + 36 * HOUR_S) == pytest.approx(11.875)


def test_it_stays_colder_than_the_day_before_for_some_hours_and_less_and_less():
    outdoor = Outdoor(Forecasts(outdoor=yesterday(-8.0), outdoor_now_c=-8.0), START)
    colder_k = [yesterday(0.0)[hour][1] + 0.125 - outdoor.at(START + hour * HOUR_S) for hour in (2, 6, 11)]
    assert colder_k == pytest.approx([8.0 * 22 / 24, 6.0, 8.0 * 13 / 24], abs=0.1)
    assert outdoor.at(START + 26 * HOUR_S) == pytest.approx(2.125)


def test_a_leap_of_the_outdoor_sensor_is_not_believed_for_a_day():
    outdoor = Outdoor(Forecasts(outdoor=yesterday(50.0), outdoor_now_c=50.0), START)
    assert outdoor.at(START + 2 * HOUR_S) < 2.125 + 15.0


def test_with_the_sensor_alone_it_stays_as_it_is():
    outdoor = Outdoor(Forecasts(outdoor_now_c=-3.0), START)
    assert {outdoor.at(START + hour * HOUR_S) for hour in range(36)} == {-3.0}


def test_of_days_nobody_tells_of_the_mean_is_taken():
    assert Outdoor(Forecasts(outdoor=[(START - 9 * DAY_S, 4.0), (START - 9 * DAY_S + 60, 6.0)]), START).at(START) == 5.0


@pytest.mark.parametrize("bad", [nan, inf, -inf, 200.0, -99.0])
def test_what_is_no_weather_is_left_out(bad):
    points = [(START, 1.0), (START + 60.0, bad), (START + HOUR_S, 1.0)]
    assert Outdoor(Forecasts(outdoor=points, outdoor_now_c=nan), START).at(START + 600.0) == 1.0


def test_the_sun_comes_through_the_clouds_that_are_forecast():
    noon = datetime(2026, 6, 21, 11, 30, tzinfo=UTC).timestamp()
    site = Site(latitude=52.5, longitude=13.4)

    def level(cover):
        cloud = [(noon, cover), (noon + 4 * HOUR_S, cover)]
        return slots_ahead(noon, 1, Forecasts(cloud=cloud), household(site=site))[0].sun.level

    assert level(0.0) > 700.0
    assert level(1.0) < 300.0
    assert level(1.0) < slots_ahead(noon, 1, Forecasts(), household(site=site))[0].sun.level < level(0.0) * 1.01


def test_cloud_of_a_daily_forecast_holds_from_day_to_day():
    assert drawn_through([(START, 0.2), (START + DAY_S, 0.8)], START + 12 * HOUR_S, 25 * HOUR_S) == pytest.approx(0.5)
    assert drawn_through([(START, 0.2), (START + DAY_S, 0.8)], START + 12 * HOUR_S) is None
    assert drawn_through([(START, 0.2), (START + DAY_S, 0.8)], START + 1800.0) == 0.2


@pytest.mark.parametrize(("offset", "value"), [(-1.0, None), (0.0, 2.0), (HOUR_S, 2.0), (HOUR_S + 1.0, None)])
def test_one_point_holds_for_an_hour(offset, value):
    assert drawn_through([(START, 2.0)], START + offset) == value


def test_surplus_has_its_own_price_and_its_own_warmth():
    forecasts = Forecasts(surplus=[(START, 1800.0), (START + SLOT_S, -5.0)], surplus_price_per_kwh=0.08)
    made = slots_ahead(START, 3, forecasts, household(surplus_warmest_c=23.5))
    assert [slot.surplus_w for slot in made] == [1800.0, 0.0, 0.0]
    assert {slot.surplus_price_per_kwh for slot in made} == {0.08}
    assert {slot.surplus_warmest_c for slot in made} == {23.5}


def test_quiet_hours_and_jobs_are_passed_on():
    job = JobHold(until=START + 2 * SLOT_S, power_w=800.0, revenue_per_kwh=0.9, interruption_cost=1.5)
    made = slots_ahead(
        START, 3, Forecasts(), household(job=job, ceiling_w_at=lambda at: 1200.0 if at < START + 1 else -1.0)
    )
    assert [slot.job_power_w for slot in made] == [800.0, 800.0, None]
    assert [slot.job_revenue_per_kwh for slot in made] == [0.9, 0.9, 0.0]
    assert [slot.job_interruption_cost for slot in made] == [1.5, 1.5, 0.0]
    assert [slot.ceiling_w for slot in made] == [1200.0, 0.0, 0.0]


def test_a_job_that_cannot_be_ended_costs_everything():
    job = JobHold(until=START + SLOT_S, power_w=800.0)
    assert slots_ahead(START, 1, Forecasts(), household(job=job))[0].job_interruption_cost == inf


series = st.lists(st.tuples(st.floats(), st.floats()), max_size=12)
near = st.lists(
    st.tuples(st.floats(START - DAY_S, START + DAY_S), st.floats(-50, 50)), max_size=12
)  # fmt: skip


@given(prices=series | near, outdoor=series | near, cloud=series | near, now=st.none() | st.floats())
@settings(max_examples=80, deadline=timedelta(seconds=5))
def test_whatever_the_forecasts_say_there_is_a_plan_to_be_made(prices, outdoor, cloud, now):
    forecasts = Forecasts(prices=prices, outdoor=outdoor, cloud=cloud, surplus=prices, price_now=now, outdoor_now_c=now)
    made = slots_ahead(START, 12, forecasts, household(site=Site(latitude=52.0, longitude=13.0)))
    assert len(made) == 12
    assert forecasts.summary()["known"]["prices"] == len(prices)
    for slot in made:
        assert abs(slot.outdoor_c) < 1e3 or now is not None
        assert slot.surplus_w >= 0.0
        assert slot.sun.level >= 0.0


@pytest.mark.parametrize("broken_c", [85.0, -127.0, inf])
def test_a_broken_outdoor_sensor_is_none(broken_c):
    assert Outdoor(Forecasts(outdoor_now_c=broken_c), START).at(START) == 10.0


def test_the_rest_of_a_quarter_is_for_the_wish_of_now():
    six = datetime(2026, 3, 16, 6, 0, tzinfo=BERLIN).timestamp()

    def comfort_from_five_past(at: float) -> Wish:
        return wish_at(at) if at >= six + 300.0 else wish_at(six - HOUR_S)

    made = slots_ahead(six + 301.0, 2, Forecasts(), Household(wish_at=comfort_from_five_past, zone=BERLIN))
    assert [slot.target_c for slot in made] == [21.0, 21.0]


def test_a_price_of_nothing_is_a_price():
    free = slots_ahead(START, 4, Forecasts(price_now=0.0), household())
    assert [(slot.price_per_kwh, slot.priced) for slot in free] == [(0.0, True)] * 4
    assert not any(slot.priced for slot in slots_ahead(START, 4, Forecasts(), household()))
