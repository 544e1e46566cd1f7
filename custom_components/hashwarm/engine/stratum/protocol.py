"""The client's side of Stratum V1 without sockets: bytes in, events and bytes out. The only error is a PoolError."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
import itertools
from typing import Any

from ..hashing.work import FoundShare
from ..model.errors import PoolRefusedError
from .difficulty import HASHES_PER_DIFFICULTY
from .messages import (
    ROLLABLE_BITS,
    Notify,
    Ping,
    PoolMessage,
    Reconnect,
    SetDifficulty,
    SetExtranonce,
    SetVersionMask,
    ShowMessage,
    Unknown,
    VersionQuery,
    interpret,
    parse_configuration,
    parse_subscription,
)
from .wire import LineBuffer, PoolFault, Request, Response, encode_answer, encode_request, parse_line
from .work import IssuedWork, build_work, submit_params

FASTEST_SHARES_S = 1.0
"""minimum-difficulty asks the pool for no more than a share in this time."""
FLOOD_S = 0.05
"""Whatever the pool's difficulty, shares are not looked for faster than this: a pool could drown us in them."""
UNKNOWN_METHOD = [20, "Unknown method", None]


class Phase(Enum):
    """How far the handshake has come."""

    CONFIGURING = auto()
    SUBSCRIBING = auto()
    AUTHORIZING = auto()
    RUNNING = auto()


@dataclass(frozen=True, kw_only=True)
class NewWork:
    """Work to hash from now on."""

    issued: IssuedWork


@dataclass(frozen=True, kw_only=True)
class ShareAnswer:
    """The pool's word on a submit."""

    request_id: int
    accepted: bool
    fault: PoolFault | None


@dataclass(frozen=True, kw_only=True)
class Moved:
    """The pool asks us to connect elsewhere."""

    to: Reconnect


type Event = NewWork | ShareAnswer | Moved


@dataclass(frozen=True, kw_only=True)
class Hello:
    """What we tell a pool of ourselves."""

    user: str
    password: str
    agent: str
    suggested_difficulty: float
    hash_rate_hs: float
    plain: bool = False
    """Leave out every extension, for pools that close the connection on methods they do not know."""


@dataclass(frozen=True, kw_only=True)
class _Bound:
    """A notify with what was in force when it came."""

    notify: Notify
    extranonce: SetExtranonce | None
    difficulty: float
    notified_at_s: float


