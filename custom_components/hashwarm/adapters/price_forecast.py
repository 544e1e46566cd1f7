"""What electricity costs in the hours to come, from the one price entity that a person chose."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
import logging
from typing import Any, override

from homeassistant.const import ATTR_UNIT_OF_MEASUREMENT
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import entity_registry as er
from homeassistant.util.dt import as_local, get_default_time_zone, utcnow

from ..engine.model.planning import SLOT_S
from ..engine.model.protocols import PriceForecast, WallClock
from .asking import FAILURES, ask
from .periods import Period, quarter_hours
from .price import NO_CHARGES, Charges, FixedPrice, SensorPrice, unit_factor
from .price_actions import ChosenEntity, PriceAction, price_action
from .price_attributes import OTHER_PRICES, listed_prices, number, periods_of
from .price_scale import agrees, at_scale_of
from .recorded import Recorder

LOGGER = logging.getLogger(__name__)
ASKED_AGAIN_AFTER = timedelta(minutes=30)
RECORDED_DAYS = timedelta(days=7)

type Prices = dict[float, float]
"""Currency per kWh for each quarter of an hour that is known, by the Unix time of its beginning."""


class PriceSource(StrEnum):
    """Where the prices to come are from."""

    FIXED = "fixed"
    ACTION = "action"
    ATTRIBUTES = "attributes"
    RECORDED = "recorded"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class PriceOrigin:
    """Where prices are from: the kind, and the entity or action by name; until when they are known."""

    source: PriceSource
    name: str | None = None
    known_until: datetime | None = None


class FixedPriceForecast(FixedPrice, PriceForecast):
    """A number that a person gave holds at all times."""

    origin = PriceOrigin(source=PriceSource.FIXED)

    @override
    async def prices(self, start: datetime, end: datetime) -> list[tuple[datetime, float]]:
        return _told(dict.fromkeys(_slots(start.timestamp(), end.timestamp()), self.price_now()))


class EntityPriceForecast(SensorPrice, PriceForecast):
    """Finds the forecast that belongs to a price entity: its attributes, its integration's action, or its neighbours.

    What is past, and the price now of an entity that lists none, come from the recorder and from the state. Nothing is
    invented: hours that nobody tells are missing, and nothing is ever raised.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        entity_id: str,
        currency: str,
        recorder: Recorder,
        charges: Charges = NO_CHARGES,
        *,
        now: WallClock = utcnow,
    ) -> None:
        super().__init__(hass, entity_id, currency, charges)
        self._recorder = recorder
        self._now = now
        self._answers: list[Period] = []
        self._asked_at: datetime | None = None
        self._past: list[Period] = []
        self._past_read_at: datetime | None = None
        self._factor: float | None = None
        self.origin = PriceOrigin(source=PriceSource.UNKNOWN)

    @override
    async def prices(self, start: datetime, end: datetime) -> list[tuple[datetime, float]]:
        """Return the price of each quarter of an hour that is known, from `start` to before `end`, charges included."""
        now = self._now()
        span, state = (start.timestamp(), end.timestamp()), self._hass.states.get(self.entity_id)
        if state is not None:
            unit = state.attributes.get(ATTR_UNIT_OF_MEASUREMENT)
            self._factor = unit_factor(unit, self._currency) or self._factor
        source, name, listed = await self._listed(state, now, span)
        known = quarter_hours(await self._recorded(now), *span) | listed
        slot, price_now = now.timestamp() // SLOT_S * SLOT_S, self.told_now()
        if price_now is not None and span[0] <= slot < span[1]:
            known.setdefault(slot, price_now)
        if not listed and known:
            source, name = PriceSource.RECORDED, self.entity_id
        self.origin = PriceOrigin(source=source, name=name, known_until=_known_until(known, slot))
        return _told({at: self.charges.on(price) for at, price in sorted(known.items())})

    async def _listed(
        self, state: State | None, now: datetime, span: tuple[float, float]
    ) -> tuple[PriceSource, str | None, Prices]:
        """Return the prices that somebody lists, and who."""
        if state is not None and (own := self._on_scale(self._attributes_of(state), now, span)):
            return PriceSource.ATTRIBUTES, self.entity_id, own
        chosen = self._chosen(state)
        if chosen is None:
            return PriceSource.UNKNOWN, None, {}
        action = price_action(chosen, as_local(now))
        if action is not None:
            await self._ask(chosen.platform, action, now)
            if answered := self._on_scale(self._answers, now, span):
                return PriceSource.ACTION, f"{chosen.platform}.{action.service}", answered
        return self._neighbours(chosen, now, span)

    def _on_scale(self, periods: list[Period], now: datetime, span: tuple[float, float]) -> Prices:
        return at_scale_of(quarter_hours(periods, *span), self.told_now(), now.timestamp())

    def _attributes_of(self, state: State) -> list[Period]:
        unit = state.attributes.get(ATTR_UNIT_OF_MEASUREMENT)
        factor = self._factor if unit is None else unit_factor(unit, self._currency)
        if factor is None:
            return []
        return listed_prices(
            state.attributes, zone=get_default_time_zone(), day=_day(state), factor=factor, currency=self._currency
        )

    def _chosen(self, state: State | None) -> ChosenEntity | None:
        """Return what the registry knows of the entity, None where it knows nothing."""
        entry = er.async_get(self._hass).async_get(self.entity_id)
        if entry is None:
            return None
        owner = self._hass.config_entries.async_get_entry(entry.config_entry_id) if entry.config_entry_id else None
        return ChosenEntity(
            platform=entry.platform,
            unique_id=str(entry.unique_id),
            entry_id=entry.config_entry_id,
            device_id=entry.device_id,
            entry_data=owner.data if owner is not None else {},
            attributes=state.attributes if state is not None else {},
        )

    async def _ask(self, domain: str, action: PriceAction, now: datetime) -> None:
        """Ask at most every half hour, and keep what was answered before where there is no answer now."""
        if self._asked_at is not None and timedelta() <= now - self._asked_at < ASKED_AGAIN_AFTER:
            return
        self._asked_at = now
        factor = self._factor if action.unit is None else unit_factor(action.unit, self._currency)
        if factor is None:
            return
        fresh: list[Period] = []
        for data in action.calls:
            answer = await ask(self._hass, domain, action.service, data)
            items = _items(action, answer)
            if isinstance(items, list | tuple):
                fresh += periods_of(items, zone=get_default_time_zone(), factor=factor, currency=self._currency)
        told = {period.start for period in fresh}
        oldest = now.timestamp() - RECORDED_DAYS.total_seconds()
        self._answers = fresh + [old for old in self._answers if old.start not in told and old.start > oldest]

    def _neighbours(
        self, chosen: ChosenEntity, now: datetime, span: tuple[float, float]
    ) -> tuple[PriceSource, str | None, Prices]:
        """Return what other entities of the same device list, where their price now is that of the chosen one.

        ENTSO-e lists its prices beside another sensor, Octopus in events of the meter.
        """
        together: dict[tuple[str, ...], tuple[str, list[Period]]] = {}
        for entity_id in self._beside(chosen):
            state = self._hass.states.get(entity_id)
            periods = self._attributes_of(state) if state is not None else []
            if state is not None and periods:
                shape = tuple(sorted(name for name, value in state.attributes.items() if isinstance(value, list)))
                together.setdefault(shape, (entity_id, []))[1].extend(periods)
        price_now = self.told_now()
        for entity_id, periods in together.values():
            prices = self._on_scale(periods, now, span)
            if prices and agrees(prices, price_now, now.timestamp()):
                return PriceSource.ATTRIBUTES, entity_id, prices
        return PriceSource.UNKNOWN, None, {}

    def _beside(self, chosen: ChosenEntity) -> list[str]:
        registry = er.async_get(self._hass)
        if chosen.device_id is not None:
            entries = er.async_entries_for_device(registry, chosen.device_id)
        elif chosen.entry_id is not None:
            entries = er.async_entries_for_config_entry(registry, chosen.entry_id)
        else:
            entries = []
        return sorted(
            entry.entity_id
            for entry in entries
            if entry.entity_id != self.entity_id and not OTHER_PRICES.search(entry.entity_id)
        )

    async def _recorded(self, now: datetime) -> list[Period]:
        """Return what the entity showed in the last days; read at most every half hour."""
        if self._past_read_at is None or not timedelta() <= now - self._past_read_at < ASKED_AGAIN_AFTER:
            self._past_read_at = now
            states = await self._recorder.states(self.entity_id, now - RECORDED_DAYS, now)
            self._past = _held(states, self._factor, now.timestamp())
        return self._past


