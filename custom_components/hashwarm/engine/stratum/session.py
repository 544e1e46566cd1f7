"""The lasting bond with a list of pools: connects, fails over, returns to the first, hands out work, takes shares."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
import contextlib
from dataclasses import replace
import itertools
import logging
import math
import random
from typing import NoReturn

from ..hashing.work import FoundShare, HashWork
from ..model.errors import PoolError, PoolRefusedError, PoolSilentError
from ..model.pool import PoolConfig
from ..model.protocols import Monotonic
from ..model.telemetry import PoolState
from .connection import Dialer, PoolConnection, PoolMovedError, TlsContext, was_hung_up
from .difficulty import share_interval_s
from .failover import BackOff, PoolChoice
from .limits import SessionLimits
from .protocol import Event, NewWork, ShareAnswer
from .shares import ShareLedger, ShareResult

_LOGGER = logging.getLogger(__name__)

PROBLEM_DIFFICULTY = "pool_difficulty_too_high"


def _ignore(_: object = None) -> None:
    """Stand in where nobody listens."""


class PoolSession:
    """Keeps one pool of the list at work. Nothing it does raises; how things stand is in `state`."""

    def __init__(
        self,
        pools: Sequence[PoolConfig],
        *,
        on_work: Callable[[HashWork | None], None],
        clock: Monotonic,
        random: random.Random,
        agent: str,
        ssl_context: TlsContext = None,
        hash_rate_hs: Callable[[], float | None],
        on_change: Callable[[], None] | None = None,
        on_share: Callable[[ShareResult], None] | None = None,
        limits: SessionLimits = SessionLimits(),  # noqa: B008 - frozen, so one for all is safe
    ) -> None:
        self._pools = tuple(pools)
        self._on_work = on_work
        self._on_change = on_change or _ignore
        self._on_share = on_share or _ignore
        self._clock = clock
        self._random = random
        self._hash_rate_hs = hash_rate_hs
        self._limits = limits
        ids = itertools.count(1)
        self._dialer = Dialer(
            agent=agent,
            clock=clock,
            limits=limits,
            ssl_context=ssl_context,
            hash_rate_hs=hash_rate_hs,
            next_work_id=lambda: str(next(ids)),
        )
        self._back_off = BackOff(first_s=limits.back_off_first_s, longest_s=limits.back_off_longest_s)
        self._choice = PoolChoice(len(self._pools), limits.failures_before_next)
        self._ledger = ShareLedger()
        self._plain: set[int] = set()
        self._moved_to: PoolConfig | None = None
        self._live: PoolConnection | None = None
        self._message: str | None = None
        self._problem: str | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def state(self) -> PoolState:
        """How things stand now."""
        live, ledger = self._live, self._ledger
        issued = live.work.issued if live is not None and live.work is not None else None
        interval_s = None if issued is None else share_interval_s(issued.difficulty, self._hash_rate_hs())
        problem = self._problem
        if problem is None and interval_s is not None and interval_s > self._limits.longest_share_interval_s:
            problem = PROBLEM_DIFFICULTY
        return PoolState(
            connected=live is not None,
            name=live.pool.name if live is not None else None,
            difficulty=None if issued is None else issued.difficulty,
            shares_accepted=ledger.accepted,
            shares_rejected=ledger.rejected,
            shares_stale=ledger.stale,
            share_work=ledger.share_work,
            best_share=ledger.best_share,
            last_share_at_s=ledger.last_accepted_at_s,
            message=self._message,
            problem=problem,
            version_rolling=live.protocol.version_rolling if live is not None else None,
            share_interval_s=interval_s,
            latency_s=ledger.latency_s,
            reject_reasons=tuple(sorted((reason.value, count) for reason, count in ledger.reasons.items())),
        )

    async def start(self) -> None:
        """Begin; returns at once."""
        if self._task is None and self._pools:
            self._task = asyncio.create_task(self._run(), name="hashwarm stratum session")

    async def stop(self) -> None:
        """End the connection and all that belongs to it."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    def submit(self, share: FoundShare) -> None:
        """Send a share, unless it is stale, sent before or wrong; then it is only booked."""
        now_s = self._clock()
        verdict = self._ledger.admit(share, now_s)
        if isinstance(verdict, ShareResult):
            self._tell([verdict])
            self._on_change()
            return
        # Known work belongs to a live connection.
        assert self._live is not None
        self._ledger.sent(self._live.submit(verdict, share), verdict, now_s)

    async def _run(self) -> None:
        while True:
            try:
                await self._serve(await self._open())
            except PoolError as error:
                delay_s = self._failed(error)
            except Exception:
                # Whatever broke on our side, the heater gets its pool back.
                _LOGGER.exception("The pool session stumbled and starts anew")
                delay_s = self._failed(PoolError())
            self._on_change()
            await asyncio.sleep(delay_s)

    async def _open(self) -> PoolConnection:
        """Connect to the pool that is due, through the handshake to its first work."""
        index = self._choice.index
        pool, self._moved_to = self._moved_to or self._pools[index], None
        return await self._reach(pool, index)

    async def _reach(self, pool: PoolConfig, index: int) -> PoolConnection:
        connection = await self._dialer.connect(pool, plain=index in self._plain, home=self._pools[index].host)
        try:
            await connection.until_work()
        except BaseException as error:
            if isinstance(error, PoolError) and was_hung_up(connection, error):
                self._plain ^= {index}
            await connection.close()
            raise
        return connection

    async def _serve(self, connection: PoolConnection) -> None:
        """Work with a connection, and with the first pool's as soon as that answers. Errors: PoolError."""
        try:
            while True:
                self._adopt(connection)
                better = await self._serve_until_better(connection)
                self._choice.go_to(0)
                await connection.close()
                connection = better
        finally:
            self._hang_up()
            await connection.close()

    async def _serve_until_better(self, connection: PoolConnection) -> PoolConnection:
        """Return the first pool's connection once it has work. Errors: PoolError when the running one ends."""
        reading = asyncio.create_task(self._read(connection), name="hashwarm stratum reader")
        probing = asyncio.create_task(self._return_to_first(), name="hashwarm stratum return")
        better: PoolConnection | None = None
        try:
            await asyncio.wait((reading, probing), return_when=asyncio.FIRST_COMPLETED)
            if not reading.done():
                better = probing.result()
                return better
            return await reading
        finally:
            reading.cancel()
            probing.cancel()
            await asyncio.wait((reading, probing))
            if better is None and not probing.cancelled() and probing.exception() is None:
                await probing.result().close()

    async def _return_to_first(self) -> PoolConnection:
        while True:
            await asyncio.sleep(self._limits.retry_first_s)
            if self._choice.index > 0:
                with contextlib.suppress(PoolError):
                    return await self._reach(self._pools[0], 0)

    async def _read(self, connection: PoolConnection) -> NoReturn:
        stable_at_s = connection.opened_at_s + self._limits.stable_s
        while True:
            now_s = self._clock()
            if now_s >= stable_at_s:
                self._choice.worked()
                stable_at_s = math.inf
            wake_at_s = min(stable_at_s, self._ledger.next_overdue_s(self._limits.submit_s))
            self._handle(await connection.step(wake_at_s))
            self._tell(self._ledger.overdue(self._clock(), self._limits.submit_s))
            self._message = connection.protocol.message or self._message
            self._on_change()

    def _handle(self, events: Sequence[Event]) -> None:
        work: HashWork | None = None
        for event in events:
            if isinstance(event, NewWork):
                # Of works that came in one packet only the newest is hashed; it is clean if one before it was.
                clean = event.issued.work.clean or (work is not None and work.clean)
                work = replace(event.issued.work, clean=clean)
                self._ledger.issue(event.issued)
            elif isinstance(event, ShareAnswer):
                self._answered(event)
        if work is not None:
            self._on_work(work)

    def _answered(self, answer: ShareAnswer) -> None:
        now_s = self._clock()
        result = self._ledger.answered(answer.request_id, answer.fault, accepted=answer.accepted, now_s=now_s)
        if result is not None:
            self._tell([result])

    def _adopt(self, connection: PoolConnection) -> None:
        """Make a connection the one in use and hand its work on."""
        assert connection.work is not None
        issued = connection.work.issued
        issued = replace(issued, work=replace(issued.work, clean=True))
        self._tell(self._ledger.disconnect())
        self._ledger.pool = connection.pool.name
        self._live = connection
        self._problem = None
        self._message = connection.protocol.message
        self._ledger.issue(issued)
        self._on_work(issued.work)
        self._on_change()

    def _hang_up(self) -> None:
        self._live = None
        self._tell(self._ledger.disconnect())
        self._on_work(None)

    def _failed(self, error: PoolError) -> float:
        """Book what went wrong and return the wait before the next attempt, in s."""
        before = self._choice.index
        self._choice.failed(give_up=isinstance(error, PoolSilentError | PoolRefusedError))
        delay_s = self._back_off.delay_s(self._choice.failures, self._random)
        if isinstance(error, PoolMovedError):
            self._moved_to = error.pool if self._choice.index == before else None
            return max(delay_s, error.wait_s)
        self._problem = error.key
        _LOGGER.info("%s", error)
        return delay_s

    def _tell(self, results: Iterable[ShareResult]) -> None:
        for result in results:
            self._on_share(result)
