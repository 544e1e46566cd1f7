"""The driver behind asic-rs, with the library's own answers as they were recorded and without the library."""

import asyncio
from contextlib import suppress
from datetime import timedelta
from types import SimpleNamespace

import pytest

from custom_components.hashwarm.engine.miners import asic_rs
from custom_components.hashwarm.engine.miners.asic_rs import ASIC_RS, REQUIREMENT, AsicRsDriver
from custom_components.hashwarm.engine.miners.asic_rs_parse import (
    LIGHT,
    PAUSE,
    POWER,
    RESTART,
    RESUME,
    parse_profile,
    parse_reading,
)
from custom_components.hashwarm.engine.miners.driver import Family, Feature, MinerAddress
from custom_components.hashwarm.engine.model.capabilities import ControlKind, PowerSource
from custom_components.hashwarm.engine.model.errors import (
    BackendError,
    DeviceGarbageError,
    DeviceRefusedError,
    DeviceUnreachableError,
    DeviceUnsupportedError,
)
from custom_components.hashwarm.engine.model.telemetry import DeviceStatus
from tests.engine.miners.mutation import endures

DATA = {
    "schema_version": "0.8.6",
    "ip": "127.0.0.62",
    "mac": "C6:07:20:00:00:01",
    "device_info": {"make": "Auradine", "model": "AT1500", "firmware": "FluxOS", "algo": "SHA256"},
    "serial_number": None,
    "firmware_version": "1.2.3",
    "hashboards": [
        {
            "position": 0,
            "hashrate": {"value": 29.5, "unit": "TH/s", "algo": "SHA256"},
            "board_temperature": 70.0,
            "outlet_chip_temperature": 84.0,
            "working_chips": 148,
        }
    ],
    "hashrate": {"value": 88.5, "unit": "TH/s", "algo": "SHA256"},
    "fans": [{"position": 0, "rpm": 4200.0}],
    "fluid_temperature": 22.5,
    "wattage": 3400.0,
    "tuning_target": {"type": "power", "value": 3400.0},
    "tuning_capabilities": None,
    "uptime": timedelta(seconds=60),
    "is_mining": True,
    "operating_state": None,
    "pools": [
        {
            "name": "",
            "pools": [
                {"url": "stratum+tcp://a.example:3333", "accepted_shares": 5, "active": False, "alive": True},
                {"url": "stratum+tcp://b.example:25", "accepted_shares": 2, "rejected_shares": 1, "active": True},
            ],
        }
    ],
}
NOBODY = dict.fromkeys(DATA) | {"is_mining": True, "hashboards": [], "pools": []}
ALL = (POWER, PAUSE, RESUME, RESTART, LIGHT)


class Miner:
    """Stands where the library's object would, with the library's ways: a yes to everything."""

    def __init__(self, data, *, offers=ALL, answer=True):
        self.data, self.answer, self.calls, self.auth = data, answer, [], None
        for offer in offers:
            setattr(self, offer, True)

    async def get_data(self, exclude=None):
        self.calls.append(("get_data", len(exclude or ())))
        if isinstance(self.data, Exception):
            raise self.data
        return SimpleNamespace(model_dump=lambda: self.data)

    def set_auth(self, username, password):
        self.auth = (username, password)

    async def _do(self, *call):
        self.calls.append(call)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    async def set_power_limit(self, watts):
        return await self._do("set_power_limit", watts)

    async def pause(self):
        return await self._do("pause")

    async def resume(self):
        return await self._do("resume")

    async def restart(self):
        return await self._do("restart")

    async def set_fault_light(self, on):
        return await self._do("set_fault_light", on)


def driver_of(miner, **address):
    asked = []

    class Factory:
        async def get_miner(self, host):
            asked.append(host)
            return miner

    field = SimpleNamespace(Mac=0, Hashrate=1, Messages=2, Hostname=3)
    library = SimpleNamespace(MinerFactory=Factory, data=SimpleNamespace(DataField=field))
    driver = AsicRsDriver(MinerAddress(**{"host": "127.0.0.1"} | address), library=lambda: library)
    return driver, asked


