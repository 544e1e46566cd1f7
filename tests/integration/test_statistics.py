"""Statistics stand where they belong: with the real recorder, real pools and a clock that the test turns."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
import logging
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.recorder.models import StatisticMeanType
from homeassistant.components.recorder.statistics import get_metadata, statistics_during_period
from homeassistant.components.recorder.tasks import StatisticsTask
from homeassistant.core import HomeAssistant
from homeassistant.helpers.recorder import DATA_INSTANCE
from homeassistant.util.dt import utc_from_timestamp, utcnow
import pytest
from pytest_homeassistant_custom_component.components.recorder.common import async_wait_recording_done
import pytest_socket

from custom_components.hashwarm.engine.home import Earning, HeaterSample
from custom_components.hashwarm.engine.model.errors import StoreUnavailableError
from custom_components.hashwarm.engine.money.pools import braiins
from custom_components.hashwarm.statistics import SLOT, confirmed_id
from simulators.pools import PracticeAccount, PracticePools

from .conftest import House, SetUp, complaints, heater_of, home_of
from .test_accounts import add, look

YESTERDAY = datetime(2026, 11, 20, tzinfo=UTC)
TODAY = YESTERDAY + timedelta(days=1)
HASHES_PER_SAT = 2**32 * 1e14 / 312_500_000
OPTIONS = {"price": 0.3, "market_online": False, "manual_btc_price": 100_000.0, "manual_difficulty": 1e14}
SENSORS = (("heater", "earnings_total"), ("heater", "earnings_value"), ("home", "earnings"), ("home", "earnings_value"))


@pytest.fixture
def mock_recorder_before_hass(recorder_db_url: str, caplog: pytest.LogCaptureFixture) -> None:
    """Have the recorder's database ready before Home Assistant starts."""
    caplog.set_level(logging.WARNING, "sqlalchemy.engine")


