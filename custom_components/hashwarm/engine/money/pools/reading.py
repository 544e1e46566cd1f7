"""What one look at a pool account brings; None is what this pool does not tell."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol


class PayoutState(StrEnum):
    """How sure a payout is."""

    PENDING = "pending"
    CONFIRMED = "confirmed"
    GONE = "gone"
    """Told before, and not any more: a transaction that a reorganisation of the chain took back."""


@dataclass(frozen=True, kw_only=True)
class Payout:
    """Money that left the pool for its owner."""

    payout_id: str
    """Unlike that of any other payout of the account, the same at every look: a transaction, a pool's own number."""
    at: datetime
    sat: int
    state: PayoutState = PayoutState.CONFIRMED
    txid: str | None = None


@dataclass(frozen=True, kw_only=True)
class ConfirmedDay:
    """What a pool credited for a day in UTC that it has closed."""

    day: date
    sat: int


@dataclass(frozen=True, kw_only=True)
class FoundBlock:
    """A block that this account found."""

    block_hash: str
    at: datetime
    height: int | None = None
    txid: str | None = None
    """Of the coinbase, where the finder is paid by it."""
    sat: int | None = None
    """What the finder got of it."""


@dataclass(frozen=True, kw_only=True)
class AccountReading:
    """One look. Amounts in sat, hash rate in H/s, difficulty as pools count it."""

    at: datetime
    unpaid_sat: int | None = None
    """Credited and not yet paid out."""
    paid_sat: int | None = None
    """All that was ever paid out."""
    credited_sat: int | None = None
    """All that was ever credited, paid out or not."""
    days: tuple[ConfirmedDay, ...] = ()
    payouts: tuple[Payout, ...] = ()
    blocks: tuple[FoundBlock, ...] = ()
    hash_rate_hs: float | None = None
    """Mean of the last day, else of the longest time that the pool tells."""
    workers: int | None = None
    best_difficulty: float | None = None
    last_share_at: datetime | None = None
    fee_ppm: int | None = None


class PoolReader(Protocol):
    """A pool account. Errors: SourceError, AccountUnknownError, AccountRefusedError."""

    @property
    def name(self) -> str:
        """The pool, as shown to people."""
        ...

    async def read(self, since: datetime) -> AccountReading:
        """Look at the account, as of now; payouts and days from `since` on, where the pool can be asked that."""
        ...
