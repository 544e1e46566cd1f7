"""Between the engine and the entities: one coordinator per heater, one for the home."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic
from typing import Any, override

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.storage import Store
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator
from homeassistant.util.dt import utcnow

from .const import (
    CONF_FAMILY,
    CONF_KIND,
    CONF_PAYS,
    CONF_POOLS,
    CONF_ROOM_RESPONSE,
    CONF_ROOM_SENSOR,
    DOMAIN,
    KIND_ENTITIES,
    KIND_LOCAL_WORKER,
    KIND_NETWORKED_MINER,
    LOGGER,
)
from .engine.heater import (
    AiState,
    Forethought,
    Heater,
    HeaterSettings,
    HeaterState,
    Job,
    JobEvent,
    RoomResponse,
    Workshop,
)
from .engine.home import (
    Earning,
    Figure,
    FigureKind,
    HeaterSample,
    Home,
    Neighbourhood,
    News,
    OpenHome,
    Outlook,
    Scheme,
    Totals,
)
from .engine.miners import ASIC_RS, BY_NAME, Family, FamilyInfo, Feature, HashTally, NetworkedMiner
from .engine.model.driver import Driver
from .engine.model.errors import BackendError, DeviceUnreachableError
from .engine.model.planning import PlannerStatus
from .engine.model.telemetry import Telemetry
from .job_news import JobNews
from .keeping import planner_store
from .option_defaults import heater_options

LIVELY_FOR_S = 30.0
MONEY_EVERY = timedelta(minutes=1)
SAVE_EVERY_S = 300.0
SAVE_TURN_S = 1.0
SAVE_LEARNED_EVERY_S = 3600.0

type HeaterConfigEntry = ConfigEntry[HeaterCoordinator]
type HomeConfigEntry = ConfigEntry[HomeCoordinator]
type HashwarmConfigEntry = ConfigEntry[HeaterCoordinator | HomeCoordinator]


def _identity_of(hass: HomeAssistant, entity_id: str) -> str:
    """Return what stays the same of an entity when it is renamed."""
    entry = er.async_get(hass).async_get(entity_id)
    return entry.id if entry is not None else entity_id


class HeaterCoordinator(DataUpdateCoordinator[HeaterState]):
    """Publishes the passes of one heater and passes wishes on to it."""

    config_entry: HeaterConfigEntry
    heater: Heater

    def __init__(
        self,
        hass: HomeAssistant,
        entry: HeaterConfigEntry,
        *,
        home: Callable[[], Home | None],
        store: Store[dict[str, Any]],
    ) -> None:
        super().__init__(hass, LOGGER, config_entry=entry, name=entry.title)
        assert entry.unique_id is not None
        self.heater_id = entry.unique_id
        self.kind: str = entry.data[CONF_KIND]
        self.home = home
        self._store = store
        self._learned = planner_store(hass, entry.entry_id)
        self._room = _identity_of(hass, entry.data[CONF_ROOM_SENSOR])
        self._learned_saved_at_s = monotonic()
        self._lively_until_s = self._saved_at_s = monotonic()
        self._booked_into: Home | None = None
        self._saved_turn: tuple[bool, int] | None = None
        self._tally = HashTally()
        self.job_news = JobNews()
        self.desk = asyncio.Lock()
        """Of whoever looks at jobs that nothing runs."""

    @property
    def workshop(self) -> Workshop | None:
        """Return what runs AI work, None for a heater that has none."""
        return self.heater.workshop

    @property
    def ai(self) -> AiState | None:
        """Return how AI work stands, None for a heater that has none."""
        return self.workshop.state if self.workshop is not None else None

    @callback
    def job_happened(self, job: Job, event: JobEvent) -> None:
        """Tell whoever listens what happened to a job."""
        self.job_news.tell(job, event)

    @property
    def settings(self) -> HeaterSettings:
        """Return the wishes in force."""
        return self.heater.settings

    @property
    def plans(self) -> bool:
        """Return whether there is anything to plan: a box warms and cools faster than a plan's quarters of an hour."""
        return RoomResponse(self.config_entry.data[CONF_ROOM_RESPONSE]) is not RoomResponse.BOX

    @property
    def forethought(self) -> Forethought | None:
        """Return the planner, None for a heater that has none."""
        return self.heater.forethought

    @property
    def mines(self) -> bool:
        """Return whether the heater's work is paid for; if not there is nothing to say of shares and earnings."""
        return self.hashes and self._scheme is not Scheme.NONE

    @property
    def scheme(self) -> Scheme:
        """Return what the heater's work is paid for, as a person or the pool account says."""
        home = self.home()
        return home.earning(self.heater_id).scheme if home is not None and home is self._booked_into else self._scheme

    @property
    def hashes(self) -> bool:
        """Return whether the device tells its hash rate; what other entities drive tells none, and earns unseen."""
        return self.kind != KIND_ENTITIES

    @property
    def tells_pool(self) -> bool:
        """Return whether there is anything to say of a pool and of shares."""
        return self.mines and (self._family is None or self._family.tells_pool)

    @property
    def _family(self) -> FamilyInfo | None:
        """Return the family of a networked miner, None of anything else."""
        if self.kind != KIND_NETWORKED_MINER:
            return None
        family = Family(self.config_entry.data[CONF_FAMILY])
        return ASIC_RS if family is Family.ASIC_RS else BY_NAME[family]

    @property
    def _scheme(self) -> Scheme:
        """Return what pays: the pool that the worker was given, or what a person says of a miner with its own pools."""
        if self.kind == KIND_LOCAL_WORKER:
            return Scheme.POOL if self.config_entry.data[CONF_POOLS] else Scheme.NONE
        return Scheme(heater_options(self.config_entry)[CONF_PAYS])

    @property
    def miner(self) -> NetworkedMiner | None:
        """Return the networked miner that heats, None where something else does."""
        return self.heater.backend if isinstance(self.heater.backend, NetworkedMiner) else None

    def has(self, feature: Feature) -> bool:
        """Return whether the device offers something beside heating."""
        return self.miner is not None and self.miner.has(feature)

    async def async_ask(self, action: Callable[[Driver], Awaitable[None]]) -> None:
        """Have the miner do something beside heating. Errors: HomeAssistantError, translated."""
        assert self.miner is not None
        try:
            await self.miner.ask(action)
        except BackendError as error:
            raise HomeAssistantError(translation_domain=DOMAIN, translation_key=error.key) from error
        except TimeoutError as error:
            raise HomeAssistantError(translation_domain=DOMAIN, translation_key=DeviceUnreachableError.key) from error
        self._lively_until_s = monotonic() + LIVELY_FOR_S

    @property
    def lively(self) -> bool:
        """Return whether a person gave a command a moment ago and wants to see every second of what it does."""
        return monotonic() < self._lively_until_s

    @property
    def currency(self) -> str:
        """Return the currency that the ledger counts in, which may lag behind a change in Home Assistant."""
        home = self.home()
        return home.currency if home is not None else self.hass.config.currency

    @property
    def totals(self) -> Totals | None:
        """Return the heater's totals, None while the home is not loaded."""
        home = self.home()
        return home.totals(self.heater_id) if home is not None else None

    @property
    def outlook(self) -> Outlook:
        """Return what mining brings at the hash rate and power of now."""
        home, telemetry = self.home(), self.data.telemetry
        if home is None or telemetry is None:
            return Outlook()
        return home.outlook(hash_rate_hs=telemetry.hash_rate_hs, power_w=telemetry.power_w, heater_id=self.heater_id)

    @property
    def expected_c(self) -> float | None:
        """Return what the planner in charge expects of the room by the end of this quarter of an hour, in °C."""
        forethought = self.forethought
        if forethought is None or forethought.plan is None or self.heater.planner_status is not PlannerStatus.ACTIVE:
            return None
        slot = forethought.plan.slot(utcnow().timestamp())
        return round(slot.room_c, 2) if slot is not None else None

    @callback
    def take(self, heater: Heater, neighbourhood: Neighbourhood) -> None:
        """Own the heater from now on, before it is started; it shares the room of its sensor."""
        self.heater = heater
        self.data = heater.state
        if (home := self.home()) is not None:
            self._tell_earning(home)
        heater.neighbours = neighbourhood.place(
            self.heater_id,
            self.config_entry.data[CONF_ROOM_SENSOR],
            self._heat_cost,
            earns=self._scheme is not Scheme.NONE,
        )

    def _heat_cost(self, hash_rate_hs: float | None, power_w: float | None) -> float | None:
        """Return what a kWh of heat costs after earnings; while those are unknown, what electricity costs.

        A miner that never ran here is judged by its nominal figures.
        """
        home = self.home()
        if home is None:
            return None
        if not self.mines:
            return home.price_per_kwh
        if self.miner is not None and hash_rate_hs is None:
            nominal = self.miner.curve.levels[-1]
            hash_rate_hs, power_w = nominal.hash_rate_hs, nominal.power_w
        cost = home.outlook(hash_rate_hs=hash_rate_hs, power_w=power_w, heater_id=self.heater_id).heat_cost_per_kwh
        return cost if cost is not None else home.price_per_kwh

    @property
    def counts_by_hash_rate(self) -> bool:
        """Return whether earnings are reckoned from the hash rate, for want of a device that tells its shares."""
        return self._family is not None and not self._family.tells_work

    @callback
    def book(self, telemetry: Telemetry) -> None:
        """Hand one reading to the ledger."""
        home = self.home()
        if home is None:
            return
        self._tell_earning(home)
        home.book(
            self.heater_id,
            HeaterSample(
                at_s=telemetry.at_s,
                power_w=telemetry.power_w,
                power_source=telemetry.power_source,
                energy_mj=telemetry.energy_mj,
                share_work=self._share_work(telemetry),
                hashes=telemetry.hashes,
                running=bool(telemetry.hash_rate_hs),
                stands_for_s=telemetry.stands_for_s,
            ),
        )

    def _tell_earning(self, home: Home) -> None:
        """Say once to each home what the heater's work is paid for."""
        if home is not self._booked_into:
            home.set_earning(self.heater_id, Earning(scheme=self._scheme))
            self._booked_into = home

    def _share_work(self, telemetry: Telemetry) -> int | None:
        """Return the hashes that are paid for; where the device counts no shares, what its hash rate adds up to."""
        if self.counts_by_hash_rate:
            return self._tally.take(telemetry.hash_rate_hs, telemetry.at_s, stands_for_s=telemetry.stands_for_s)
        return telemetry.pool.share_work if telemetry.pool is not None else None

    @callback
    def passed(self) -> None:
        """Take over the heater's newest pass, and every few minutes keep what its control must not forget."""
        self.async_set_updated_data(self.heater.state)
        turn = self.heater.state.turn
        if turn != self._saved_turn:
            # Minimum times and the restart budget must outlive a crash that follows at once.
            self._saved_turn, self._saved_at_s = turn, monotonic()
            self._store.async_delay_save(self.heater.as_dict, SAVE_TURN_S)
        elif monotonic() - self._saved_at_s >= SAVE_EVERY_S:
            self._saved_at_s = monotonic()
            self._store.async_delay_save(self.heater.as_dict)

    @callback
    def planned(self) -> None:
        """Show what the planner thought, and every hour keep what it learned."""
        self.async_update_listeners()
        if self.forethought is not None and monotonic() - self._learned_saved_at_s >= SAVE_LEARNED_EVERY_S:
            self._learned_saved_at_s = monotonic()
            self._learned.async_delay_save(self._learned_as_dict, SAVE_TURN_S)

    async def async_learned(self) -> dict[str, Any] | None:
        """Return what was learned of this room before; what was learned of another one is of no use."""
        stored = await self._learned.async_load() if self.plans else None
        return stored if stored is not None and stored.get("room") in {None, self._room} else None

    def _learned_as_dict(self) -> dict[str, Any]:
        assert self.forethought is not None
        return {**self.forethought.as_dict(), "room": self._room}

    @override
    async def _async_update_data(self) -> HeaterState:
        """Return the newest pass, for people who ask for an update by hand."""
        return self.heater.state

    async def async_settings_changed(self) -> None:
        """Act on changed settings at once and write them down: a wish survives whatever comes next."""
        self._lively_until_s = monotonic() + LIVELY_FOR_S
        self.heater.apply()
        self.async_update_listeners()
        await self._store.async_save(self.heater.as_dict())

    async def async_close(self, *, parting: bool = False) -> None:
        """Stop the heater and keep what it must not forget; `parting` says that it will not be back in a moment."""
        await self.heater.stop(parting=parting)
        if (home := self.home()) is not None:
            home.release(self.heater_id)
        await self._store.async_save(self.heater.as_dict())
        if self.forethought is not None:
            await self._learned.async_save(self._learned_as_dict())


