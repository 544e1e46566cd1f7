"""What people, scripts and dashboards ask of AI jobs, and what is refused."""

from datetime import UTC, datetime, timedelta
import json
from typing import Any
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.auth.models import User
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError, Unauthorized
import pytest
import voluptuous as vol

from custom_components.hashwarm.ai_const import SUBENTRY_EXECUTOR, SUBENTRY_TEMPLATE
from custom_components.hashwarm.const import DOMAIN
from custom_components.hashwarm.engine.jobs import Checkpointing, Flexibility, JobQueue, JobState, PayoutPer, RunState
from custom_components.hashwarm.engine.model.dispatch import Act
from custom_components.hashwarm.engine.model.errors import ExecutorUnreachableError, StoreUnavailableError

from ..conftest import House
from .conftest import BOX, EXECUTOR, TEMPLATE, AiHouse, add_subentry

ACTIONS_ON_A_JOB = ("cancel_job", "pause_job", "resume_job", "hold_job", "release_job", "retry_job", "get_job")
COMMAND = {"executor": "Box", "name": "Train", "command": ["/usr/bin/train", "--fast"]}


async def found(house: AiHouse, job_id: str) -> Any:
    return await house.workshop.queue.get(job_id)


async def test_a_job_of_a_template(ai_house: AiHouse):
    told = await ai_house.act("submit_job", template="Digits")
    assert told == {"job_id": told["job_id"], "state": "queued", "position": 1}
    spec = (await found(ai_house, told["job_id"])).spec
    assert spec.command == ("/usr/bin/train", "--steps", "10")
    assert (spec.name, spec.template_id, spec.executor_id, spec.priority) == ("Digits", "template_digits", BOX, 40)
    assert spec.payout.amount == 0.05


async def test_a_person_may_say_more_of_it(ai_house: AiHouse, freezer: FrozenDateTimeFactory):
    freezer.move_to("2026-11-22T12:00:00+00:00")
    await ai_house.act("submit_job", template="Digits")
    told = await ai_house.act(
        "submit_job",
        template="template_digits",
        name="Digits of tonight",
        parameters={"steps": 25},
        priority=90,
        flexibility="high",
        deadline="2026-11-23T06:00:00",
        not_before="2026-11-22T22:00:00+00:00",
        payout=2,
        payout_per="hour",
    )
    assert told["position"] == 1, "it goes first"
    spec = (await found(ai_house, told["job_id"])).spec
    assert spec.command[-1] == "25"
    assert (spec.name, spec.priority, spec.flexibility) == ("Digits of tonight", 90, Flexibility.HIGH)
    assert spec.deadline == datetime(2026, 11, 23, 14, tzinfo=UTC), "the time of the home"
    assert spec.not_before == datetime(2026, 11, 22, 22, tzinfo=UTC)
    assert (spec.payout.amount, spec.payout.per) == (2.0, PayoutPer.HOUR)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"template": "Letters"}, "no job template Letters on this heater, or more than one. It has: Digits"),
        ({"parameters": {"epochs": 3}}, "no parameter epochs"),
        ({"parameters": {"steps": "many"}}, "steps takes a number"),
        ({"parameters": {"steps": 0}}, "from 1 to"),
        ({"parameters": {"steps": True}}, "steps takes"),
    ],
)
async def test_what_a_template_does_not_take(ai_house: AiHouse, wrong: dict[str, Any], says: str):
    with pytest.raises(ServiceValidationError, match=says):
        await ai_house.act("submit_job", **{"template": "Digits", **wrong})
    assert ai_house.workshop.queue.jobs == []


async def test_two_templates_of_one_name_are_told_apart_by_their_ids(hass: HomeAssistant, ai_house: AiHouse):
    add_subentry(hass, ai_house.entry, SUBENTRY_TEMPLATE, "template_twin", "Digits", TEMPLATE)
    await hass.async_block_till_done()
    with pytest.raises(ServiceValidationError, match="or more than one"):
        await ai_house.act("submit_job", template="Digits")
    assert (await ai_house.act("submit_job", template="template_twin"))["state"] == "queued"


async def test_a_template_whose_executor_is_gone(hass: HomeAssistant, ai_house: AiHouse):
    add_subentry(hass, ai_house.entry, SUBENTRY_TEMPLATE, "template_old", "Old", {**TEMPLATE, "executor": "gone"})
    await hass.async_block_till_done()
    with pytest.raises(ServiceValidationError, match="executor of the template Old is gone"):
        await ai_house.act("submit_job", template="Old")


