"""What a pool says, typed and checked to the last digit. Errors: PoolGarbageError only."""

from collections.abc import Callable
from dataclasses import dataclass
import math
import re
from typing import Any

from ..model.errors import PoolGarbageError
from .difficulty import checked_difficulty
from .wire import Request, clean_text

MAX_COINBASE_BYTES = 24 * 1024
MAX_BRANCHES = 32
MAX_EXTRANONCE1_BYTES = 32
MAX_EXTRANONCE2_BYTES = 16
MAX_JOB_ID = 128
MAX_RECONNECT_WAIT_S = 300.0
ROLLABLE_BITS = 0x1FFFE000
"""The bits of the header's version that BIP 320 leaves to miners."""

_WORD = re.compile(r"[0-9a-fA-F]{1,8}")
_HEX = re.compile(r"(?:[0-9a-fA-F]{2})*")
_HASH_HEX_DIGITS = 64
_NOTIFY_PARAMS = 9


@dataclass(frozen=True, kw_only=True)
class Notify:
    """Work handed out; hashes in header byte order."""

    job_id: str
    previous_hash: bytes
    coinbase1: bytes
    coinbase2: bytes
    merkle_branches: tuple[bytes, ...]
    version: int
    nbits: int
    ntime: int
    clean: bool


@dataclass(frozen=True, kw_only=True)
class SetDifficulty:
    """The difficulty of work that comes after it."""

    difficulty: float


@dataclass(frozen=True, kw_only=True)
class SetExtranonce:
    """The extranonce 1 and the length of extranonce 2 of work that comes after it."""

    extranonce1: bytes
    extranonce2_size: int


@dataclass(frozen=True, kw_only=True)
class SetVersionMask:
    """The version bits that may be rolled from now on."""

    mask: int


@dataclass(frozen=True, kw_only=True)
class Reconnect:
    """The pool wants us elsewhere; None keeps what we have."""

    host: str | None
    port: int | None
    wait_s: float


@dataclass(frozen=True, kw_only=True)
class ShowMessage:
    """A text for the person."""

    text: str


@dataclass(frozen=True, kw_only=True)
class VersionQuery:
    """The pool asks what we are."""

    request_id: int | str | None


@dataclass(frozen=True, kw_only=True)
class Ping:
    """The pool asks whether we live."""

    request_id: int | str | None


@dataclass(frozen=True, kw_only=True)
class Unknown:
    """A method that we do not know."""

    request_id: int | str | None
    method: str


@dataclass(frozen=True, kw_only=True)
class Configured:
    """What the pool granted of mining.configure; `mask` None where versions must not be rolled."""

    mask: int | None
    extranonce: bool


type PoolMessage = (
    Notify | SetDifficulty | SetExtranonce | SetVersionMask | Reconnect | ShowMessage | VersionQuery | Ping | Unknown
)


def interpret(request: Request) -> PoolMessage:
    """Return the typed message of a call or notification of the pool's."""
    parser = _PARSERS.get(request.method)
    if parser is not None:
        return parser(request.params)
    if request.method == "client.get_version":
        return VersionQuery(request_id=request.request_id)
    if request.method == "mining.ping":
        return Ping(request_id=request.request_id)
    return Unknown(request_id=request.request_id, method=clean_text(request.method))


def parse_subscription(result: Any) -> SetExtranonce:
    """Return extranonce 1 and the length of extranonce 2 out of the answer to mining.subscribe."""
    if not isinstance(result, list) or len(result) < 3:  # noqa: PLR2004 - subscriptions, extranonce 1, length of extranonce 2
        raise PoolGarbageError("an answer to mining.subscribe that is no list of three")
    return _extranonce(result[-2:])


def parse_configuration(result: Any) -> Configured:
    """Return what the answer to mining.configure grants; anything odd grants nothing."""
    if not isinstance(result, dict):
        return Configured(mask=None, extranonce=False)
    mask = None
    if result.get("version-rolling") is True:
        mask = _word(result.get("version-rolling.mask", f"{ROLLABLE_BITS:08x}"), "version mask") & ROLLABLE_BITS
    return Configured(mask=mask, extranonce=result.get("subscribe-extranonce") is True)


