"""What scripts and people may ask of the ledger: its books, a payout put right, prices set; each answers."""

from datetime import date
from typing import Any

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant, ServiceCall, ServiceResponse, SupportsResponse, callback
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.service import async_register_admin_service
from homeassistant.util.dt import now
import voluptuous as vol

from .accounts import accounts_of
from .const import (
    CONF_FEED_IN_PRICE,
    CONF_MANUAL_BTC_PRICE,
    CONF_MANUAL_DIFFICULTY,
    CONF_OTHER_HEATING,
    CONF_OTHER_PRICE,
    CONF_PRICE,
    CONF_PRICE_SENSOR,
    DOMAIN,
)
from .coordinator import HomeCoordinator
from .engine.home import DAY_COLUMNS, MAX_PRICE, PAYOUT_COLUMNS, BookedPayout, csv_text, payout_row
from .engine.model.errors import StoreError
from .helpers import loaded_home
from .job_services import async_register_jobs

EXPORT, CORRECT, SET_PRICES = "export_ledger", "correct_payout", "set_prices"
ATTR_ACCOUNT, ATTR_AMOUNT, ATTR_BTC_PRICE, ATTR_END = "account", "amount", "btc_price", "end"
ATTR_FORMAT, ATTR_NOTE, ATTR_PAYOUT_ID, ATTR_START = "format", "note", "payout_id", "start"
MAX_SAT = 2_100_000_000_000_000
LONGEST_TEXT = 200