async def test_a_command_of_an_administrator(ai_house: AiHouse):
    told = await ai_house.act(
        "submit_command",
        **COMMAND,
        environment={"SEED": "7"},
        restartable=False,
        checkpointing="periodic",
        checkpoint_interval={"minutes": 5},
        grace="00:01:00",
        maximum_runtime={"hours": 8},
        attempts=2,
        expected_power=55.5,
        cpus=2,
        memory=1024,
        priority=70,
    )
    spec = (await found(ai_house, told["job_id"])).spec
    assert spec.command == ("/usr/bin/train", "--fast")
    assert (spec.executor_id, spec.template_id, spec.environment) == (BOX, None, {"SEED": "7"})
    assert (spec.restartable, spec.checkpointing, spec.max_attempts) == (False, Checkpointing.PERIODIC, 2)
    assert (spec.checkpoint_interval_s, spec.grace_s, spec.max_runtime_s) == (300.0, 60.0, 28_800.0)
    assert (spec.expected_power_w, spec.priority, spec.payout) == (55.5, 70, None)
    assert (spec.requires.cpus, spec.requires.gpus, spec.requires.memory_mb) == (2.0, 0.0, 1024)


async def test_a_command_of_anybody_else(hass: HomeAssistant, ai_house: AiHouse, hass_read_only_user: User):
    called = {"config_entry_id": ai_house.entry.entry_id, **COMMAND}
    with pytest.raises(Unauthorized):
        await hass.services.async_call(
            DOMAIN, "submit_command", called, blocking=True, context=Context(user_id=hass_read_only_user.id)
        )
    assert ai_house.workshop.queue.jobs == []


async def test_a_command_where_none_are_allowed(hass: HomeAssistant, ai_house: AiHouse):
    add_subentry(hass, ai_house.entry, SUBENTRY_EXECUTOR, "strict", "Strict", {**EXECUTOR, "raw_commands": False})
    await hass.async_block_till_done()
    with pytest.raises(ServiceValidationError, match="Strict takes jobs of templates only"):
        await ai_house.act("submit_command", **{**COMMAND, "executor": "Strict"})
    with pytest.raises(ServiceValidationError, match="no AI executor Nobody"):
        await ai_house.act("submit_command", **{**COMMAND, "executor": "Nobody"})


async def test_what_no_job_can_be_is_told(ai_house: AiHouse):
    with pytest.raises(ServiceValidationError, match="environment"):
        await ai_house.act("submit_command", **COMMAND, environment={"HASHWARM_JOB_ID": "mine"})
    with pytest.raises(ServiceValidationError, match="command"):
        await ai_house.act("submit_command", **{**COMMAND, "command": ["a\0b"]})


@pytest.mark.parametrize(
    ("action", "wrong"),
    [
        ("submit_job", {}),
        ("submit_job", {"template": "Digits", "shell": True}),
        ("submit_job", {"template": "Digits", "priority": 101}),
        ("submit_job", {"template": "Digits", "flexibility": "rubber"}),
        ("submit_job", {"template": "Digits", "payout": "nan"}),
        ("submit_job", {"template": "Digits", "payout": -1}),
        ("submit_job", {"template": "Digits", "deadline": "soon"}),
        ("submit_job", {"template": "Digits", "parameters": {"steps": [1]}}),
        ("submit_job", {"template": " "}),
        ("submit_command", {**COMMAND, "command": "train --fast"}),
        ("submit_command", {**COMMAND, "command": []}),
        ("submit_command", {**COMMAND, "grace": {"hours": 1}}),
        ("submit_command", {**COMMAND, "attempts": 0}),
        ("cancel_job", {}),
        ("pause_job", {"job_id": "x", "mode": "nap"}),
        ("pause_job", {"job_id": "x", "for": 0}),
        ("set_job_priority", {"job_id": "x", "priority": -1}),
        ("list_jobs", {"states": ["asleep"]}),
        ("list_jobs", {"limit": 0}),
        ("clear_jobs", {"states": ["running"]}),
        ("clear_jobs", {"older_than": -1}),
        ("preempt", {}),
        ("preempt", {"for": {"days": 400}}),
    ],
)
async def test_what_is_not_taken(ai_house: AiHouse, action: str, wrong: dict[str, Any]):
    with pytest.raises(vol.Invalid):
        await ai_house.act(action, **wrong)


async def test_a_full_queue(ai_house: AiHouse):
    with patch("custom_components.hashwarm.engine.jobs.queue.OPEN_MOST", 1):
        await ai_house.act("submit_job", template="Digits")
        with pytest.raises(ServiceValidationError, match="1 jobs wait already"):
            await ai_house.act("submit_job", template="Digits")