async def test_it_tells_what_it_is():
    miner = Miner(DATA)
    driver, asked = driver_of(miner, host="localhost", username="me", password="secret")
    profile = await driver.identify()
    assert asked[0] in {"127.0.0.1", "::1"}
    assert miner.auth == ("me", "secret")
    assert profile.family is Family.ASIC_RS
    assert profile.identity == profile.mac == "c6:07:20:00:00:01"
    assert profile.model == "Auradine AT1500"
    assert profile.control is ControlKind.CONTINUOUS_WATTS
    assert [level.power_w for level in profile.levels] == [1700.0, 3400.0]
    assert profile.power_source is PowerSource.ESTIMATED
    assert profile.features == {Feature.LIGHT, Feature.RESTART}
    assert profile.can_pause
    assert not profile.write_restarts


async def test_reading_asks_for_what_is_wanted_and_finds_the_miner_once():
    miner = Miner(DATA)
    driver, asked = driver_of(miner)
    reading = await driver.read()
    await driver.read()
    assert len(asked) == 1
    assert miner.calls == [("get_data", 2)] * 2
    assert reading.status is DeviceStatus.RUNNING
    assert (reading.setting, reading.power_w, reading.hash_rate_hs) == (3400.0, 3400.0, 88.5e12)
    assert (reading.chip_c, reading.device_c, reading.inlet_c, reading.uptime_s) == (84.0, 70.0, 22.5, 60.0)
    assert reading.pool.name == "b.example:25"
    assert (reading.pool.shares_accepted, reading.pool.shares_rejected) == (7, 1)
    await driver.close()
    await driver.read()
    assert len(asked) == 2


async def test_orders_and_what_they_are_worth():
    miner = Miner(DATA)
    driver, _ = driver_of(miner)
    await driver.write(2000)
    await driver.pause()
    await driver.resume()
    await driver.restart()
    await driver.set_light(on=True)
    assert miner.calls == [
        ("set_power_limit", 2000.0),
        ("pause",),
        ("resume",),
        ("restart",),
        ("set_fault_light", True),
    ]
    miner.answer = False
    with pytest.raises(DeviceRefusedError):
        await driver.write(2000)
    miner.answer = RuntimeError("Pausing mining is not supported on this platform")
    with pytest.raises(DeviceUnsupportedError):
        await driver.pause()
    miner.answer = ValueError("bad")
    with pytest.raises(DeviceRefusedError):
        await driver.resume()


async def test_a_miner_without_hashes_sleeps_where_we_put_it_to_sleep():
    miner = Miner(DATA | {"hashrate": {"value": 0.0, "unit": "TH/s"}})
    driver, _ = driver_of(miner)
    assert (await driver.read()).status is DeviceStatus.STARTING
    await driver.pause()
    assert (await driver.read()).status is DeviceStatus.PAUSED
    miner.data = DATA
    assert (await driver.read()).status is DeviceStatus.RUNNING
    miner.data = DATA | {"hashrate": {"value": 0.0, "unit": "TH/s"}}
    assert (await driver.read()).status is DeviceStatus.STARTING


async def test_a_miner_that_is_gone_is_unreachable_whatever_the_library_says():
    driver, _ = driver_of(Miner(NOBODY))
    for asking in (driver.identify, driver.read):
        with pytest.raises(DeviceUnreachableError):
            await asking()
    nobody, _ = driver_of(None)
    with pytest.raises(DeviceUnreachableError):
        await nobody.identify()
    silent, _ = driver_of(Miner(TimeoutError()))
    with pytest.raises(DeviceUnreachableError):
        await silent.read()
    nothing = Miner(DATA)

    async def none(exclude=None):
        return None

    nothing.get_data = none
    with pytest.raises(DeviceUnreachableError):
        await driver_of(nothing)[0].read()


async def test_other_ports_are_out_of_its_reach_and_names_are_resolved():
    driver, _ = driver_of(Miner(DATA), port=8080)
    with pytest.raises(DeviceUnsupportedError, match="ports"):
        await driver.identify()
    assert (await driver_of(Miner(DATA), port=80)[0].read()).power_w == 3400.0
    unknown, _ = driver_of(Miner(DATA), host="no-such-host.invalid")
    with pytest.raises(DeviceUnreachableError):
        await unknown.read()


