"""AI executors as a person set them up, made into the engine's places of work."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
import time
from typing import Any

from homeassistant.config_entries import ConfigEntry, ConfigSubentry
from homeassistant.const import CONF_API_KEY, CONF_HOST, CONF_PASSWORD, CONF_PORT, CONF_TOKEN, CONF_URL
from homeassistant.core import HomeAssistant
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.util.dt import utcnow

from .adapters.compute import SensorCompute
from .adapters.power import EntityPowerMeter
from .ai_const import (
    CONF_BUSY_SENSOR,
    CONF_CHECKPOINT_ROOT,
    CONF_EXECUTOR_KIND,
    CONF_EXPECTED_POWER,
    CONF_HEATS_ROOM,
    CONF_MACHINE_ID,
    CONF_METERED_TOGETHER,
    CONF_POWER_SENSOR,
    CONF_REVENUE_BEFORE,
    CONF_REVENUE_RESET,
    CONF_REVENUE_SENSOR,
    CONF_SAME_CHIP,
    CONF_SLOTS,
    SUBENTRY_EXECUTOR,
    ExecutorKind,
)
from .engine.heater import Workplace
from .engine.jobs import (
    BoincClient,
    BoincConnection,
    BoincControls,
    ComfyUiStatus,
    ComputeStatus,
    Controls,
    FoldingClient,
    FoldingControls,
    Keepsake,
    LimitedExecutor,
    LlamaCppStatus,
    Machine,
    Offers,
    OllamaStatus,
    RayExecutor,
    VastMachine,
    VllmStatus,
    base_url,
    part_from,
)
from .engine.model.errors import ExecutorError
from .leftover_files import keepsake_path
from .local_machine import Data, build_limiter, build_local, secrets_of

_PART_S = 10.0
RAY_WITHOUT_TOKEN = "ray_without_token"  # noqa: S105 - the name of a warning


def executors_of(entry: ConfigEntry[Any]) -> list[ConfigSubentry]:
    """Return the AI executors of a heater."""
    return [subentry for subentry in entry.subentries.values() if subentry.subentry_type == SUBENTRY_EXECUTOR]


def executors_as_set(entry: ConfigEntry[Any]) -> list[dict[str, Any]]:
    """Return all that a person told of a heater's executors, to notice later that it changed."""
    return [dict(executor.as_dict()) for executor in executors_of(entry)]


def executors_changed(entry: ConfigEntry[Any], before: list[dict[str, Any]]) -> bool:
    """Return whether executors came, changed or went since; templates are read anew for each job and need no reload."""
    return executors_as_set(entry) != before


def left_for_good(entry: ConfigEntry[Any], workplaces: Mapping[str, Workplace]) -> list[str]:
    """Return the places that do not come back: the heater was disabled, or they were removed or are elsewhere now."""
    if entry.disabled_by is not None:
        return list(workplaces)
    return [
        place_id
        for place_id, place in workplaces.items()
        if place_id not in entry.subentries or _is_elsewhere(place, entry.subentries[place_id].data)
    ]


def _is_elsewhere(place: Workplace, data: Data) -> bool:
    return isinstance(place.executor, RayExecutor) and place.executor.url != base_url(data[CONF_URL])


async def async_end_runs(hass: HomeAssistant, entry: ConfigEntry[Any]) -> None:
    """End what a removed heater left running where it outlives Home Assistant, and say what could not be reached."""
    clusters = [
        (executor.title, _ray(hass, executor.data, owner=executor.subentry_id))
        for executor in executors_of(entry)
        if executor.data[CONF_EXECUTOR_KIND] == ExecutorKind.RAY
    ]
    await part_from(clusters, _PART_S)
    for _, cluster in clusters:
        await cluster.stop()


def build_workplaces(hass: HomeAssistant, entry: ConfigEntry[Any]) -> dict[str, Workplace]:
    """Return a heater's places of AI work by the id of their subentry; nothing runs or is asked yet."""
    return {executor.subentry_id: _workplace(hass, executor) for executor in executors_of(entry)}


def _workplace(hass: HomeAssistant, subentry: ConfigSubentry) -> Workplace:
    data = subentry.data
    sensor = data.get(CONF_POWER_SENSOR)
    measured_w = EntityPowerMeter(hass, sensor).read_w if sensor else None
    common = {
        "title": subentry.title,
        "heats_room": data[CONF_HEATS_ROOM],
        "expected_w": data[CONF_EXPECTED_POWER],
        "measured_w": measured_w,
        "same_chip": data[CONF_SAME_CHIP],
        "metered_together": data[CONF_METERED_TOGETHER],
    }
    kind = ExecutorKind(data[CONF_EXECUTOR_KIND])
    if kind is ExecutorKind.LOCAL:
        return _local(hass, subentry, common)
    if kind is ExecutorKind.RAY:
        ray = _ray(hass, subentry.data, owner=subentry.subentry_id)
        return Workplace(executor=ray, warnings=lambda: _ray_warnings(ray), resources=lambda: _resources(ray), **common)
    machine = Machine(*_status_and_controls(hass, kind, subentry), clock=time.monotonic)
    return Workplace(machine=machine, **common)