@pytest.mark.parametrize("action", ACTIONS_ON_A_JOB)
async def test_a_job_that_nobody_knows(ai_house: AiHouse, action: str):
    with pytest.raises(ServiceValidationError, match="no AI job 01NOBODY"):
        await ai_house.act(action, job_id="01NOBODY")


async def test_a_heater_without_ai_and_what_is_no_heater(hass: HomeAssistant, house: House):
    for entry in (house.entry, house.home_entry):
        with pytest.raises(ServiceValidationError, match=f"{entry.title} computes nothing for AI"):
            await hass.services.async_call(
                DOMAIN, "list_jobs", {"config_entry_id": entry.entry_id}, blocking=True, return_response=True
            )
    assert await hass.config_entries.async_unload(house.entry.entry_id)
    for entry_id in (house.entry.entry_id, "nothing"):
        with pytest.raises(ServiceValidationError):
            await hass.services.async_call(
                DOMAIN, "list_jobs", {"config_entry_id": entry_id}, blocking=True, return_response=True
            )


async def test_a_file_that_cannot_be_written(ai_house: AiHouse):
    with (
        patch.object(JobQueue, "submit", side_effect=StoreUnavailableError("full")),
        pytest.raises(HomeAssistantError, match="ledger cannot be written"),
    ):
        await ai_house.act("submit_job", template="Digits")


async def test_cancel(ai_house: AiHouse):
    job = await ai_house.start(await ai_house.submit())
    told = await ai_house.act("cancel_job", job_id=job.job_id)
    assert told == {"job_id": job.job_id, "state": "stopping", "reason": "person"}
    assert (await ai_house.looked(job)).state is JobState.CANCELLED
    with pytest.raises(ServiceValidationError, match="it is cancelled"):
        await ai_house.act("cancel_job", job_id=job.job_id, force=True)
    job = await ai_house.start(await ai_house.submit())
    assert (await ai_house.act("cancel_job", job_id=job.job_id, force=True))["reason"] == "forced"


async def test_pause_and_resume(ai_house: AiHouse):
    job = await ai_house.start(await ai_house.submit())
    assert (await ai_house.act("pause_job", job_id=job.job_id, mode="freeze"))["state"] == "paused"
    assert ai_house.executor.runs[job.backend_ref].state is RunState.FROZEN
    assert (await ai_house.act("resume_job", job_id=job.job_id))["state"] == "paused", "the heat decides"
    assert (await ai_house.tell(job, Act.THAW)).state is JobState.RUNNING
    with pytest.raises(ServiceValidationError, match="it is running"):
        await ai_house.act("resume_job", job_id=job.job_id)
    assert (await ai_house.act("pause_job", job_id=job.job_id, mode="checkpoint"))["state"] == "checkpointing"
    assert (await ai_house.looked(job)).state is JobState.HELD


async def test_pause_for_a_while(ai_house: AiHouse, freezer: FrozenDateTimeFactory):
    job = await ai_house.submit()
    assert (await ai_house.act("pause_job", job_id=job.job_id, **{"for": {"minutes": 30}}))["state"] == "held"
    for minutes, state in ((29, JobState.HELD), (2, JobState.QUEUED)):
        freezer.tick(timedelta(minutes=minutes))
        await ai_house.workshop.queue.tick()
        assert (await found(ai_house, job.job_id)).state is state


async def test_hold_and_release(ai_house: AiHouse):
    job = await ai_house.submit()
    assert (await ai_house.act("hold_job", job_id=job.job_id))["state"] == "held"
    assert (await ai_house.act("release_job", job_id=job.job_id))["state"] == "queued"
    with pytest.raises(ServiceValidationError, match="it is queued"):
        await ai_house.act("release_job", job_id=job.job_id)


async def test_retry(ai_house: AiHouse):
    job = await ai_house.start(await ai_house.submit(restartable=False))
    with pytest.raises(ServiceValidationError, match="it is running"):
        await ai_house.act("retry_job", job_id=job.job_id)
    await ai_house.says(job, state=RunState.ENDED, exit_code=3)
    told = await ai_house.act("retry_job", job_id=job.job_id)
    assert (told["state"], told["position"]) == ("queued", 1)
    assert (await found(ai_house, told["job_id"])).spec.resumes == job.job_id


