"""What happens to earnings: a payout, a block found."""

from collections.abc import Sequence
from typing import override

from homeassistant.components.event import EventEntity, EventEntityDescription
from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .accounts import accounts_of
from .coordinator import HomeConfigEntry, HomeCoordinator
from .engine.home import News, NewsKind
from .entity import AccountEntity

PARALLEL_UPDATES = 0
EARNINGS = EventEntityDescription(
    key="earnings", translation_key="earnings", event_types=[kind.value for kind in NewsKind]
)


async def async_setup_entry(
    hass: HomeAssistant, entry: HomeConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Set up the news of each pool account."""
    for account in accounts_of(entry):
        async_add_entities([EarningsEvent(entry.runtime_data, account)], config_subentry_id=account.subentry_id)


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
