"""Problems that a person has to mend: raised while they last, taken back when they are gone."""

from collections.abc import Mapping
from time import monotonic
from typing import Any

from homeassistant.components.repairs import ConfirmRepairFlow, RepairsFlow
from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_HOST
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from .const import CONF_CONTROLLED, DOMAIN
from .engine.heater import HeaterState
from .engine.home import AccountState, FigureKind
from .engine.model.errors import AccountRefusedError, AccountUnknownError, ExecutorAuthError
from .engine.money import Disagreement
from .executor_repair import ExecutorAuthRepair

SALVAGED = "store_salvaged"
LEFT_RUNNING = "left_running"
CONF_ENTRY_ID = "entry_id"
FIXABLE = frozenset({SALVAGED, ExecutorAuthError.key})
POOL_PROBLEMS = {"pool_difficulty_too_high", "pool_garbage", "pool_refused"}
LEDGER_MISSED_AFTER_S = 60.0
PRICE_LOST_AFTER_S = 600.0
ACCOUNT_UNKNOWN_AFTER_S = 24 * 3600.0
FIGURE_NAMES = {
    FigureKind.BTC_PRICE: "price of a bitcoin",
    FigureKind.DIFFICULTY: "difficulty",
    FigureKind.REWARD_SAT: "reward of a block",
}
MINER_PROBLEMS = {
    "controlled_entity_gone",
    "device_locked",
    "miner_fan",
    "miner_hardware",
    "miner_no_pool",
    "miner_overheated",
    "miner_power_supply",
    "other_device",
}
KERNEL_PROBLEMS = {"kernel_tampered", "kernel_wrong", "kernel_crashed"}

type Problems = dict[str, Mapping[str, str]]


async def async_create_fix_flow(
    hass: HomeAssistant, issue_id: str, data: dict[str, str | int | float | None] | None
) -> RepairsFlow:
    """Let a person acknowledge what cannot be undone, or enter what is refused."""
    if issue_id.startswith(ExecutorAuthError.key) and data is not None:
        return ExecutorAuthRepair(str(data[CONF_ENTRY_ID]))
    return ConfirmRepairFlow()


def heater_problems(name: str, state: HeaterState) -> Problems:
    """Return what is wrong with a heater, by translation key, with the figures for the text."""
    problems: Problems = {}
    decision, telemetry = state.decision, state.telemetry
    if decision is not None and decision.sensor_lost:
        problems["room_sensor_lost"] = {"heater": name}
    if decision is not None and decision.disobedience is not None:
        problems[decision.disobedience.value] = {"heater": name}
    if decision is not None and decision.without_effect:
        problems["heater_not_heating"] = {"heater": name}
    if telemetry is not None and telemetry.problem in KERNEL_PROBLEMS | MINER_PROBLEMS:
        problems[telemetry.problem] = {"heater": name}
    miner = telemetry.miner if telemetry is not None else None
    if miner is not None and miner.thermal_loop is not None:
        problems[miner.thermal_loop.value] = {"heater": name}
    pool = telemetry.pool if telemetry is not None else None
    if pool is not None and pool.problem in POOL_PROBLEMS:
        problems[pool.problem] = {"heater": name, "pool": pool.name or "?"}
    return problems


class LedgerWatch:
    """Notices that a heater has nowhere to book; a home that is being reloaded is back at once."""

    def __init__(self) -> None:
        self._booked_at_s = monotonic()

    def problems(self, name: str, *, has_ledger: bool) -> Problems:
        """Return what is wrong with the heater's books now."""
        problems: Problems = {}
        if has_ledger:
            self._booked_at_s = monotonic()
        elif monotonic() - self._booked_at_s >= LEDGER_MISSED_AFTER_S:
            problems["ledger_missing"] = {"heater": name}
        return problems


class PriceWatch:
    """Notices a price sensor that tells no price for long; one that starts late or reconnects is no problem."""

    def __init__(self, sensor: str | None) -> None:
        self._sensor = sensor
        self._priced_at_s = monotonic()

    def problems(self, price_per_kwh: float | None) -> Problems:
        """Return what is wrong with the price now."""
        if price_per_kwh is not None or self._sensor is None:
            self._priced_at_s = monotonic()
            return {}
        lost = monotonic() - self._priced_at_s >= PRICE_LOST_AFTER_S
        return {"price_sensor_lost": {"sensor": self._sensor}} if lost else {}


def market_problems(disagreements: Mapping[FigureKind, Disagreement]) -> Problems:
    """Return that sources differ, with what each of them tells."""
    problems: Problems = {}
    told = [
        f"{FIGURE_NAMES[kind]}: "
        + ", ".join(f"{figure.source} {figure.value:.6g}" for figure in (found.ours, found.theirs))
        for kind, found in disagreements.items()
    ]
    if told:
        problems["sources_disagree"] = {"figures": "; ".join(told)}
    return problems


class AccountWatch:
    """Notices what a person has to mend of a pool account; one that is new may be unknown until its first share."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._known_at_s = monotonic()

    def problems(self, state: AccountState) -> Problems:
        """Return what is wrong with the account now."""
        problems: Problems = {}
        named = {"account": self._name}
        if state.problem != AccountUnknownError.key:
            self._known_at_s = monotonic()
        elif monotonic() - self._known_at_s >= ACCOUNT_UNKNOWN_AFTER_S:
            problems["account_unknown"] = named
        if state.problem == AccountRefusedError.key:
            problems["account_refused"] = named
        if state.doubtful:
            problems["account_doubtful"] = named
        return problems


@callback
def tell_left_running(hass: HomeAssistant, entry: ConfigEntry[Any], power_w: float | None) -> None:
    """Say that a heater was removed while its miner did not answer; `power_w` is what it was told last."""
    told = {"heater": entry.title, "address": str(entry.data.get(CONF_HOST) or entry.data[CONF_CONTROLLED])}
    ir.async_create_issue(
        hass,
        DOMAIN,
        f"{LEFT_RUNNING}_{entry.unique_id}",
        is_fixable=True,
        is_persistent=True,
        severity=ir.IssueSeverity.WARNING,
        translation_key=LEFT_RUNNING,
        translation_placeholders=told | {"power": "?" if power_w is None else f"{power_w:.0f}"},
    )


@callback
def forget_left_running(hass: HomeAssistant, entry: ConfigEntry[Any]) -> None:
    """Take that back: it is a heater again."""
    ir.async_delete_issue(hass, DOMAIN, f"{LEFT_RUNNING}_{entry.unique_id}")


class IssueBook:
    """The issues of one entry; tells the registry of changes only."""

    def __init__(self, hass: HomeAssistant, entry_id: str) -> None:
        self._hass = hass
        self._entry_id = entry_id
        self._open: Problems = {}

    @callback
    def update(self, problems: Problems) -> None:
        """Raise what is new and take back what is gone."""
        for key in problems:
            if self._open.get(key) == problems[key]:
                continue
            ir.async_create_issue(
                self._hass,
                DOMAIN,
                f"{key}_{self._entry_id}",
                data={CONF_ENTRY_ID: self._entry_id},
                is_fixable=key in FIXABLE,
                is_persistent=key == SALVAGED,
                severity=ir.IssueSeverity.WARNING,
                translation_key=key,
                translation_placeholders=dict(problems[key]),
            )
        for key in self._open.keys() - problems.keys() - {SALVAGED}:
            ir.async_delete_issue(self._hass, DOMAIN, f"{key}_{self._entry_id}")
        self._open = problems

    @callback
    def close(self) -> None:
        """Take everything back; an entry that is not loaded has no problems to show."""
        self.update({})
