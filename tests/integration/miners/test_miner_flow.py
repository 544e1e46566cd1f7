"""How a miner is found, let in, changed and refused; every error is mended and ends in an entry."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import replace
from ipaddress import ip_address
import logging
from typing import Any
from unittest.mock import AsyncMock, patch

from homeassistant.config_entries import SOURCE_DHCP, SOURCE_REAUTH, SOURCE_RECONFIGURE, SOURCE_USER, SOURCE_ZEROCONF
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.helpers.service_info.dhcp import DhcpServiceInfo
from homeassistant.helpers.service_info.zeroconf import ZeroconfServiceInfo
from homeassistant.requirements import RequirementsNotFound
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.hashwarm import miner_flow
from custom_components.hashwarm.const import DOMAIN
from custom_components.hashwarm.engine.miners import Family, profile_as_dict
from custom_components.hashwarm.engine.model.errors import (
    DeviceAuthError,
    DeviceGarbageError,
    DeviceLockedError,
    DeviceUnreachableError,
    DeviceUnsupportedError,
)
from custom_components.hashwarm.helpers import parse_host
from simulators.miners.catalogue import SPECIMENS
from simulators.miners.emulator import Emulator, Fault

from ..conftest import ROOM, SPARE, heater_of, home_of
from .conftest import begin, go

ROOM_INPUT = {"room_sensor": ROOM, "room_response": "light"}
NO_MINER = "127.0.0.1:9"
UNPROVEN = "whatsminer_v3"

type Emulate = Callable[..., Awaitable[Emulator]]

pytestmark = pytest.mark.usefixtures("sockets", "no_setup")


@pytest.fixture
def no_setup() -> Iterator[Any]:
    nothing = AsyncMock(return_value=None)
    with (
        patch("custom_components.hashwarm.async_setup_entry", nothing),
        patch("custom_components.hashwarm.async_unload_entry", AsyncMock(return_value=None)),
    ):
        yield nothing


@pytest.fixture
async def emulate() -> AsyncIterator[Emulate]:
    running: list[Emulator] = []

    async def do(family: str, **options: Any) -> Emulator:
        emulator = SPECIMENS[family].make(**options)
        await emulator.start()
        running.append(emulator)
        return emulator

    yield do
    for emulator in running:
        await emulator.stop()


@pytest.fixture
async def bitaxe(emulate: Emulate) -> Emulator:
    return await emulate("axeos")


@pytest.fixture
async def entry(hass: HomeAssistant, bitaxe: Emulator) -> Any:
    """A Bitaxe that was added before."""
    home_of().add_to_hass(hass)
    return await added(hass, bitaxe)


async def added(hass: HomeAssistant, emulator: Emulator, **login: str) -> Any:
    result = await go(hass, await begin(hass), {"host": where(emulator), **login})
    result = await go(hass, result, ROOM_INPUT)
    assert result["type"] == "create_entry", result
    return result["result"]


async def start(hass: HomeAssistant, entry: Any, source: str) -> Any:
    context = {"source": source, "entry_id": entry.entry_id, "unique_id": entry.unique_id}
    data = entry.data if source == SOURCE_REAUTH else None
    return await hass.config_entries.flow.async_init(DOMAIN, context=context, data=data)


def where(emulator: Emulator) -> str:
    return f"{emulator.host}:{emulator.port}"


def suggested(result: Any) -> dict[str, Any]:
    return {str(key): (key.description or {}).get("suggested_value") for key in result["data_schema"].schema}


def announced(emulator: Emulator, port: int | None = None) -> ZeroconfServiceInfo:
    return ZeroconfServiceInfo(
        ip_address=ip_address("127.0.0.1"),
        ip_addresses=[ip_address("127.0.0.1")],
        port=port or emulator.port,
        hostname="bitaxe.local.",
        type="_http._tcp.local.",
        name="bitaxe._http._tcp.local.",
        properties={"family": "Gamma", "asic": "BM1370"},
    )


def leased(ip: str, address: str = "aabbccddeeff") -> DhcpServiceInfo:
    return DhcpServiceInfo(ip=ip, hostname="bitaxe", macaddress=address)


async def discover(hass: HomeAssistant, found: Any) -> Any:
    source = SOURCE_DHCP if isinstance(found, DhcpServiceInfo) else SOURCE_ZEROCONF
    return await hass.config_entries.flow.async_init(DOMAIN, context={"source": source}, data=found)


async def test_an_address_a_room_and_a_price_make_a_heater(hass: HomeAssistant, bitaxe: Emulator):
    result = await begin(hass)
    assert (result["type"], result["step_id"]) == ("form", "networked_miner")
    result = await go(hass, result, {"host": f" http://{where(bitaxe)}/settings "})
    assert result["step_id"] == "miner_room"
    assert result["description_placeholders"] == {
        "miner": "Bitaxe Gamma (BM1370)",
        "firmware": "v2.15.0",
        "floor": "16",
        "maximum": "23",
    }
    result = await go(hass, result, {**ROOM_INPUT, "second_room_sensor": ROOM})
    assert result["errors"] == {"second_room_sensor": "same_sensor"}
    result = await go(hass, result, {**ROOM_INPUT, "power_meter": "sensor.meter", "plug": "switch.plug"})
    assert (result["step_id"], result["description_placeholders"]) == ("price_alone", {"currency": "EUR"})
    result = await go(hass, result, {"price": 0.3, "price_sensor": "sensor.price"})
    assert result["errors"] == {"base": "price_twice"}
    result = await go(hass, result, {"price": 0.3})
    assert result["type"] == "create_entry"
    made = result["result"]
    assert (made.unique_id, made.title) == ("aa:bb:cc:0a:0e:01", "Bitaxe Gamma (BM1370)")
    assert made.options == {"power_meter": "sensor.meter", "plug": "switch.plug"}
    profile = made.data["profile"]
    assert dict(made.data) == {
        "kind": "networked_miner",
        "family": "axeos",
        "host": "127.0.0.1",
        "port": bitaxe.port,
        "username": None,
        "password": None,
        "room_sensor": ROOM,
        "room_response": "light",
        "insulation": "ordinary",
        "profile": profile,
    }
    assert profile["mac"] == made.unique_id
    home = hass.config_entries.async_entry_for_domain_unique_id(DOMAIN, "home")
    assert home is not None
    assert home.options == {"price": 0.3}


@pytest.mark.parametrize(
    "text", ["", "  ", "my miner", "ftp://miner", "miner:99999", "a" * 64 + ".local", "a<b", "x:0"]
)
async def test_what_is_no_address_is_said_at_its_field(hass: HomeAssistant, bitaxe: Emulator, text: str):
    home_of().add_to_hass(hass)
    result = await go(hass, await begin(hass), {"host": text})
    assert result["errors"] == {"host": "miner_address"}
    result = await go(hass, await go(hass, result, {"host": where(bitaxe)}), ROOM_INPUT)
    assert result["type"] == "create_entry"


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("192.168.1.5", "192.168.1.5", None),
        ("https://miner.local:8080/x?y", "miner.local", 8080),
        ("[fe80::1]:80", "fe80::1", 80),
        ("fe80::1", "fe80::1", None),
        ("[2001:db8::5]", "2001:db8::5", None),
        ("http://user:hush@miner_1", "miner_1", None),
        ("bücher.local", "bücher.local", None),
    ],
)
def test_an_address_may_be_written_in_many_ways(text: str, host: str, port: int | None):
    assert parse_host(text) == (host, port)


async def test_nothing_answers_and_then_a_miner_does(hass: HomeAssistant, bitaxe: Emulator):
    home_of().add_to_hass(hass)
    result = await go(hass, await begin(hass), {"host": NO_MINER})
    assert result["errors"] == {"host": "device_unreachable"}
    result = await go(hass, await go(hass, result, {"host": where(bitaxe)}), ROOM_INPUT)
    assert result["type"] == "create_entry"


async def test_a_miner_that_talks_nonsense_may_come_to_its_senses(hass: HomeAssistant, bitaxe: Emulator):
    home_of().add_to_hass(hass)
    result = await begin(hass)
    for error, errors in (
        (DeviceGarbageError(), {"host": "device_garbage"}),
        (DeviceLockedError(), {"base": "device_locked"}),
    ):
        with patch.object(miner_flow, "identify", AsyncMock(side_effect=error)):
            result = await go(hass, result, {"host": where(bitaxe)})
        assert result["errors"] == errors
    result = await go(hass, await go(hass, result, {"host": where(bitaxe)}), ROOM_INPUT)
    assert result["type"] == "create_entry"


async def test_a_log_in_is_asked_for_and_every_refusal_can_be_mended(hass: HomeAssistant, emulate: Emulate):
    home_of().add_to_hass(hass)
    miner = await emulate("vnish", password="other")
    result = await go(hass, await begin(hass), {"host": where(miner)})
    assert (result["step_id"], result["errors"]) == ("miner_login", {})
    assert result["description_placeholders"] == {"miner": "VNish"}
    result = await go(hass, result, {"password": "wrong"})
    assert result["errors"] == {"password": "invalid_auth"}
    for error, key in (
        (DeviceUnreachableError(), "device_unreachable"),
        (DeviceGarbageError(), "device_garbage"),
        (DeviceLockedError(), "device_locked"),
    ):
        with patch.object(miner_flow, "identify", AsyncMock(side_effect=error)):
            result = await go(hass, result, {"password": "other"})
        assert result["errors"] == {"base": key}
    result = await go(hass, result, {"password": "other"})
    assert result["step_id"] == "miner_room"
    result = await go(hass, result, ROOM_INPUT)
    assert result["type"] == "create_entry"
    assert result["data"]["password"] == "other"


async def test_a_wrong_log_in_beside_the_address_is_said(hass: HomeAssistant, emulate: Emulate):
    miner = await emulate("braiins", password="other")
    result = await go(hass, await begin(hass), {"host": where(miner), "username": "me", "password": "wrong"})
    assert (result["step_id"], result["errors"]) == ("miner_login", {"password": "invalid_auth"})
    assert suggested(result) == {"username": "me", "password": None}
    result = await go(hass, result, {"username": "root", "password": "other"})
    assert result["step_id"] == "miner_room"


async def test_one_that_never_proves_a_password_is_asked_for_it_at_once(hass: HomeAssistant, emulate: Emulate):
    miner = await emulate(UNPROVEN)
    result = await go(hass, await begin(hass), {"host": where(miner)})
    assert (result["step_id"], result["errors"]) == ("miner_login", {})
    result = await go(hass, result, {"username": "super", "password": "heat-my-home"})
    assert result["step_id"] == "miner_room"


async def test_a_miner_that_cannot_pause_needs_its_plug(hass: HomeAssistant, emulate: Emulate):
    home_of().add_to_hass(hass)
    miner = await emulate("axeos", firmware="v2.13.0")
    result = await go(hass, await begin(hass), {"host": where(miner)})
    result = await go(hass, result, ROOM_INPUT)
    assert result["errors"] == {"plug": "plug_needed"}
    result = await go(hass, result, {**ROOM_INPUT, "plug": "switch.plug"})
    assert result["type"] == "create_entry"


async def test_what_is_nothing_like_a_miner_is_offered_no_library(hass: HomeAssistant, bitaxe: Emulator):
    home_of().add_to_hass(hass)
    with patch.object(miner_flow, "find_family", AsyncMock(side_effect=miner_flow.NoMinerError())):
        result = await go(hass, await begin(hass), {"host": "127.0.0.1"})
        assert (result["step_id"], result["errors"]) == ("networked_miner", {"host": "cannot_identify"})
        result = await go(hass, result, {"host": "127.0.0.2"})
        assert result["errors"] == {"host": "cannot_identify"}
        result = await go(hass, result, {"host": "127.0.0.2"})
        assert result["step_id"] == "long_tail", "who insists knows better"


class TestLongTail:
    """Miners that none of our own drivers knows."""

    @pytest.fixture
    def install(self) -> Iterator[AsyncMock]:
        with (
            patch.object(miner_flow, "install_asic_rs", AsyncMock()) as install,
            patch.object(miner_flow, "find_family", AsyncMock(side_effect=DeviceUnsupportedError())),
        ):
            yield install

    @pytest.fixture
    async def profile(self, bitaxe: Emulator, hass: HomeAssistant) -> Any:
        address = miner_flow.MinerAddress(host="127.0.0.1", port=bitaxe.port)
        link = miner_flow.Link(session=miner_flow.async_get_clientsession(hass))
        known = await miner_flow.identify(link, address, miner_flow.BY_NAME[Family.AXEOS])
        return replace(known, family=Family.ASIC_RS, identity="SERIAL-1", mac=None)

    async def test_the_library_is_installed_with_consent_only(self, hass: HomeAssistant, install: Any, profile: Any):
        home_of().add_to_hass(hass)
        result = await go(hass, await begin(hass), {"host": "127.0.0.1"})
        assert (result["step_id"], result["description_placeholders"]) == ("long_tail", {"host": "127.0.0.1"})
        install.assert_not_awaited()
        install.side_effect = RequirementsNotFound(DOMAIN, ["pyasic-rs"])
        result = await go(hass, result, {})
        assert result["errors"] == {"base": "asic_rs_missing"}
        install.side_effect = None
        with patch.object(miner_flow, "identify", AsyncMock(side_effect=DeviceUnreachableError())):
            result = await go(hass, result, {})
        assert result["errors"] == {"base": "device_unsupported"}
        with patch.object(miner_flow, "identify", AsyncMock(side_effect=DeviceAuthError())):
            result = await go(hass, result, {})
        assert result["step_id"] == "miner_login"
        with patch.object(miner_flow, "identify", AsyncMock(return_value=profile)):
            result = await go(hass, result, {"username": "root", "password": "root"})
        assert result["step_id"] == "miner_room"
        result = await go(hass, result, ROOM_INPUT)
        assert result["type"] == "create_entry"
        assert (result["result"].unique_id, result["data"]["family"]) == ("SERIAL-1", "asic_rs")

    async def test_it_may_be_reconfigured(self, hass: HomeAssistant, install: Any, profile: Any):
        home_of().add_to_hass(hass)
        result = await go(hass, await begin(hass), {"host": "127.0.0.1"})
        with patch.object(miner_flow, "identify", AsyncMock(return_value=profile)):
            result = await go(hass, await go(hass, result, {}), ROOM_INPUT)
            result = await go(
                hass, await start(hass, result["result"], SOURCE_RECONFIGURE), {"host": "127.0.0.2", **ROOM_INPUT}
            )
        assert result["reason"] == "reconfigure_successful"


class TestDiscovery:
    """Zeroconf and DHCP."""

    async def test_one_that_announces_itself_is_greeted(self, hass: HomeAssistant, bitaxe: Emulator):
        home_of().add_to_hass(hass)
        result = await discover(hass, announced(bitaxe))
        assert result["step_id"] == "miner_room"
        flow = hass.config_entries.flow.async_progress()[0]
        assert flow["context"]["title_placeholders"] == {"name": "Bitaxe Gamma (BM1370)"}
        again = await discover(hass, replace(announced(bitaxe), hostname="other.local."))
        assert (again["type"], again["reason"]) == ("abort", "already_in_progress")
        result = await go(hass, result, ROOM_INPUT)
        assert result["type"] == "create_entry"

    async def test_one_that_was_discovered_may_be_typed_in(self, hass: HomeAssistant, bitaxe: Emulator):
        home_of().add_to_hass(hass)
        await discover(hass, announced(bitaxe))
        await added(hass, bitaxe)
        assert not hass.config_entries.flow.async_progress()

    async def test_one_that_wants_a_log_in_has_a_title(self, hass: HomeAssistant, emulate: Emulate):
        miner = await emulate("braiins", password="other")
        result = await discover(hass, announced(miner))
        assert result["step_id"] == "miner_login"
        flow = hass.config_entries.flow.async_progress()[0]
        assert flow["context"]["title_placeholders"] == {"name": "Braiins OS"}
        result = await go(hass, result, {"username": "root", "password": "other"})
        assert result["step_id"] == "miner_room"

    async def test_a_known_one_is_left_alone(self, hass: HomeAssistant, entry: Any, bitaxe: Emulator):
        asked = sum(bitaxe.requests.values())
        result = await discover(hass, announced(bitaxe))
        assert (result["type"], result["reason"]) == ("abort", "already_configured")
        assert sum(bitaxe.requests.values()) == asked

    async def test_a_known_one_is_followed_to_its_new_address(
        self, hass: HomeAssistant, entry: Any, no_setup: AsyncMock
    ):
        before = no_setup.await_count
        result = await discover(hass, leased("127.0.0.2", "aabbcc0a0e01"))
        await hass.async_block_till_done()
        assert (result["type"], result["reason"]) == ("abort", "already_configured")
        assert entry.data["host"] == "127.0.0.2"
        assert no_setup.await_count == before + 1
        await discover(hass, leased("127.0.0.2", "aabbcc0a0e01"))
        await hass.async_block_till_done()
        assert no_setup.await_count == before + 1

    async def test_one_known_by_a_serial_number_is_followed_by_its_mac(self, hass: HomeAssistant, entry: Any):
        profile = {**entry.data["profile"], "identity": "SERIAL-1"}
        hass.config_entries.async_update_entry(entry, unique_id="SERIAL-1", data={**entry.data, "profile": profile})
        port = entry.data["port"]
        result = await discover(hass, leased("127.0.0.2", "aabbcc0a0e01"))
        assert (result["type"], result["reason"]) == ("abort", "already_configured")
        assert (entry.data["host"], entry.data["port"]) == ("127.0.0.2", port)

    async def test_what_is_no_miner_is_passed_over_in_silence(
        self, hass: HomeAssistant, caplog: pytest.LogCaptureFixture
    ):
        for found in (leased("127.0.0.2"), announced(None, 9)):  # type: ignore[arg-type]
            result = await discover(hass, found)
            assert (result["type"], result["reason"]) == ("abort", "not_a_miner")
        ours = [record for record in caplog.records if "hashwarm" in record.name]
        assert not [record for record in ours if record.levelno >= logging.WARNING]

    async def test_one_with_a_name_of_a_miner_is_greeted(self, hass: HomeAssistant, bitaxe: Emulator):
        find_family, identify = miner_flow.find_family, miner_flow.identify

        async def find(link: Any, address: Any) -> Any:
            return await find_family(link, replace(address, port=bitaxe.port))

        async def ask(link: Any, address: Any, info: Any) -> Any:
            return await identify(link, replace(address, port=bitaxe.port), info)

        with patch.object(miner_flow, "find_family", find), patch.object(miner_flow, "identify", ask):
            result = await discover(hass, leased("127.0.0.1", "aabbcc0a0e01"))
        assert result["step_id"] == "miner_room"


class TestDoubles:
    """One device is one heater."""

    async def test_the_same_miner_again_moves_it(self, hass: HomeAssistant, entry: Any, bitaxe: Emulator):
        hass.config_entries.async_update_entry(entry, data={**entry.data, "host": "127.0.0.9"})
        result = await go(hass, await begin(hass), {"host": where(bitaxe)})
        assert (result["type"], result["reason"]) == ("abort", "already_configured")
        assert entry.data["host"] == "127.0.0.1"

    @pytest.mark.parametrize(
        "known_by",
        [
            {"connections": {(dr.CONNECTION_NETWORK_MAC, "AA:BB:CC:0A:0E:01")}},
            {"identifiers": {("bitaxe", "aabbcc0a0e01")}},
            {"identifiers": {("bitaxe", "x")}, "configuration_url": "http://127.0.0.1/"},
        ],
        ids=["mac", "identifier", "address"],
    )
    @pytest.mark.parametrize("how", ["typed", "zeroconf", "dhcp"])
    async def test_one_that_its_entities_drive_is_refused(
        self, hass: HomeAssistant, bitaxe: Emulator, known_by: Any, how: str
    ):
        home_of().add_to_hass(hass)
        entity = entity_of(hass, known_by)
        MockConfigEntry(
            domain=DOMAIN, unique_id=entity.id, data={"kind": "entities", "controlled": entity.entity_id}
        ).add_to_hass(hass)
        if how == "typed":
            result = await go(hass, await begin(hass), {"host": where(bitaxe)})
        else:
            found = announced(bitaxe) if how == "zeroconf" else leased("127.0.0.1", "aabbcc0a0e01")
            result = await discover(hass, found)
        assert (result["type"], result["reason"]) == ("abort", "driven_by_entities")

    async def test_entities_of_other_devices_are_no_matter(self, hass: HomeAssistant, bitaxe: Emulator):
        home_of().add_to_hass(hass)
        entity = entity_of(hass, {"identifiers": {("bitaxe", "112233445566")}})
        for unique_id in (entity.id, "input_number.power"):
            MockConfigEntry(domain=DOMAIN, unique_id=unique_id, data={"kind": "entities"}).add_to_hass(hass)
        await added(hass, bitaxe)


def entity_of(hass: HomeAssistant, known_by: Any) -> Any:
    """Return an entity of another integration's device."""
    other = MockConfigEntry(domain="bitaxe")
    other.add_to_hass(hass)
    device = dr.async_get(hass).async_get_or_create(config_entry_id=other.entry_id, **known_by)
    return er.async_get(hass).async_get_or_create(
        "number", "bitaxe", "power", config_entry=other, device_id=device.id, suggested_object_id="power"
    )


