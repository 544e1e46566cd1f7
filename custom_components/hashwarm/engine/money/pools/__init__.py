"""What pools tell of an account: one reader per pool, pure parsers and thin clients."""

from .reading import AccountReading, ConfirmedDay, FoundBlock, Payout, PayoutState, PoolReader
from .registry import POOLS, Credentials, Need, PoolInfo, PoolKind, Tells, build, guess_pool
from .solo import BrokenReader, SoloReader
from .watch import PoolWatch

__all__ = [
    "POOLS",
    "AccountReading",
    "BrokenReader",
    "ConfirmedDay",
    "Credentials",
    "FoundBlock",
    "Need",
    "Payout",
    "PayoutState",
    "PoolInfo",
    "PoolKind",
    "PoolReader",
    "PoolWatch",
    "SoloReader",
    "Tells",
    "build",
    "guess_pool",
]