@pytest.fixture
async def pools(socket_enabled: None, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[PracticePools]:
    pytest_socket.socket_allow_hosts(["127.0.0.1"])
    monkeypatch.setattr(braiins, "SPACING_S", 0.0)
    pools = PracticePools(PracticeAccount(), now=utcnow)
    await pools.start()
    yield pools
    await pools.stop()


class Recorded:
    """A house whose heater earns what a test says, and a recorder that sums up when it says."""

    def __init__(self, house: House, account: Any, freezer: FrozenDateTimeFactory) -> None:
        self.hass = house.hass
        self.house = house
        self.account = account
        self.freezer = freezer
        self.work = 0

    @property
    def home(self) -> Any:
        return self.house.home_entry.runtime_data.home

    def statistic_id(self, owner: str, key: str) -> str:
        return self.house.entity_id("sensor", key, **({"owner": "home"} if owner == "home" else {}))

    async def earn(self, at: datetime, sat: float) -> None:
        """Let the heater have worked for a minute up to then."""
        heater = self.house.entry.unique_id
        self.home.set_earning(heater, Earning())
        self.home.release(heater)
        for more in (0, round(sat * HASHES_PER_SAT)):
            self.work += more
            self.freezer.move_to(at if more else at - timedelta(minutes=1))
            self.home.book(
                heater,
                HeaterSample(at_s=utcnow().timestamp(), share_work=self.work, running=True, stands_for_s=60.0),
            )
        self.home.release(heater)
        await self.publish()

    async def publish(self) -> None:
        """Let the sensors show what is known."""
        await self.home.flush()
        await self.house.home_entry.runtime_data.async_refresh()
        self.house.coordinator.async_update_listeners()
        await async_wait_recording_done(self.hass)

    async def compile(self, *slots: datetime) -> None:
        """Sum up these five minutes each, right after they are over."""
        for slot in slots:
            self.freezer.move_to(slot + SLOT + timedelta(seconds=10))
            self.hass.data[DATA_INSTANCE].queue_task(StatisticsTask(slot, True))
            for _ in range(2):
                await async_wait_recording_done(self.hass)

    async def changes(self, statistic_id: str, period: Any = "hour") -> dict[datetime, float]:
        """Return what a statistic shows as bars; those without height are left out."""
        rows = await self.rows(statistic_id, period, "change")
        return {at: round(change, 6) for at, change in rows.items() if abs(change) > 1e-6}

    async def rows(self, statistic_id: str, period: Any, kind: Any) -> dict[datetime, float]:
        read = self.hass.data[DATA_INSTANCE].async_add_executor_job
        begin = YESTERDAY - timedelta(days=30)
        found = await read(statistics_during_period, self.hass, begin, None, {statistic_id}, period, None, {kind})
        return {utc_from_timestamp(row["start"]): row[kind] for row in found.get(statistic_id, [])}


@pytest.fixture
async def recorded(
    hass: HomeAssistant, recorder_mock: Any, set_up: SetUp, pools: PracticePools, freezer: FrozenDateTimeFactory
) -> Recorded:
    """A heater that earned 100 sat at ten in the morning of yesterday, as estimated."""
    await hass.config.async_set_time_zone("UTC")
    freezer.move_to(YESTERDAY - timedelta(hours=1))
    # A box has no planner, which would think of every hour that the clock leaps over.
    home = home_of({**OPTIONS, "market_url": pools.url("chain")})
    house = await set_up(home=home, heater=heater_of(room_response="box"))
    account = await add(house, pools, "braiins", scheme="fpps", fee=0.0)
    recorded = Recorded(house, account, freezer)
    await recorded.earn(YESTERDAY - timedelta(minutes=7), 1.0)
    await recorded.compile(YESTERDAY - 2 * SLOT, YESTERDAY - SLOT)
    ten = YESTERDAY + timedelta(hours=10)
    await recorded.earn(ten + timedelta(minutes=2), 100.0)
    await recorded.compile(ten, ten + 11 * SLOT, TODAY - SLOT, TODAY + timedelta(hours=11, minutes=55))
    return recorded


async def confirm(recorded: Recorded, pools: PracticePools, at: datetime, sat: int) -> None:
    """Let the pool have credited so much for yesterday, and Hashwarm see it."""
    pools.account.credit(YESTERDAY, sat)
    recorded.freezer.move_to(at)
    await look(recorded.house, recorded.account)


@pytest.mark.parametrize(
    ("minutes", "restarted"), [(2.0, False), (59.5, True)], ids=["within an hour", "in the next hour and restarted"]
)
async def test_what_a_pool_confirms_late_stands_at_its_day(
    recorded: Recorded, pools: PracticePools, minutes: float, restarted: bool, caplog: pytest.LogCaptureFixture
):
    noon = TODAY + timedelta(hours=12)
    ids = [recorded.statistic_id(*sensor) for sensor in SENSORS]
    before = [await recorded.changes(statistic_id) for statistic_id in ids]
    await confirm(recorded, pools, noon + timedelta(minutes=minutes), 130)
    recorded.freezer.tick(61)
    await recorded.publish()
    seen = noon + timedelta(minutes=minutes, seconds=61)
    shown = seen - timedelta(seconds=seen.timestamp() % 300)
    first = min(shown, noon + int(minutes // 5) * SLOT)
    await recorded.compile(*(first + slot * SLOT for slot in range((shown - first) // SLOT + 1)))
    (jump,) = [at for at in await recorded.changes(ids[0], "5minute") if at >= noon]
    assert jump == shown, "live, it shows at once"
    if restarted:
        await recorded.hass.config_entries.async_reload(recorded.house.home_entry.entry_id)
        await recorded.hass.async_block_till_done()
    await recorded.compile(*(shown + slot * SLOT for slot in range(1, 5)), noon + 23 * SLOT)
    hour = timedelta(hours=1)
    for statistic_id, was, more in zip(ids, before, (30.0, 0.03, 30.0, 0.03), strict=True):
        assert await recorded.changes(statistic_id) == was | {TODAY - hour: more}, statistic_id
        assert not [at for at in await recorded.changes(statistic_id, "5minute") if at >= noon]
    sums = await recorded.rows(ids[0], "hour", "sum")
    for _ in range(2):
        recorded.hass.bus.async_fire("recorder_5min_statistics_generated")
        await async_wait_recording_done(recorded.hass)
    assert await recorded.rows(ids[0], "hour", "sum") == sums, "moved once"
    assert not complaints(caplog)


async def test_the_books_may_be_closed_for_a_while(
    recorded: Recorded, pools: PracticePools, monkeypatch: pytest.MonkeyPatch
):
    noon = TODAY + timedelta(hours=12)
    await confirm(recorded, pools, noon + timedelta(minutes=2), 130)
    recorded.freezer.tick(61)
    await recorded.publish()

    async def closed(*_: Any) -> None:
        raise StoreUnavailableError("disk full")

    accounts = recorded.home.accounts
    with monkeypatch.context() as patched:
        patched.setattr(accounts, "mark_placed", closed)
        patched.setattr(accounts, "credited", closed)
        await recorded.compile(*(noon + slot * SLOT for slot in range(5)))
        await look(recorded.house, recorded.account)
        assert noon in await recorded.changes(recorded.statistic_id(*SENSORS[0]), "5minute")
    assert len(await accounts.unplaced(utcnow())) == 1
    await recorded.compile(noon + 5 * SLOT)
    assert await accounts.unplaced(utcnow()) == []
    assert noon not in await recorded.changes(recorded.statistic_id(*SENSORS[0]), "5minute")


async def test_what_nobody_recorded_is_not_waited_for_forever(recorded: Recorded, pools: PracticePools):
    noon = TODAY + timedelta(hours=12)
    await confirm(recorded, pools, noon, 130)
    for later, waiting in ((timedelta(hours=1), 1), (timedelta(days=3), 0)):
        recorded.freezer.move_to(noon + later)
        recorded.hass.bus.async_fire("recorder_5min_statistics_generated")
        await async_wait_recording_done(recorded.hass)
        assert len(await recorded.home.accounts.unplaced(utcnow())) == waiting


async def test_what_pools_credited_is_a_series_that_can_be_made_again(recorded: Recorded, pools: PracticePools):
    for days, sat in ((3, 40), (2, 41), (1, 39)):
        pools.account.credit(YESTERDAY - timedelta(days=days), sat)
    await confirm(recorded, pools, TODAY + timedelta(hours=12), 130)
    await async_wait_recording_done(recorded.hass)
    statistic_id = confirmed_id(recorded.account)
    credited = await recorded.rows(statistic_id, "hour", "state")
    assert [(at.date(), sat) for at, sat in credited.items()] == [
        (YESTERDAY.date() - timedelta(days=3), 40.0),
        (YESTERDAY.date() - timedelta(days=2), 41.0),
        (YESTERDAY.date() - timedelta(days=1), 39.0),
        (YESTERDAY.date(), 130.0),
    ]
    sums = await recorded.rows(statistic_id, "hour", "sum")
    assert list(sums.values()) == [40.0, 81.0, 120.0, 250.0]
    instance = recorded.hass.data[DATA_INSTANCE]
    metadata = await instance.async_add_executor_job(lambda: get_metadata(recorded.hass, statistic_ids={statistic_id}))
    assert metadata[statistic_id][1] | {"name": ""} == {
        "mean_type": StatisticMeanType.NONE,
        "has_sum": True,
        "name": "",
        "source": "hashwarm",
        "statistic_id": statistic_id,
        "unit_class": None,
        "unit_of_measurement": "sat",
    } | {key: value for key, value in metadata[statistic_id][1].items() if key == "has_mean"}
    instance.async_clear_statistics([statistic_id])
    await async_wait_recording_done(recorded.hass)
    assert await recorded.rows(statistic_id, "hour", "sum") == {}
    pools.account.days.clear()
    await recorded.hass.config_entries.async_reload(recorded.house.home_entry.entry_id)
    await async_wait_recording_done(recorded.hass)
    assert await recorded.rows(statistic_id, "hour", "sum") == sums, "the same, though the pool has forgotten"
