"""Network and price sources, hashprice, the ledger."""

from .account import HeaterAccount
from .electricity import Electricity, MeteredElectricity, Prices, Supply
from .figures import Figure, FigureKind, RateLimitedError, Source
from .interval import Earning, Estimate, Scheme
from .ledger import Ledger
from .market import Market
from .meter import HeaterSample
from .sources import Coinbase, Manual, Mempool
from .sums import Sums
from .tables import SCHEMA
from .totals import PeriodTotals, Totals

__all__ = [
    "SCHEMA",
    "Coinbase",
    "Earning",
    "Electricity",
    "Estimate",
    "Figure",
    "FigureKind",
    "HeaterAccount",
    "HeaterSample",
    "Ledger",
    "Manual",
    "Market",
    "Mempool",
    "MeteredElectricity",
    "PeriodTotals",
    "Prices",
    "RateLimitedError",
    "Scheme",
    "Source",
    "Sums",
    "Supply",
    "Totals",
]
