"""Base entities: the device they belong to, and when a change is worth publishing."""

from abc import abstractmethod
from collections.abc import Callable, Iterable
from math import isfinite
from time import monotonic
from typing import Any, Protocol, override

from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.device_registry import CONNECTION_NETWORK_MAC, DeviceEntryType, DeviceInfo
from homeassistant.helpers.entity import EntityDescription
from homeassistant.helpers.update_coordinator import CoordinatorEntity

from .const import CONF_POOL_KIND, DOMAIN, HOME_UNIQUE_ID, KIND_NETWORKED_MINER, MANUFACTURER, MODELS
from .coordinator import HeaterCoordinator, HomeCoordinator
from .engine.home import AccountState
from .engine.miners import ASIC_RS, BY_NAME
from .engine.money import POOLS, PoolKind

QUIET_AT_MOST_S = 300.0
FAMILY_TITLES = {info.family: info.title for info in (*BY_NAME.values(), ASIC_RS)}


def refuse_nan(value: float) -> None:
    """Let no value through that no comparison can hold. Errors: ServiceValidationError."""
    if not isfinite(value):
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="not_a_number")


class Offer(Protocol):
    """A description of what some heaters have."""

    @property
    def key(self) -> str:
        """The ending of the unique id."""
        ...

    @property
    def has_fn(self) -> Callable[[HeaterCoordinator], bool]:
        """Whether a heater has it."""
        ...


def offered[D: Offer](coordinator: HeaterCoordinator, platform: str, table: Iterable[D]) -> list[D]:
    """Return the descriptions that this heater has, and forget the entities of those it had once."""
    registry = er.async_get(coordinator.hass)
    has: list[D] = []
    for description in table:
        unique_id = f"{coordinator.heater_id}_{description.key}"
        if description.has_fn(coordinator):
            has.append(description)
        elif (entity_id := registry.async_get_entity_id(platform, DOMAIN, unique_id)) is not None:
            registry.async_remove(entity_id)
    return has


class HeaterEntity(CoordinatorEntity[HeaterCoordinator]):
    """Part of a heater."""

    _attr_has_entity_name = True
    _from_device = False
    """Whether there is nothing to show while the device does not answer."""

    def __init__(self, coordinator: HeaterCoordinator, description: EntityDescription | None = None) -> None:
        super().__init__(coordinator)
        unique_id = coordinator.heater_id
        if description is not None:
            self.entity_description = description
        self._attr_unique_id = f"{unique_id}_{description.key}" if description is not None else unique_id
        self._published_at_s: float | None = None
        self._published: Any = None

    @property
    @override
    def device_info(self) -> DeviceInfo:
        # Asked for once; nothing worth keeping for each of a few dozen entities.
        return _device_info(self.coordinator)

    @property
    @override
    def available(self) -> bool:
        return not (self._from_device and self.coordinator.data.offline)

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        value, elapsed_s = (self.available, self._watched()), self._quiet_for_s
        quiet = elapsed_s is not None and elapsed_s < QUIET_AT_MOST_S
        if quiet and self._published[0] == value[0] and not self._matters(self._published[1], value[1]):
            return
        self._published_at_s, self._published = monotonic(), value
        super()._handle_coordinator_update()

    @property
    def _quiet_for_s(self) -> float | None:
        """Return how long ago the last state was published, None before the first."""
        return None if self._published_at_s is None else monotonic() - self._published_at_s

    @abstractmethod
    def _watched(self) -> Any:
        """Return what is compared with the last published state."""

    def _matters(self, before: Any, after: Any) -> bool:
        """Return whether the change is worth a new state; at once while a person is looking."""
        return bool(before != after) or self.coordinator.lively


def _device_info(coordinator: HeaterCoordinator) -> DeviceInfo:
    """Return the device of a heater; a networked miner is known by its MAC too."""
    info = DeviceInfo(
        identifiers={(DOMAIN, coordinator.heater_id)}, manufacturer=MANUFACTURER, name=coordinator.config_entry.title
    )
    miner = coordinator.miner
    if miner is None or coordinator.kind != KIND_NETWORKED_MINER:
        info["model"] = MODELS[coordinator.kind]
        return info
    info["manufacturer"] = FAMILY_TITLES[miner.profile.family]
    info["model"] = miner.profile.model
    info["sw_version"] = miner.profile.firmware
    if miner.profile.mac is not None:
        info["connections"] = {(CONNECTION_NETWORK_MAC, miner.profile.mac)}
    return info


class HomeEntity(CoordinatorEntity[HomeCoordinator]):
    """Part of the home."""

    _attr_has_entity_name = True

    def __init__(self, coordinator: HomeCoordinator, description: EntityDescription) -> None:
        super().__init__(coordinator)
        self.entity_description = description
        self._attr_unique_id = f"{HOME_UNIQUE_ID}_{description.key}"
        self._attr_device_info = DeviceInfo(
            identifiers={(DOMAIN, HOME_UNIQUE_ID)},
            entry_type=DeviceEntryType.SERVICE,
            manufacturer=MANUFACTURER,
            translation_key="home",
        )


class AccountEntity(CoordinatorEntity[HomeCoordinator]):
    """Part of a pool account."""

    _attr_has_entity_name = True

    def __init__(self, coordinator: HomeCoordinator, account: ConfigSubentry, description: EntityDescription) -> None:
        super().__init__(coordinator)
        self.entity_description = description
        self._account_id = account.subentry_id
        self._attr_unique_id = f"{account.subentry_id}_{description.key}"
        self._attr_device_info = DeviceInfo(
            identifiers={(DOMAIN, account.subentry_id)},
            entry_type=DeviceEntryType.SERVICE,
            manufacturer=POOLS[PoolKind(account.data[CONF_POOL_KIND])].label,
            name=account.title,
        )

    @property
    def _state(self) -> AccountState:
        return self.coordinator.home.accounts.state(self._account_id)
