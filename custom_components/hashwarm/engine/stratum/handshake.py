"""A trial of a pool for the config flow: connect, subscribe, authorise, see work, hang up."""

from dataclasses import dataclass
import itertools

from ..model.errors import PoolError
from ..model.pool import PoolConfig
from ..model.protocols import Monotonic
from .connection import Dialer, PoolConnection, PoolMovedError, TlsContext, was_hung_up
from .difficulty import share_interval_s
from .limits import SessionLimits


@dataclass(frozen=True, kw_only=True)
class PoolFacts:
    """What a trial showed."""

    name: str
    difficulty: float
    version_rolling: bool
    share_interval_s: float | None
    """Expected on average at the hash rate given; None where none was."""
    difficulty_too_high: bool
    """So high that shares would be more than an hour apart."""
    message: str | None
    plain: bool
    """The pool only talks to those that leave extensions out."""


async def try_pool(
    pool: PoolConfig,
    *,
    agent: str,
    clock: Monotonic,
    hash_rate_hs: float | None = None,
    ssl_context: TlsContext = None,
    limits: SessionLimits = SessionLimits(handshake_s=15.0),  # noqa: B008 - frozen, so one for all is safe
) -> PoolFacts:
    """Return the facts of a pool that works.

    Errors: PoolUnreachableError, PoolSilentError, PoolRefusedError, PoolGarbageError.
    """
    ids = itertools.count(1)
    dialer = Dialer(
        agent=agent,
        clock=clock,
        limits=limits,
        ssl_context=ssl_context,
        hash_rate_hs=lambda: hash_rate_hs,
        next_work_id=lambda: str(next(ids)),
    )
    connection = await dialer.connect(pool)
    try:
        try:
            await connection.until_work()
        except PoolError as error:
            # A move is followed once, a pool that hangs up on extensions is asked once more without them.
            moved = error.pool if isinstance(error, PoolMovedError) else None
            plain = was_hung_up(connection, error)
            if moved is None and not plain:
                raise
            await connection.close()
            connection = await dialer.connect(moved or pool, plain=plain, home=pool.host)
            await connection.until_work()
            return _facts(connection, hash_rate_hs, limits, plain=plain)
        return _facts(connection, hash_rate_hs, limits, plain=False)
    finally:
        await connection.close()


def _facts(connection: PoolConnection, hash_rate_hs: float | None, limits: SessionLimits, *, plain: bool) -> PoolFacts:
    protocol = connection.protocol
    interval_s = share_interval_s(protocol.difficulty, hash_rate_hs)
    return PoolFacts(
        name=connection.pool.name,
        difficulty=protocol.difficulty,
        version_rolling=protocol.version_rolling,
        share_interval_s=interval_s,
        difficulty_too_high=interval_s is not None and interval_s > limits.longest_share_interval_s,
        message=protocol.message,
        plain=plain,
    )
