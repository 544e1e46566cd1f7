"""The table of a pool account's sensors."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from homeassistant.components.sensor import SensorDeviceClass, SensorEntityDescription, SensorStateClass
from homeassistant.config_entries import ConfigSubentry
from homeassistant.const import EntityCategory, UnitOfRatio
from homeassistant.helpers.typing import StateType

from .const import CONF_POOL_KIND, CONF_SCHEME
from .engine.home import AccountReading, AccountState, Scheme
from .engine.money import POOLS, PoolKind, Tells

_DAY_S = 86_400.0
_HOUR_S = 3600.0


@dataclass(frozen=True, kw_only=True)
class AccountSensorDescription(SensorEntityDescription):
    """How a figure of an account is found, and which pools tell it."""

    attributes_fn: Callable[[AccountState], dict[str, Any]] | None = None
    stale_after_s: float = _DAY_S
    """So old a look says nothing of now."""
    told_by: frozenset[Tells]
    """Any of these."""
    value_fn: Callable[[AccountState], StateType | datetime]


def _reading[T](read: Callable[[AccountReading], T]) -> Callable[[AccountState], T | None]:
    return lambda state: read(state.reading) if state.reading is not None else None


def _looked_at(state: AccountState) -> dict[str, Any]:
    reading = state.reading
    return {"told_at": reading.at.isoformat(timespec="seconds")} if reading is not None else {}


def _balance(state: AccountState) -> dict[str, Any]:
    reading = state.reading
    told = {"paid": reading.paid_sat, "credited": reading.credited_sat} if reading is not None else {}
    return {**told, **_looked_at(state)}


def _payout(state: AccountState) -> dict[str, Any]:
    payout = state.last_payout
    if payout is None:
        return {}
    return {
        "amount": payout.sat,
        "transaction": payout.txid,
        "payout_id": payout.payout_id,
        "state": payout.state.value,
    }


ACCOUNT_SENSORS: tuple[AccountSensorDescription, ...] = (
    AccountSensorDescription(
        key="unpaid",
        translation_key="account_unpaid",
        native_unit_of_measurement="sat",
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
        told_by=frozenset({Tells.BALANCE}),
        attributes_fn=_balance,
        value_fn=_reading(lambda reading: reading.unpaid_sat),
    ),
    AccountSensorDescription(
        key="difference",
        translation_key="account_difference",
        native_unit_of_measurement=UnitOfRatio.PERCENTAGE,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=1,
        told_by=frozenset({Tells.BALANCE, Tells.DAYS, Tells.CREDITED, Tells.PAYOUTS}),
        attributes_fn=lambda state: {"confirmed": state.confirmed_sat, "estimated": state.estimated_sat},
        value_fn=lambda state: state.difference_percent,
    ),
    AccountSensorDescription(
        key="last_payout",
        translation_key="account_last_payout",
        device_class=SensorDeviceClass.TIMESTAMP,
        told_by=frozenset({Tells.PAYOUTS}),
        attributes_fn=_payout,
        value_fn=lambda state: state.last_payout.at if state.last_payout is not None else None,
    ),
    AccountSensorDescription(
        key="pool_hash_rate",
        translation_key="account_hash_rate",
        entity_category=EntityCategory.DIAGNOSTIC,
        native_unit_of_measurement="TH/s",
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=3,
        stale_after_s=_HOUR_S,
        told_by=frozenset({Tells.HASH_RATE}),
        attributes_fn=_looked_at,
        value_fn=_reading(lambda reading: reading.hash_rate_hs / 1e12 if reading.hash_rate_hs is not None else None),
    ),
    AccountSensorDescription(
        key="workers",
        translation_key="account_workers",
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        state_class=SensorStateClass.MEASUREMENT,
        stale_after_s=_HOUR_S,
        told_by=frozenset({Tells.HASH_RATE}),
        value_fn=_reading(lambda reading: reading.workers),
    ),
    AccountSensorDescription(
        key="best_share",
        translation_key="account_best_share",
        suggested_display_precision=0,
        told_by=frozenset({Tells.BEST_SHARE}),
        attributes_fn=_looked_at,
        value_fn=_reading(lambda reading: reading.best_difficulty),
    ),
    AccountSensorDescription(
        key="last_share",
        translation_key="account_last_share",
        device_class=SensorDeviceClass.TIMESTAMP,
        entity_category=EntityCategory.DIAGNOSTIC,
        told_by=frozenset({Tells.HASH_RATE}),
        value_fn=_reading(lambda reading: reading.last_share_at),
    ),
)


def told_of(account: ConfigSubentry) -> list[AccountSensorDescription]:
    """Return what the account's pool tells; blocks that were found alone are seen on the chain, whoever the pool."""
    tells = POOLS[PoolKind(account.data[CONF_POOL_KIND])].tells
    solo = Scheme(account.data[CONF_SCHEME]) is Scheme.SOLO
    told = tells | {Tells.PAYOUTS} if solo else tells
    return [
        description
        for description in ACCOUNT_SENSORS
        if description.told_by & told and not (solo and description.key == "difference")
    ]
