"""Where market figures come from: pure parsers, thin clients."""

from .coinbase import Coinbase
from .esplora import Esplora
from .manual import Manual
from .mempool import Mempool
from .sensor import PriceSensor

__all__ = ["Coinbase", "Esplora", "Manual", "Mempool", "PriceSensor"]
