"""The whole way: a thermostat in Home Assistant, a real child, a real pool on loopback."""

import asyncio
from collections.abc import Callable
import os
from typing import Any

from homeassistant.const import EVENT_HOMEASSISTANT_STOP
from homeassistant.core import HomeAssistant
import pytest

from simulators.practice_pool import PracticePool, Quirks

from .conftest import OUTDOOR, ROOM, House, complaints, heater_of, home_of, set_temperature

pytestmark = pytest.mark.usefixtures("socket_enabled", "real_worker")


async def until(condition: Callable[[], Any], limit_s: float = 30.0) -> None:
    async with asyncio.timeout(limit_s):
        while not condition():
            await asyncio.sleep(0.05)


def child_pid(house: House) -> int:
    return house.coordinator.heater.backend._child.pid


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def move_in(hass: HomeAssistant, pools: list[dict[str, Any]]) -> House:
    set_temperature(hass, ROOM, 18.0)
    set_temperature(hass, OUTDOOR, 5.0)
    home_of().add_to_hass(hass)
    heater = heater_of(pools=pools, options={"full_power": 40})
    heater.add_to_hass(hass)
    assert await hass.config_entries.async_setup(heater.entry_id)
    await hass.async_block_till_done()
    return House(hass, heater, [])


async def test_the_thermostat_drives_a_miner_whose_shares_a_pool_accepts(hass: HomeAssistant):
    async with PracticePool(quirks=Quirks(difficulty=1e-6, vardiff=False, honour_suggestion=False)) as pool:
        house = await move_in(
            hass, [{"host": "127.0.0.1", "port": pool.port, "tls": False, "user": "me", "password": "x"}]
        )
        climate = {"entity_id": house.entity_id("climate")}
        target = {**climate, "temperature": 23.0, "hvac_mode": "heat"}
        await hass.services.async_call("climate", "set_temperature", target, blocking=True)
        await until(lambda: pool.stats.worker("me").accepted >= 2)
        await until(lambda: int(house.state("sensor", "shares_accepted").state) >= 2)
        await until(lambda: house.climate.attributes["hvac_action"] == "heating")
        await until(lambda: house.state("sensor", "hash_rate").state not in {"unknown", "0.0"})
        assert float(house.state("sensor", "power").state) > 0.0
        assert house.state("sensor", "status").state in {"running", "throttled"}
        assert house.state("binary_sensor", "pool_connected").state == "on"
        await hass.services.async_call("climate", "turn_off", climate, blocking=True)
        await until(lambda: float(house.state("sensor", "hash_rate").state) == 0.0)
        assert house.climate.attributes["hvac_action"] in {"off", "heating"}
        await until(lambda: house.climate.attributes["hvac_action"] == "off")
        pid = child_pid(house)
        assert await hass.config_entries.async_unload(house.entry.entry_id)
        assert not alive(pid)
        await until(lambda: not pool.clients)
        assert not pool.stats.worker("me").rejected


async def test_without_a_pool_a_reload_and_a_stop_leave_no_orphan(
    hass: HomeAssistant, caplog: pytest.LogCaptureFixture, watched_loop: None
):
    house = await move_in(hass, [])
    first = child_pid(house)
    await hass.config_entries.async_reload(house.entry.entry_id)
    second = child_pid(house)
    assert first != second
    assert not alive(first)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STOP)
    await until(lambda: not alive(second))
    await hass.async_block_till_done()
    assert house.coordinator.heater.backend._session is None
    assert not complaints(caplog)