@dataclass(frozen=True, kw_only=True)
class HomeState:
    """What the home shows."""

    totals: Totals
    outlook: Outlook
    figures: dict[FigureKind, Figure]
    """Of the market, with their sources; those unknown are missing."""


class HomeCoordinator(DataUpdateCoordinator[HomeState]):
    """Publishes the ledger's totals and the market, once a minute."""

    config_entry: HomeConfigEntry

    def __init__(self, hass: HomeAssistant, entry: HomeConfigEntry, opened: OpenHome) -> None:
        super().__init__(
            hass, LOGGER, config_entry=entry, name=entry.title, update_interval=MONEY_EVERY, always_update=False
        )
        self.opened = opened
        entry.async_on_unload(self.home.accounts.add_listener(self._looked))

    @callback
    def _looked(self, _news: Sequence[News]) -> None:
        """Show what a look at a pool account brought."""
        self.async_update_listeners()

    @property
    def home(self) -> Home:
        """Return the engine's home."""
        return self.opened.home

    @property
    def currency(self) -> str:
        """Return the currency that the ledger counts in, which may lag behind a change in Home Assistant."""
        return self.home.currency

    @override
    async def _async_update_data(self) -> HomeState:
        figures = {kind: figure for kind in FigureKind if (figure := self.home.market.figure(kind)) is not None}
        return HomeState(totals=self.home.totals(None), outlook=self.home.outlook(), figures=figures)

    async def async_close(self) -> None:
        """Write the ledger and end the market's requests."""
        await self.opened.close()