class StratumProtocol:
    """One connection's worth of Stratum V1. Feed it bytes, send what `outgoing` gives, act on the events."""

    def __init__(self, hello: Hello, *, next_work_id: Callable[[], str]) -> None:
        self.difficulty = 1.0
        """Of the next work; 1 until the pool says otherwise."""
        self.version_mask: int | None = None
        """Granted by the pool; None where versions must not be rolled."""
        self.message: str | None = None
        self.phase = Phase.CONFIGURING
        self.works = 0
        self._hello = hello
        self._next_work_id = next_work_id
        self._lines = LineBuffer()
        self._ids = itertools.count(1)
        self._calls: dict[int, Callable[[Response], None]] = {}
        self._outgoing = bytearray()
        self._extranonce: SetExtranonce | None = None
        self._bound: _Bound | None = None
        self._events: list[Event] = []
        self._configure_answered = False
        self._now_s = 0.0

    @property
    def version_rolling(self) -> bool:
        """Whether the pool allows it."""
        return self.version_mask is not None

    @property
    def ready(self) -> bool:
        """Whether the handshake is done and there is work."""
        return self.phase is Phase.RUNNING and self.works > 0

    def outgoing(self) -> bytes:
        """Return, once, the bytes to send."""
        data = bytes(self._outgoing)
        self._outgoing.clear()
        return data

    def start(self) -> None:
        """Open the conversation."""
        if self._hello.plain:
            self._subscribe()
            return
        extensions = {
            "version-rolling.mask": f"{ROLLABLE_BITS:08x}",
            "version-rolling.min-bit-count": 2,
            "minimum-difficulty.value": self._hello.hash_rate_hs * FASTEST_SHARES_S / HASHES_PER_DIFFICULTY,
        }
        names = ["version-rolling", "minimum-difficulty", "subscribe-extranonce"]
        self._call("mining.configure", [names, extensions], self._configured)

    def configure_overdue(self) -> None:
        """Go on without extensions; an answer that comes late after all still counts."""
        if self.phase is Phase.CONFIGURING:
            self._subscribe()

    def feed(self, data: bytes, now_s: float) -> list[Event]:
        """Take bytes from the pool. Errors: PoolGarbageError, PoolRefusedError."""
        self._now_s = now_s
        self._events = []
        for line in self._lines.feed(data):
            message = parse_line(line)
            if isinstance(message, Request):
                self._heard(interpret(message))
            elif message.request_id is not None:
                self._answered(message, message.request_id)
        return self._events

    def submit(self, issued: IssuedWork, share: FoundShare) -> int:
        """Queue a submit and return its request id."""
        request_id = next(self._ids)
        params = submit_params(self._hello.user, issued, share, rolling=self.version_rolling)
        self._outgoing += encode_request(request_id, "mining.submit", params)
        return request_id

    def _call(self, method: str, params: list[Any], then: Callable[[Response], None] | None = None) -> None:
        request_id = next(self._ids)
        if then is not None:
            self._calls[request_id] = then
        self._outgoing += encode_request(request_id, method, params)

    def _answered(self, response: Response, request_id: int) -> None:
        then = self._calls.pop(request_id, None)
        if then is not None:
            then(response)
            return
        accepted = response.fault is None and response.result is True
        self._events.append(ShareAnswer(request_id=request_id, accepted=accepted, fault=response.fault))

    def _configured(self, response: Response) -> None:
        granted = parse_configuration(None if response.fault else response.result)
        self._configure_answered = response.fault is None
        if granted.mask is not None:
            self.version_mask = granted.mask
        if self.phase is Phase.CONFIGURING:
            self._subscribe()

    def _subscribe(self) -> None:
        self.phase = Phase.SUBSCRIBING
        self._call("mining.subscribe", [self._hello.agent], self._subscribed)

    def _subscribed(self, response: Response) -> None:
        if response.fault is not None:
            raise PoolRefusedError(f"mining.subscribe: {response.fault.text}")
        # Taken here and not by whoever waits for the answer: a notify may stand in the same packet.
        self._extranonce = parse_subscription(response.result)
        self.phase = Phase.AUTHORIZING
        if not self._hello.plain:
            self._call("mining.suggest_difficulty", [self._hello.suggested_difficulty])
            if not self._configure_answered:
                self._call("mining.extranonce.subscribe", [])
        self._call("mining.authorize", [self._hello.user, self._hello.password], self._authorized)

    def _authorized(self, response: Response) -> None:
        if response.fault is not None or response.result is not True:
            text = "refused" if response.fault is None else response.fault.text
            raise PoolRefusedError(f"mining.authorize: {text}", reason=text)
        self.phase = Phase.RUNNING
        if self._bound is not None and not self.works:
            self._emit(self._bound, clean=True)

    def _heard(self, message: PoolMessage) -> None:
        match message:
            case Notify():
                self._notified(message)
            case SetDifficulty():
                self.difficulty = message.difficulty
            case SetExtranonce():
                self._extranonce = message
            case SetVersionMask():
                self._mask_changed(message.mask)
            case Reconnect():
                self._events.append(Moved(to=message))
            case ShowMessage():
                self.message = message.text or None
            case _:
                self._answer(message)

    def _answer(self, message: VersionQuery | Ping | Unknown) -> None:
        if message.request_id is None:
            return
        if isinstance(message, Unknown):
            self._outgoing += encode_answer(message.request_id, None, UNKNOWN_METHOD)
        else:
            result = "pong" if isinstance(message, Ping) else self._hello.agent
            self._outgoing += encode_answer(message.request_id, result)

    def _notified(self, notify: Notify) -> None:
        # Difficulty and extranonce hold for work that is notified after them, so they are bound now.
        self._bound = _Bound(
            notify=notify, extranonce=self._extranonce, difficulty=self.difficulty, notified_at_s=self._now_s
        )
        if self.phase is Phase.RUNNING:
            self._emit(self._bound, clean=notify.clean or not self.works)

    def _mask_changed(self, mask: int) -> None:
        """Unlike all else a version mask is valid at once, for work already handed out too."""
        if self._hello.plain or mask == self.version_mask:
            return
        self.version_mask = mask
        if self.works and self._bound is not None:
            self._emit(self._bound, clean=True)

    def _emit(self, bound: _Bound, *, clean: bool) -> None:
        # A notify ahead of the answer to mining.subscribe has none; then that answer's is the first there is.
        extranonce = bound.extranonce or self._extranonce
        assert extranonce is not None
        self.works += 1
        issued = build_work(
            bound.notify,
            extranonce,
            work_id=self._next_work_id(),
            difficulty=bound.difficulty,
            least_difficulty=self._hello.hash_rate_hs * FLOOD_S / HASHES_PER_DIFFICULTY,
            version_mask=self.version_mask or 0,
            clean=clean,
            now_s=bound.notified_at_s,
        )
        self._events.append(NewWork(issued=issued))
