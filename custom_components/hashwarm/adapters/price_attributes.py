"""Prices as price integrations list them in attributes and action responses, made into periods; pure.

Known shapes: Nord Pool of HACS (`raw_today`, `today`), ENTSO-e and template sensors (`prices_today` of time and price),
EPEX Spot (`data`), Energi Data Service (`raw_today` of hour and price), Octopus (`rates`), Amber (`forecasts`),
Frank Energie (`prices` from, till), Zonneplan (`forecast`), Tibber (`startsAt`, `total`), PVPC (`price_07h`).
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from math import isfinite
import re
from typing import Any

from .periods import Period
from .price import unit_factor

STARTS = (
    "start", "start_time", "start_timestamp", "startsAt", "starts_at", "from", "valid_from", "period_start", "hour",
    "time", "datetime", "timestamp",
)  # fmt: skip
ENDS = ("end", "end_time", "end_timestamp", "endsAt", "ends_at", "till", "to", "until", "valid_to", "period_end")
PER_KWH = ("per_kwh", "price_per_kwh")
AS_THE_SENSOR = ("value", "price", "total", "value_inc_vat", "total_price", "electricity_price", "marketprice")
NAMED_UNIT = re.compile(r"price_(?P<money>[a-z]+)_per_(?P<energy>kwh|mwh|wh)")
PVPC_HOUR = re.compile(r"price_(?P<tomorrow>next_day_)?(?P<hour>[01]\d|2[0-3])h(?P<second>_d)?")
OTHER_PRICES = re.compile(r"export|feed|gas|inject|return|sell|yesterday")
MILLISECONDS_FROM = 1e11
MINUTE_S = 60.0
YEARS = (2000, 2099)
THIS_CENTURY = (946684800.0, 4102444800.0)
STEPS_S = (900.0, 1800.0, 3600.0)
TODAY, TOMORROW = "today", "tomorrow"


def listed_prices(
    attributes: Mapping[str, Any], *, zone: tzinfo, day: date, factor: float, currency: str
) -> list[Period]:
    """Return what the attributes of an entity list, in currency per kWh; what is no price is left out.

    `day` is the local day on which they were written, `factor` what brings the entity's own unit to currency per kWh.
    Lists that only forecast come last: where two lists tell the same hour the first counts.
    """
    names = [name for name in attributes if not OTHER_PRICES.search(name.lower())]
    names.sort(key=lambda name: "forecast" in name)
    periods = [
        period
        for name in names
        if isinstance(attributes[name], list | tuple)
        for period in periods_of(attributes[name], zone=zone, factor=factor, currency=currency)
    ]
    if not periods:
        periods = _plain_lists(attributes, zone, day, factor)
    return periods or list(_hours_by_name(attributes, zone, day, factor))


def periods_of(items: Iterable[Any], *, zone: tzinfo, factor: float, currency: str) -> list[Period]:
    """Return the periods of one list of prices with their times; items that tell neither are left out."""
    periods: list[Period] = []
    last: float | None = None
    for item in items:
        if not isinstance(item, Mapping):
            continue
        start = moment(_first(item, STARTS), zone, after=last)
        price = _price(item, factor, currency)
        if start is None or price is None:
            continue
        last = start
        periods.append(Period(start=start, end=_end(item, start, zone), value=price))
    return periods


def moment(value: Any, zone: tzinfo, *, after: float | None = None) -> float | None:
    """Return a time as Unix time, to the minute; one without a zone is local, None for what is no time.

    In the hour that the clock strikes twice a local time is the second one where the first is not later than `after`.
    """
    seconds = _seconds(value, zone, after)
    if seconds is None or not THIS_CENTURY[0] <= seconds < THIS_CENTURY[1]:
        return None
    return round(seconds / MINUTE_S) * MINUTE_S


def _seconds(value: Any, zone: tzinfo, after: float | None) -> float | None:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip())
        except ValueError:
            return None
    if isinstance(value, datetime):
        if not YEARS[0] <= value.year <= YEARS[1]:
            return None
        return value.timestamp() if value.tzinfo is not None else _local(value, zone, after)
    if isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value):
        return value / 1000.0 if value > MILLISECONDS_FROM else float(value)
    return None


def _local(value: datetime, zone: tzinfo, after: float | None) -> float | None:
    """Return a local time as Unix time; None in the hour that the clock leaves out."""
    first, second = (value.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    if datetime.fromtimestamp(first.timestamp(), zone).replace(tzinfo=None) != value.replace(fold=0):
        return None
    again = after is not None and first.timestamp() <= after < second.timestamp()
    return (second if again else first).timestamp()


def _first(item: Mapping[Any, Any], names: tuple[str, ...]) -> Any:
    return next((item[name] for name in names if item.get(name) is not None), None)


def _price(item: Mapping[Any, Any], factor: float, currency: str) -> float | None:
    if (price := number(_first(item, PER_KWH))) is not None:
        return price
    if (price := number(_first(item, AS_THE_SENSOR))) is not None:
        return price * factor
    for name, value in item.items():
        named = NAMED_UNIT.fullmatch(str(name).lower())
        own = unit_factor(f"{named['money']}/{named['energy']}", currency) if named else None
        if own is not None and (price := number(value)) is not None:
            return price * own
    return None


def number(value: Any) -> float | None:
    """Return a number, also one in a text with a decimal point or comma; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        result = float(value.replace(",", ".") if isinstance(value, str) else value)
    except ValueError:
        return None
    return result if isfinite(result) else None