def _whole(value: Any) -> int:
    """Return a whole number of sat. Errors: vol.Invalid, also for what would be cut to one."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not float(value).is_integer():
        raise vol.Invalid("expected a whole number of sat")
    return int(value)


_SHORT_TEXT = vol.All(cv.string, vol.Length(min=1, max=LONGEST_TEXT))
_PRICE = vol.All(vol.Coerce(float), vol.Range(min=-10, max=1000))
_BTC_PRICE = vol.All(vol.Coerce(float), vol.Range(min=0.01, max=MAX_PRICE))
EXPORT_SCHEMA = vol.Schema(
    {
        vol.Optional(ATTR_START): cv.date,
        vol.Optional(ATTR_END): cv.date,
        vol.Optional(ATTR_FORMAT, default="json"): vol.In(["json", "csv"]),
    }
)
CORRECT_SCHEMA = vol.Schema(
    {
        vol.Required(ATTR_PAYOUT_ID): _SHORT_TEXT,
        vol.Optional(ATTR_ACCOUNT): _SHORT_TEXT,
        vol.Optional(ATTR_AMOUNT): vol.All(_whole, vol.Range(min=0, max=MAX_SAT)),
        vol.Optional(ATTR_BTC_PRICE): _BTC_PRICE,
        vol.Required(ATTR_NOTE): _SHORT_TEXT,
    }
)
SETTABLE = {
    "electricity_price": (CONF_PRICE, _PRICE),
    "feed_in_price": (CONF_FEED_IN_PRICE, _PRICE),
    "other_heating_price": (CONF_OTHER_PRICE, vol.All(vol.Coerce(float), vol.Range(min=0, max=1000))),
    ATTR_BTC_PRICE: (CONF_MANUAL_BTC_PRICE, _BTC_PRICE),
    "difficulty": (CONF_MANUAL_DIFFICULTY, vol.All(vol.Coerce(float), vol.Range(min=1, max=1e20))),
}
SET_PRICES_SCHEMA = vol.All(
    vol.Schema({vol.Optional(name): check for name, (_, check) in SETTABLE.items()}),
    cv.has_at_least_one_key(*SETTABLE),
)


@callback
def async_register(hass: HomeAssistant) -> None:
    """Register the actions; they work as soon as the home is loaded."""
    hass.services.async_register(DOMAIN, EXPORT, _export, schema=EXPORT_SCHEMA, supports_response=SupportsResponse.ONLY)
    optional = SupportsResponse.OPTIONAL
    async_register_admin_service(hass, DOMAIN, CORRECT, _correct, CORRECT_SCHEMA, optional)
    async_register_admin_service(hass, DOMAIN, SET_PRICES, _set_prices, SET_PRICES_SCHEMA, optional)
    async_register_jobs(hass)


async def _export(call: ServiceCall) -> ServiceResponse:
    """Return the books of some days, of this year where nothing else is asked."""
    home, today = _home(call.hass), now().date()
    start, end = call.data.get(ATTR_START, date(today.year, 1, 1)), call.data.get(ATTR_END, today)
    if start > end:
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="dates_reversed")
    heaters = {
        entry.unique_id: entry.title for entry in call.hass.config_entries.async_entries(DOMAIN) if entry.unique_id
    }
    try:
        books = await home.home.export(start, end, heaters=heaters)
    except StoreError as error:
        raise _store_error(error) from error
    tables: dict[str, Any] = {"days": books.days, "payouts": books.payouts}
    if call.data[ATTR_FORMAT] == "csv":
        tables = {"days": csv_text(books.days, DAY_COLUMNS), "payouts": csv_text(books.payouts, PAYOUT_COLUMNS)}
    return {"start": start.isoformat(), "end": end.isoformat(), **tables}


async def _correct(call: ServiceCall) -> ServiceResponse:
    """Put a payout right, beside what the pool told."""
    home = _home(call.hass)
    if ATTR_AMOUNT not in call.data and ATTR_BTC_PRICE not in call.data:
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="nothing_to_correct")
    try:
        account_id, title = await _account_of(home, call.data[ATTR_PAYOUT_ID], call.data.get(ATTR_ACCOUNT))
        booked = await home.home.accounts.correct_payout(
            account_id,
            call.data[ATTR_PAYOUT_ID],
            sat=call.data.get(ATTR_AMOUNT),
            btc_price=call.data.get(ATTR_BTC_PRICE),
            note=call.data[ATTR_NOTE],
        )
    except StoreError as error:
        raise _store_error(error) from error
    await home.async_refresh()
    payout: dict[str, Any] = payout_row(title, booked)
    return {"payout": payout}


async def _account_of(home: HomeCoordinator, payout_id: str, title: str | None) -> tuple[str, str]:
    """Return the account that a payout is of, and its name. Errors: ServiceValidationError, StoreError."""

    def known(payouts: list[BookedPayout]) -> bool:
        return any(booked.payout.payout_id == payout_id for booked in payouts)

    found = [
        account
        for account in accounts_of(home.config_entry)
        if title in {None, account.title} and known(await home.home.accounts.payouts(account.subentry_id))
    ]
    placeholders = {"payout": payout_id}
    if not found:
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="payout_unknown", translation_placeholders=placeholders
        )
    if len(found) > 1:
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="payout_ambiguous", translation_placeholders=placeholders
        )
    return found[0].subentry_id, found[0].title


async def _set_prices(call: ServiceCall) -> ServiceResponse:
    """Set prices by hand, as the options of the home would; from now on, never for the past."""
    entry = _home(call.hass).config_entry
    options = dict(entry.options)
    if "electricity_price" in call.data and CONF_PRICE_SENSOR in options:
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="price_from_sensor")
    if "other_heating_price" in call.data and CONF_OTHER_HEATING not in options:
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="no_other_heating")
    options |= {SETTABLE[name][0]: value for name, value in call.data.items()}
    if options != dict(entry.options):
        call.hass.config_entries.async_update_entry(entry, options=options)
        await call.hass.config_entries.async_reload(entry.entry_id)
    if entry.state is not ConfigEntryState.LOADED:
        raise HomeAssistantError(translation_domain=DOMAIN, translation_key="home_not_loaded")
    return {name: options.get(option) for name, (option, _) in SETTABLE.items()}


def _home(hass: HomeAssistant) -> HomeCoordinator:
    """Return the home. Errors: ServiceValidationError while there is none."""
    coordinator = loaded_home(hass)
    if coordinator is None:
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="home_not_loaded")
    return coordinator


def _store_error(error: StoreError) -> HomeAssistantError:
    return HomeAssistantError(translation_domain=DOMAIN, translation_key=error.key)
