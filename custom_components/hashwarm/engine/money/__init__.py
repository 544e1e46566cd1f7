"""Network and price sources, hashprice, the ledger."""

from .account import HeaterAccount
from .figures import Figure, FigureKind, RateLimitedError, Source
from .interval import Earning, Estimate, Scheme, Sums
from .ledger import Ledger
from .market import Market
from .meter import HeaterSample
from .sources import Coinbase, Manual, Mempool
from .tables import SCHEMA
from .totals import PeriodTotals, Totals

__all__ = [
    "SCHEMA",
    "Coinbase",
    "Earning",
    "Estimate",
    "Figure",
    "FigureKind",
    "HeaterAccount",
    "HeaterSample",
    "Ledger",
    "Manual",
    "Market",
    "Mempool",
    "PeriodTotals",
    "RateLimitedError",
    "Scheme",
    "Source",
    "Sums",
    "Totals",
]