async def test_priority(ai_house: AiHouse):
    first, second = await ai_house.submit(), await ai_house.submit()
    told = await ai_house.act("set_job_priority", job_id=second.job_id, priority=80)
    assert told == {"job_id": second.job_id, "state": "queued", "reason": None, "priority": 80}
    assert [job.job_id for job in ai_house.workshop.queue.jobs] == [second.job_id, first.job_id]


async def test_the_list(ai_house: AiHouse):
    assert await ai_house.act("list_jobs") == {"currency": "EUR", "jobs": []}
    told = await ai_house.act("submit_job", template="Digits")
    job = await ai_house.start(await ai_house.submit(name="x" * 200))
    answer = await ai_house.act("list_jobs")
    json.dumps(answer)
    running, queued = answer["jobs"]
    assert (running["job_id"], running["state"], running["executor"], running["template"]) == (
        job.job_id, "running", "Box", None,
    )  # fmt: skip
    assert (queued["job_id"], queued["template"], queued["progress"], queued["revenue"]) == (
        told["job_id"], "Digits", None, None,
    )  # fmt: skip
    assert [one["state"] for one in (await ai_house.act("list_jobs", states="queued"))["jobs"]] == ["queued"]
    assert len((await ai_house.act("list_jobs", limit=1))["jobs"]) == 1


async def test_one_job_from_its_submission_to_its_end(ai_house: AiHouse):
    told = await ai_house.act("submit_job", template="Digits")
    job = await ai_house.start(await found(ai_house, told["job_id"]))
    job = await ai_house.says(job, progress=0.425, revenue_nano=2_000_000)
    answer = await ai_house.act("get_job", job_id=job.job_id, log_lines=2)
    json.dumps(answer)
    assert answer["log"] == [f"line 0 of {job.backend_ref}", f"line 1 of {job.backend_ref}"]
    assert [step["state"] for step in answer["history"]] == ["queued", "starting", "running"]
    running = answer["job"]
    assert (running["progress"], running["revenue"], running["revenue_pending"]) == (42.5, None, 0.002)
    await ai_house.says(job, state=RunState.ENDED, exit_code=0)
    done = (await ai_house.act("get_job", job_id=job.job_id, log_lines=0))["job"]
    assert (done["state"], done["exit_code"], done["progress"]) == ("succeeded", 0, 100.0)
    assert (done["revenue"], done["revenue_pending"]) == (0.052, None)
    assert datetime.fromisoformat(done["finished"]).tzinfo is not None


async def test_lines_of_an_executor_that_is_away_are_unknown(ai_house: AiHouse):
    job = await ai_house.start(await ai_house.submit())
    ai_house.executor.error = ExecutorUnreachableError("away")
    answer = await ai_house.act("get_job", job_id=job.job_id)
    assert (answer["log"], answer["job"]["state"]) == (None, "running")
    assert (await ai_house.act("get_job", job_id=job.job_id, log_lines=0))["log"] == []


async def test_clear(ai_house: AiHouse, freezer: FrozenDateTimeFactory):
    job, waiting = await ai_house.start(await ai_house.submit()), await ai_house.submit()
    await ai_house.says(job, state=RunState.ENDED, exit_code=0)
    freezer.tick(timedelta(hours=1))
    assert await ai_house.act("clear_jobs", older_than={"days": 7}) == {"cleared": 0}
    assert await ai_house.act("clear_jobs", states=["failed"]) == {"cleared": 0}
    assert await ai_house.act("clear_jobs") == {"cleared": 1}
    assert ai_house.executor.forgotten == [job.job_id]
    assert [one["job_id"] for one in (await ai_house.act("list_jobs"))["jobs"]] == [waiting.job_id]


async def test_preempt(ai_house: AiHouse, freezer: FrozenDateTimeFactory):
    freezer.move_to("2026-11-22T12:00:00+00:00")
    told = await ai_house.act("preempt", **{"for": "00:30:00"}, reason="the grid wants it")
    assert told == {"until": "2026-11-22T12:30:00+00:00"}
    assert ai_house.workshop.aside_until == datetime(2026, 11, 22, 12, 30, tzinfo=UTC)
    assert await ai_house.act("preempt", **{"for": 0}) == {"until": None}


async def test_a_time_before_all_calendars_is_refused(ai_house: AiHouse):
    with pytest.raises(vol.Invalid, match="no time"):
        await ai_house.act("submit_job", template="Digits", deadline="0001-01-01T00:00:00+02:00")


