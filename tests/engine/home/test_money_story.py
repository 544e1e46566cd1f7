"""Thirty days of a home with three heaters, told by real servers; docs/money.md lets a person check every figure."""

import ast
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
import operator
from pathlib import Path
import re
import shutil

import aiohttp
import pytest

from custom_components.hashwarm.engine.home import (
    AccountOptions,
    AccountSettings,
    Earning,
    HeaterSample,
    HomeOptions,
    Scheme,
    home as home_room,
    open_home,
)
from custom_components.hashwarm.engine.model.capabilities import PowerSource
from custom_components.hashwarm.engine.money import Burner, Credentials, HeatingKind, MeteredElectricity, PoolKind
from custom_components.hashwarm.engine.money.pools import PayoutState, braiins
from simulators.market import PracticeMarket
from simulators.pools import PracticeAccount, PracticePools

PAGE = Path(__file__).parents[3] / "docs" / "money.md"
BEGIN = datetime(2026, 11, 1, tzinfo=UTC)
HOURS = 30 * 24
KILLED_AT_H, BACK_AT_H = 4 * 24 + 6, 4 * 24 + 12
HARDER_AT_H, CHEAPER_AT_H = 10 * 24, 15 * 24
PAID_AT_H = (8 * 24 + 18, 23 * 24 + 18)
BLOCK_AT_H, ORPHAN_AT_H = 21 * 24 + 2, 25 * 24 + 7
DIFFICULTY, HARDER = 1e14, 1.1e14
REWARD_SAT = 312_500_000
PRICE, CHEAPER = 100_000.0, 60_000.0
PER_HOUR = {"cellar": 92_400_000, "desk": 924_000, "hall": 924_000}
"""The difficulty of the shares accepted in an hour."""
SIGNS = {"\N{MULTIPLICATION SIGN}": "*", "\N{DIVISION SIGN}": "/", "\N{MINUS SIGN}": "-", ",": ""}
ROW = re.compile(r"^\| ([^|]+) \| ([^|]* [+*/-] [^|]*) \| ([^|]+?) \S+ \|$", re.MULTILINE)
POWER_W = {"cellar": 3000.0, "desk": 15.0, "hall": 15.0}


def market_at(hour):
    """Return what the network asks and what a bitcoin costs."""
    return HARDER if hour >= HARDER_AT_H else DIFFICULTY, CHEAPER if hour >= CHEAPER_AT_H else PRICE


