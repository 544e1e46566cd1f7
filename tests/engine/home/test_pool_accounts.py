"""What pools confirm, booked once, split among heaters, and taken back where a pool takes it back."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from custom_components.hashwarm.engine.home import AccountSettings, Earning, NewsKind, Scheme
from custom_components.hashwarm.engine.model.errors import InvalidValueError, SourceError, StoreUnavailableError
from custom_components.hashwarm.engine.money import FigureKind
from custom_components.hashwarm.engine.money.days import fold
from custom_components.hashwarm.engine.money.pools import (
    AccountReading,
    ConfirmedDay,
    FoundBlock,
    Payout,
    PayoutState,
    PoolKind,
)

TERA = 10**12


class Told:
    """A pool that tells what the test says."""

    name = "Told"

    def __init__(self):
        self.reading = None
        self.since = None

    async def read(self, since):
        self.since = since
        if self.reading is None:
            raise SourceError("nothing")
        return self.reading


@pytest.fixture
async def feeding(tmp_path, world_type):
    """Open homes whose heaters a and b feed one account."""
    worlds = []

    async def open_world(scheme=Scheme.FPPS, kind=PoolKind.BRAIINS, figures=None, **settings):
        account = AccountSettings(
            account_id="acc", title="Solo", kind=kind, scheme=scheme, heaters=("a", "b"), **settings
        )
        world = world_type(tmp_path / "ledger.db", tz="UTC", **({} if figures is None else {"figures": figures}))
        world.accounts = [(account, Told())]
        await world.open()
        worlds.append(world)
        for heater in ("a", "b"):
            world.home.set_earning(heater, Earning())
        return world

    yield open_world
    for world in worlds:
        await world.close()


async def mine(world, hours=24, a=3, b=1):
    """Let both heaters work, the one harder than the other, and close their intervals."""
    for _ in range(hours):
        begin = world.mono, world.wall
        world.run(3600, hash_rate=a * TERA, step=30)
        world.mono, world.wall = begin
        world.run(3600, hash_rate=b * TERA, heater="b", step=30)
    for heater in ("a", "b"):
        world.home.release(heater)
    await world.home.flush()


def sat(world, heater=None, period="all_time"):
    return getattr(world.home.totals(heater), period).earned_sat


def yesterday_told(world, amount):
    return AccountReading(at=world.wall, days=(ConfirmedDay(day=(world.wall - timedelta(days=1)).date(), sat=amount),))


async def a_whole_day(world):
    world.tick((datetime(2026, 11, 23, tzinfo=UTC) - world.wall).total_seconds())
    await mine(world)
    world.tick(3600)


async def test_what_a_pool_confirms_takes_the_place_of_the_estimate_once(feeding):
    world = await feeding()
    await a_whole_day(world)
    estimated = sat(world)
    assert estimated == pytest.approx(4 * 42, rel=0.02)
    reading = yesterday_told(world, 120)
    taken = await world.home.accounts.take("acc", reading)
    assert len(taken.entries) == 2
    assert sat(world) == pytest.approx(120, abs=1e-5)
    assert (sat(world, "a"), sat(world, "b")) == (pytest.approx(90, abs=1e-5), pytest.approx(30, abs=1e-5))
    whole = world.home.totals().all_time
    assert whole.confirmed_sat == 120
    assert whole.difference_sat == pytest.approx(120 - estimated, abs=1e-5)
    assert whole.earned_value == pytest.approx(120 / 1e8 * 100_000, abs=1e-8)
    assert whole.offset_percent == pytest.approx(100 * whole.earned_value / whole.cost, rel=1e-6)
    assert world.home.totals().yesterday.confirmed_sat == 120
    assert (await world.home.accounts.take("acc", reading)).entries == ()
    assert sat(world) == pytest.approx(120, abs=1e-5)
    await world.close()
    await world.open()
    assert sat(world) == pytest.approx(120, abs=1e-5), "as much after a restart"


async def test_a_pool_that_corrects_itself_is_followed(feeding):
    world = await feeding()
    await a_whole_day(world)
    for amount in (120, 170, 120, 0):
        await world.home.accounts.take("acc", yesterday_told(world, amount))
        totals = world.home.totals().all_time
        assert totals.earned_sat == pytest.approx(amount, abs=1e-5)
        assert totals.confirmed_sat == pytest.approx(amount, abs=1e-9)
        assert totals.earned_value == pytest.approx(amount / 1e3, abs=1e-8)


async def test_what_was_unknown_becomes_known(feeding):
    world = await feeding(figures={FigureKind.BTC_PRICE: 100_000})
    await a_whole_day(world)
    assert sat(world) is None
    await world.home.accounts.take("acc", yesterday_told(world, 100))
    totals = world.home.totals().all_time
    assert (totals.earned_sat, totals.earned_known_share) == (100, 1)
    assert totals.earned_value == pytest.approx(0.1)


async def test_far_more_than_our_heaters_can_earn_is_not_theirs(feeding):
    world = await feeding()
    await a_whole_day(world)
    estimated = sat(world)
    taken = await world.home.accounts.take("acc", yesterday_told(world, 1_000_000))
    assert taken.doubtful
    assert world.home.accounts.state("acc").doubtful
    assert sat(world) == estimated
    assert not (await world.home.accounts.take("acc", yesterday_told(world, 1_000_000))).entries
    assert sat(world) == estimated
    settled = await world.store.read(lambda c: c.execute("SELECT COUNT(*) FROM money_settlement").fetchone()[0])
    assert settled == 1, "doubted once, not at every look"


async def test_where_others_feed_the_account_ours_is_our_part_of_the_work(feeding):
    world = await feeding(others_feed=True)
    await a_whole_day(world)
    reading = replace(yesterday_told(world, 400), hash_rate_hs=16.0 * TERA)
    await world.home.accounts.take("acc", reading)
    assert sat(world) == pytest.approx(100, rel=0.001)


async def test_where_others_feed_the_account_and_nobody_knows_how_much_the_estimate_stays(feeding):
    world = await feeding(others_feed=True)
    await a_whole_day(world)
    estimated = sat(world)
    assert (await world.home.accounts.take("acc", yesterday_told(world, 400))).doubtful
    assert sat(world) == estimated


async def test_a_block_found_alone_is_earned_by_who_worked_for_it_and_told_at_once(feeding):
    world = await feeding(Scheme.SOLO, PoolKind.CKPOOL)
    news = []
    end = world.home.accounts.add_listener(news.extend)
    await a_whole_day(world)
    assert sat(world) == 0
    await world.home.accounts.take("acc", AccountReading(at=world.wall))
    block = FoundBlock(block_hash="00ab", at=world.wall, txid="cb", sat=312_500_000)
    paid = Payout(payout_id="cb", at=world.wall, sat=312_500_000, txid="cb")
    reading = AccountReading(at=world.wall, blocks=(block,), payouts=(paid,))
    await world.home.accounts.take("acc", reading)
    assert sat(world) == 312_500_000
    assert sat(world, "a") == 234_375_000
    assert {told.kind for told in news} == {NewsKind.BLOCK_FOUND, NewsKind.PAYOUT}
    assert world.home.accounts.state("acc").last_payout.sat == 312_500_000
    end()
    world.tick(600)
    await world.home.accounts.take("acc", AccountReading(at=world.wall))
    assert sat(world) == 0, "a reorganisation took the block back"
    (kept,) = await world.home.accounts.payouts("acc")
    assert kept.payout.state is PayoutState.GONE
    assert len(news) == 2


async def test_payouts_are_valued_at_the_price_of_their_time(feeding, monkeypatch):
    world = await feeding(Scheme.TIDES, PoolKind.OCEAN)
    asked = []

    async def historical_price(at):
        asked.append(at)
        if len(asked) == 1:
            raise SourceError("not now")

    monkeypatch.setattr(world.market, "historical_price", historical_price)
    long_ago = world.wall - timedelta(days=40)
    payouts = (
        Payout(payout_id="new", at=world.wall, sat=10),
        *(Payout(payout_id=f"{i}", at=long_ago - timedelta(days=i), sat=10) for i in range(5)),
    )
    await world.home.accounts.take("acc", AccountReading(at=world.wall, unpaid_sat=0, payouts=payouts))
    assert asked == [long_ago - timedelta(days=i) for i in range(3)], "a few at each look"
    prices = {told.payout.payout_id: told.btc_price_nano for told in await world.home.accounts.payouts("acc")}
    assert prices["new"] == 100_000 * 10**9
    assert prices["0"] is None


async def test_a_watch_looks_far_back_once_and_a_failure_is_told(feeding):
    world = await feeding()
    (_, told), accounts = world.accounts[0], world.home.accounts
    watch = accounts._watches["acc"]
    await watch.look()
    assert accounts.state("acc").problem == "source_failed"
    assert world.wall - told.since > timedelta(days=399)
    told.reading = AccountReading(at=world.wall, days=())
    await watch.look()
    await watch.look()
    assert accounts.state("acc").problem is None
    assert world.wall - told.since == timedelta(days=30)


async def test_a_look_that_cannot_be_written_is_made_up_for(feeding, monkeypatch):
    world = await feeding()
    await a_whole_day(world)
    write = world.store.write

    async def full(work):
        raise StoreUnavailableError("disk full")

    monkeypatch.setattr(world.store, "write", full)
    with pytest.raises(StoreUnavailableError):
        await world.home.accounts.take("acc", yesterday_told(world, 120))
    monkeypatch.setattr(world.store, "write", write)
    await world.home.accounts.take("acc", yesterday_told(world, 120))
    assert sat(world) == pytest.approx(120, abs=1e-5)


async def test_a_commit_of_unknown_outcome_books_nothing_twice(feeding, monkeypatch):
    world = await feeding()
    await a_whole_day(world)
    write = world.store.write

    async def doubtful(work):
        await write(work)
        raise StoreUnavailableError("who knows")

    monkeypatch.setattr(world.store, "write", doubtful)
    for _ in range(2):
        with pytest.raises(StoreUnavailableError):
            await world.home.accounts.take("acc", yesterday_told(world, 120))
    monkeypatch.setattr(world.store, "write", write)
    await world.home.accounts.take("acc", yesterday_told(world, 120))
    await world.close()
    await world.open()
    assert sat(world) == pytest.approx(120, abs=1e-5)


async def test_work_of_nobody_settles_nothing(feeding):
    world = await feeding()
    reading = AccountReading(at=world.wall, days=(ConfirmedDay(day=date(2026, 11, 21), sat=5),))
    assert (await world.home.accounts.take("acc", reading)).entries == ()
    assert await world.home.accounts.payouts("acc") == []


async def test_a_person_corrects_a_payout_and_what_follows_from_it(feeding):
    world = await feeding(Scheme.SOLO, PoolKind.CKPOOL)
    await a_whole_day(world)
    await world.home.accounts.take("acc", AccountReading(at=world.wall))
    paid = Payout(payout_id="cb", at=world.wall, sat=312_500_000, txid="cb")
    await world.home.accounts.take("acc", AccountReading(at=world.wall, payouts=(paid,)))
    with pytest.raises(InvalidValueError):
        await world.home.accounts.correct_payout("acc", "other", sat=1, btc_price=None, note="")
    told = await world.home.accounts.correct_payout("acc", "cb", sat=300_000_000, btc_price=None, note="a fee")
    assert (told.payout.sat, told.told_sat, told.note) == (300_000_000, 312_500_000, "a fee")
    assert told.btc_price_nano == 100_000 * 10**9
    assert sat(world) == 300_000_000
    told = await world.home.accounts.correct_payout("acc", "cb", sat=None, btc_price=90_000, note="my exchange")
    assert (told.payout.sat, told.btc_price_nano) == (300_000_000, 90_000 * 10**9)
    books = await world.home.export(world.wall.date() - timedelta(days=2), world.wall.date(), heaters={"a": "Cellar"})
    (payout,) = books.payouts
    assert (payout["account"], payout["cost_basis"], payout["told_sat"]) == ("Solo", "270000", 312_500_000)
    assert {row["heater"] for row in books.days} == {"Cellar", "b"}
    assert sum(float(row["earned_sat"]) for row in books.days) == pytest.approx(300_000_000)


async def test_a_time_is_never_booked_under_two_names(feeding):
    world = await feeding()
    await world.home.accounts.take("acc", AccountReading(at=world.wall, credited_sat=0))
    await a_whole_day(world)
    await world.home.accounts.take("acc", AccountReading(at=world.wall, credited_sat=160))
    await world.home.accounts.take("acc", replace(yesterday_told(world, 160), credited_sat=160))
    assert world.home.totals().all_time.confirmed_sat == 160
    assert sat(world) == pytest.approx(160, abs=1e-5)


async def test_one_block_pays_one_account(feeding, world_type):
    world = await feeding(Scheme.SOLO, PoolKind.CKPOOL)
    twin = AccountSettings(account_id="twin", kind=PoolKind.PUBLIC_POOL, scheme=Scheme.SOLO, heaters=("c",))
    await world.close()
    world.accounts = [*world.accounts, (twin, Told())]
    await world.open()
    for heater in ("a", "b", "c"):
        world.home.set_earning(heater, Earning())
    await a_whole_day(world)
    world.run(3600, hash_rate=TERA, heater="c")
    world.home.release("c")
    paid = Payout(payout_id="cb", at=world.wall, sat=312_500_000, txid="cb")
    block = FoundBlock(block_hash="00ab", at=world.wall, txid="cb", sat=312_500_000)
    for account in ("acc", "twin"):
        await world.home.accounts.take(account, AccountReading(at=world.wall, payouts=(paid,), blocks=(block,)))
    assert sat(world) == 312_500_000
    books = await world.home.export(world.wall.date(), world.wall.date(), heaters={})
    assert len(books.payouts) == 1


async def test_a_payout_that_is_gone_gives_the_estimate_back(feeding):
    world = await feeding(Scheme.PPLNS, PoolKind.ADDRESS_WATCH)
    first = Payout(payout_id="1", at=world.wall, sat=5, txid="1")
    await world.home.accounts.take("acc", AccountReading(at=world.wall, payouts=(first,)))
    await a_whole_day(world)
    estimated = sat(world)
    paid = Payout(payout_id="2", at=world.wall, sat=160, txid="2")
    await world.home.accounts.take("acc", AccountReading(at=world.wall, payouts=(first, paid)))
    assert sat(world) == pytest.approx(160, abs=1e-5)
    await world.home.accounts.take("acc", AccountReading(at=world.wall, payouts=(first,)))
    assert sat(world) == pytest.approx(estimated, abs=1e-5)
    world.tick(3600)
    again = replace(paid, payout_id="3", txid="3", at=world.wall)
    await world.home.accounts.take("acc", AccountReading(at=world.wall, payouts=(first, again)))
    assert sat(world) == pytest.approx(160, abs=1e-5), "paid again by another transaction"


async def test_a_withdrawal_that_fails_is_no_income_and_a_correction_changes_no_balance(feeding):
    world = await feeding(Scheme.POOL, PoolKind.NICEHASH)
    await world.home.accounts.take("acc", AccountReading(at=world.wall, unpaid_sat=900))
    await a_whole_day(world)
    asked = Payout(payout_id="w", at=world.wall - timedelta(hours=2), sat=900, state=PayoutState.PENDING)
    await world.home.accounts.take("acc", AccountReading(at=world.wall, unpaid_sat=160, payouts=(asked,)))
    assert world.home.totals().all_time.confirmed_sat == 160
    await mine(world, hours=23)
    failed = replace(asked, state=PayoutState.GONE)
    await world.home.accounts.take("acc", AccountReading(at=world.wall, unpaid_sat=1220, payouts=(failed,)))
    assert world.home.totals().all_time.confirmed_sat == 320
    await world.home.accounts.correct_payout("acc", "w", sat=1, btc_price=None, note="never came")
    assert world.home.totals().all_time.confirmed_sat == 320


async def test_a_correction_of_folded_days_is_exact_to_the_last_sat(feeding):
    world = await feeding(Scheme.SOLO, PoolKind.CKPOOL)
    await a_whole_day(world)
    await mine(world, hours=24)
    world.tick(600)
    paid = Payout(payout_id="cb", at=world.wall, sat=300_000_000, txid="cb")
    await world.home.accounts.take("acc", AccountReading(at=world.wall, payouts=(paid,)))
    for folded in (world.wall.toordinal() - 1, world.wall.toordinal() + 1):
        await world.store.write(lambda c, before=folded: fold(c, before, 99))
        for amount in (290_000_000, 280_000_000):
            await world.home.accounts.correct_payout("acc", "cb", sat=amount, btc_price=None, note="x")
            assert sat(world) == amount
            assert world.home.totals().all_time.confirmed_sat == amount


async def test_work_that_comes_after_its_day_was_settled_is_not_added_on_top(feeding):
    world = await feeding()
    world.tick((datetime(2026, 11, 23, tzinfo=UTC) - world.wall).total_seconds())
    await mine(world, hours=23)
    later = world.wall + timedelta(hours=2)
    told = AccountReading(at=later, days=(ConfirmedDay(day=date(2026, 11, 23), sat=120),))
    await world.home.accounts.take("acc", told)
    await mine(world, hours=1)
    assert sat(world) > 120
    await world.home.accounts.take("acc", told)
    assert sat(world) == pytest.approx(120, abs=1e-5)


async def test_a_read_that_fails_after_the_write_is_made_up_for(feeding, monkeypatch):
    world = await feeding()
    await a_whole_day(world)
    renew = world.home._ledger.renew_entries

    async def gone():
        raise StoreUnavailableError("just now")

    monkeypatch.setattr(world.home._ledger, "renew_entries", gone)
    with pytest.raises(StoreUnavailableError):
        await world.home.accounts.take("acc", yesterday_told(world, 120))
    monkeypatch.setattr(world.home._ledger, "renew_entries", renew)
    await world.home.accounts.take("acc", yesterday_told(world, 120))
    assert sat(world) == pytest.approx(120, abs=1e-5)


async def test_a_block_of_the_first_hour_is_booked_once_that_is_over(feeding):
    world = await feeding(Scheme.SOLO, PoolKind.CKPOOL)
    world.run(600, hash_rate=TERA)
    block = Payout(payout_id="cb", at=world.wall, sat=312_500_000, txid="cb")
    await world.home.accounts.take("acc", AccountReading(at=world.wall, payouts=(block,)))
    assert sat(world) == 0
    world.home.release("a")
    world.tick(600)
    await world.home.accounts.take("acc", AccountReading(at=world.wall, payouts=(block,)))
    assert sat(world) == 312_500_000


async def test_a_block_waits_for_a_price_to_be_valued_at(feeding):
    figures = {FigureKind.DIFFICULTY: 150e12, FigureKind.REWARD_SAT: 314_500_000}
    world = await feeding(Scheme.SOLO, PoolKind.CKPOOL, figures=figures)
    await a_whole_day(world)
    block = Payout(payout_id="cb", at=world.wall, sat=312_500_000, txid="cb")
    await world.home.accounts.take("acc", AccountReading(at=world.wall, payouts=(block,)))
    assert sat(world) == 0, "not worth 0.00, but not valued yet"
    world.market._manual.figures[FigureKind.BTC_PRICE] = 100_000
    await world.home.accounts.take("acc", AccountReading(at=world.wall, payouts=(block,)))
    assert (sat(world), world.home.totals().all_time.earned_value) == (312_500_000, 312_500)
