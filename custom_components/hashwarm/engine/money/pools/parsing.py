"""What the answers of all pools are made of: amounts, hash rates with suffixes, moments; garbage is refused."""

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from decimal import ROUND_DOWN, Decimal
import re

from ...model.errors import AccountRefusedError, AccountUnknownError, SourceError
from ..quantities import SAT_PER_BTC
from ..sources.http import number

MAX_SAT = 21_000_000 * SAT_PER_BTC
_MAX_TEXT = 200
_MAX_COUNT = 1e9
_MAX_HASH_RATE_HS = 1e24
_MAX_DIFFICULTY = 1e30
_MAX_EPOCH_S = 1e11
"""Larger numbers are ms."""
_FIRST = datetime(2009, 1, 3, tzinfo=UTC)
_LAST = datetime(2100, 1, 1, tzinfo=UTC)
_DECIMAL = re.compile(r"[+-]?[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]{1,3})?", re.ASCII)
_SUFFIXED = re.compile(r"([0-9.eE+-]*[0-9.])\s*([kKMGTPEZY]?)", re.ASCII)
_UNIT = re.compile(r"([kmgtpezy]?)h(/s|s|)", re.IGNORECASE | re.ASCII)
_SCALES = {"": 0, "K": 1, "M": 2, "G": 3, "T": 4, "P": 5, "E": 6, "Z": 7, "Y": 8}
_FINE_CODES = frozenset({"None", "0", "200"})
_REFUSED = re.compile(r"token|auth|secret|\bkey|permission|forbidden|denied|login|signature", re.IGNORECASE)
_UNKNOWN = re.compile(r"not found|unknown|no such|not exist|no user|invalid (user|address)", re.IGNORECASE)
_BITCOIN = {"BTC", "XBT", "BITCOIN"}

type Row = dict[str, object]


def amount(value: object, name: str) -> int:
    """Return BTC as sat, exactly; what is less than a sat is not there yet. Errors: SourceError."""
    btc = _decimal(value, name)
    if not 0 <= btc * SAT_PER_BTC <= MAX_SAT:
        raise SourceError(f"{name} is beyond belief")
    return int((btc * SAT_PER_BTC).to_integral_value(ROUND_DOWN))


def sat(value: object, name: str) -> int:
    """Return whole sat. Errors: SourceError."""
    told = _decimal(value, name)
    if not 0 <= told <= MAX_SAT or told != told.to_integral_value():
        raise SourceError(f"{name} is beyond belief")
    return int(told)


def _decimal(value: object, name: str) -> Decimal:
    """Return a number as its digits read. Errors: SourceError."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        raise SourceError(f"{name} is no amount")
    text = value.strip() if isinstance(value, str) else str(value)
    if len(text) > _MAX_TEXT or not _DECIMAL.fullmatch(text):
        raise SourceError(f"{name} is no amount")
    return Decimal(text)


def suffixed(value: object, name: str, high: float = _MAX_HASH_RATE_HS) -> float:
    """Return a number that may end in K, M, G, T, and so on, as CKPool writes them. Errors: SourceError."""
    if not isinstance(value, str):
        return number(value, 0, high, name)
    match = _SUFFIXED.fullmatch(value.strip()[:_MAX_TEXT])
    if match is None:
        raise SourceError(f"{name} is no number")
    scale = 1000.0 ** _SCALES[match[2].upper()]
    return number(number(match[1], 0, high, name) * scale, 0, high, name)


def hash_rate(value: object, name: str) -> float:
    """Return H/s, with or without a suffix. Errors: SourceError."""
    return suffixed(value, name)


def difficulty(value: object, name: str) -> float:
    """Return the difficulty of a share. Errors: SourceError."""
    return suffixed(value, name, _MAX_DIFFICULTY)


def unit_scale(unit: object) -> float:
    """Return the H/s in a unit such as Gh/s or TH/s. Errors: SourceError."""
    match = _UNIT.fullmatch(unit.strip()) if isinstance(unit, str) else None
    if match is None:
        raise SourceError("unknown unit of hash rate")
    return 1000.0 ** _SCALES[match[1].upper()]


def count(value: object, name: str) -> int:
    """Return how many. Errors: SourceError."""
    return int(number(value, 0, _MAX_COUNT, name))


def moment(value: object, name: str) -> datetime:
    """Return a moment from s or ms since 1970, or from ISO 8601, UTC where no zone is told. Errors: SourceError."""
    if isinstance(value, str) and not _DECIMAL.fullmatch(value.strip()):
        told = _iso(value, name)
    else:
        seconds = number(value, 0, _MAX_EPOCH_S * 1000, name)
        seconds = seconds / 1000 if seconds >= _MAX_EPOCH_S else seconds
        told = datetime.fromtimestamp(min(seconds, _LAST.timestamp()), UTC)
    if not _FIRST <= told < _LAST:
        raise SourceError(f"{name} is beyond belief")
    return told


def _iso(value: str, name: str) -> datetime:
    """Return a moment written as text. Errors: SourceError."""
    try:
        told = datetime.fromisoformat(value.strip())
        return told.replace(tzinfo=UTC) if told.tzinfo is None else told.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise SourceError(f"{name} is no moment") from error


def day(value: object, name: str) -> date:
    """Return a day in UTC. Errors: SourceError."""
    return moment(value, name).date()


def seen(value: object, name: str) -> datetime | None:
    """Return a moment, None for the 0 that stands for never. Errors: SourceError."""
    return None if str(value) == "0" else moment(value, name)


def text(value: object, name: str) -> str:
    """Return a short text. Errors: SourceError."""
    if not isinstance(value, str) or not 0 < len(value) <= _MAX_TEXT or not value.isprintable():
        raise SourceError(f"{name} is no text")
    return value


def told[T](row: Row, keys: Iterable[str], parse: Callable[[object, str], T]) -> T | None:
    """Return the first of these fields that is there, read; None when none is. Errors: SourceError."""
    for key in keys:
        value = row.get(key)
        if value is not None and value != "":
            return parse(value, key)
    return None


def table(value: object, name: str) -> Row:
    """Return a JSON object. Errors: SourceError."""
    if not isinstance(value, dict):
        raise SourceError(f"{name} is no object")
    return value


def rows(value: object, name: str) -> list[Row]:
    """Return a list of JSON objects; none at all is an empty one. Errors: SourceError."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise SourceError(f"{name} is no list")
    return [table(row, name) for row in value]


def account(answer: object) -> Row:
    """Return an answer that is no error under HTTP 200 and about bitcoin.

    Errors: AccountUnknownError, AccountRefusedError, SourceError. What the pool wrote stays out of them: it may
    repeat a key.
    """
    row = table(answer, "the answer")
    failed = any(row.get(key) for key in ("error", "errors")) or row.get("status") == "error"
    if failed or str(row.get("code")) not in _FINE_CODES:
        words = " ".join(str(row.get(key)) for key in ("error", "errors", "message", "msg"))
        if _UNKNOWN.search(words):
            raise AccountUnknownError("the pool knows no such account")
        if _REFUSED.search(words):
            raise AccountRefusedError("the pool refuses the key")
        raise SourceError("the pool reports an error")
    refuse_other_coins(row)
    return row


def refuse_other_coins(row: Row) -> None:
    """Raise when amounts are told in another currency than bitcoin. Errors: SourceError."""
    for key in ("currency", "coin"):
        coin = row.get(key)
        if isinstance(coin, dict):
            coin = coin.get("enumName")
        if coin is not None and str(coin).upper() not in _BITCOIN:
            raise SourceError("the amounts are not in bitcoin")
