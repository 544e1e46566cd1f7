"""What people, scripts and dashboards may ask of a heater's AI jobs; each answers."""

from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Any

from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import HomeAssistant, ServiceCall, ServiceResponse, SupportsResponse, callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers.service import async_get_config_entry, async_register_admin_service
from homeassistant.util.dt import utcnow
import voluptuous as vol

from . import job_schemas as schemas
from .ai_const import CONF_EXECUTOR_KIND, CONF_RAW_COMMANDS, SUBENTRY_EXECUTOR, ExecutorKind
from .ai_entities import iso, kwh, money, short, workshop_of
from .const import DOMAIN
from .coordinator import HeaterCoordinator
from .engine.heater import Job, Workshop
from .engine.jobs import JobQueue, JobSpec, JobState, Machine, Payout, Requirements
from .engine.model.errors import ExecutorError, HashwarmError
from .job_checks import check_order, check_payout
from .job_desk import queue_of
from .job_errors import as_home_assistant
from .job_schemas import ATTR_CONFIG_ENTRY_ID, ATTR_FOR, ATTR_JOB_ID
from .templates import JobTemplate, templates_of

type Act = Callable[[HeaterCoordinator, Workshop, dict[str, Any]], Coroutine[Any, Any, dict[str, Any]]]
type QueueAct = Callable[[HeaterCoordinator, JobQueue, dict[str, Any]], Coroutine[Any, Any, dict[str, Any]]]
type Handler = Callable[[ServiceCall], Coroutine[Any, Any, ServiceResponse]]
type Check = Callable[[ServiceCall, HeaterCoordinator], Coroutine[Any, Any, None]]
_SECONDS = {
    "checkpoint_interval": "checkpoint_interval_s",
    "grace": "grace_s",
    "maximum_runtime": "max_runtime_s",
}
_AS_THEY_ARE = {
    "attempts": "max_attempts",
    "checkpointing": "checkpointing",
    "deadline": "deadline",
    "environment": "environment",
    "expected_power": "expected_power_w",
    "flexibility": "flexibility",
    "name": "name",
    "not_before": "not_before",
    "priority": "priority",
    "restartable": "restartable",
}


@callback
def async_register_jobs(hass: HomeAssistant) -> None:
    """Register the actions on jobs; they work as soon as a heater with AI work is loaded."""
    for name, (act, schema) in _ACTIONS.items():
        handler = _handler(act, _CHECKS.get(name))
        hass.services.async_register(DOMAIN, name, handler, schema, SupportsResponse.OPTIONAL)
    for name, (look, schema, response) in _QUEUE_ACTIONS.items():
        hass.services.async_register(DOMAIN, name, _queue_handler(look), schema, response)
    for name, (act, schema) in _ADMIN_ACTIONS.items():
        handler = _handler(act, _CHECKS.get(name))
        async_register_admin_service(hass, DOMAIN, name, handler, schema, SupportsResponse.OPTIONAL)


def _queue_handler(act: QueueAct) -> Handler:
    """Return what acts on a heater's jobs, also where nothing runs them any more."""

    async def handle(call: ServiceCall) -> ServiceResponse:
        coordinator = _heater(call)
        try:
            async with queue_of(coordinator) as queue:
                return await act(coordinator, queue, call.data)
        except HashwarmError as error:
            raise as_home_assistant(error) from error

    return handle


def _handler(act: Act, check: Check | None) -> Handler:
    """Return what finds the heater of a call, has it act, and says what went wrong in Home Assistant's words."""

    async def handle(call: ServiceCall) -> ServiceResponse:
        coordinator = _heater(call)
        try:
            if check is not None:
                await check(call, coordinator)
            return await act(coordinator, workshop_of(coordinator), call.data)
        except HashwarmError as error:
            raise as_home_assistant(error) from error

    return handle


