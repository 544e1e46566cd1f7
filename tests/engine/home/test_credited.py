"""What pools credited by day, and what of it is in its place in the statistics."""

from datetime import UTC, date, datetime, timedelta

import pytest

from custom_components.hashwarm.engine.home import AccountSettings, Earning, Scheme
from custom_components.hashwarm.engine.money.pools import AccountReading, ConfirmedDay, PoolKind

TERA = 10**12
MIDNIGHT = datetime(2026, 11, 23, tzinfo=UTC)


class Silent:
    """A pool that is never asked."""

    name = "Silent"

    async def read(self, since):
        return AccountReading(at=since)


@pytest.fixture
async def fed(tmp_path, world_type):
    """A heater that worked for an account on 22 November from noon on, and all of the 23rd."""
    world = world_type(tmp_path / "ledger.db", tz="UTC")
    account = AccountSettings(account_id="acc", kind=PoolKind.OCEAN, scheme=Scheme.TIDES, heaters=("a",))
    world.accounts = [(account, Silent())]
    await world.open()
    world.home.set_earning("a", Earning())
    yield world
    await world.close()


async def work(world, hours):
    world.run(hours * 3600, hash_rate=TERA, step=30)
    world.home.release("a")


async def test_days_that_a_pool_tells_are_kept_also_those_before_our_time(fed):
    accounts = fed.home.accounts
    days = tuple(ConfirmedDay(day=date(2026, 11, day), sat=10 * day) for day in (3, 4))
    await accounts.take("acc", AccountReading(at=fed.wall, days=days))
    await accounts.take("acc", AccountReading(at=fed.wall, days=(ConfirmedDay(day=date(2026, 11, 4), sat=41),)))
    assert await accounts.credited("acc") == {date(2026, 11, 3): 30, date(2026, 11, 4): 41}
    assert await accounts.credited("unheard of") == {}


async def test_where_a_pool_tells_no_days_what_it_settled_stands_at_the_middle_of_its_time(fed):
    accounts = fed.home.accounts
    await accounts.take("acc", AccountReading(at=fed.wall, unpaid_sat=100))
    await work(fed, 13)
    assert fed.wall > MIDNIGHT
    await accounts.take("acc", AccountReading(at=fed.wall, unpaid_sat=130))
    await work(fed, 25)
    await accounts.take("acc", AccountReading(at=fed.wall, unpaid_sat=200))
    assert await accounts.credited("acc") == {date(2026, 11, 22): 30, date(2026, 11, 23): 70}


async def test_what_was_settled_is_put_in_its_place_once(fed):
    accounts = fed.home.accounts
    await accounts.take("acc", AccountReading(at=fed.wall, unpaid_sat=0))
    await work(fed, 13)
    taken = await accounts.take("acc", AccountReading(at=fed.wall, unpaid_sat=130))
    assert await accounts.unplaced(fed.wall - timedelta(seconds=1)) == []
    waiting = await accounts.unplaced(fed.wall)
    assert [(entry.key, entry.day, entry.earned_usat) for entry in waiting] == [
        (entry.key, entry.day, entry.earned_usat) for entry in taken.entries
    ]
    for _ in range(2):
        await accounts.mark_placed(waiting)
    assert await accounts.unplaced(fed.wall) == []
    await fed.close()
    await fed.open()
    assert await fed.home.accounts.unplaced(fed.wall) == []


async def test_a_day_that_the_pool_has_not_closed_yet_is_not_settled_by_the_balance_too(tmp_path, world_type):
    world = world_type(tmp_path / "days.db", tz="UTC")
    account = AccountSettings(account_id="acc", kind=PoolKind.BRAIINS, scheme=Scheme.FPPS, heaters=("a",))
    world.accounts = [(account, Silent())]
    world.wall = MIDNIGHT - timedelta(hours=1)
    await world.open()
    world.home.set_earning("a", Earning())
    await work(world, 1)
    await world.home.accounts.take("acc", AccountReading(at=world.wall, credited_sat=0, unpaid_sat=0))
    await work(world, 24)
    world.tick(600)
    await world.home.accounts.take("acc", AccountReading(at=world.wall, credited_sat=42, unpaid_sat=42))
    assert world.home.totals().all_time.confirmed_sat == 0
    day = ConfirmedDay(day=MIDNIGHT.date(), sat=42)
    await world.home.accounts.take("acc", AccountReading(at=world.wall, credited_sat=43, unpaid_sat=43, days=(day,)))
    assert world.home.totals().all_time.confirmed_sat == 42
    await world.close()
