"""Pool accounts as a person adds and changes them, and what becomes of their looks; pools are real servers."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import SOURCE_RECONFIGURE, SOURCE_USER
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.util.dt import utcnow
import pytest
import pytest_socket

from custom_components.hashwarm.diagnostics import async_get_config_entry_diagnostics
from custom_components.hashwarm.engine.home import Earning, HeaterSample
from custom_components.hashwarm.engine.money.pools import braiins
from simulators.pools import Mood, PracticeAccount, PracticePools

from .conftest import House, SetUp, complaints, home_of

THERMOSTAT = "climate.hashwarm_heater"
HOW = {"heaters": [THERMOSTAT], "fee": 2.0, "others_feed": False}


@pytest.fixture
async def pools(socket_enabled: None, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[PracticePools]:
    """Pools on the loopback, all telling of one account."""
    pytest_socket.socket_allow_hosts(["127.0.0.1"])
    monkeypatch.setattr(braiins, "SPACING_S", 0.0)
    pools = PracticePools(PracticeAccount(), now=utcnow)
    await pools.start()
    yield pools
    await pools.stop()


@pytest.fixture
async def house(set_up: SetUp, pools: PracticePools) -> House:
    options = {"price": 0.3, "market_online": False, "market_url": pools.url("chain"), "manual_btc_price": 100_000.0}
    return await set_up(home=home_of({**options, "manual_difficulty": 1e14}))


async def choose(house: House, kind: str) -> Any:
    """Return the form that asks for what a pool has to be given."""
    subentries = house.hass.config_entries.subentries
    flow = await subentries.async_init((house.home_entry.entry_id, "account"), context={"source": SOURCE_USER})
    return await subentries.async_configure(flow["flow_id"], {"pool_kind": kind})


async def fill(house: House, form: Any, **answer: Any) -> Any:
    result = await house.hass.config_entries.subentries.async_configure(form["flow_id"], {**HOW, **answer})
    await house.hass.async_block_till_done()
    return result


async def add(house: House, pools: PracticePools, kind: str = "ocean", **answer: Any) -> Any:
    """Add an account; returns its subentry."""
    account = pools.account
    given = {"name": kind, "scheme": "tides", "pool_url": pools.url(kind)}
    needs = {"ocean": {"address": account.address}, "braiins": {"secret": account.secret}}
    result = await fill(
        house, await choose(house, kind), **(given | needs.get(kind, {"address": account.address}) | answer)
    )
    assert result["type"] is FlowResultType.CREATE_ENTRY, result
    account = next(found for found in house.home_entry.subentries.values() if found.subentry_type == "account")
    await only_when_told(house, account)
    return account


async def only_when_told(house: House, account: Any) -> None:
    """Let a pool be looked at once, and then when a test asks for it: looks go astray where a test moves the clock."""
    watch = house.home_entry.runtime_data.home.accounts._watches[account.subentry_id]
    while watch.at is None and watch.problem is None:
        await asyncio.sleep(0)
    await watch.stop()


def told(house: House, account: Any, key: str, domain: str = "sensor") -> Any:
    return house.state(domain, key, owner=account.subentry_id)


async def look(house: House, account: Any) -> None:
    await house.home_entry.runtime_data.home.accounts._watches[account.subentry_id].look()
    await house.hass.async_block_till_done()


async def test_an_account_shows_what_its_pool_tells(
    hass: HomeAssistant, house: House, pools: PracticePools, caplog: pytest.LogCaptureFixture
):
    pools.account.credit(utcnow(), 4321)
    account = await add(house, pools)
    await look(house, account)
    assert (account.title, account.data["heaters"]) == ("ocean", [house.entry.unique_id])
    assert told(house, account, "unpaid").state == "4321"
    assert told(house, account, "pool_hash_rate").state == "12.3"
    assert told(house, account, "last_payout").state == "unknown"
    devices = dr.async_entries_for_config_entry(dr.async_get(hass), house.home_entry.entry_id)
    device = next(found for found in devices if ("hashwarm", account.subentry_id) in found.identifiers)
    assert (device.name, device.manufacturer) == ("ocean", "OCEAN")
    await house.a_pass()
    earning = house.home_entry.runtime_data.home.earning(house.entry.unique_id)
    assert (earning.scheme, earning.fee_ppm) == ("tides", 20_000)
    assert earning.account.startswith("ocean-")
    assert not complaints(caplog)
    hass.config_entries.async_remove_subentry(house.home_entry, account.subentry_id)
    await hass.async_block_till_done()
    assert not [entity for entity in er.async_get(hass).entities.values() if account.subentry_id in entity.unique_id], (
        "what was removed is gone"
    )


async def test_payouts_and_blocks_are_events(hass: HomeAssistant, house: House, pools: PracticePools):
    account = await add(house, pools)
    await look(house, account)
    assert told(house, account, "earnings", "event").state == "unknown"
    pools.account.credit(utcnow(), 5000)
    pools.account.pay_out(utcnow(), 5000)
    await look(house, account)
    event = told(house, account, "earnings", "event")
    assert (event.attributes["event_type"], event.attributes["amount"]) == ("payout", 5000)
    assert told(house, account, "last_payout").attributes["amount"] == 5000
    await look(house, account)
    assert told(house, account, "earnings", "event").state == event.state, "told once"


async def test_what_a_pool_confirms_replaces_the_estimate(
    hass: HomeAssistant, house: House, pools: PracticePools, freezer: FrozenDateTimeFactory
):
    account = await add(house, pools, "braiins", scheme="fpps")
    home = house.home_entry.runtime_data.home
    await look(house, account)
    freezer.move_to(utcnow().replace(hour=0, minute=30) + timedelta(days=1))
    await mine(house, freezer, hours=3)
    freezer.tick(timedelta(hours=22))
    pools.account.credit(utcnow() - timedelta(days=1), 7)
    await look(house, account)
    totals = home.totals(house.entry.unique_id).all_time
    assert totals.confirmed_sat == 7
    assert totals.earned_sat == pytest.approx(7, abs=1e-5)
    assert float(told(house, account, "difference").state) == pytest.approx(
        100 * (7 / told(house, account, "difference").attributes["estimated"] - 1)
    )


async def mine(house: House, freezer: FrozenDateTimeFactory, hours: int) -> None:
    """Book share work for some hours, as a heater would."""
    home, heater = house.home_entry.runtime_data.home, house.entry.unique_id
    home.set_earning(heater, Earning())
    for minute in range(hours * 60):
        sample = HeaterSample(
            at_s=1e6 + minute * 60.0, power_w=50.0, share_work=minute * 60 * 10**12, running=True, stands_for_s=60.0
        )
        home.book(heater, sample)
        freezer.tick(timedelta(minutes=1))
    home.release(heater)
    await home.flush()


@pytest.mark.parametrize(
    ("answer", "field", "word"),
    [
        ({"address": "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdx"}, "address", "address_checksum"),
        ({"address": "tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx"}, "address", "address_network"),
        ({"address": "lnbc20m1pvjluezpp5qqqsyq"}, "address", "address_lightning"),
        ({"address": "my wallet"}, "address", "address_invalid"),
        ({"heaters": []}, "heaters", "no_heaters"),
        ({"heaters": ["climate.foreign"]}, "heaters", "foreign_heater"),
        ({"name": " "}, "name", "account_name"),
        ({"pool_url": "http://127.0.0.1:9"}, "base", "source_failed"),
    ],
)
async def test_a_wrong_answer_is_told_at_its_field_and_nothing_is_lost(
    hass: HomeAssistant, house: House, pools: PracticePools, answer: dict[str, Any], field: str, word: str
):
    form = await choose(house, "ocean")
    given = {"name": "Mine", "scheme": "tides", "address": pools.account.address, "pool_url": pools.url("ocean")}
    result = await fill(house, form, **(given | answer))
    assert result["errors"] == {field: word}
    suggested = {
        str(key): key.description["suggested_value"] for key in result["data_schema"].schema if key.description
    }
    assert suggested["fee"] == 2.0
    assert (await fill(house, result, **given))["type"] is FlowResultType.CREATE_ENTRY


async def test_a_key_is_needed_tried_and_never_shown_again(hass: HomeAssistant, house: House, pools: PracticePools):
    form = await choose(house, "f2pool")
    given = {"name": "F2", "scheme": "pplns", "username": pools.account.user, "pool_url": pools.url("f2pool")}
    form = await fill(house, form, **given)
    assert form["errors"] == {"secret": "secret_missing"}
    form = await fill(house, form, **given, secret="wrong")
    assert form["errors"] == {"base": "account_refused"}
    assert "wrong" not in str(form["data_schema"].schema)
    assert (await fill(house, form, **given, secret=pools.account.secret))["type"] is FlowResultType.CREATE_ENTRY
    told = str(await async_get_config_entry_diagnostics(hass, house.home_entry))
    assert pools.account.secret not in told
    assert pools.account.user not in told


async def test_an_account_that_the_pool_does_not_know_yet_is_kept(house: House, pools: PracticePools):
    pools.moods["ckpool"] = Mood.UNKNOWN
    account = await add(house, pools, "ckpool", scheme="solo")
    await look(house, account)
    home = house.home_entry.runtime_data.home
    assert home.accounts.state(account.subentry_id).problem == "account_unknown"
    assert told(house, account, "best_share").state == "unavailable"


async def test_a_heater_works_for_one_account_and_none_is_added_twice(house: House, pools: PracticePools):
    await add(house, pools)
    form = await choose(house, "braiins")
    given = {"name": "B", "scheme": "fpps", "secret": pools.account.secret, "pool_url": pools.url("braiins")}
    assert (await fill(house, form, **given))["errors"] == {"heaters": "heater_feeds_other"}
    form = await choose(house, "ocean")
    assert (await fill(house, form, name="ocean", scheme="tides", address="x"))["errors"] == {"name": "account_name"}


async def test_an_address_is_watched_once_and_a_part_needs_a_whole(house: House, pools: PracticePools):
    await add(house, pools)
    registry = er.async_get(house.hass)
    other = registry.async_get_or_create("climate", "hashwarm", "another heater").entity_id
    given = {"name": "Twin", "scheme": "pplns", "heaters": [other]}
    form = await choose(house, "address_watch")
    again = await fill(house, form, **given, address=f"BITCOIN:{pools.account.address.upper()}")
    assert again["errors"] == {"base": "account_twice"}
    elsewhere = {"address": "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2", "others_feed": True}
    assert (await fill(house, again, **given | elsewhere))["errors"] == {"others_feed": "others_unknown"}


async def test_an_account_is_changed_without_its_key(hass: HomeAssistant, house: House, pools: PracticePools):
    account = await add(house, pools, "braiins", scheme="fpps")
    form = await hass.config_entries.subentries.async_init(
        (house.home_entry.entry_id, "account"),
        context={"source": SOURCE_RECONFIGURE, "subentry_id": account.subentry_id},
    )
    assert form["step_id"] == "token"
    assert pools.account.secret not in str(form["data_schema"].schema)
    result = await fill(house, form, name="Renamed", scheme="fpps", pool_url=pools.url("braiins"), fee=1.5)
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "reconfigure_successful")
    changed = house.home_entry.subentries[account.subentry_id]
    assert (changed.title, changed.data["secret"], changed.data["fee"]) == ("Renamed", pools.account.secret, 1.5)


async def ask(hass: HomeAssistant, action: str, **data: Any) -> Any:
    return await hass.services.async_call("hashwarm", action, data, blocking=True, return_response=True)


async def test_the_books_are_exported_as_rows_and_as_text(
    hass: HomeAssistant, house: House, pools: PracticePools, freezer: FrozenDateTimeFactory
):
    account = await add(house, pools)
    await mine(house, freezer, hours=1)
    await look(house, account)
    pools.account.credit(utcnow(), 5000)
    pools.account.pay_out(utcnow(), 5000)
    freezer.tick(timedelta(seconds=2))
    await look(house, account)
    books = await ask(hass, "export_ledger")
    (payout,) = books["payouts"]
    assert (payout["account"], payout["sat"], payout["cost_basis"]) == ("ocean", 5000, "5")
    assert {row["heater"] for row in books["days"]} == {"Hashwarm heater"}
    text = await ask(hass, "export_ledger", format="csv", start="2020-01-01")
    assert text["payouts"].splitlines()[0].startswith("paid_at,account,sat")
    assert len(text["payouts"].splitlines()) == 2
    with pytest.raises(ServiceValidationError, match="after the last"):
        await ask(hass, "export_ledger", start="2027-01-01", end="2026-01-01")


async def test_a_payout_is_put_right(hass: HomeAssistant, house: House, pools: PracticePools):
    account = await add(house, pools)
    await look(house, account)
    pools.account.credit(utcnow(), 5000)
    pools.account.pay_out(utcnow(), 5000)
    await look(house, account)
    payout_id = told(house, account, "last_payout").attributes["payout_id"]
    for wrong in ({"payout_id": "nobody's"}, {"payout_id": payout_id, "account": "other"}):
        with pytest.raises(ServiceValidationError):
            await ask(hass, "correct_payout", note="x", amount=1, **wrong)
    with pytest.raises(ServiceValidationError):
        await ask(hass, "correct_payout", note="x", payout_id=payout_id)
    answer = await ask(hass, "correct_payout", payout_id=payout_id, amount=4900, btc_price=90_000, note="a fee")
    assert (answer["payout"]["sat"], answer["payout"]["told_sat"], answer["payout"]["note"]) == (4900, 5000, "a fee")
    assert answer["payout"]["cost_basis"] == "4.41"
    assert told(house, account, "last_payout").attributes["amount"] == 4900


async def test_prices_are_set_by_hand(hass: HomeAssistant, house: House):
    prices = await ask(hass, "set_prices", electricity_price=0.21, btc_price=50_000)
    assert (prices["electricity_price"], prices["btc_price"], prices["feed_in_price"]) == (0.21, 50_000, None)
    assert house.home_entry.runtime_data.home.price_per_kwh == 0.21
    assert house.state("sensor", "btc_price", owner="home").state == "50000.0"
    with pytest.raises(ServiceValidationError):
        await ask(hass, "set_prices", other_heating_price=1.0)
    await hass.config_entries.async_unload(house.home_entry.entry_id)
    with pytest.raises(ServiceValidationError):
        await ask(hass, "set_prices", electricity_price=0.2)


async def test_a_price_that_a_sensor_tells_is_not_set_by_hand(hass: HomeAssistant, set_up: SetUp):
    hass.states.async_set("sensor.price", "0.3", {"unit_of_measurement": "EUR/kWh"})
    await set_up(home=home_of({"price_sensor": "sensor.price", "market_online": False}))
    with pytest.raises(ServiceValidationError):
        await ask(hass, "set_prices", electricity_price=0.2)
