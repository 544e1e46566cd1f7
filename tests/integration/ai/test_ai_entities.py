"""What a heater shows of its AI work, and what a person may set and press."""

from dataclasses import replace
from datetime import timedelta
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import entity_registry as er
from homeassistant.util.dt import utcnow
import pytest
from pytest_homeassistant_custom_component.common import snapshot_platform
from syrupy.assertion import SnapshotAssertion

from custom_components.hashwarm.ai_entities import has_ai, workshop_of
from custom_components.hashwarm.binary_sensor import BINARY_SENSORS
from custom_components.hashwarm.button import AI_BUTTONS
from custom_components.hashwarm.engine.heater import AiState, AiStatus, ExecutorStanding, Workplace
from custom_components.hashwarm.engine.home import PeriodTotals, Totals
from custom_components.hashwarm.engine.jobs import Abilities, Job, JobSpec, JobState
from custom_components.hashwarm.engine.model.dispatch import DispatchReason, WorkloadMode, Worth
from custom_components.hashwarm.engine.model.errors import ExecutorUnreachableError
from custom_components.hashwarm.event import AI_JOB
from custom_components.hashwarm.keeping import heater_store
from custom_components.hashwarm.number import AI_NUMBERS
from custom_components.hashwarm.select import SELECTS
from custom_components.hashwarm.sensors_ai import AI_SENSORS
from custom_components.hashwarm.switch import SWITCHES

from ..conftest import HEATER_ID, House, SetUp, heater_of
from .conftest import BOX, AiHouse, with_ai

TABLES = (*AI_BUTTONS, *AI_NUMBERS, *AI_SENSORS, *BINARY_SENSORS, *SELECTS, *SWITCHES, AI_JOB)
OF_AI = {f"{HEATER_ID}_{described.key}" for described in TABLES if described.has_fn is has_ai}
NOON = "2026-11-22T12:00:00+00:00"


def a_job(job_id: str = "01JOB", state: JobState = JobState.RUNNING, **changes) -> Job:
    spec = JobSpec(name="Digits", executor_id=BOX, command=("true",), priority=60)
    return Job(**({"job_id": job_id, "spec": spec, "state": state, "created": utcnow(), "progress": 0.42} | changes))


def at_work() -> AiState:
    """Return a round in the middle of a job, with another one behind it."""
    now, job = utcnow(), a_job()
    return AiState(
        status=AiStatus.RUNNING,
        job=job,
        name="Digits",
        progress=0.42,
        remaining_s=930.0,
        next_checkpoint=now + timedelta(seconds=90),
        last_checkpoint=now - timedelta(seconds=30),
        jobs=(job, a_job("01NEXT", JobState.QUEUED, progress=None)),
        running=1,
        waiting=1,
        completed=7,
        failed=2,
        preemptions_today=3,
        lost_work_today=1,
        power_w=61.5,
        power_source="measured",
        energy_mj=5_400_000_000,
        pending_nano=2_000_000,
        revenue_per_hour=0.0125,
        worth=Worth(ai_per_kwh=0.2, mining_per_kwh=0.08, price_per_kwh=0.3),
        reason=DispatchReason.HIGHER_VALUE,
        executors={
            BOX: ExecutorStanding(
                title="Box",
                power_w=61.47,
                power_source="measured",
                abilities=Abilities(freezes=True),
                busy=True,
                committed=True,
                power_control="duty_cycle",
                warnings=("ray_without_token",),
            ),
            "machine": ExecutorStanding(title="Folding", problem="executor_unreachable", heats_room=False),
        },
    )


def earned(**periods: float) -> Totals:
    return Totals(currency="EUR", **{name: PeriodTotals(ai_value=value) for name, value in periods.items()})


@pytest.mark.parametrize(
    "platform",
    [
        Platform.BINARY_SENSOR,
        Platform.BUTTON,
        Platform.EVENT,
        Platform.NUMBER,
        Platform.SELECT,
        Platform.SENSOR,
        Platform.SWITCH,
    ],
)
async def test_all_that_is_shown(
    hass: HomeAssistant,
    set_up: SetUp,
    still: None,
    entity_registry: er.EntityRegistry,
    snapshot: SnapshotAssertion,
    freezer: FrozenDateTimeFactory,
    platform: Platform,
):
    freezer.move_to(NOON)
    with patch("custom_components.hashwarm.HEATER_PLATFORMS", (platform,)):
        house = await set_up(heater=with_ai(hass, heater_of()))
        house.coordinator.workshop.state = at_work()
        with patch.object(type(house.coordinator), "totals", earned(today=0.05, all_time=1.25)):
            house.coordinator.async_update_listeners()
            await hass.async_block_till_done()
            for entry in list(er.async_entries_for_config_entry(entity_registry, house.entry.entry_id)):
                if entry.unique_id not in OF_AI:
                    entity_registry.async_remove(entry.entity_id)
            await hass.async_block_till_done()
            await snapshot_platform(hass, entity_registry, snapshot, house.entry.entry_id)
        assert await hass.config_entries.async_unload(house.entry.entry_id)