def _notify(params: list[Any]) -> Notify:
    if len(params) < _NOTIFY_PARAMS:
        raise PoolGarbageError("mining.notify with too few parameters")
    job_id, previous, coinbase1, coinbase2, branches, version, nbits, ntime = params[:8]
    if not isinstance(job_id, str) or not 0 < len(job_id) <= MAX_JOB_ID:
        raise PoolGarbageError("mining.notify without a usable job id")
    if not isinstance(branches, list) or len(branches) > MAX_BRANCHES:
        raise PoolGarbageError("mining.notify with unusable merkle branches")
    return Notify(
        job_id=job_id,
        previous_hash=_swap_words(_hash(previous, "previous hash")),
        coinbase1=_hex(coinbase1, "coinbase", MAX_COINBASE_BYTES),
        coinbase2=_hex(coinbase2, "coinbase", MAX_COINBASE_BYTES),
        merkle_branches=tuple(_hash(branch, "merkle branch") for branch in branches),
        version=_word(version, "version"),
        nbits=_word(nbits, "nbits"),
        ntime=_word(ntime, "ntime"),
        # Pools that add parameters put them before clean_jobs.
        clean=params[-1] is True or (not isinstance(params[-1], bool) and params[8] is True),
    )


def _set_difficulty(params: list[Any]) -> SetDifficulty:
    return SetDifficulty(difficulty=checked_difficulty(_first(params, "mining.set_difficulty")))


def _extranonce(params: list[Any]) -> SetExtranonce:
    _first(params, "mining.set_extranonce")
    size = params[1] if len(params) > 1 else None
    if isinstance(size, bool) or not isinstance(size, int) or not 0 < size <= MAX_EXTRANONCE2_BYTES:
        raise PoolGarbageError("a length of extranonce 2 out of bounds")
    return SetExtranonce(extranonce1=_hex(params[0], "extranonce 1", MAX_EXTRANONCE1_BYTES), extranonce2_size=size)


def _set_version_mask(params: list[Any]) -> SetVersionMask:
    return SetVersionMask(mask=_word(_first(params, "mining.set_version_mask"), "version mask") & ROLLABLE_BITS)


def _reconnect(params: list[Any]) -> Reconnect:
    host, port, wait, *_ = [*params, None, None, None]
    if host is None or host == "":
        host = None
    elif not isinstance(host, str) or len(host) > 253:  # noqa: PLR2004 - the longest name that DNS knows
        raise PoolGarbageError("client.reconnect to what is no host")
    return Reconnect(host=host, port=_port(port), wait_s=_wait(wait))


def _show_message(params: list[Any]) -> ShowMessage:
    return ShowMessage(text=clean_text(params[0] if params else ""))


_PARSERS: dict[str, Callable[[list[Any]], PoolMessage]] = {
    "mining.notify": _notify,
    "mining.set_difficulty": _set_difficulty,
    "mining.set_extranonce": _extranonce,
    "mining.set_version_mask": _set_version_mask,
    "client.reconnect": _reconnect,
    "client.show_message": _show_message,
}


def _first(params: list[Any], method: str) -> Any:
    if not params:
        raise PoolGarbageError(f"{method} without parameters")
    return params[0]


def _word(value: Any, what: str) -> int:
    """Read up to eight hex digits; some pools leave the leading zeros out."""
    if not isinstance(value, str) or not _WORD.fullmatch(value):
        raise PoolGarbageError(f"a {what} that is no 32-bit hex number")
    return int(value, 16)


def _hex(value: Any, what: str, limit: int) -> bytes:
    if not isinstance(value, str) or len(value) > 2 * limit or not _HEX.fullmatch(value):
        raise PoolGarbageError(f"a {what} that is no hex of at most {limit} bytes")
    return bytes.fromhex(value)


def _hash(value: Any, what: str) -> bytes:
    if not isinstance(value, str) or len(value) != _HASH_HEX_DIGITS:
        raise PoolGarbageError(f"a {what} that is no hash")
    return _hex(value, what, _HASH_HEX_DIGITS // 2)


def _swap_words(value: bytes) -> bytes:
    """Stratum sends the previous hash with the bytes of each 4-byte word turned round."""
    return b"".join(value[start : start + 4][::-1] for start in range(0, len(value), 4))


def _port(value: Any) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 5:  # noqa: PLR2004 - ports end at 65535
        value = int(value)
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 1 << 16:
        raise PoolGarbageError("client.reconnect to what is no port")
    return value


def _wait(value: Any) -> float:
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value[:6])
    if isinstance(value, bool) or not isinstance(value, int | float) or math.isnan(value):
        return 0.0
    return float(min(max(value, 0), MAX_RECONNECT_WAIT_S))