class Story:
    """The home, its servers, and a clock that a test turns."""

    def __init__(self, folder, session):
        self.wall = BEGIN
        self.mono = 1000.0
        self.hour = 0
        self.folder = folder
        self.path = folder / "0.db"
        self.session = session
        self.market = PracticeMarket(now=lambda: self.wall)
        self.market.past_prices = lambda at: market_at((at - BEGIN) // timedelta(hours=1))[1]
        self.pool = PracticePools(PracticeAccount(), now=lambda: self.wall)
        self.chain = PracticePools(PracticeAccount(), now=lambda: self.wall)
        self.news = Counter()
        self.shown = {}

    def tick(self, seconds):
        self.mono += seconds
        self.wall += timedelta(seconds=seconds)

    async def open(self):
        self.opened = await open_home(
            self.path,
            HomeOptions(
                currency="EUR",
                market_url=self.market.url("mempool"),
                coinbase_url=self.market.url("coinbase"),
                esplora_url=self.market.url("esplora"),
                accounts=self.accounts(),
            ),
            session=self.session,
            tz=UTC,
            clock=lambda: self.mono,
            now=lambda: self.wall,
            electricity=MeteredElectricity(grid_price=lambda: 0.30),
            alternative_per_kwh=self.gas,
        )
        self.home = self.opened.home
        self.home.accounts.add_listener(self.heard)
        for heater in PER_HOUR:
            self.home.set_earning(heater, Earning())
        await self.looked()

    def accounts(self):
        fpps = AccountSettings(
            account_id="pool",
            kind=PoolKind.BRAIINS,
            scheme=Scheme.FPPS,
            fee_ppm=20_000,
            heaters=("cellar", "desk"),
        )
        solo = AccountSettings(account_id="solo", kind=PoolKind.ADDRESS_WATCH, scheme=Scheme.SOLO, heaters=("hall",))
        return (
            AccountOptions(
                settings=fpps,
                credentials=Credentials(secret=self.pool.account.secret),
                base_url=self.pool.url("braiins"),
            ),
            AccountOptions(
                settings=solo,
                credentials=Credentials(address=self.chain.account.address),
                base_url=self.chain.url("address_watch"),
            ),
        )

    def gas(self):
        return Burner.of(HeatingKind.GAS, 0.117).cost_per_kwh_heat(outdoor_c=None, electricity_price=None)

    def heard(self, news):
        self.news.update((told.account_id, told.kind.value, told.sat) for told in news)

    async def looked(self):
        """Let what a home does by itself when it begins be done: no later look comes unasked."""
        watches = self.home.accounts._watches.values()
        while self.home.market.estimate is None or any(watch.last is None for watch in watches):
            await self.opened.store.read(lambda connection: None)

    async def look(self):
        for watch in self.home.accounts._watches.values():
            await watch.look()
            assert watch.problem is None

    def set_market(self):
        self.market.difficulty, self.market.price = market_at(self.hour)
        self.market.spot_price = self.market.price
        self.market.reward_sat, self.market.fee_sat = REWARD_SAT, 0

    def sample(self):
        """Let every heater tell what it did; the desk's plug has a meter of its own."""
        for heater, per_hour in PER_HOUR.items():
            self.home.book(
                heater,
                HeaterSample(
                    at_s=self.mono,
                    power_w=POWER_W[heater],
                    power_source=PowerSource.MEASURED,
                    energy_mj=54_000_000 * self.hour if heater == "desk" else None,
                    share_work=per_hour * 2**32 * self.hour,
                    hashes=per_hour * 2**32 * self.hour,
                    running=True,
                    stands_for_s=3600.0,
                ),
            )

    async def kill(self):
        """Leave nothing but a copy of the file as it is on disk, eight seconds after the last write."""
        await self.home.flush()
        self.tick(8)
        self.sample()
        killed = self.folder / "killed.db"
        for suffix in ("", "-wal"):
            if (source := self.path.with_name(self.path.name + suffix)).exists():
                shutil.copy(source, killed.with_name(killed.name + suffix))
        await self.opened.close()
        self.path = killed
        self.tick((BACK_AT_H - KILLED_AT_H) * 3600 - 8)
        self.hour = BACK_AT_H
        await self.open()

    async def happen(self):
        """Do what the story has for this hour."""
        hour, pool, chain = self.hour, self.pool.account, self.chain.account
        if hour % 24 == 0 and hour:
            # A pool closes a day when it is over.
            pool.credit(self.wall - timedelta(seconds=1), 6868 if hour <= HARDER_AT_H else 6161)
        if hour % 6 == 0:
            self.set_market()
            await self.home.market.update()
        if hour in PAID_AT_H:
            pool.pay_out(self.wall, 50_000)
        if hour in {BLOCK_AT_H, ORPHAN_AT_H}:
            chain.find_block(self.wall, 900_000 + hour, REWARD_SAT)
        if hour == ORPHAN_AT_H + 1:
            chain.blocks.pop()

    async def tell(self):
        """Live the thirty days, and an hour more in which the last day is confirmed."""
        while self.hour <= HOURS:
            await self.happen()
            self.sample()
            if self.hour == KILLED_AT_H:
                await self.kill()
                self.sample()
            if self.hour % 24 == 1 or self.hour in {*PAID_AT_H, BLOCK_AT_H, ORPHAN_AT_H, ORPHAN_AT_H + 1}:
                await self.look()
            if self.hour == ORPHAN_AT_H:
                self.shown["orphan"] = self.home.totals("hall").all_time.earned_sat
            self.tick(3600)
            self.hour += 1
        for heater in PER_HOUR:
            self.home.release(heater)
        await self.look()


@pytest.fixture
async def story(tmp_path, monkeypatch):
    """Tell the story once; writes and looks come only where it has them."""
    monkeypatch.setattr(braiins, "SPACING_S", 0.0)
    monkeypatch.setattr(home_room, "FLUSH_S", 3600.0)
    async with aiohttp.ClientSession() as session:
        story = Story(tmp_path, session)
        servers = (story.market, story.pool, story.chain)
        for server in servers:
            await server.start()
        story.set_market()
        await story.open()
        await story.tell()
        yield story
        await story.opened.close()
        for server in servers:
            await server.stop()


OPERATORS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv}


def reckoned(node):
    """Return what plain arithmetic comes to, exactly."""
    if isinstance(node, ast.BinOp):
        return OPERATORS[type(node.op)](reckoned(node.left), reckoned(node.right))
    return Fraction(ast.unparse(node))


