"""What a person has to mend of AI work is raised while it lasts, and taken back when it is gone."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from unittest.mock import patch

from homeassistant.config_entries import ConfigEntries
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
import pytest

from custom_components.hashwarm import executor_flow, repairs_ai
from custom_components.hashwarm.const import DOMAIN
from custom_components.hashwarm.engine.heater import AiState, ExecutorStanding, Workplace
from custom_components.hashwarm.engine.jobs import Job, JobState, Reason
from custom_components.hashwarm.engine.model.errors import ExecutorAuthError, ExecutorUnreachableError
from custom_components.hashwarm.executors import RAY_WITHOUT_TOKEN
from custom_components.hashwarm.repairs_ai import LONGEST_NAME, UNREACHABLE_AFTER_S

from .conftest import EXECUTOR, AiHouse, add_subentry
from .fakes import FakeExecutor

HEATER = "heater_entry"


class Watch:
    """A clock that a test turns."""

    now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def watch() -> Iterator[Watch]:
    turned = Watch()
    with patch.object(repairs_ai, "monotonic", turned):
        yield turned


def issues(hass: HomeAssistant) -> dict[str, dict[str, str] | None]:
    """Return what is raised, by its words, with what is filled in."""
    found = {key: issue for key, issue in ir.async_get(hass).issues.items() if key[0] == DOMAIN}
    assert all(issue_id == f"{issue.translation_key}_{HEATER}" for (_, issue_id), issue in found.items())
    assert {issue.translation_key for issue in found.values() if issue.is_fixable} <= {"executor_auth"}
    return {issue.translation_key or "": issue.translation_placeholders for issue in found.values()}


def standing(*titles: str, **how: Any) -> AiState:
    return AiState(executors={title: ExecutorStanding(title=title, **how) for title in titles})


def about(executor: str) -> dict[str, str]:
    return {"heater": "Hashwarm heater", "executor": executor}


async def held(house: AiHouse, name: str, reason: Reason = Reason.TOO_OFTEN) -> Job:
    return replace(await house.submit(name=name), state=JobState.HELD, reason=reason)


async def test_all_is_well_to_begin_with(hass: HomeAssistant, ai_house: AiHouse):
    await ai_house.show(standing("Box"))
    assert issues(hass) == {}


@pytest.mark.parametrize(
    "warning",
    [
        RAY_WITHOUT_TOKEN,
        "power_limit_failed",
        "power_limit_forbidden",
        "power_limit_missing",
        "power_limit_unsupported",
    ],
)
async def test_what_works_and_should_be_mended(hass: HomeAssistant, ai_house: AiHouse, warning: str):
    await ai_house.show(standing("Box", warnings=(warning,)))
    assert issues(hass) == {warning: about("Box")}
    await ai_house.show(standing("Box"))
    assert issues(hass) == {}


async def test_a_warning_reaches_the_person_from_where_it_is_said(
    hass: HomeAssistant, ai_house: AiHouse, places: dict[str, Workplace]
):
    places["box"] = Workplace(
        title="GPU", executor=FakeExecutor(), expected_w=60.0, warnings=lambda: ("power_limit_forbidden",)
    )
    await ai_house.show(AiState(executors=ai_house.workshop._premises.standings()))
    assert issues(hass) == {"power_limit_forbidden": about("GPU")}


async def test_two_warnings_of_one_and_one_of_two(hass: HomeAssistant, ai_house: AiHouse):
    both = standing("Ray", "Second", warnings=(RAY_WITHOUT_TOKEN,))
    local = ExecutorStanding(title="Box", warnings=("power_limit_missing",))
    await ai_house.show(replace(both, executors={**both.executors, "local": local}))
    assert issues(hass) == {RAY_WITHOUT_TOKEN: about("Ray, Second"), "power_limit_missing": about("Box")}


async def test_a_key_that_is_refused(hass: HomeAssistant, ai_house: AiHouse):
    await ai_house.show(standing("BOINC", problem="executor_auth"))
    assert issues(hass) == {"executor_auth": about("BOINC")}
    await ai_house.show(standing("BOINC"))
    assert issues(hass) == {}


async def fix(hass: HomeAssistant) -> Any:
    await async_setup_component(hass, "repairs", {})
    manager = hass.data["repairs"]["flow_manager"]
    return await manager.async_init(DOMAIN, context={"issue_id": f"executor_auth_{HEATER}"})


async def enter(hass: HomeAssistant, form: Any, secret: str) -> Any:
    result = await hass.data["repairs"]["flow_manager"].async_configure(form["flow_id"], {"secret": secret})
    await hass.async_block_till_done()
    return result


async def refused(hass: HomeAssistant, ai_house: AiHouse, *titles: str) -> None:
    for title in titles:
        ray = {**EXECUTOR, "kind": "ray", "url": "http://head:8265", "token": "old", "checkpoint_root": "/tmp"}
        add_subentry(hass, ai_house.entry, "executor", title, title, ray)
    await hass.async_block_till_done()
    await ai_house.show(standing("Box", *titles, problem="executor_auth"))


async def test_a_key_is_asked_for_tried_and_kept(hass: HomeAssistant, ai_house: AiHouse):
    await refused(hass, ai_house, "Ray")
    asked: list[Any] = []

    async def ask(_hass: HomeAssistant, _kind: Any, data: Any) -> None:
        asked.append(data["token"])
        wrong = {"wrong": ExecutorAuthError("no"), "away": ExecutorUnreachableError("no")}.get(data["token"])
        if wrong is not None:
            raise wrong

    form = await fix(hass)
    assert (form["step_id"], form["description_placeholders"]) == ("confirm", about("Ray"))
    with patch.object(executor_flow, "ask_once", ask):
        for secret, errors in (("wrong", {"secret": "invalid_auth"}), ("away", {"base": "cannot_connect"})):
            form = await enter(hass, form, secret)
            assert form["errors"] == errors
        assert ai_house.entry.subentries["Ray"].data["token"] == "old"
        done = await enter(hass, form, "sesame")
    assert done["type"] is FlowResultType.CREATE_ENTRY
    assert asked == ["wrong", "away", "sesame"]
    assert ai_house.entry.subentries["Ray"].data["token"] == "sesame"
    assert ai_house.entry.subentries["Ray"].data["url"] == "http://head:8265"
    assert issues(hass) == {}


async def test_two_keys_are_asked_for_one_after_the_other(hass: HomeAssistant, ai_house: AiHouse):
    await refused(hass, ai_house, "Ray", "Second")
    form = await fix(hass)

    async def ask(_hass: HomeAssistant, _kind: Any, _data: Any) -> None:
        return

    before = ai_house.workshop.state
    with patch.object(executor_flow, "ask_once", ask), patch.object(ConfigEntries, "async_schedule_reload"):
        form = await enter(hass, form, "sesame")
        assert (form["description_placeholders"], form["errors"]) == (about("Second"), {})
        assert ai_house.workshop.state is before
        assert (await enter(hass, form, "open"))["type"] is FlowResultType.CREATE_ENTRY
        # The heater would begin anew as soon as it is told of any change.
        await hass.config_entries.async_unload(ai_house.entry.entry_id)
    assert [ai_house.entry.subentries[name].data["token"] for name in ("Ray", "Second")] == ["sesame", "open"]


async def test_what_was_mended_meanwhile_is_not_asked_for(hass: HomeAssistant, ai_house: AiHouse):
    await refused(hass, ai_house, "Ray")
    form = await fix(hass)
    ai_house.workshop.state = standing("Ray")
    done = await enter(hass, form, "sesame")
    assert (done["type"], done["reason"]) == (FlowResultType.ABORT, "no_longer_refused")
    assert ai_house.entry.subentries["Ray"].data["token"] == "old"
    await ai_house.show(standing("Ray", problem="executor_auth"))
    form = await fix(hass)
    await hass.config_entries.async_unload(ai_house.entry.entry_id)
    assert (await enter(hass, form, "sesame"))["reason"] == "no_longer_refused"


async def test_an_executor_that_is_away_for_long(hass: HomeAssistant, ai_house: AiHouse, watch: Watch):
    away = standing("Ray", problem="executor_unreachable")
    await ai_house.show(away)
    watch.now_s += UNREACHABLE_AFTER_S - 1
    await ai_house.show(away)
    assert issues(hass) == {}, "one that is restarted is no problem"
    watch.now_s += 2
    await ai_house.show(away)
    assert issues(hass) == {"executor_unreachable": about("Ray")}
    await ai_house.show(standing("Ray"))
    assert issues(hass) == {}
    watch.now_s += 10
    await ai_house.show(away)
    assert issues(hass) == {}, "the time counts from when it answered last"


async def test_a_job_that_was_put_off_too_often(hass: HomeAssistant, ai_house: AiHouse):
    jobs = (await held(ai_house, "train"), await held(ai_house, "x" * 200))
    await ai_house.show(AiState(jobs=(*jobs, await held(ai_house, "mine", Reason.PERSON))))
    told = f"train, {'x' * LONGEST_NAME}"
    assert issues(hass) == {"job_preempted_too_often": {"heater": "Hashwarm heater", "job": told}}
    await ai_house.show(AiState(jobs=tuple(replace(job, state=JobState.QUEUED) for job in jobs)))
    assert issues(hass) == {}


async def test_a_heater_that_is_unloaded_has_no_problems(hass: HomeAssistant, ai_house: AiHouse):
    await ai_house.show(standing("Ray", warnings=(RAY_WITHOUT_TOKEN,)))
    await hass.config_entries.async_unload(ai_house.entry.entry_id)
    assert issues(hass) == {}
