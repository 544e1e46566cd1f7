"""What happens to earnings and to AI jobs: a payout, a block found, a job started, saved, done."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from typing import Any, override

from homeassistant.components.event import DOMAIN as EVENT_DOMAIN, EventEntity, EventEntityDescription
from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .accounts import accounts_of
from .ai_entities import Told, event_figures, has_ai, iso
from .coordinator import HashwarmConfigEntry, HeaterCoordinator, HomeCoordinator
from .engine.heater import Job, JobEvent
from .engine.home import News, NewsKind
from .entity import AccountEntity, HeaterEntity, offered

PARALLEL_UPDATES = 0
EARNINGS = EventEntityDescription(
    key="earnings", translation_key="earnings", event_types=[kind.value for kind in NewsKind]
)


@dataclass(frozen=True, kw_only=True)
class HeaterEventDescription(EventEntityDescription):
    """What happens to a heater."""

    has_fn: Callable[[HeaterCoordinator], bool]


AI_JOB = HeaterEventDescription(
    key="ai_job", translation_key="ai_job", event_types=[event.value for event in JobEvent], has_fn=has_ai
)


async def async_setup_entry(
    hass: HomeAssistant, entry: HashwarmConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Set up the news of a heater's AI jobs, or of each pool account."""
    coordinator = entry.runtime_data
    if isinstance(coordinator, HeaterCoordinator):
        async_add_entities(
            AiJobEvent(coordinator, description) for description in offered(coordinator, EVENT_DOMAIN, (AI_JOB,))
        )
        return
    for account in accounts_of(entry):
        async_add_entities([EarningsEvent(coordinator, account)], config_subentry_id=account.subentry_id)


class AiJobEvent(HeaterEntity, EventEntity):
    """What happens to the AI jobs of one heater."""

    def __init__(self, coordinator: HeaterCoordinator, description: HeaterEventDescription) -> None:
        super().__init__(coordinator, description)
        self._news = Told(monotonic)

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        # Of several states that are written before an entity is there, Home Assistant shows the last one only.
        listening = self.hass.loop.call_soon(self._listen)
        self.async_on_remove(listening.cancel)

    @callback
    def _listen(self) -> None:
        self.async_on_remove(self.coordinator.job_news.listen(self._tell, past=True))

    @callback
    def _tell(self, job: Job, event: JobEvent, at: datetime) -> None:
        """Tell what happened to a job, and when: this may come after a restart."""
        if self._news.is_news(job, event):
            figures = {**event_figures(job), "at": iso(at)}
            self._trigger_event(event.value, {name: value for name, value in figures.items() if value is not None})
            self.async_write_ha_state()

    @override
    def _watched(self) -> Any:
        return None


class EarningsEvent(AccountEntity, EventEntity):
    """A payout or a found block of one account."""

    def __init__(self, coordinator: HomeCoordinator, account: ConfigSubentry) -> None:
        super().__init__(coordinator, account, EARNINGS)

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        self.async_on_remove(self.coordinator.home.accounts.add_listener(self._tell))

    @callback
    def _tell(self, news: Sequence[News]) -> None:
        """Tell what is new of this account."""
        for told in news:
            if told.account_id == self._account_id:
                self._trigger_event(told.kind.value, _attributes(told))
                self.async_write_ha_state()


def _attributes(told: News) -> dict[str, str | int | None]:
    """Return what automations want to know; unknown is left out."""
    known = {"amount": told.sat, "transaction": told.txid, "block": told.block_hash, "at": told.at.isoformat()}
    return {name: value for name, value in known.items() if value is not None}