def test_what_few_people_need_is_off_by_default():
    off = {entity.key for entity in AI_SENSORS if not entity.entity_registry_enabled_default}
    assert off == {"ai_eta", "ai_lost_work", "ai_preemptions_today"}


async def test_a_heater_without_executors_has_none_of_it(hass: HomeAssistant, house: House):
    keys = {entry.unique_id for entry in er.async_entries_for_config_entry(er.async_get(hass), house.entry.entry_id)}
    assert not keys & OF_AI
    with pytest.raises(ServiceValidationError, match="computes nothing for AI"):
        workshop_of(house.coordinator)


async def test_entities_go_with_the_last_executor(
    hass: HomeAssistant, ai_house: AiHouse, places: dict[str, Workplace], entity_registry: er.EntityRegistry
):
    assert ai_house.state("sensor", "ai_status").state == "idle"
    places.clear()
    assert await hass.config_entries.async_reload(ai_house.entry.entry_id)
    left = {item.unique_id for item in er.async_entries_for_config_entry(entity_registry, ai_house.entry.entry_id)}
    assert not left & OF_AI
    assert f"{HEATER_ID}_workload" in left


async def test_what_nobody_knows_is_unknown(ai_house: AiHouse):
    await ai_house.show(AiState())
    for key in (
        "ai_progress", "ai_current_job", "ai_time_remaining", "ai_eta", "ai_next_checkpoint", "ai_last_checkpoint",
        "ai_power", "ai_jobs_completed", "ai_jobs_failed", "ai_revenue_rate", "ai_value_per_kwh",
        "mining_value_per_kwh", "dispatch_reason", "ai_revenue_total", "ai_revenue_today",
    ):  # fmt: skip
        assert ai_house.state("sensor", key).state == "unknown", key
    assert ai_house.state("sensor", "ai_queue_length").attributes["jobs"] == []
    assert ai_house.state("sensor", "power_control_method").state == "none"
    odd = ExecutorStanding(title="Box", power_control="magic")
    await ai_house.show(AiState(job=a_job(), executors={BOX: odd}))
    assert ai_house.state("sensor", "power_control_method").state == "unknown"


async def test_what_a_job_calls_itself_is_cut(ai_house: AiHouse):
    await ai_house.show(AiState(status=AiStatus.RUNNING, name="{{ 1 }}" + "x" * 300))
    shown = ai_house.state("sensor", "ai_current_job").state
    assert shown.startswith("{{ 1 }}xxx")
    assert len(shown) == 200


async def test_workload_tells_mining_and_ai_apart(ai_house: AiHouse):
    busy = AiState(running=1)

    async def workload(state: AiState) -> str:
        await ai_house.show(state)
        return ai_house.state("sensor", "workload").state

    assert await workload(AiState()) == "off"
    assert await workload(busy) == "ai"
    await ai_house.do("climate", "turn_on")
    await ai_house.a_pass()
    assert await workload(busy) == "mixed"
    assert await workload(AiState()) == "mining"
    ai_house.worker.silent = True
    await ai_house.a_pass()
    assert await workload(busy) == "ai"
    assert await workload(AiState()) == "unknown"


async def test_ai_is_told_of_while_the_device_is_silent(ai_house: AiHouse):
    ai_house.worker.silent = True
    await ai_house.a_pass()
    await ai_house.show(at_work())
    assert ai_house.state("sensor", "ai_status").state == "running"
    assert ai_house.state("binary_sensor", "ai_busy").state == "on"
    assert ai_house.state("binary_sensor", "ai_committed").state == "on"
    connected = ai_house.state("binary_sensor", "ai_connected")
    assert (connected.state, connected.attributes["problems"]) == ("off", {"Folding": "executor_unreachable"})


