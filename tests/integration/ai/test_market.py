"""A machine is offered on its market and withdrawn; nothing else can be."""

from collections.abc import AsyncIterator
import time

from homeassistant.auth.models import User
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError, Unauthorized
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.util.dt import utcnow
import pytest
import voluptuous as vol
from yarl import URL

from custom_components.hashwarm.ai_const import SUBENTRY_EXECUTOR
from custom_components.hashwarm.const import DOMAIN
from custom_components.hashwarm.engine.jobs import Machine, VastMachine
from simulators.compute.vast import KEY, FakeVast

from .conftest import EXECUTOR, AiHouse, add_subentry


@pytest.fixture
async def vast(hass: HomeAssistant, ai_house: AiHouse, loopback: None) -> AsyncIterator[FakeVast]:
    """A server that answers as vast.ai does, and a heater whose machine is rented out there."""
    server = FakeVast(now=utcnow)
    await server.start()
    add_subentry(hass, ai_house.entry, SUBENTRY_EXECUTOR, "rented", "My 3090", {**EXECUTOR, "kind": "vast"})
    # The heater begins anew with it.
    await hass.async_block_till_done()
    session = async_get_clientsession(hass)
    machine = VastMachine(session, machine_id=7, key=KEY, now=utcnow, url=URL(server.url))
    ai_house.workshop.machines["rented"] = Machine(machine, machine, clock=time.monotonic)
    yield server
    del ai_house.workshop.machines["rented"]
    await server.stop()


async def test_a_machine_is_withdrawn_and_offered(ai_house: AiHouse, vast: FakeVast) -> None:
    told = await ai_house.act("withdraw_machine", executor="rented")
    assert (told, vast.machine["listed"]) == ({"executor": "My 3090", "on_offer": False}, False)
    told = await ai_house.act("offer_machine", executor="My 3090", price=0.4)
    assert (told, vast.machine["listed"]) == ({"executor": "My 3090", "on_offer": True}, True)
    assert vast.machine["listed_gpu_cost"] == 0.4


async def test_a_market_that_refuses_is_heard(ai_house: AiHouse, vast: FakeVast) -> None:
    vast.says_no = True
    with pytest.raises(HomeAssistantError):
        await ai_house.act("offer_machine", executor="My 3090", price=0.4)


async def test_only_a_machine_on_a_market_for_money_and_by_an_administrator(
    hass: HomeAssistant, ai_house: AiHouse, vast: FakeVast, hass_read_only_user: User
) -> None:
    with pytest.raises(ServiceValidationError, match="Box is on no market"):
        await ai_house.act("offer_machine", executor="Box", price=0.4)
    with pytest.raises(ServiceValidationError):
        await ai_house.act("withdraw_machine", executor="Nobody")
    with pytest.raises(vol.Invalid):
        await ai_house.act("offer_machine", executor="My 3090", price=0)
    with pytest.raises(Unauthorized):
        await hass.services.async_call(
            DOMAIN,
            "withdraw_machine",
            {"config_entry_id": ai_house.entry.entry_id, "executor": "My 3090"},
            blocking=True,
            context=Context(user_id=hass_read_only_user.id),
        )
    assert vast.machine["listed"]
