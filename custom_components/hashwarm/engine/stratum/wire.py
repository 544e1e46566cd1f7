"""Lines on the wire: bytes to JSON-RPC calls and answers, and back. Pure; the only error is PoolGarbageError."""

from dataclasses import dataclass
import json
from typing import Any

from ..model.errors import PoolGarbageError

MAX_LINE_BYTES = 64 * 1024
"""Far above any real notify; a pool that sends more is no pool."""

MAX_TEXT = 200


@dataclass(frozen=True, kw_only=True)
class Request:
    """A call or, with `request_id` None, a notification of the pool's."""

    request_id: int | str | None
    method: str
    params: list[Any]


@dataclass(frozen=True, kw_only=True)
class PoolFault:
    """An error in whatever shape the pool gave it; `code` is None where it gave none."""

    code: int | None
    text: str


@dataclass(frozen=True, kw_only=True)
class Response:
    """The answer to a call of ours."""

    request_id: int | None
    result: Any
    fault: PoolFault | None


class LineBuffer:
    """Cuts a stream of bytes into lines of a bounded length."""

    def __init__(self, limit: int = MAX_LINE_BYTES) -> None:
        self._limit = limit
        self._rest = b""

    def feed(self, data: bytes) -> list[bytes]:
        """Return the lines completed by `data`, without blank ones. Errors: PoolGarbageError for one over the limit."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > self._limit or any(len(line) > self._limit for line in lines):
            raise PoolGarbageError(f"a line of more than {self._limit} bytes")
        return [line for raw in lines if (line := raw.strip())]


def parse_line(line: bytes) -> Request | Response:
    """Return the message in one line. Errors: PoolGarbageError for anything that is no JSON-RPC object."""
    try:
        message = json.loads(line.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise PoolGarbageError("a line that is no JSON") from error
    if not isinstance(message, dict):
        raise PoolGarbageError("a line that is no JSON object")
    if "method" in message and message["method"] is not None:
        return _request(message)
    if "result" in message or "error" in message:
        return Response(request_id=_own_id(message.get("id")), result=message.get("result"), fault=_fault(message))
    raise PoolGarbageError("a JSON object that is neither a call nor an answer")


def encode_request(request_id: int, method: str, params: list[Any]) -> bytes:
    """Return the line of a call of ours."""
    return _line({"id": request_id, "method": method, "params": params})


def encode_answer(request_id: int | str, result: Any, error: Any = None) -> bytes:
    """Return the line that answers a call of the pool's."""
    return _line({"id": request_id, "result": result, "error": error})


def clean_text(value: Any) -> str:
    """Return what a person may be shown of a text from outside: printable and short."""
    text = value if isinstance(value, str) else str(value)[: 4 * MAX_TEXT]
    return "".join(character for character in text[: 4 * MAX_TEXT] if character.isprintable()).strip()[:MAX_TEXT]


def _line(message: dict[str, Any]) -> bytes:
    return json.dumps(message, separators=(",", ":")).encode() + b"\n"


def _request(message: dict[str, Any]) -> Request:
    method, params, request_id = message["method"], message.get("params"), message.get("id")
    if not isinstance(method, str):
        raise PoolGarbageError("a method that is no text")
    if params is None:
        params = []
    if not isinstance(params, list):
        raise PoolGarbageError(f"parameters of {clean_text(method)} that are no list")
    if isinstance(request_id, bool) or not isinstance(request_id, int | str):
        request_id = None
    return Request(request_id=request_id, method=method, params=params)


def _own_id(value: Any) -> int | None:
    """Our ids are small numbers; some pools answer them as text."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 16:  # noqa: PLR2004 - longer is none of ours
        return int(value)
    return None


def _fault(message: dict[str, Any]) -> PoolFault | None:
    """Errors come as list, text, object or number, or as `result: false` with a reject-reason beside it."""
    error = message.get("error")
    if error is None or error is False:
        reason = message.get("reject-reason")
        if message.get("result") is False:
            return PoolFault(code=None, text=clean_text(reason or "refused"))
        return None
    code: Any = None
    text: Any = error
    if isinstance(error, list):
        code = error[0] if error else None
        text = error[1] if len(error) > 1 else "refused"
    elif isinstance(error, dict):
        code, text = error.get("code"), error.get("message") or "refused"
    elif isinstance(error, int):
        code, text = error, "refused"
    if isinstance(code, bool) or not isinstance(code, int):
        code = None
    return PoolFault(code=code, text=clean_text(text))
