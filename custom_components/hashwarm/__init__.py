"""Hashwarm turns computing into home heating."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, cast

from homeassistant.config_entries import (
    SIGNAL_CONFIG_ENTRY_CHANGED,
    SOURCE_SYSTEM,
    ConfigEntry,
    ConfigEntryChange,
    ConfigEntryState,
    ConfigSubentry,
    ConfigSubentryData,
)
from homeassistant.const import EVENT_CORE_CONFIG_UPDATE, EVENT_HOMEASSISTANT_FINAL_WRITE, EVENT_HOMEASSISTANT_STOP
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.exceptions import ConfigEntryError, ConfigEntryNotReady
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.typing import ConfigType
from homeassistant.requirements import RequirementsNotFound
from homeassistant.util.event_type import EventType

from .accounts import accounts_of
from .assembly import build_heater, open_home_of
from .backends import build_backend
from .card import async_serve_card
from .const import (
    CONF_FAMILY,
    CONF_KIND,
    CONF_PARTING,
    CONF_PRICE_SENSOR,
    DOMAIN,
    HEATER_PLATFORMS,
    HOME_PLATFORMS,
    KIND_HOME,
    KIND_LOCAL_WORKER,
    SUBENTRIES,
)
from .coordinator import (
    HashwarmConfigEntry,
    HeaterConfigEntry,
    HeaterCoordinator,
    HomeConfigEntry,
    HomeCoordinator,
)
from .engine.home import Home
from .engine.miners import Family, NetworkedMiner, Parting
from .engine.model.errors import BackendError, DeviceAuthError, InvalidValueError, StoreError
from .executors import async_end_runs, executors_as_set, executors_of, left_for_good
from .firmware import follow_firmware
from .helpers import home_entry, install_asic_rs, loaded_heaters, loaded_home
from .keeping import heater_store, planner_store
from .leftover_files import async_remove_leftovers, async_sweep
from .option_defaults import heater_options
from .renames import follow_renames
from .repairs import (
    AccountWatch,
    IssueBook,
    LedgerWatch,
    PriceWatch,
    Problems,
    forget_left_running,
    heater_problems,
    market_problems,
    tell_left_running,
)
from .repairs_ai import AiWatch
from .services import async_register
from .statistics import follow_statistics
from .wiring import wiring

CONFIG_SCHEMA = cv.config_entry_only_config_schema(DOMAIN)


async def async_setup(hass: HomeAssistant, _config: ConfigType) -> bool:
    """Register the actions."""
    async_register(hass)
    return True


async def async_setup_entry(hass: HomeAssistant, entry: HashwarmConfigEntry) -> None:
    """Set up a heater or the home."""
    _reload_when_moved(hass, entry)
    follow_renames(hass, entry)
    entry.async_on_unload(wiring(hass).hold())
    if entry.data[CONF_KIND] == KIND_HOME:
        await _async_setup_home(hass, cast("HomeConfigEntry", entry))
        await async_serve_card(hass)
    else:
        await _async_setup_heater(hass, cast("HeaterConfigEntry", entry))


def _reload_when_moved(hass: HomeAssistant, entry: HashwarmConfigEntry) -> None:
    """Begin anew in another currency or time zone: days, prices and units follow."""
    before = (hass.config.currency, hass.config.time_zone)

    @callback
    def look(_event: Event[Any]) -> None:
        if (hass.config.currency, hass.config.time_zone) != before:
            hass.config_entries.async_schedule_reload(entry.entry_id)

    entry.async_on_unload(hass.bus.async_listen(EVENT_CORE_CONFIG_UPDATE, look))


def _reload_when_rewired(
    hass: HomeAssistant, entry: ConfigEntry[Any], told: Callable[[ConfigEntry[Any]], list[Any]]
) -> None:
    """Begin anew with what came, changed or went among the subentries that `told` tells of."""
    before = told(entry)

    @callback
    def look(_change: ConfigEntryChange, changed: ConfigEntry[Any]) -> None:
        if changed is entry and told(entry) != before:
            hass.config_entries.async_schedule_reload(entry.entry_id)

    entry.async_on_unload(async_dispatcher_connect(hass, SIGNAL_CONFIG_ENTRY_CHANGED, look))


def _subentries(entry: ConfigEntry[Any]) -> list[Any]:
    return [subentry.as_dict() for subentry in entry.subentries.values()]


async def _async_setup_home(hass: HomeAssistant, entry: HomeConfigEntry) -> None:
    try:
        opened = await open_home_of(hass, entry)
    except StoreError as error:
        raise ConfigEntryError(translation_domain=DOMAIN, translation_key=error.key) from error
    coordinator = HomeCoordinator(hass, entry, opened)
    async with _closed_on_failure(coordinator):
        await coordinator.async_config_entry_first_refresh()
        entry.runtime_data = coordinator
        _watch_home(coordinator, IssueBook(hass, entry.entry_id))
        _close_with_home_assistant(hass, entry, coordinator, EVENT_HOMEASSISTANT_FINAL_WRITE)
        await hass.config_entries.async_forward_entry_setups(entry, HOME_PLATFORMS)
        _reload_when_rewired(hass, entry, _subentries)
        follow_statistics(coordinator)


async def _async_setup_heater(hass: HomeAssistant, entry: HeaterConfigEntry) -> None:
    await _async_ensure_home(hass)
    await async_sweep(hass)
    store = heater_store(hass, entry.entry_id)
    coordinator = HeaterCoordinator(hass, entry, home=lambda: _home(hass), store=store)
    await _async_require(hass, entry)
    try:
        learned = await coordinator.async_learned()
        heater = build_heater(hass, entry, coordinator, await store.async_load() or {}, learned)
    except InvalidValueError as error:
        raise ConfigEntryError(translation_domain=DOMAIN, translation_key="profile_unreadable") from error
    coordinator.take(heater, wiring(hass).neighbourhood)
    async with _closed_on_failure(coordinator):
        try:
            await coordinator.heater.start()
        except BackendError as error:
            raise ConfigEntryNotReady(translation_domain=DOMAIN, translation_key=error.key) from error
        entry.runtime_data = coordinator
        forget_left_running(hass, entry)
        _watch_heater(coordinator, IssueBook(hass, entry.entry_id))
        _close_with_home_assistant(hass, entry, coordinator, EVENT_HOMEASSISTANT_STOP)
        await hass.config_entries.async_forward_entry_setups(entry, HEATER_PLATFORMS)
        _reload_when_rewired(hass, entry, executors_as_set)
        follow_firmware(coordinator)


async def _async_require(hass: HomeAssistant, entry: HeaterConfigEntry) -> None:
    """Have the library at hand that a miner of the long tail needs; a new Python may have lost it."""
    if entry.data.get(CONF_FAMILY) != Family.ASIC_RS:
        return
    try:
        await install_asic_rs(hass)
    except RequirementsNotFound as error:
        # A new version of Home Assistant begins without it, and may begin before the network does.
        raise ConfigEntryNotReady(translation_domain=DOMAIN, translation_key="asic_rs_missing") from error


@asynccontextmanager
async def _closed_on_failure(coordinator: HeaterCoordinator | HomeCoordinator) -> AsyncIterator[None]:
    """Leave nothing running behind a set-up that fails or is cancelled; nobody else would ever end it."""
    try:
        yield
    except BaseException:
        await coordinator.async_close()
        raise


def _close_with_home_assistant(
    hass: HomeAssistant,
    entry: ConfigEntry[Any],
    coordinator: HeaterCoordinator | HomeCoordinator,
    event_type: EventType[Any],
) -> None:
    """Home Assistant does not unload entries when it stops: heaters go first, then the ledger they book into."""

    async def close(_event: Event) -> None:
        if isinstance(coordinator, HeaterCoordinator):
            await coordinator.async_close(parting=True)
        else:
            await coordinator.async_close()

    entry.async_on_unload(hass.bus.async_listen_once(event_type, close))


async def _async_ensure_home(hass: HomeAssistant) -> None:
    """Have the home loaded before a heater books into it, whichever of the two Home Assistant starts first."""
    entry = home_entry(hass)
    if entry is None:
        await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_SYSTEM}, data={})
        return
    if entry.state is ConfigEntryState.NOT_LOADED:
        await hass.config_entries.async_setup(entry.entry_id)
        return
    async with entry.setup_lock:
        return


def _home(hass: HomeAssistant) -> Home | None:
    coordinator = loaded_home(hass)
    return coordinator.home if coordinator is not None else None


def _watch_heater(coordinator: HeaterCoordinator, book: IssueBook) -> None:
    """Raise repairs from what the passes show."""
    ledger, ai = LedgerWatch(), AiWatch(coordinator.name)

    @callback
    def look() -> None:
        missed = ledger.problems(coordinator.name, has_ledger=coordinator.home() is not None)
        jobs = ai.problems(coordinator.ai) if coordinator.ai is not None else {}
        book.update({**heater_problems(coordinator.name, coordinator.data), **missed, **jobs})
        telemetry = coordinator.data.telemetry
        if telemetry is not None and telemetry.problem == DeviceAuthError.key:
            coordinator.config_entry.async_start_reauth(coordinator.hass)

    coordinator.config_entry.async_on_unload(coordinator.async_add_listener(look))
    coordinator.config_entry.async_on_unload(book.close)


def _watch_home(coordinator: HomeCoordinator, book: IssueBook) -> None:
    """Raise repairs from what the ledger, the price and the market say; a person may confirm a salvage."""
    watch = PriceWatch(coordinator.config_entry.options.get(CONF_PRICE_SENSOR))

    @callback
    def look() -> None:
        problem = coordinator.home.problem
        lost: Problems = {problem.value: {}} if problem is not None else {}
        doubts = market_problems(coordinator.home.market.disagreements)
        book.update(lost | watch.problems(coordinator.home.price_per_kwh) | doubts)

    coordinator.config_entry.async_on_unload(coordinator.home.add_listener(look))
    coordinator.config_entry.async_on_unload(book.close)
    look()
    for account in accounts_of(coordinator.config_entry):
        _watch_account(coordinator, account)


def _watch_account(coordinator: HomeCoordinator, account: ConfigSubentry) -> None:
    """Raise repairs from what a pool says of an account."""
    book, watch = IssueBook(coordinator.hass, account.subentry_id), AccountWatch(account.title)

    @callback
    def look() -> None:
        book.update(watch.problems(coordinator.home.accounts.state(account.subentry_id)))

    coordinator.config_entry.async_on_unload(coordinator.home.add_listener(look))
    coordinator.config_entry.async_on_unload(book.close)


async def async_unload_entry(hass: HomeAssistant, entry: HashwarmConfigEntry) -> None:
    """Unload a heater, its worker off, or the home, its ledger written."""
    platforms = HOME_PLATFORMS if entry.data[CONF_KIND] == KIND_HOME else HEATER_PLATFORMS
    await hass.config_entries.async_unload_platforms_or_raise(entry, platforms)
    coordinator = entry.runtime_data
    if isinstance(coordinator, HeaterCoordinator):
        places = coordinator.workshop.workplaces if coordinator.workshop is not None else {}
        if coordinator.workshop is not None:
            coordinator.workshop.parting = left_for_good(entry, places)
        # A reload is back in a moment; a heater that was disabled is not.
        await coordinator.async_close(parting=entry.disabled_by is not None)
        await async_remove_leftovers(hass, [place for place in places if place not in entry.subentries])
    else:
        await coordinator.async_close()


async def async_remove_entry(hass: HomeAssistant, entry: HashwarmConfigEntry) -> None:
    """Forget a heater's settings; the ledger stays, for money is history. Heaters left alone make a new home."""
    if entry.data[CONF_KIND] == KIND_HOME:
        hass.async_create_task(_async_renew_home(hass, entry), "hashwarm: a new home")
        return
    store = heater_store(hass, entry.entry_id)
    if entry.data[CONF_KIND] != KIND_LOCAL_WORKER and entry.disabled_by is None:
        await _async_park(hass, cast("HeaterConfigEntry", entry), await store.async_load() or {})
    await store.async_remove()
    await planner_store(hass, entry.entry_id).async_remove()
    await async_end_runs(hass, entry)
    await async_remove_leftovers(hass, [executor.subentry_id for executor in executors_of(entry)])


