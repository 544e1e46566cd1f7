"""The thermostat bench's own parts, without EnergyPlus: a bench that counts wrongly praises the wrong one."""

from dataclasses import replace
from datetime import date
from math import sqrt
from statistics import fmean

from hypothesis import given, strategies as st
import pytest

from benchmarks.thermostat_building import idf
from benchmarks.thermostat_chain import Chain, Miner, Score, Sensor
from benchmarks.thermostat_peers import FloorAwarePi, Hysteresis, PidOutdoor, Tpi
from benchmarks.thermostat_scenarios import SCENARIOS
from benchmarks.thermostat_view import DAY_S, HOUR_S, Conditions, Place, View, Weather, daily_schedule
from benchmarks.thermostat_weather import Forecasts, Prices, TypicalYear

PLACE = Place(latitude=42.0, longitude=-88.0, time_zone_h=-6.0)
MIDNIGHT = 1767247200.0  # in Chicago, on New Year's Day 2026
YEAR = TypicalYear(
    place=PLACE,
    outdoor_c=tuple(float(hour % 24) for hour in range(8760)),
    cloud=(0.5,) * 8760,
    level_sun_w_per_m2=(0.0,) * 8760,
)
USUAL = Conditions(setpoint_c=daily_schedule(PLACE))


def test_the_miner_boots_ramps_and_rests():
    miner = Miner()
    drawn = [miner.minute(3000.0) for _ in range(14)]
    assert drawn[:3] == [150.0] * 3
    assert drawn[3:5] == [500.0, 850.0]
    assert drawn[-1] == 3000.0
    assert miner.minute(1200.0) == 2650.0
    assert miner.minute(599.0) == 0.0
    rest = [miner.minute(3000.0) for _ in range(9)]
    assert rest == [0.0] * 9
    assert miner.minute(3000.0) == 150.0
    assert miner.boots == 2


def test_a_demand_of_half_the_floor_is_the_floor():
    miner = Miner()
    drawn = [miner.minute(600.0) for _ in range(20)]
    assert drawn[-1] == 1200.0


@given(st.lists(st.floats(min_value=-100.0, max_value=1e5), max_size=200))
def test_the_miner_never_draws_what_it_cannot(demands):
    miner = Miner()
    for demand_w in demands:
        before_w, drawn_w = miner.drawn_w, miner.minute(demand_w)
        assert 0.0 <= drawn_w <= 3000.0
        assert drawn_w <= before_w + 350.0


def test_the_sensor_lags_steps_and_reports_every_five_minutes():
    sensor = Sensor()
    sensor.feel(20.0, 0.0)
    heard = []
    for minute in range(1, 31):
        sensor.feel(21.0, minute * 60.0)
        heard.append((sensor.reported_c, sensor.reported_at))
    assert heard[3] == (20.0, 0.0)
    assert heard[4] == (20.5, 300.0)
    assert heard[-1] == (21.0, 1800.0)


def test_a_lost_sensor_reports_nothing_and_a_biased_one_is_off():
    sensor = Sensor(lost=lambda at: at >= 300.0, bias_k=lambda _: 0.5)
    for minute in range(12):
        sensor.feel(20.0, minute * 60.0)
    assert (sensor.reported_c, sensor.reported_at) == (20.5, 0.0)


def test_cold_and_overshoot_are_counted_as_the_table_says():
    noon = MIDNIGHT + DAY_S / 2
    score = Score(from_at=noon, started_at=MIDNIGHT)
    score.minute(noon - 60.0, 10.0, 3000.0, USUAL, able=True)
    for minute in range(60):
        score.minute(noon + minute * 60.0, 20.0, 0.0, USUAL, able=True)
    assert score.cold_kh == pytest.approx(0.5)
    assert score.cold_minutes == 60
    for minute in range(60, 120):
        score.minute(noon + minute * 60.0, 22.0, 1200.0 if minute % 2 else 0.0, USUAL, able=True)
    assert score.overshoot_kh == pytest.approx(0.25)
    assert score.daily_cold_kh[0] == pytest.approx(0.5 + 10.5 / 60)


def test_a_heater_that_gives_all_it_has_is_not_blamed():
    score = Score(from_at=MIDNIGHT, started_at=MIDNIGHT)
    for minute in range(60):
        score.minute(MIDNIGHT + minute * 60.0, 15.0, 3000.0, USUAL, able=True)
    assert score.cold_kh > 3.0
    assert score.cold_minutes == 0


def test_money_is_electricity_less_what_was_earned():
    score = Score(from_at=MIDNIGHT, started_at=MIDNIGHT)
    for minute in range(60):
        score.minute(MIDNIGHT + minute * 60.0, 19.0, 3000.0, USUAL, able=True)
    prices = Prices(PLACE, seed=1)
    assert score.earned == pytest.approx(0.3)
    assert score.net_cost(prices, 0.08) == pytest.approx(3 * prices.at(MIDNIGHT) - 0.3)
    assert USUAL.revenue_per_kwh(1200.0, MIDNIGHT) == pytest.approx(0.10 / 0.88)


def test_what_the_roof_gives_is_paid_at_its_own_price():
    score = Score(from_at=MIDNIGHT, started_at=MIDNIGHT)
    sunny = replace(USUAL, surplus_w=lambda _: 2000.0)
    for minute in range(60):
        score.minute(MIDNIGHT + minute * 60.0, 19.0, 3000.0, sunny, able=True)
    prices = Prices(PLACE, seed=1)
    assert score.net_cost(prices, 0.08) == pytest.approx(prices.at(MIDNIGHT) + 2 * 0.08 - 0.3)