def _local(hass: HomeAssistant, subentry: ConfigSubentry, common: dict[str, Any]) -> Workplace:
    """Return this machine, its power limited by what the person named of it."""
    limiter, measured_w = build_limiter(hass, subentry.data), common.pop("measured_w")
    if measured_w is None and limiter is not None:
        measured_w = limiter.read_w
    executor = build_local(hass, subentry, measured_w)
    if limiter is None:
        return Workplace(executor=executor, measured_w=measured_w, power_control=_duty_cycle, **common)
    return Workplace(
        executor=LimitedExecutor(executor, limiter),
        measured_w=measured_w,
        power_control=lambda: limiter.method,
        warnings=lambda: () if limiter.problem is None else (limiter.problem,),
        **common,
    )


def _duty_cycle() -> str:
    return "duty_cycle"


def _ray(hass: HomeAssistant, data: Data, *, owner: str) -> RayExecutor:
    """Return what speaks to a cluster's head."""
    return RayExecutor(
        async_get_clientsession(hass),
        base_url(data[CONF_URL]),
        owner=owner,
        now=utcnow,
        token=data.get(CONF_TOKEN),
        slots=int(data[CONF_SLOTS]),
        currency=hass.config.currency,
        checkpoint_root=data[CONF_CHECKPOINT_ROOT],
        secrets=secrets_of(hass),
    )


def _resources(ray: RayExecutor) -> dict[str, float]:
    """Return what a cluster tells of itself."""
    told = asdict(ray.resources) if ray.resources is not None else {}
    return {name: value for name, value in told.items() if value is not None}


def _ray_warnings(ray: RayExecutor) -> tuple[str, ...]:
    return (RAY_WITHOUT_TOKEN,) if ray.is_open_to_all else ()


def _status_and_controls(
    hass: HomeAssistant, kind: ExecutorKind, subentry: ConfigSubentry
) -> tuple[ComputeStatus, Controls | Offers | None]:
    """Return what reads a machine, and what it obeys."""
    status = _status(hass, kind, subentry.data)
    match status:
        case BoincClient():
            return status, BoincControls(status)
        case FoldingClient():
            keepsake = Keepsake(keepsake_path(hass, subentry.subentry_id))
            return status, FoldingControls(status, keepsake)
        case VastMachine():
            return status, status
    return status, None


async def ask_once(hass: HomeAssistant, kind: ExecutorKind, data: Data) -> None:
    """Ask an executor how it stands, where there is anybody to ask. Errors: ExecutorError and its kin."""
    if kind is ExecutorKind.LOCAL:
        return
    if kind is ExecutorKind.RAY:
        if await _ray(hass, data, owner="").version() is None:
            raise ExecutorError("no head of Ray")
        return
    status = _status(hass, kind, data)
    try:
        await status.read()
    finally:
        if isinstance(status, BoincClient | FoldingClient):
            await status.stop()


def _status(hass: HomeAssistant, kind: ExecutorKind, data: Data) -> ComputeStatus:
    """Return what reads a machine with work of its own."""
    session = async_get_clientsession(hass)
    match kind:
        case ExecutorKind.BOINC:
            connection = BoincConnection(
                data[CONF_HOST], port=int(data[CONF_PORT]), password=data.get(CONF_PASSWORD, "")
            )
            return BoincClient(connection, now=utcnow)
        case ExecutorKind.FOLDING:
            return FoldingClient(session, base_url(data[CONF_URL]), now=utcnow)
        case ExecutorKind.VAST:
            machine_id, key = int(data[CONF_MACHINE_ID]), data[CONF_API_KEY]
            return VastMachine(session, machine_id=machine_id, key=key, now=utcnow)
        case ExecutorKind.SENSOR:
            return SensorCompute(
                hass,
                data[CONF_REVENUE_SENSOR],
                before=data[CONF_REVENUE_BEFORE],
                before_reset=data.get(CONF_REVENUE_RESET),
                busy=data.get(CONF_BUSY_SENSOR),
                power=data.get(CONF_POWER_SENSOR),
                now=utcnow,
                currency=hass.config.currency,
            )
    server = _SERVERS[kind]
    return server(session, base_url(data[CONF_URL]), now=utcnow, token=data.get(CONF_TOKEN))


_SERVERS: dict[ExecutorKind, Callable[..., ComputeStatus]] = {
    ExecutorKind.OLLAMA: OllamaStatus,
    ExecutorKind.LLAMA_CPP: LlamaCppStatus,
    ExecutorKind.VLLM: VllmStatus,
    ExecutorKind.COMFYUI: ComfyUiStatus,
}