def _items(action: PriceAction, answer: Mapping[str, Any] | None) -> Any:
    """Return the list of prices in an answer, None in one of another shape than is known."""
    try:
        return action.read(answer) if answer is not None else None
    except FAILURES as error:
        LOGGER.debug("%s answers in a shape of its own: %s", action.service, error)
        return None


def _held(states: list[State], factor: float | None, until: float) -> list[Period]:
    """Return prices from recorded states, each held until the next."""
    if factor is None or not states:
        return []
    ends = [state.last_updated_timestamp for state in states[1:]] + [until]
    return [
        Period(start=state.last_updated_timestamp, end=end, value=price * factor)
        for state, end in zip(states, ends, strict=True)
        if (price := number(state.state)) is not None
    ]


def _day(state: State) -> date:
    """Return the local day on which a state was written: its list for "today" is of that day."""
    return as_local(state.last_updated).date()


def _slots(start: float, end: float) -> list[float]:
    first = start // SLOT_S
    return [(first + index) * SLOT_S for index in range(max(int(-(-(end - first * SLOT_S) // SLOT_S)), 0))]


def _told(prices: Mapping[float, float]) -> list[tuple[datetime, float]]:
    return [(datetime.fromtimestamp(at, UTC), price) for at, price in prices.items()]


def _known_until(prices: Mapping[float, Any], slot: float) -> datetime | None:
    """Return the end of the hours known without a hole from now on, None where not even now is known."""
    end = slot
    while end in prices:
        end += SLOT_S
    return datetime.fromtimestamp(end, UTC) if end > slot else None