@pytest.mark.parametrize(
    ("order", "says"),
    [
        ({"deadline": "2026-11-22T11:59:00+00:00"}, "deadline is over"),
        ({"deadline": "2026-11-22T12:00:00+00:00"}, "deadline is over"),
        ({"deadline": "2026-11-23T12:00:00+00:00", "not_before": "2026-11-23T12:00:00+00:00"}, "may not start before"),
        ({"name": "two\nlines"}, "is one line"),
        ({"name": "a\x07bell"}, "is one line"),
        ({"payout": 1, "currency": "USD"}, "told in USD, and your home counts in EUR"),
        ({"currency": "doubloons"}, "told in doubloons"),
    ],
)
async def test_an_order_that_cannot_be(
    ai_house: AiHouse, freezer: FrozenDateTimeFactory, order: dict[str, Any], says: str
):
    freezer.move_to("2026-11-22T12:00:00+00:00")
    for action, told in (("submit_job", {"template": "Digits"}), ("submit_command", COMMAND)):
        with pytest.raises(ServiceValidationError, match=says):
            await ai_house.act(action, **{**told, **order})
    assert not ai_house.workshop.queue.jobs


async def test_what_a_job_earns_is_said_by_its_template_or_an_administrator(
    hass: HomeAssistant, ai_house: AiHouse, hass_owner_user: User
):
    person = await hass.auth.async_create_user("Guest", group_ids=["system-users"])

    async def submit(user_id: str | None, **told: Any) -> Any:
        called = {"config_entry_id": ai_house.entry.entry_id, "template": "Digits", **told}
        context = Context(user_id=user_id)
        return await hass.services.async_call(
            DOMAIN, "submit_job", called, blocking=True, return_response=True, context=context
        )

    for wrong in ({"payout": 1e6}, {"payout": 0}, {"payout": 0.05, "payout_per": "hour"}):
        for user_id in (person.id, "nobody"):
            with pytest.raises(ServiceValidationError, match="Only an administrator"):
                await submit(user_id, **wrong)
    assert not ai_house.workshop.queue.jobs
    for right in ({}, {"payout": 0.05}, {"payout": 0.05, "currency": "eur"}):
        told = await submit(person.id, **right)
        assert (await found(ai_house, told["job_id"])).spec.payout.amount == 0.05
    for user_id in (hass_owner_user.id, None):
        told = await submit(user_id, payout=7)
        assert (await found(ai_house, told["job_id"])).spec.payout.amount == 7


async def test_a_template_of_another_currency_pays_nothing_in_this_one(hass: HomeAssistant, ai_house: AiHouse):
    add_subentry(hass, ai_house.entry, "template", "old", "Old", {**TEMPLATE, "payout_currency": "CHF"})
    with pytest.raises(ServiceValidationError, match="told in CHF, and your home counts in EUR"):
        await ai_house.act("submit_job", template="Old")
    assert await ai_house.act("submit_job", template="Old", payout=1)


async def test_jobs_of_an_executor_that_was_removed_are_seen_and_ended(
    hass: HomeAssistant, ai_house: AiHouse, places: dict[str, Any], freezer: FrozenDateTimeFactory
):
    waiting, running = await ai_house.submit(name="waits"), await ai_house.start(await ai_house.submit(name="runs"))
    await ai_house.submit(name="once", restartable=False)
    places.clear()
    await hass.config_entries.async_reload(ai_house.entry.entry_id)
    assert ai_house.coordinator.workshop is None
    listed = {job["name"]: job["state"] for job in (await ai_house.act("list_jobs"))["jobs"]}
    assert listed == {"waits": "queued", "runs": "preempted", "once": "queued"}
    told = await ai_house.act("get_job", job_id=running.job_id)
    assert (told["job"]["name"], told["log"]) == ("runs", [])
    for job in (waiting, running):
        assert (await ai_house.act("cancel_job", job_id=job.job_id))["state"] == "cancelled"
    with pytest.raises(ServiceValidationError, match="no AI job 01NOBODY"):
        await ai_house.act("cancel_job", job_id="01NOBODY")
    with pytest.raises(ServiceValidationError, match="computes nothing for AI"):
        await ai_house.act("retry_job", job_id=running.job_id)
    freezer.tick(1)
    assert await ai_house.act("clear_jobs") == {"cleared": 2}
    (left,) = (await ai_house.act("list_jobs"))["jobs"]
    await ai_house.act("cancel_job", job_id=left["job_id"])
    freezer.tick(1)
    assert await ai_house.act("clear_jobs") == {"cleared": 1}
    with pytest.raises(ServiceValidationError, match="computes nothing for AI"):
        await ai_house.act("list_jobs")