async def _async_park(hass: HomeAssistant, entry: HeaterConfigEntry, stored: dict[str, Any]) -> None:
    """Leave a miner that nobody will command any more at its floor, or as its owner wants it left."""
    try:
        backend = build_backend(hass, entry, heater_options(entry), stored.get("backend") or {})
    except InvalidValueError:
        # What it could do is lost, and with it how to leave it.
        return
    if isinstance(backend, NetworkedMiner):
        # Evaluated first: parking in vain is told too.
        told_w, left_w = backend.last_told_w, await backend.park()
        await backend.stop()
        if left_w is None and told_w != 0.0 and heater_options(entry)[CONF_PARTING] != Parting.LEAVE:
            tell_left_running(hass, entry, told_w)


def _as_new(subentry: ConfigSubentry) -> ConfigSubentryData:
    """Return a circuit or pool account as a new home takes it over."""
    return ConfigSubentryData(
        data=subentry.data,
        subentry_type=subentry.subentry_type,
        title=subentry.title,
        unique_id=subentry.unique_id,
    )


async def _async_renew_home(hass: HomeAssistant, home: ConfigEntry[Any]) -> None:
    """Once the home is gone for good, give the heaters that run a new one with all that a person told the old one."""
    async with home.setup_lock:
        heaters = loaded_heaters(hass)
    if heaters:
        kept = {**home.options, SUBENTRIES: [_as_new(subentry) for subentry in home.subentries.values()]}
        await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_SYSTEM}, data=kept)
    for coordinator in heaters:
        hass.config_entries.async_schedule_reload(coordinator.config_entry.entry_id)