def _heater(call: ServiceCall) -> HeaterCoordinator:
    """Return the heater that is meant. Errors: ServiceValidationError where there is none, or it is not loaded."""
    entry = async_get_config_entry(call.hass, DOMAIN, call.data[ATTR_CONFIG_ENTRY_ID])
    if not isinstance(entry.runtime_data, HeaterCoordinator):
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="ai_not_set_up",
            translation_placeholders={"heater": entry.title},
        )
    return entry.runtime_data


async def _check_job(call: ServiceCall, coordinator: HeaterCoordinator) -> None:
    """Refuse what cannot be, and a payout that is no administrator's. Errors: ServiceValidationError."""
    await _check_command(call, coordinator)
    template = _template(coordinator, call.data["template"])
    await check_payout(call, template, _payout(call.data), coordinator.currency)


async def _check_command(call: ServiceCall, coordinator: HeaterCoordinator) -> None:
    check_order(call.data, coordinator.currency)


async def _submit_job(coordinator: HeaterCoordinator, workshop: Workshop, data: dict[str, Any]) -> dict[str, Any]:
    """Take in a job of a template, with values for its parameters."""
    spec = _template(coordinator, data["template"]).job(
        data["parameters"],
        name=data.get("name"),
        priority=data.get("priority"),
        flexibility=data.get("flexibility"),
        deadline=data.get("deadline"),
        not_before=data.get("not_before"),
        payout=_payout(data),
    )
    return _submitted(workshop.queue, await workshop.queue.submit(spec))


async def _submit_command(coordinator: HeaterCoordinator, workshop: Workshop, data: dict[str, Any]) -> dict[str, Any]:
    """Take in a job that is no template's; only for administrators, and where the executor allows it."""
    fields: dict[str, Any] = {field: data[name] for name, field in _AS_THEY_ARE.items() if name in data}
    fields |= {field: data[name].total_seconds() for name, field in _SECONDS.items() if name in data}
    needs = {name: data[name] for name in ("cpus", "gpus") if name in data}
    spec = JobSpec(
        executor_id=_executor(coordinator, data["executor"]),
        command=tuple(data["command"]),
        payout=_payout(data),
        requires=Requirements(**needs, memory_mb=data.get("memory")),
        **fields,
    )
    return _submitted(workshop.queue, await workshop.queue.submit(spec))


def _template(coordinator: HeaterCoordinator, wanted: str) -> JobTemplate:
    """Return a template by its name or id. Errors: ServiceValidationError."""
    templates = templates_of(coordinator.config_entry)
    found = [one for one in templates.values() if wanted in {one.template_id, one.title}]
    if len(found) != 1:
        known = ", ".join(short(one.title) or "" for one in templates.values())
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="template_unknown",
            translation_placeholders={"template": wanted, "known": known or "-"},
        )
    return found[0]


def _executor(coordinator: HeaterCoordinator, wanted: str) -> str:
    """Return the id of an executor that runs raw commands, by its name or id. Errors: ServiceValidationError."""
    found = _executor_named(coordinator, wanted)
    if not found.data.get(CONF_RAW_COMMANDS):
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="command_not_allowed",
            translation_placeholders={"executor": found.title},
        )
    return found.subentry_id


def _executor_named(coordinator: HeaterCoordinator, wanted: str) -> ConfigSubentry:
    """Return an executor by its name or id. Errors: ServiceValidationError."""
    subentries = coordinator.config_entry.subentries.values()
    executors = [one for one in subentries if one.subentry_type == SUBENTRY_EXECUTOR]
    found = [one for one in executors if wanted in {one.subentry_id, one.title}]
    if len(found) != 1:
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="executor_unknown",
            translation_placeholders={"executor": wanted},
        )
    return found[0]


async def _offer_machine(coordinator: HeaterCoordinator, workshop: Workshop, data: dict[str, Any]) -> dict[str, Any]:
    """Put a machine on its market, which allows whoever rents it to use it without heat demand."""
    told = _executor_named(coordinator, data["executor"])
    await _machine(workshop, told).put_on_offer(data["price"])
    return {"executor": told.title, "on_offer": True}