def checked_by_hand():
    """Return the figures of the page's story by name, each worked out from the arithmetic beside it."""
    section = PAGE.read_text().split("## Check it by hand")[1].split("\n## ")[0].translate(str.maketrans(SIGNS))
    figures = {}
    for name, arithmetic, result in ROW.findall(section):
        exact = reckoned(ast.parse(arithmetic, mode="eval").body)
        digits = len(result.partition(".")[2])
        assert round(exact, digits) == Fraction(result), f"{name}: {float(exact)}"
        figures[name] = exact
    return figures


def told(story, heater, figure):
    return getattr(story.home.totals(heater).all_time, figure)


FIGURES = {
    "Heat of the cellar": ("cellar", "energy_kwh"),
    "Its electricity": ("cellar", "cost"),
    "Confirmed for the cellar": ("cellar", "confirmed_sat"),
    "Earned by the cellar": ("cellar", "earned_sat"),
    "More than estimated": ("cellar", "difference_sat"),
    "Its value": ("cellar", "earned_value"),
    "Cost after earnings": ("cellar", "cost_per_kwh_after_earnings"),
    "Energy offset": ("cellar", "offset_percent"),
    "The same heat from gas": ("cellar", "alternative_cost"),
    "Saving": ("cellar", "saved"),
    "Heat of the desk": ("desk", "energy_kwh"),
    "Electricity of the desk": ("desk", "cost"),
    "Earned by the desk": ("desk", "earned_sat"),
    "Value of the desk's earnings": ("desk", "earned_value"),
    "Offset of the desk": ("desk", "offset_percent"),
    "Earned by the hall": ("hall", "earned_sat"),
    "Value of the block": ("hall", "earned_value"),
    "Heat of the home": (None, "energy_kwh"),
    "Electricity of the home": (None, "cost"),
    "Earned by the home": (None, "earned_sat"),
    "Value of all earnings": (None, "earned_value"),
}


async def test_thirty_days_give_the_figures_that_the_page_reckons(story):
    by_hand = checked_by_hand()
    assert FIGURES.keys() <= by_hand.keys()
    for name, (heater, figure) in FIGURES.items():
        assert told(story, heater, figure) == pytest.approx(float(by_hand[name]), abs=1e-9, rel=1e-12), name
    sums = story.home._ledger.account("cellar").closed
    assert (sums.earned_usat, sums.cost_nano) == (189_696_150_000, 642_600_000_000), "exact in the ledger's units"
    assert told(story, "cellar", "unmeasured_s") == 6 * 3600
    assert told(story, "desk", "unmeasured_s") == 0, "its plug has counted on"
    assert told(story, "desk", "cost_known_share") == pytest.approx(10.71 / 10.8, abs=1e-12)
    await payouts_and_news(story, by_hand)
    await the_books(story)
    await a_new_beginning(story)


async def payouts_and_news(story, by_hand):
    pool = await story.home.accounts.payouts("pool")
    assert [(told.payout.sat, told.btc_price_nano) for told in pool] == [
        (50_000, 100_000 * 10**9),
        (50_000, 60_000 * 10**9),
    ]
    solo = await story.home.accounts.payouts("solo")
    assert [told.payout.state for told in solo] == [PayoutState.CONFIRMED, PayoutState.GONE]
    assert story.shown["orphan"] == 2 * REWARD_SAT, "shown while the chain had it"
    assert story.news == {
        ("pool", "payout", 50_000): 2,
        ("solo", "payout", REWARD_SAT): 2,
        ("solo", "block_found", None): 2,
    }
    assert story.home.accounts.state("pool").reading.unpaid_sat == by_hand["Waiting at the pool"]


async def the_books(story):
    names = {heater: heater for heater in PER_HOUR}
    books = await story.home.export(date(2026, 11, 1), date(2026, 11, 30), heaters=names)
    assert len(books.days) == 3 * 30
    assert [row["cost_basis"] for row in books.payouts if row["account"] == "pool"] == ["50", "30"]
    for heater in PER_HOUR:
        rows = [row for row in books.days if row["heater"] == heater]
        for column, figure in (("earned_sat", "earned_sat"), ("electricity_cost", "cost"), ("earned_value",) * 2):
            exact = sum(Fraction(row[column]) for row in rows)
            assert told(story, heater, figure) == pytest.approx(float(exact), rel=1e-14), (heater, column)
    (outage,) = [row for row in books.days if (row["date"], row["heater"]) == ("2026-11-05", "cellar")]
    assert (outage["energy_kwh"], outage["unmeasured_s"], outage["confirmed_sat"]) == ("54.000000", 21_600, "6800")


async def a_new_beginning(story):
    before = {heater: story.home.totals(heater) for heater in (None, *PER_HOUR)}
    await story.opened.close()
    await story.open()
    assert {heater: story.home.totals(heater) for heater in before} == before, "the same after a restart"