async def test_without_the_library_it_says_so(monkeypatch, link):
    monkeypatch.setattr(asic_rs, "_MODULE", "no_such_library")
    driver = ASIC_RS.driver(link, MinerAddress(host="127.0.0.1"))
    with pytest.raises(DeviceUnsupportedError, match=REQUIREMENT):
        await driver.identify()
    monkeypatch.setattr(asic_rs, "_MODULE", "json")
    assert asic_rs.load().__name__ == "json"


async def test_giving_up_on_a_hung_miner_passes_through():
    miner = Miner(DATA)

    async def hang(exclude=None):
        await asyncio.Event().wait()

    miner.get_data = hang
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await driver_of(miner)[0].read()


def test_what_the_library_offers_decides_the_kind_of_control():
    on_off = parse_profile(DATA | {"tuning_target": None}, (PAUSE, RESUME))
    assert on_off.control is ControlKind.ON_OFF
    assert [level.power_w for level in on_off.levels] == [3400.0]
    assert on_off.step is None
    assert on_off.features == frozenset()
    only_power = parse_profile(DATA, (POWER,))
    assert not only_power.can_pause
    with pytest.raises(DeviceUnsupportedError):
        parse_profile(DATA, (RESTART, LIGHT, PAUSE))
    with pytest.raises(DeviceGarbageError):
        parse_profile(DATA | {"mac": None}, ALL)
    assert parse_profile(DATA | {"mac": None, "serial_number": "SN"}, ALL).identity == "SN"
    sealminer = DATA | {"device_info": {"make": "SealMiner"}}
    assert parse_profile(sealminer, ALL).write_restarts
    assert parse_profile(DATA | {"device_info": None}, ALL).model == "Miner"


def test_the_devices_own_limits_beat_the_guess():
    def ends(least, most):
        power = {"minimum": least and {"type": "power", "value": least}, "maximum": {"type": "power", "value": most}}
        profile = parse_profile(DATA | {"tuning_capabilities": {"power": power}}, ALL)
        return [level.power_w for level in profile.levels]

    assert ends(943.0, 4200.0) == [940.0, 4200.0]
    assert ends(None, 4200.0) == [2100.0, 4200.0]
    assert ends(9000.0, 4200.0) == [2100.0, 4200.0]
    unknown = parse_profile(DATA | {"tuning_target": {"type": "mode", "value": "Normal"}, "wattage": None}, ALL)
    assert unknown.levels[-1].power_w == 3000.0
    assert unknown.power_source is None


@pytest.mark.parametrize(
    ("told", "status"),
    [
        ({"type": "Mining"}, DeviceStatus.RUNNING),
        ("Stable", DeviceStatus.RUNNING),
        ({"type": "AdjustingClockVoltage"}, DeviceStatus.TUNING),
        ({"type": "Paused"}, DeviceStatus.PAUSED),
        ({"type": "Error"}, DeviceStatus.FAULT),
        ({"type": "Restricted"}, DeviceStatus.RESTRICTED),
        ({"type": "DegradedMining"}, DeviceStatus.THROTTLED),
        ({"type": "Unknown"}, DeviceStatus.RUNNING),
    ],
)
def test_states_that_it_tells(told, status):
    assert parse_reading(DATA | {"operating_state": told}).status is status


def test_units_and_missing_things():
    def rate_hs(value, unit):
        return parse_reading(DATA | {"hashrate": {"value": value, "unit": unit}}).hash_rate_hs

    assert rate_hs(1071.0, "GH/s") == 1071e9
    assert rate_hs(0.1, "PH/s") == 0.1e15
    assert rate_hs(1.0, "Sol/s") is None
    idle = parse_reading(DATA | {"hashrate": None, "is_mining": False, "pools": [], "uptime": 5})
    assert idle.status is DeviceStatus.PAUSED
    assert (idle.setting, idle.pool, idle.uptime_s) == (None, None, 5.0)
    assert parse_reading(DATA | {"wattage": 0.0}).power_w is None


def _every_parser(answer):
    data = answer if isinstance(answer, dict) else {}
    for strict in (lambda: parse_profile(data, ALL), lambda: parse_profile(data, (PAUSE, RESUME))):
        with suppress(BackendError):
            strict()
    parse_reading(data)


def test_parsers_endure_wrong_answers():
    power = {"minimum": {"type": "power", "value": 943.0}, "maximum": {"type": "power", "value": 4200.0}}
    endures(_every_parser, DATA | {"uptime": 5, "tuning_capabilities": {"power": power}})