async def _withdraw_machine(coordinator: HeaterCoordinator, workshop: Workshop, data: dict[str, Any]) -> dict[str, Any]:
    """Take a machine off its market; who has it keeps it."""
    told = _executor_named(coordinator, data["executor"])
    await _machine(workshop, told).take_off_offer()
    return {"executor": told.title, "on_offer": False}


def _machine(workshop: Workshop, executor: ConfigSubentry) -> Machine:
    """Return a machine that can be offered. Errors: ServiceValidationError."""
    if ExecutorKind(executor.data[CONF_EXECUTOR_KIND]) is not ExecutorKind.VAST:
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="no_market",
            translation_placeholders={"executor": executor.title},
        )
    return workshop.machines[executor.subentry_id]


def _payout(data: dict[str, Any]) -> Payout | None:
    return Payout(amount=data["payout"], per=data["payout_per"]) if "payout" in data else None


def _submitted(queue: JobQueue, job: Job) -> dict[str, Any]:
    """Return what a person wants to know of a job that was just taken in."""
    waiting = [each.job_id for each in queue.jobs if not each.state.on_executor]
    position = waiting.index(job.job_id) + 1 if job.job_id in waiting else None
    return {ATTR_JOB_ID: job.job_id, "state": job.state.value, "position": position}


async def _cancel(_: HeaterCoordinator, queue: JobQueue, data: dict[str, Any]) -> dict[str, Any]:
    return _stands(await queue.cancel(data[ATTR_JOB_ID], force=data["force"]))


async def _pause(_: HeaterCoordinator, workshop: Workshop, data: dict[str, Any]) -> dict[str, Any]:
    until = utcnow() + data[ATTR_FOR] if ATTR_FOR in data else None
    return _stands(await workshop.queue.pause(data[ATTR_JOB_ID], data["mode"], until=until))


async def _hold(_: HeaterCoordinator, workshop: Workshop, data: dict[str, Any]) -> dict[str, Any]:
    return _stands(await workshop.queue.hold(data[ATTR_JOB_ID]))


async def _resume(_: HeaterCoordinator, workshop: Workshop, data: dict[str, Any]) -> dict[str, Any]:
    job = await workshop.queue.resume(data[ATTR_JOB_ID])
    workshop.apply()
    return _stands(job)


async def _retry(_: HeaterCoordinator, workshop: Workshop, data: dict[str, Any]) -> dict[str, Any]:
    return _submitted(workshop.queue, await workshop.queue.retry(data[ATTR_JOB_ID]))


async def _set_priority(_: HeaterCoordinator, workshop: Workshop, data: dict[str, Any]) -> dict[str, Any]:
    job = await workshop.queue.set_priority(data[ATTR_JOB_ID], data["priority"])
    workshop.apply()
    return {**_stands(job), "priority": job.spec.priority}


async def _list(coordinator: HeaterCoordinator, queue: JobQueue, data: dict[str, Any]) -> dict[str, Any]:
    jobs = await queue.list_jobs(data.get("states", tuple(JobState)), data["limit"])
    return {"currency": coordinator.currency, "jobs": [_figures(coordinator, job) for job in jobs]}


async def _get(coordinator: HeaterCoordinator, queue: JobQueue, data: dict[str, Any]) -> dict[str, Any]:
    """Return a job with its history and the last lines it said; those are unknown while its executor is away."""
    job = await queue.get(data[ATTR_JOB_ID])
    steps = await queue.history(job.job_id)
    history = [
        {"at": iso(step.at), "state": step.state.value, "reason": short(step.reason), "attempt": step.attempt}
        for step in steps
    ]
    log = await _log(queue, job, data["log_lines"])
    return {"currency": coordinator.currency, "job": _figures(coordinator, job), "history": history, "log": log}