async def test_progress_does_not_flood_the_recorder(
    hass: HomeAssistant, ai_house: AiHouse, freezer: FrozenDateTimeFactory
):
    told = []
    wanted = {ai_house.entity_id("sensor", f"ai_{key}") for key in ("progress", "time_remaining", "energy", "status")}
    hass.bus.async_listen("state_changed", lambda event: told.append(event.data["entity_id"]))
    state = at_work()
    for second in range(120):
        freezer.tick(1)
        done = 0.42 + second / 10_000
        job = replace(state.job, progress=done)
        await ai_house.show(
            replace(state, job=job, progress=done, remaining_s=930.0 - second, energy_mj=state.energy_mj + second)
        )
    counts = {entity_id: told.count(entity_id) for entity_id in wanted}
    assert max(counts.values()) <= 4, counts
    await ai_house.show(replace(state, status=AiStatus.PAUSED))
    assert ai_house.state("sensor", "ai_status").state == "paused"


async def test_lists_are_not_recorded(ai_house: AiHouse):
    entity = ai_house.entity("sensor", "ai_status")
    assert {"executors", "jobs"} <= entity._unrecorded_attributes


@pytest.mark.parametrize(
    ("key", "setting", "default"),
    [
        ("ai_enabled", "enabled", True),
        ("ai_queue_paused", "queue_paused", False),
        ("ai_without_heat", "without_heat", False),
    ],
)
async def test_switches(hass: HomeAssistant, ai_house: AiHouse, key: str, setting: str, default: bool):
    assert ai_house.state("switch", key).state == ("on" if default else "off")
    await ai_house.do("switch", "turn_off" if default else "turn_on", key)
    assert getattr(ai_house.workshop.settings, setting) is not default
    assert ai_house.state("switch", key).state == ("off" if default else "on")
    stored = await heater_store(hass, ai_house.entry.entry_id).async_load()
    assert stored["ai"]["settings"][setting] is not default


async def test_a_person_chooses_between_mining_and_ai(ai_house: AiHouse):
    assert ai_house.state("select", "workload_mode").state == "auto"
    for mode in WorkloadMode:
        await ai_house.do("select", "select_option", "workload_mode", option=mode.value)
        assert ai_house.workshop.settings.mode is mode
        assert ai_house.state("select", "workload_mode").state == mode
    assert ai_house.state("select", "control").state == "thermostat"


async def test_limits(ai_house: AiHouse):
    assert ai_house.state("number", "ai_power_limit").state == "unknown"
    await ai_house.do("number", "set_value", "ai_power_limit", value=75)
    await ai_house.do("number", "set_value", "ai_minimum_value", value=0.12)
    assert (ai_house.workshop.settings.power_limit_w, ai_house.workshop.settings.minimum_per_kwh) == (75.0, 0.12)
    assert ai_house.state("number", "ai_power_limit").state == "75.0"
    assert ai_house.state("number", "ai_minimum_value").attributes["unit_of_measurement"] == "EUR/kWh"
    with pytest.raises(ServiceValidationError):
        await ai_house.do("number", "set_value", "ai_power_limit", value=float("nan"))
    assert ai_house.workshop.settings.power_limit_w == 75.0
    await ai_house.do("number", "set_value", "ai_power_limit", value=100_000)
    assert ai_house.workshop.settings.power_limit_w is None
    assert ai_house.state("number", "ai_power_limit").state == "unknown"


async def test_finish_and_pause(ai_house: AiHouse):
    await ai_house.do("button", "press", "finish_and_pause")
    assert ai_house.workshop.settings.queue_paused
    assert ai_house.machine.finished == 1
    assert ai_house.state("switch", "ai_queue_paused").state == "on"
    ai_house.machine.error = ExecutorUnreachableError("gone")
    with pytest.raises(HomeAssistantError, match="does not answer"):
        await ai_house.do("button", "press", "finish_and_pause")
    ai_house.machine.error = ValueError("a fault of ours")
    with pytest.raises(ValueError, match="of ours"):
        await ai_house.do("button", "press", "finish_and_pause")


async def test_cancel_current(ai_house: AiHouse):
    with pytest.raises(ServiceValidationError, match="No AI job runs"):
        await ai_house.do("button", "press", "cancel_current")
    waiting = await ai_house.submit()
    await ai_house.show(AiState(job=waiting))
    with pytest.raises(ServiceValidationError, match="No AI job runs"):
        await ai_house.do("button", "press", "cancel_current")
    job = await ai_house.start(waiting)
    await ai_house.show(AiState(job=job))
    await ai_house.do("button", "press", "cancel_current")
    assert (await ai_house.looked(job)).state is JobState.CANCELLED
    with pytest.raises(ServiceValidationError, match="it is cancelled"):
        await ai_house.do("button", "press", "cancel_current")


def test_binary_sensors_of_ai_do_not_hang_on_the_device():
    assert not any(described.from_device for described in BINARY_SENSORS if described.key.startswith("ai_"))
