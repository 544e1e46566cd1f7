"""Pool accounts as a person set them up, made into the engine's."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from homeassistant.config_entries import ConfigEntry, ConfigSubentry
from homeassistant.const import CONF_ADDRESS, CONF_USERNAME

from .const import (
    CONF_FEE,
    CONF_HEATERS,
    CONF_OTHERS_FEED,
    CONF_POOL_KIND,
    CONF_POOL_URL,
    CONF_SCHEME,
    CONF_SECRET,
    SUBENTRY_ACCOUNT,
)
from .engine.home import AccountOptions, AccountSettings, Scheme
from .engine.money import Credentials, PoolKind

_PPM_PER_PERCENT = 10_000
_DIGITS = 16


def accounts_of(entry: ConfigEntry[Any]) -> list[ConfigSubentry]:
    """Return the pool accounts of the home."""
    return [subentry for subentry in entry.subentries.values() if subentry.subentry_type == SUBENTRY_ACCOUNT]


def account_options(entry: ConfigEntry[Any]) -> tuple[AccountOptions, ...]:
    """Return the pool accounts of the home, as the engine takes them."""
    return tuple(_options(account) for account in accounts_of(entry))


def _options(account: ConfigSubentry) -> AccountOptions:
    data = account.data
    return AccountOptions(
        settings=AccountSettings(
            account_id=account.subentry_id,
            ledger_id=_ledger_id(data),
            title=account.title,
            kind=PoolKind(data[CONF_POOL_KIND]),
            scheme=Scheme(data[CONF_SCHEME]),
            fee_ppm=round(data[CONF_FEE] * _PPM_PER_PERCENT),
            heaters=tuple(data[CONF_HEATERS]),
            others_feed=data[CONF_OTHERS_FEED],
        ),
        credentials=credentials_of(data),
        base_url=data.get(CONF_POOL_URL),
    )


def _ledger_id(data: Mapping[str, Any]) -> str:
    """Return what the account's facts are booked under; an account that is added again is the same one again.

    Another wallet, user or key, or solo instead of shares, is another account: its balances cannot be compared.
    """
    solo = Scheme(data[CONF_SCHEME]) is Scheme.SOLO
    identity = data.get(CONF_ADDRESS) or data.get(CONF_USERNAME) or data.get(CONF_SECRET)
    told = "/".join((data[CONF_POOL_KIND], str(identity), "solo" if solo else "shares"))
    return f"{data[CONF_POOL_KIND]}-{sha256(told.encode()).hexdigest()[:_DIGITS]}"


def credentials_of(data: Mapping[str, Any]) -> Credentials:
    """Return what the pool has to be given."""
    return Credentials(address=data.get(CONF_ADDRESS), user=data.get(CONF_USERNAME), secret=data.get(CONF_SECRET))
