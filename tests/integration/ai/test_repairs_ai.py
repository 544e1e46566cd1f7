"""What a person has to mend of AI work is raised while it lasts, and taken back when it is gone."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from unittest.mock import patch

from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
import pytest

from custom_components.hashwarm import repairs_ai
from custom_components.hashwarm.const import DOMAIN
from custom_components.hashwarm.engine.heater import AiState, ExecutorStanding, Workplace
from custom_components.hashwarm.engine.jobs import Job, JobState, Reason
from custom_components.hashwarm.executors import RAY_WITHOUT_TOKEN
from custom_components.hashwarm.repairs_ai import LONGEST_NAME, UNREACHABLE_AFTER_S

from .conftest import AiHouse
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
    assert not any(issue.is_fixable for issue in found.values())
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
