"""Whatever is killed whenever: at most ten seconds are lost, nothing is counted twice, and the meter never falls."""

import asyncio
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
import sys

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.hashwarm.engine.money import Sums
from custom_components.hashwarm.engine.money.days import day_sums

CHILD = Path(__file__).with_name("booking_child.py")
KILLS = 4
MJ_PER_S = {"a": 1_000_000, "b": 500_000}


async def run_and_kill(path, start_s, after_lines):
    """Return every line that the killed child said."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, str(CHILD), str(path), str(start_s), stdout=asyncio.subprocess.PIPE
    )
    lines = []
    try:
        for _ in range(after_lines):
            lines += [await asyncio.wait_for(child.stdout.readline(), 30)]
    finally:
        child.kill()
        lines += (await child.stdout.read()).splitlines()
        await child.wait()
    return [line.decode().strip() for line in lines]


async def test_a_real_kill_loses_ten_seconds_and_doubles_nothing(world_type, tmp_path):
    path = tmp_path / "ledger.db"
    start_s = datetime(2026, 11, 22, 11, 50, tzinfo=UTC).timestamp()
    most = 0
    least = 0
    shown = 0.0
    for kill in range(KILLS):
        lines = await run_and_kill(path, start_s, 3 + kill * 131)
        seconds = max([int(line) for line in lines if line.isdigit()], default=None)
        assert seconds is not None
        most += seconds + 1
        least += seconds - 10
        shown = max([shown, *(float(line.split()[1]) for line in lines if line.startswith("flushed "))])
        start_s += seconds + 100
    world = world_type(path)
    world.wall = datetime.fromtimestamp(start_s, UTC)
    await world.open()
    for heater, rate in MJ_PER_S.items():
        energy = world.home.totals(heater).all_time.energy_kwh * 3.6e9
        assert least * rate - 1 <= energy <= most * rate + 1
    assert world.home.totals().meter_kwh >= shown
    await assert_recomputable(world)
    await world.close()


async def assert_recomputable(world):
    """Recompute money from each row's own terms, and totals from rows."""
    rows = await world.rows(
        "heater, energy_mj, price_nano, cost_nano, share_work_hi, share_work_lo, difficulty, reward_sat, fee_ppm,"
        " earned_usat, btc_price_nano, value_nano, length_ms, unmeasured_ms"
    )
    for _, energy, price, cost, high, low, difficulty, reward, fee, earned, btc, value, length, unmeasured in rows:
        if cost is not None:
            assert abs(cost - Fraction(energy * price, 3_600_000_000)) <= 1
        if earned and difficulty:
            work = high * 2**40 + low
            exact = Fraction(work * reward * (10**6 - fee)) / (Fraction(difficulty) * 2**32)
            assert abs(earned - exact) <= 1
        if value and btc:
            assert abs(value - Fraction(earned * btc, 10**14)) <= 1
        assert unmeasured <= length
    days = await world.store.read(lambda c: day_sums(c, world.currency))
    total = Sums()
    for sums in days.values():
        for day in sums.values():
            total.add(day)
    await world.home.flush()
    closed = await world.rows("closed, energy_mj, cost_nano, earned_usat, value_nano")
    assert total.energy_mj == sum(energy for is_closed, energy, *_ in closed if is_closed)
    assert total.cost_nano == sum(cost or 0 for is_closed, _, cost, *_ in closed if is_closed)
    assert total.earned_usat == sum(earned or 0 for is_closed, _, _, earned, _ in closed if is_closed)
    all_time = world.home.totals().all_time
    assert all_time.energy_kwh * 3.6e9 == pytest.approx(sum(energy for _, energy, *_ in closed), abs=1)


EVENTS = st.one_of(
    st.tuples(st.just("run"), st.integers(1, 400), st.floats(0, 3000) | st.none()),
    st.tuples(st.just("flush")),
    st.tuples(st.just("price"), st.sampled_from([None, 0.0, -0.05, 0.31])),
    st.tuples(st.just("restart"), st.integers(0, 100_000)),
    st.tuples(st.just("kill"), st.integers(0, 100_000)),
    st.tuples(st.just("clock"), st.integers(-100_000, 100_000)),
    st.tuples(st.just("market")),
    st.tuples(st.just("disk full")),
)


@settings(max_examples=20, deadline=None)
@given(st.lists(EVENTS, min_size=1, max_size=15))
async def test_any_story_adds_up(world_type, tmp_path_factory, events):
    folder = tmp_path_factory.mktemp("story")
    world = world_type(folder / "0.db")
    await world.open()
    written = booked = Fraction(0)
    meter = 0.0
    slack = 1
    for number, (event, *arguments) in enumerate(events, 1):
        if event == "run":
            seconds, power = arguments
            length = (seconds // 10 + 1) * 10
            world.run(length, power_w=power, hash_rate=10**12)
            booked += 0 if power is None else Fraction(round(power * 1e6) * length, 1000)
            world.home.release("a")
            slack += 1
        elif event == "flush":
            await world.home.flush()
            written = booked if world.home.problem is None else written
        elif event == "price":
            (world.price,) = arguments
        elif event == "restart":
            await world.close()
            written = booked
            world.tick(arguments[0])
            await world.open()
        elif event == "kill":
            await world.kill(folder / f"{number}.db")
            booked = written
            world.tick(arguments[0])
            await world.open()
        elif event == "clock":
            world.wall += timedelta(seconds=arguments[0])
        elif event == "market":
            kinds = world.market._manual.figures
            world.market._manual.figures = {} if kinds else dict(world.figures)
        else:
            await world.store.read(lambda c: c.execute("PRAGMA query_only = 1").fetchall())
        totals = world.home.totals()
        assert totals.meter_kwh >= meter
        meter = totals.meter_kwh
        energy = totals.all_time.energy_kwh * 3.6e9
        assert float(booked) - slack <= energy <= float(booked) + 1e-3
    await world.home.flush()
    await world.home.flush()
    await assert_recomputable(world)
    await world.close()
