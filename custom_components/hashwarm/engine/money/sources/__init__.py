"""Where market figures come from: pure parsers, thin clients."""

from .coinbase import Coinbase
from .manual import Manual
from .mempool import Mempool

__all__ = ["Coinbase", "Manual", "Mempool"]
