"""The home books, writes, restarts and says what it knows."""

import asyncio
from datetime import UTC, datetime, timedelta
import logging
import sqlite3
import time

import pytest

from custom_components.hashwarm.engine.home import Earning, Outlook, Problem, Scheme, home as home_module
from custom_components.hashwarm.engine.model.capabilities import PowerSource

SAT_PER_HASH = 314_500_000 / (150e12 * 2**32)
KWH = 3_600_000_000


async def test_two_hours_at_one_kilowatt(world):
    world.run(7200, hash_rate=10**12)
    today = world.home.totals("a").today
    assert today.energy_kwh == pytest.approx(2)
    assert today.cost == pytest.approx(0.6)
    assert today.cost_known_share == 1
    sat = 7200 * 1e12 * SAT_PER_HASH
    assert today.earned_sat == pytest.approx(sat, abs=2e-6)
    assert today.earned_known_share == 1
    assert today.earned_value == pytest.approx(sat / 1e8 * 100_000, rel=1e-4)
    assert today.offset_percent == pytest.approx(100 * sat / 1e3 / 0.6, rel=1e-4)
    assert today.cost_per_kwh_after_earnings == pytest.approx(0.3 - sat / 1e3 / 2, rel=1e-6)
    assert today.share_work == today.hashes == 7200 * 10**12
    assert world.home.totals() == world.home.totals("a")
    assert world.home.totals("unheard of").all_time.energy_kwh == 0


async def test_a_restart_keeps_totals_and_books_the_time_away_as_unmeasured(world):
    world.run(3600)
    before = world.home.totals()
    await world.close()
    world.tick(600)
    await world.open()
    assert world.home.totals().all_time == before.all_time
    assert world.home.totals().meter_kwh == before.all_time.energy_kwh
    world.run(3600)
    after = world.home.totals().all_time
    assert after.energy_kwh == pytest.approx(2)
    assert after.unmeasured_s == 600


