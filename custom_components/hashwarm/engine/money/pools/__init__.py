"""What pools tell of an account: one reader per pool, pure parsers and thin clients."""

from .reading import AccountReading, ConfirmedDay, FoundBlock, Payout, PayoutState, PoolReader

__all__ = ["AccountReading", "ConfirmedDay", "FoundBlock", "Payout", "PayoutState", "PoolReader"]
