"""A practice account: what a pool would know of a home."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
import hashlib

ADDRESS = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"
"""The example of BIP173; nobody mines to it."""
READ_ONLY_KEY = "read-only-key"


@dataclass(frozen=True, kw_only=True)
class Paid:
    """A payout; over Lightning it has no transaction."""

    at: datetime
    sat: int
    payment_id: str
    lightning: bool = False
    confirmed: bool = True


@dataclass(frozen=True, kw_only=True)
class Found:
    """A block that the account found, with all that it paid."""

    at: datetime
    height: int
    sat: int
    block_hash: str


@dataclass(kw_only=True)
class PracticeAccount:
    """Amounts in sat, hash rate in H/s, days in UTC."""

    address: str = ADDRESS
    user: str = "heater"
    secret: str = READ_ONLY_KEY
    unpaid_sat: int = 0
    days: dict[date, int] = field(default_factory=dict)
    payouts: list[Paid] = field(default_factory=list)
    blocks: list[Found] = field(default_factory=list)
    hash_rate_hs: float = 12.3e12
    workers: int = 2
    best_difficulty: float = 4_821_306_721.5
    last_share_at: datetime = datetime(2026, 11, 1, tzinfo=UTC)

    @property
    def paid_sat(self) -> int:
        """All that was paid out."""
        return sum(payout.sat for payout in self.payouts)

    @property
    def credited_sat(self) -> int:
        """All that was credited, paid out or not."""
        return self.unpaid_sat + self.paid_sat

    def credit(self, at: datetime, sat: int) -> None:
        """Add earnings to the balance and to their day."""
        self.unpaid_sat += sat
        day = at.astimezone(UTC).date()
        self.days[day] = self.days.get(day, 0) + sat

    def pay_out(self, at: datetime, sat: int, *, lightning: bool = False, confirmed: bool = True) -> Paid:
        """Move part of the balance to the owner; with a pool of one's own choice it may even be all of it."""
        payment_id = _hash(f"payout {len(self.payouts)} {at.isoformat()} {sat}")
        paid = Paid(at=at, sat=sat, payment_id=payment_id, lightning=lightning, confirmed=confirmed)
        self.unpaid_sat -= sat
        self.payouts.append(paid)
        return paid

    def find_block(self, at: datetime, height: int, sat: int) -> Found:
        """Find a block that pays its finder alone."""
        found = Found(at=at, height=height, sat=sat, block_hash=_hash(f"block {height} {at.isoformat()}"))
        self.blocks.append(found)
        return found


def _hash(text: str) -> str:
    """Return something that looks like the id of a transaction or block."""
    return hashlib.sha256(text.encode()).hexdigest()