async def test_a_device_that_counts_fills_its_absence_at_an_unknown_price(world):
    world.sample(energy_mj=0)
    world.tick(10)
    world.sample(energy_mj=KWH // 360)
    await world.close()
    world.tick(3600)
    await world.open()
    world.sample(energy_mj=KWH // 360 + KWH)
    total = world.home.totals().all_time
    assert total.energy_kwh == pytest.approx(1 + 1 / 360)
    assert total.unmeasured_s == 0
    assert total.cost == pytest.approx(0.3 / 360)
    assert total.cost_known_share == pytest.approx(1 / 361)


async def test_intervals_close_on_hour_price_source_and_running(world):
    world.run(1800)
    world.price = 0.1
    world.run(1200)
    world.sample(power_source=PowerSource.ESTIMATED)
    world.tick(20)
    world.sample(power_source=PowerSource.ESTIMATED, running=False)
    world.run(1200, power_w=5, running=False)
    await world.home.flush()
    rows = await world.rows("start_ms, length_ms, price_nano, power_source, running, closed")
    start = int(datetime(2026, 11, 22, 12, tzinfo=UTC).timestamp()) * 1000
    assert [(s - start, length, price, source, running) for s, length, price, source, running, _ in rows] == [
        (0, 1_800_000, 300_000_000, "measured", 1),
        (1_800_000, 1_200_000, 100_000_000, "measured", 1),
        (3_000_000, 20_000, 100_000_000, "estimated", 1),
        (3_020_000, 580_000, 100_000_000, "measured", 0),
        (3_600_000, 620_000, 100_000_000, "measured", 0),
    ]
    assert [closed for *_, closed in rows] == [1, 1, 1, 1, 0]


async def test_a_flapping_source_makes_no_row_a_second(world):
    for second in range(60):
        world.sample(power_source=PowerSource.MEASURED if second % 2 else PowerSource.ESTIMATED)
        world.tick(1)
    await world.home.flush()
    assert len(await world.rows()) <= 6


async def test_closed_rows_never_change(world):
    world.run(4000)
    await world.home.flush()
    for statement in ("UPDATE money_interval SET energy_mj = 1 WHERE closed", "UPDATE money_interval SET closed = 0"):
        with pytest.raises(Exception, match="never changes"):
            await world.store.write(lambda c, sql=statement: c.execute(sql))


async def test_periods_follow_the_local_calendar(world_type, tmp_path):
    world = world_type(tmp_path / "ledger.db", tz="Asia/Kathmandu")
    world.wall = datetime(2026, 6, 30, 17, 15, tzinfo=UTC)
    await world.open()
    world.run(3600)
    totals = world.home.totals()
    assert totals.today.energy_kwh == pytest.approx(0.0, abs=0.003)
    assert totals.yesterday.energy_kwh == pytest.approx(1, abs=0.003)
    assert totals.season.energy_kwh == totals.month.energy_kwh == totals.today.energy_kwh
    assert totals.last_30_days.energy_kwh == totals.all_time.energy_kwh == pytest.approx(1)
    world.tick(30 * 86_400)
    later = world.home.totals()
    assert later.last_30_days.energy_kwh == pytest.approx(0.0, abs=0.003)
    assert later.yesterday.energy_kwh == 0
    assert later.all_time.energy_kwh == pytest.approx(1)
    await world.close()


async def test_daylight_saving_days_have_23_and_25_hours(world_type, tmp_path):
    world = world_type(tmp_path / "ledger.db")
    for start, hours in ((datetime(2026, 3, 28, 23, tzinfo=UTC), 23), (datetime(2026, 10, 24, 22, tzinfo=UTC), 25)):
        world.wall = start
        await world.open()
        world.run(86_400 * 2)
        await world.home.flush()
        days = dict(await world.rows("day, SUM(length_ms) OVER (PARTITION BY day, running)"))
        first_day = start.astimezone(world.tz).toordinal()
        assert days[first_day] == hours * 3_600_000
        await world.close()


async def test_a_clock_set_back_or_forth_changes_labels_only(world):
    world.run(600)
    world.wall = datetime(2026, 11, 20, 12, 10, tzinfo=UTC)
    world.run(600)
    world.wall = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
    world.run(600)
    total = world.home.totals().all_time
    assert total.energy_kwh == pytest.approx(0.5)
    assert total.unmeasured_s == 0
    assert world.home.totals().today.energy_kwh == pytest.approx(1 / 6)
    await world.home.flush()
    days = await world.rows("start_ms / 86400000, length_ms")
    assert [(day - 20_777, length) for day, length in days] == [(0, 600_000), (2, 600_000), (5, 600_000)]
    await world.close()
    world.wall = datetime(2026, 11, 1, tzinfo=UTC)
    await world.open()
    world.run(600)
    assert world.home.totals().all_time.unmeasured_s == 0
    assert world.home.totals().all_time.energy_kwh == pytest.approx(4 / 6)


async def test_a_clock_corrected_within_the_hour_takes_a_new_label(world):
    world.run(60)
    world.wall += timedelta(seconds=600)
    world.run(60)
    await world.home.flush()
    rows = await world.rows("start_ms, length_ms")
    assert [(start - rows[0][0], length) for start, length in rows] == [(0, 60_000), (660_000, 60_000)]


async def test_a_gap_is_cut_at_midnight_and_keeps_a_price_that_held(world):
    world.sample(energy_mj=0)
    world.tick(48 * 3600)
    world.sample(energy_mj=48 * KWH)
    await world.home.flush()
    rows = await world.rows("length_ms, energy_mj, cost_nano, unmeasured_ms")
    assert [length // 3_600_000 for length, *_ in rows] == [11, 24, 13]
    assert [energy // KWH for _, energy, *_ in rows] == [11, 24, 13]
    assert sum(cost for _, _, cost, _ in rows) == 48 * 300_000_000
    world.price = 0.5
    world.tick(3600)
    world.sample(energy_mj=49 * KWH)
    assert world.home.totals().all_time.cost == pytest.approx(48 * 0.3)
    world.tick(3600)
    world.sample()
    assert world.home.totals().all_time.unmeasured_s == 3600


async def test_unknown_price_is_unknown_cost(world):
    world.price = None
    world.run(3600, hash_rate=10**12)
    today = world.home.totals().today
    assert today.cost is None
    assert today.offset_percent is None
    assert today.cost_per_kwh_after_earnings is None
    assert today.cost_known_share == 0
    world.price = 0.3
    world.run(3600)
    assert world.home.totals().today.cost == pytest.approx(0.3)
    assert world.home.totals().today.cost_known_share == pytest.approx(0.5)


async def test_unknown_market_is_unknown_earnings(world_type, tmp_path):
    world = world_type(tmp_path / "ledger.db", figures={})
    await world.open()
    world.run(3600, hash_rate=10**12)
    assert world.home.totals().today.earned_sat is None
    assert world.home.totals().today.share_work == 3600 * 10**12
    assert world.home.outlook(hash_rate_hs=1e12, power_w=1000) == Outlook()
    await world.close()


async def test_no_pool_and_solo_shares_earn_nothing_and_a_fee_is_kept(world):
    world.home.set_earning("a", Earning(scheme=Scheme.NONE))
    world.home.set_earning("b", Earning(scheme=Scheme.FPPS, fee_ppm=20_000))
    world.home.set_earning("c", Earning(scheme=Scheme.SOLO))
    world.run(3600, hash_rate=10**12)
    world.run(3600, hash_rate=10**12, heater="b")
    world.run(3600, hash_rate=10**12, heater="c")
    assert world.home.totals("c").today.earned_sat == world.home.totals("c").today.earned_value == 0
    assert world.home.totals("c").today.share_work == 3600 * 10**12
    assert world.home.totals("a").today.earned_sat == 0
    assert world.home.totals("a").today.offset_percent == 0
    assert world.home.totals("b").today.earned_sat == pytest.approx(0.98 * 3600e12 * SAT_PER_HASH, abs=1e-5)
    assert world.home.totals().today.energy_kwh == pytest.approx(3)


async def test_a_change_of_currency_leaves_old_money_unknown(world, world_type):
    world.run(3600, hash_rate=10**12)
    await world.close()
    world.currency = "USD"
    await world.open()
    total = world.home.totals()
    assert (total.currency, total.all_time.cost, total.all_time.earned_value) == ("USD", None, None)
    assert total.all_time.energy_kwh == pytest.approx(1)
    assert total.all_time.earned_sat > 0


async def test_released_heaters_begin_anew_and_the_time_between_is_an_absence(world):
    world.run(600)
    world.home.release("a")
    world.home.release("never seen")
    world.tick(100)
    world.run(600)
    total = world.home.totals("a").all_time
    assert total.energy_kwh == pytest.approx(1 / 3)
    assert total.unmeasured_s == 100


async def test_a_store_that_fails_is_shown_and_loses_nothing(world_type, tmp_path, caplog):
    world = world_type(tmp_path / "missing" / "ledger.db")
    await world.open()
    told = []
    remove = world.home.add_listener(lambda: told.append(world.home.problem))
    assert world.home.problem is Problem.STORE_UNAVAILABLE
    world.run(3600)
    assert world.home.totals().all_time.energy_kwh is None
    assert world.home.totals().meter_kwh is None
    await world.home.flush()
    (tmp_path / "missing").mkdir()
    await world.home.flush()
    remove()
    await world.home.flush()
    assert told == [Problem.STORE_UNAVAILABLE, None]
    assert world.home.totals().meter_kwh == pytest.approx(1)
    await world.close()


async def test_a_file_that_comes_late_brings_its_past(world, tmp_path):
    world.run(3600)
    await world.close()
    away = tmp_path / "away.db"
    world.path.rename(away)
    world.path.mkdir()
    world.tick(600)
    await world.open()
    assert world.home.problem is Problem.STORE_UNAVAILABLE
    world.run(3600)
    world.path.rmdir()
    away.rename(world.path)
    await world.home.flush()
    total = world.home.totals().all_time
    assert world.home.problem is None
    assert total.energy_kwh == pytest.approx(2)
    assert total.unmeasured_s == 600


async def test_a_failed_write_is_written_later(world):
    world.run(4000)
    await world.store.read(lambda c: c.execute("PRAGMA query_only = 1").fetchall())
    await world.home.flush()
    assert world.home.problem is Problem.STORE_UNAVAILABLE
    world.run(4000)
    before = world.home.totals()
    await world.home.flush()
    assert world.home.problem is None
    await world.close()
    await world.open()
    assert world.home.totals().all_time == before.all_time


async def test_a_last_write_that_fails_is_logged(world, caplog):
    world.run(60)
    await world.store.stop()
    await world.home.stop()
    assert "last moments" in caplog.text


async def test_a_damaged_file_is_salvaged_and_said(world):
    world.run(4000)
    await world.close()
    world.path.write_bytes(b"not a database" * 500)
    await world.open()
    assert world.home.problem is Problem.STORE_SALVAGED
    world.run(3600)
    await world.home.flush()
    assert world.home.totals().meter_kwh == pytest.approx(1)


async def test_absurd_samples_do_no_harm(world):
    world.price = 1e300
    for count in (0, 2**200, 5, -3, 2**71):
        world.sample(power_w=float("nan") if count == 5 else 1e6, share_work=count, hashes=count)
        world.tick(10)
    world.market._manual.figures.clear()
    world.sample(share_work=0)
    await world.home.flush()
    assert world.home.problem is None
    assert world.home.totals().today.cost is None


async def test_it_writes_by_itself(world, monkeypatch):
    await world.close()
    monkeypatch.setattr(home_module, "FLUSH_S", 0.01)
    await world.open()
    written = asyncio.Event()
    world.run(60)
    world.home.add_listener(written.set)
    await asyncio.wait_for(written.wait(), 5)
    assert (await world.rows("SUM(length_ms)"))[0][0] == 60_000


async def test_outlook(world):
    outlook = world.home.outlook(hash_rate_hs=1e12, power_w=15, heater_id="a")
    value = 3.6e6 / 15 * 1e12 * SAT_PER_HASH / 1e8 * 100_000
    assert outlook.value_per_kwh == pytest.approx(value)
    assert outlook.heat_cost_per_kwh == pytest.approx(0.3 - value)
    assert outlook.expected_sat_per_day == pytest.approx(42, rel=0.01)
    assert outlook.hashprice_btc == pytest.approx(4.22e-4, rel=1e-3)
    assert outlook.block_odds_per_year == pytest.approx(365.25 * outlook.block_odds_per_day, rel=1e-3)
    assert world.home.outlook().hashprice_btc == outlook.hashprice_btc
    assert world.home.outlook().expected_sat_per_day is None
    world.home.set_earning("b", Earning(scheme=Scheme.NONE))
    assert world.home.outlook(hash_rate_hs=1e12, power_w=15, heater_id="b") == Outlook(), "no pool, no promise"
    assert world.home.outlook(hash_rate_hs=1e12).value_per_kwh is None
    world.price = None
    assert world.home.outlook(hash_rate_hs=1e12, power_w=15).heat_cost_per_kwh is None
    assert (world.home.currency, world.home.price_per_kwh, world.home.market) == ("EUR", None, world.market)


async def test_totals_of_ten_heaters_over_years_are_quick(world):
    rows = []
    day = world.wall.date().toordinal()

    def fill(connection: sqlite3.Connection):
        columns = len(connection.execute("PRAGMA table_info(money_interval)").fetchall())
        for heater in range(10):
            connection.execute(
                "INSERT INTO money_heater VALUES (?, ?, ?, NULL, '0', '0', '0', '0')", (heater + 1, f"h{heater}", 1)
            )
            for back in range(5 * 365):
                row = [None] * columns
                row[:12] = [len(rows) + 1, heater + 1, 1, 1000, day - back, 1, 0, 0, 1, 0, 1, 1]
                row[14], row[16], row[17], row[23], row[24] = "EUR", "pool", 0, 0, 1
                row[26], row[27] = 0, 0
                rows.append(row)
        connection.executemany(f"INSERT INTO money_interval VALUES ({','.join('?' * columns)})", rows)

    await world.store.write(fill)
    await world.close()
    await world.open()
    world.home.totals()
    begin = time.perf_counter()
    for _ in range(10):
        totals = world.home.totals()
    took = (time.perf_counter() - begin) / 10
    logging.getLogger(__name__).warning("home totals of ten heaters: %.2f ms", took * 1000)
    assert totals.all_time.energy_kwh * KWH == pytest.approx(10 * 5 * 365)
    assert took < 0.025