def test_prices_have_the_mean_and_the_spread_and_are_known_as_the_market_tells_them():
    prices = Prices(PLACE, seed=3, spread=0.11)
    days = [[prices.at(MIDNIGHT + (24 * day + hour) * HOUR_S) for hour in range(24)] for day in range(100)]
    assert all(max(day) - min(day) == pytest.approx(0.11) for day in days)
    assert fmean(map(fmean, days)) == pytest.approx(0.26, abs=0.03)
    assert len(prices.known(MIDNIGHT + 12.5 * HOUR_S)) == 12
    assert len(prices.known(MIDNIGHT + 13.5 * HOUR_S)) == 11 + 24
    assert prices.known(MIDNIGHT + 1800.0)[0] == (MIDNIGHT, prices.at(MIDNIGHT))
    assert prices.at(MIDNIGHT) != Prices(PLACE, seed=4, spread=0.11).at(MIDNIGHT)


def test_forecasts_err_more_the_further_they_look():
    def errors(hours_ahead):
        found = []
        for seed in range(300):
            expected = Forecasts(YEAR, seed).expected(MIDNIGHT)[hours_ahead]
            found.append(expected.outdoor_c - YEAR.weather_at(expected.at).outdoor_c)
        return sqrt(fmean(error**2 for error in found))

    assert errors(0) == pytest.approx(0.0)
    assert 0.3 < errors(2) < 0.9
    assert errors(24) == pytest.approx(1.5, rel=0.15)


def test_the_weather_of_an_hour_is_the_one_at_its_end_as_energyplus_has_it():
    assert YEAR.start_of(date(2026, 1, 1)) == MIDNIGHT
    assert YEAR.weather_at(MIDNIGHT + 5 * HOUR_S).outdoor_c == 4.0
    assert YEAR.weather_at(MIDNIGHT + 5.5 * HOUR_S).outdoor_c == 4.5


def view(room_c, *, hour=12.0, age_s=0.0):
    return View(
        at=MIDNIGHT + hour * HOUR_S,
        place=PLACE,
        room_c=room_c,
        room_age_s=age_s,
        outdoor_c=1.0,
        cloud=0.5,
        weather=(),
        prices=((0.0, 0.26),),
        conditions=USUAL,
        drawn_w=0.0,
        running=False,
        booting=False,
    )


def test_the_peers_do_what_their_formulas_say():
    hysteresis = Hysteresis()
    assert [hysteresis.demand_w(view(c)) for c in (20.6, 21.3, 21.4, 20.7, 20.6)] == [3000.0, 3000.0, 0.0, 0.0, 3000.0]
    assert Tpi(0.6, 0.01).demand_w(view(20.5)) == pytest.approx(3000.0 * (0.3 + 0.2))
    assert PidOutdoor().demand_w(view(20.5)) == pytest.approx(30.0 * (25.0 + 12.0))
    pi = FloorAwarePi()
    assert pi.demand_w(view(20.8)) == 0.0
    assert pi.demand_w(view(20.6)) == 1200.0
    assert pi.demand_w(view(21.5)) == 1200.0
    assert pi.demand_w(view(21.7)) == 0.0


@pytest.mark.parametrize("peer", [Hysteresis(), Tpi(0.6, 0.01), PidOutdoor(), FloorAwarePi()])
def test_a_blind_peer_goes_on(peer):
    wanted_w = peer.demand_w(view(19.0))
    assert wanted_w > 0.0
    assert peer.demand_w(view(None, age_s=60.0)) > 0.0


def test_the_chain_counts_boots_of_the_scored_days_only():
    class Banging(Hysteresis):
        def demand_w(self, view: View) -> float:
            return 3000.0 if view.at // 1800 % 2 else 0.0

    chain = Chain(Banging(), year=YEAR, start=MIDNIGHT, learn_days=1, seed=1, conditions=USUAL, spread=0.037)
    for _ in range(2 * 1440):
        chain.minute(21.0, 0.0)
    figures = chain.figures((1, 2), 0.037)
    assert figures["starts"] == 24
    assert figures["starts_per_day"] == 24.0
    assert figures["cold_kh_per_day"] == 0.0
    assert chain.miner.boots == 48


def test_every_scenario_can_be_set_up():
    for scenario in SCENARIOS.values():
        conditions = scenario.conditions(USUAL, MIDNIGHT, PLACE)
        assert conditions.setpoint_c(MIDNIGHT + 18 * HOUR_S) == 21.0
        assert isinstance(scenario.able(0.0), bool)
        assert scenario.window(-HOUR_S) == 0.0
        assert (
            Chain(
                Hysteresis(), year=YEAR, start=MIDNIGHT, learn_days=0, seed=1, conditions=conditions, spread=0.037
            ).contestant.weather
            is Weather.NONE
        )


@pytest.mark.parametrize("case", [600, 900])
def test_the_input_of_energyplus_has_the_houses_of_the_standard(case):
    text = idf(case, date(2026, 1, 1), date(2026, 1, 28))
    assert text.isascii()
    assert ("concrete slab" in text) == (case == 900)
    assert "RunPeriod,scored,1,1,2026,1,28,2026" in text