async def _log(queue: JobQueue, job: Job, lines: int) -> list[str] | None:
    if not lines:
        return []
    try:
        return await queue.log(job.job_id, lines)
    except ExecutorError:
        return None


async def _clear(_: HeaterCoordinator, queue: JobQueue, data: dict[str, Any]) -> dict[str, Any]:
    before = utcnow() - data["older_than"]
    return {"cleared": await queue.clear(before, data.get("states", schemas.ENDED))}


async def _preempt(_: HeaterCoordinator, workshop: Workshop, data: dict[str, Any]) -> dict[str, Any]:
    """Let no AI work run for a while, as a grid operator may ask for."""
    workshop.put_aside(data[ATTR_FOR].total_seconds(), data["reason"])
    until: datetime | None = workshop.aside_until
    return {"until": iso(until)}


def _stands(job: Job) -> dict[str, Any]:
    return {ATTR_JOB_ID: job.job_id, "state": job.state.value, "reason": short(job.reason)}


def _figures(coordinator: HeaterCoordinator, job: Job) -> dict[str, Any]:
    """Return a job as JSON: times in ISO 8601, energy in kWh, money in currency; what is unknown is null."""
    spec, titles = job.spec, {one.subentry_id: one.title for one in coordinator.config_entry.subentries.values()}
    return {
        **_stands(job),
        "name": short(spec.name),
        "template": titles.get(spec.template_id) if spec.template_id is not None else None,
        "executor": titles.get(spec.executor_id),
        "priority": spec.priority,
        "flexibility": spec.flexibility.value,
        "attempt": job.attempt,
        "progress": None if job.progress is None else round(job.progress * 100.0, 1),
        "exit_code": job.exit_code,
        "lost_work": job.lost_work,
        "created": iso(job.created),
        "started": iso(job.started),
        "finished": iso(job.finished),
        "deadline": iso(spec.deadline),
        "not_before": iso(job.not_before or spec.not_before),
        "last_checkpoint": iso(job.last_checkpoint),
        "next_checkpoint": iso(job.next_checkpoint),
        "run_time_s": round(job.run_s, 1),
        "energy_kwh": kwh(job.energy_mj),
        "revenue": money(job.revenue_nano),
        "revenue_pending": None if job.state.final else money(job.pending_nano),
        "resumes": spec.resumes,
    }


_ACTIONS: dict[str, tuple[Act, vol.Schema]] = {
    "submit_job": (_submit_job, schemas.SUBMIT_JOB),
    "pause_job": (_pause, schemas.PAUSE_JOB),
    "resume_job": (_resume, schemas.JOB),
    "hold_job": (_hold, schemas.JOB),
    "release_job": (_resume, schemas.JOB),
    "retry_job": (_retry, schemas.JOB),
    "set_job_priority": (_set_priority, schemas.SET_PRIORITY),
    "preempt": (_preempt, schemas.PREEMPT),
}
_QUEUE_ACTIONS: dict[str, tuple[QueueAct, vol.Schema, SupportsResponse]] = {
    "cancel_job": (_cancel, schemas.CANCEL_JOB, SupportsResponse.OPTIONAL),
    "list_jobs": (_list, schemas.LIST_JOBS, SupportsResponse.ONLY),
    "get_job": (_get, schemas.GET_JOB, SupportsResponse.ONLY),
    "clear_jobs": (_clear, schemas.CLEAR_JOBS, SupportsResponse.OPTIONAL),
}
_ADMIN_ACTIONS: dict[str, tuple[Act, vol.Schema]] = {
    "submit_command": (_submit_command, schemas.SUBMIT_COMMAND),
    "offer_machine": (_offer_machine, schemas.OFFER_MACHINE),
    "withdraw_machine": (_withdraw_machine, schemas.WITHDRAW_MACHINE),
}
_CHECKS: dict[str, Check] = {"submit_job": _check_job, "submit_command": _check_command}
