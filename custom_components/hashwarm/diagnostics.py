"""What a bug report needs, without what is nobody's business."""

from dataclasses import asdict, replace
from typing import Any

from homeassistant.components.diagnostics import async_redact_data
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_PASSWORD, CONF_USERNAME
from homeassistant.core import HomeAssistant

from .const import CONF_KIND, CONF_MARKET_URL, CONF_POOL_USER, CONF_PRESENCE, KIND_HOME
from .coordinator import HashwarmConfigEntry, HeaterCoordinator, HomeCoordinator
from .engine.heater import Job
from .engine.home import FigureKind
from .option_defaults import heater_options, home_options

# A pool user is a payout address; a server of one's own may have credentials in its address. A miner's identity is its
# MAC or its serial number. Who lives in a house is its own business.
REDACT = {CONF_MARKET_URL, CONF_PASSWORD, CONF_POOL_USER, CONF_PRESENCE, CONF_USERNAME, "identity", "mac", "message"}


async def async_get_config_entry_diagnostics(hass: HomeAssistant, entry: HashwarmConfigEntry) -> dict[str, Any]:
    """Return the state of a heater or of the home; of an entry that is not loaded, what it was set up with."""
    is_home = entry.data[CONF_KIND] == KIND_HOME
    options = home_options(entry) if is_home else heater_options(entry)
    setup = {"state": entry.state.value, "reason": entry.reason}
    told: dict[str, Any] = {"data": dict(entry.data), "options": options, **setup}
    if entry.state is ConfigEntryState.LOADED:
        coordinator = entry.runtime_data
        told |= _home(coordinator) if isinstance(coordinator, HomeCoordinator) else _heater(coordinator)
    return async_redact_data(told, REDACT)


def _heater(coordinator: HeaterCoordinator) -> dict[str, Any]:
    state = coordinator.data
    return {
        "control": coordinator.heater.as_dict(),
        "capabilities": asdict(state.capabilities),
        "decision": asdict(state.decision) if state.decision is not None else None,
        "telemetry": asdict(state.telemetry) if state.telemetry is not None else None,
        "totals": asdict(totals) if (totals := coordinator.totals) is not None else None,
        "planner": _planner(coordinator),
        "ai": _ai(coordinator),
    }


def _ai(coordinator: HeaterCoordinator) -> dict[str, Any] | None:
    """Return how AI work stands; what jobs are called and given is nobody's business."""
    ai = coordinator.ai
    if ai is None:
        return None
    return {
        "status": ai.status,
        "reason": ai.reason,
        "worth": asdict(ai.worth),
        "power_w": ai.power_w,
        "power_source": ai.power_source,
        "executors": {place_id: asdict(standing) for place_id, standing in ai.executors.items()},
        "jobs": [_job(job) for job in ai.jobs],
    }


def _job(job: Job) -> dict[str, Any]:
    told = asdict(replace(job, spec=replace(job.spec, name="", command=(), environment={})))
    return {name: value for name, value in told.items() if name != "backend_ref"}


def _planner(coordinator: HeaterCoordinator) -> dict[str, Any] | None:
    """Return what the planner knows and how far it is trusted, without the history that it learned from."""
    forethought = coordinator.forethought
    if forethought is None:
        return None
    pilot, plan = forethought.pilot, forethought.plan
    return {
        "status": coordinator.heater.planner_status,
        "house": pilot.house.as_dict() if pilot.house is not None else None,
        "trust": asdict(pilot.trust) if pilot.trust is not None else None,
        "learned_at": pilot.learned_at,
        "history_h": pilot.history.hours,
        "forecasts": forethought.forecasts.summary(),
        "plan": asdict(plan) if plan is not None else None,
    }


def _home(coordinator: HomeCoordinator) -> dict[str, Any]:
    market = coordinator.home.market
    figures = {kind.value: figure for kind in FigureKind if (figure := market.figure(kind)) is not None}
    return {
        "problem": coordinator.home.problem,
        "totals": asdict(coordinator.data.totals),
        "market": {
            kind: {"value": figure.value, "source": figure.source, "at": figure.at.isoformat()}
            for kind, figure in figures.items()
        },
    }