def _end(item: Mapping[Any, Any], start: float, zone: tzinfo) -> float | None:
    if (end := moment(_first(item, ENDS), zone, after=start)) is not None:
        # An end a second before the next beginning is that beginning: both were brought to the minute.
        return end if end > start else None
    minutes = number(item.get("duration"))
    return start + minutes * MINUTE_S if minutes is not None and minutes > 0.0 else None


def _plain_lists(attributes: Mapping[str, Any], zone: tzinfo, day: date, factor: float) -> list[Period]:
    """Return the periods of lists that hold nothing but the prices of a day, from midnight on."""
    periods: list[Period] = []
    for name, days in ((TODAY, 0), (TOMORROW, 1)):
        prices = attributes.get(name)
        if isinstance(prices, list | tuple):
            periods += _day_of(prices, day + timedelta(days=days), zone, factor)
    return periods


def _day_of(prices: list[Any] | tuple[Any, ...], day: date, zone: tzinfo, factor: float) -> Iterator[Period]:
    start, end = (datetime.combine(day + timedelta(days=days), time(), zone).timestamp() for days in (0, 1))
    step_s = next((step for step in STEPS_S if len(prices) * step in {end - start, 86400.0}), None)
    if step_s is None:
        return
    by_the_clock = len(prices) * step_s != end - start
    for index in range(round((end - start) / step_s)):
        at = start + index * step_s
        price = number(prices[_clock_index(at, step_s, zone) if by_the_clock else index])
        if price is not None:
            yield Period(start=at, end=at + step_s, value=price * factor)


def _clock_index(at: float, step_s: float, zone: tzinfo) -> int:
    """Return the place in a list of 24 hours, whether the day has them or not."""
    local = datetime.fromtimestamp(at, zone)
    return int((local.hour * 3600 + local.minute * 60) // step_s)


def _hours_by_name(attributes: Mapping[str, Any], zone: tzinfo, day: date, factor: float) -> Iterator[Period]:
    """Yield the prices of PVPC: an attribute for each hour of today and of the next day."""
    for name, value in attributes.items():
        named, price = PVPC_HOUR.fullmatch(name), number(value)
        if named is None or price is None:
            continue
        local = datetime.combine(day + timedelta(days=bool(named["tomorrow"])), time(int(named["hour"])))
        at = local.replace(tzinfo=zone, fold=1 if named["second"] else 0).astimezone(UTC).timestamp()
        yield Period(start=at, end=at + 3600.0, value=price * factor)