class TestReconfiguring:
    """Another address, log-in or room; history stays."""

    async def test_the_room_alone_asks_nothing_of_the_miner(self, hass: HomeAssistant, entry: Any, bitaxe: Emulator):
        await bitaxe.stop()
        result = await start(hass, entry, SOURCE_RECONFIGURE)
        assert (result["step_id"], result["description_placeholders"]) == ("reconfigure_miner", {"miner": entry.title})
        shown = suggested(result)
        assert (shown["host"], shown["room_sensor"]) == (where(bitaxe), ROOM)
        result = await go(hass, result, {"host": where(bitaxe), **ROOM_INPUT, "second_room_sensor": ROOM})
        assert result["errors"] == {"second_room_sensor": "same_sensor"}
        result = await go(hass, result, {"host": where(bitaxe), **ROOM_INPUT, "second_room_sensor": SPARE})
        assert (result["type"], result["reason"]) == ("abort", "reconfigure_successful")
        assert entry.data["second_room_sensor"] == SPARE

    async def test_every_error_can_be_mended(self, hass: HomeAssistant, entry: Any, emulate: Emulate):
        stranger = await emulate("axeos", mac="AA:BB:CC:0A:0E:99")
        same = await emulate("axeos")
        result = await start(hass, entry, SOURCE_RECONFIGURE)
        for host, errors in (
            ("my miner", {"host": "miner_address"}),
            (NO_MINER, {"base": "device_unreachable"}),
            (where(stranger), {"base": "other_device"}),
        ):
            result = await go(hass, result, {"host": host, **ROOM_INPUT})
            assert result["errors"] == errors
            assert suggested(result)["host"] == host
        same.fault = Fault.GARBAGE
        result = await go(hass, result, {"host": where(same), **ROOM_INPUT})
        assert result["errors"] == {"base": "device_garbage"}
        same.fault = Fault.NONE
        with patch.object(miner_flow, "identify", AsyncMock(side_effect=DeviceLockedError())):
            result = await go(hass, result, {"host": where(same), **ROOM_INPUT})
        assert result["errors"] == {"base": "device_locked"}
        result = await go(hass, result, {"host": where(same), **ROOM_INPUT})
        assert result["reason"] == "reconfigure_successful"
        assert entry.data["port"] == same.port
        assert entry.data["profile"]["model"] == entry.title

    async def test_a_password_stays_here_and_is_kept_when_left_empty(self, hass: HomeAssistant, emulate: Emulate):
        home_of().add_to_hass(hass)
        miner = await emulate("braiins", password="hush")
        entry = await added(hass, miner, username="root", password="hush")
        result = await start(hass, entry, SOURCE_RECONFIGURE)
        assert "hush" not in str([(key, key.description) for key in result["data_schema"].schema])
        result = await go(hass, result, {"host": where(miner), **ROOM_INPUT, "password": "wrong"})
        assert result["errors"] == {"password": "invalid_auth"}
        assert suggested(result)["password"] is None
        for empty in ({}, {"username": "", "password": ""}):
            result = await go(hass, result, {"host": where(miner), **ROOM_INPUT, **empty})
            assert result["reason"] == "reconfigure_successful"
            assert (entry.data["username"], entry.data["password"]) == ("root", "hush")
            result = await start(hass, entry, SOURCE_RECONFIGURE)

    async def test_an_address_of_the_new_kind_is_shown_in_brackets(self, hass: HomeAssistant, entry: Any):
        for port, shown in ((None, "[fe80::1]"), (8080, "[fe80::1]:8080")):
            hass.config_entries.async_update_entry(entry, data={**entry.data, "host": "fe80::1", "port": port})
            result = await start(hass, entry, SOURCE_RECONFIGURE)
            assert suggested(result)["host"] == shown


