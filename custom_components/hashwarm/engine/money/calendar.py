"""Local hours and days; wall-clock times as integers."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def epoch_ms(moment: datetime) -> int:
    """Return a moment as ms since 1970."""
    return (moment - _EPOCH) // _MILLISECOND


def moment(at_ms: int) -> datetime:
    """Return the moment of ms since 1970, in UTC."""
    return _EPOCH + at_ms * _MILLISECOND


def local_hour(now: datetime, tz: tzinfo) -> tuple[str, int]:
    """Return the local hour, its offset within, and the ordinal of the local date."""
    local = now.astimezone(tz)
    # Each sample of each heater asks: strftime takes ten times as long.
    text = local.isoformat(timespec="hours")
    return text[:13] + text[13:].replace(":", ""), local.toordinal()


def local_days(start_ms: int, length_ms: int, tz: tzinfo) -> Iterator[tuple[int, int]]:
    """Cut a length at each local midnight; yield the start and length of each part."""
    end_ms = start_ms + length_ms
    while start_ms < end_ms:
        local = moment(start_ms).astimezone(tz)
        midnight = (local + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
        part_ms = min(end_ms, max(epoch_ms(midnight), start_ms + 1)) - start_ms
        yield start_ms, part_ms
        start_ms += part_ms