class TestReauthentication:
    """The miner wants another password."""

    async def test_every_error_can_be_mended(self, hass: HomeAssistant, emulate: Emulate):
        home_of().add_to_hass(hass)
        miner = await emulate("braiins", password="hush")
        entry = await added(hass, miner, username="root", password="hush")
        miner.password = "another"
        result = await start(hass, entry, SOURCE_REAUTH)
        assert (result["step_id"], result["description_placeholders"]["miner"]) == ("reauth_confirm", entry.title)
        assert suggested(result) == {"username": "root", "password": None}
        result = await go(hass, result, {"username": "root", "password": "wrong"})
        assert result["errors"] == {"password": "invalid_auth"}
        await miner.stop()
        result = await go(hass, result, {"username": "root", "password": "another"})
        assert result["errors"] == {"base": "device_unreachable"}
        await miner.start()
        result = await go(hass, result, {"username": "root", "password": "another"})
        assert (result["type"], result["reason"]) == ("abort", "reauth_successful")
        assert (entry.data["password"], entry.data["port"]) == ("another", miner.port)

    async def test_a_password_left_empty_is_kept(self, hass: HomeAssistant, emulate: Emulate):
        home_of().add_to_hass(hass)
        miner = await emulate("braiins", password="hush")
        entry = await added(hass, miner, username="root", password="hush")
        result = await go(hass, await start(hass, entry, SOURCE_REAUTH), {"username": "root"})
        assert result["reason"] == "reauth_successful"
        assert entry.data["password"] == "hush"


async def test_a_stored_profile_is_one_that_can_be_read(entry: Any):
    from custom_components.hashwarm.backends import known_profile

    assert profile_as_dict(known_profile(entry, {})) == entry.data["profile"]
    assert known_profile(entry, {"profile": {"family": "nonsense"}}).family is Family.AXEOS


async def test_the_worker_and_the_home_are_no_miners(hass: HomeAssistant, entry: Any):
    heater_of().add_to_hass(hass)
    result = await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_USER})
    assert result["menu_options"] == ["this_machine", "networked_miner", "entities"]
