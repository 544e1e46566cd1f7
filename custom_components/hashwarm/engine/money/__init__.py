"""Network and price sources, hashprice, the ledger."""

from .account import HeaterAccount
from .alternatives import (
    EFFICIENCIES,
    AlternativePrice,
    Burner,
    HeatingKind,
    HeatPump,
    HeatPumpClass,
    OtherHeating,
    Resistive,
    cheaper_than,
    mining_pays_without_heat,
)
from .electricity import Electricity, MeteredElectricity, Prices, Supply
from .figures import Figure, FigureKind, RateLimitedError, Source
from .interval import Earning, Estimate, Scheme
from .ledger import Ledger
from .market import Market
from .meter import HeaterSample
from .payback import Payback, payback
from .sources import Coinbase, Manual, Mempool
from .sums import Sums
from .tables import SCHEMA
from .totals import PeriodTotals, Totals

__all__ = [
    "EFFICIENCIES",
    "SCHEMA",
    "AlternativePrice",
    "Burner",
    "Coinbase",
    "Earning",
    "Electricity",
    "Estimate",
    "Figure",
    "FigureKind",
    "HeatPump",
    "HeatPumpClass",
    "HeaterAccount",
    "HeaterSample",
    "HeatingKind",
    "Ledger",
    "Manual",
    "Market",
    "Mempool",
    "MeteredElectricity",
    "OtherHeating",
    "Payback",
    "PeriodTotals",
    "Prices",
    "RateLimitedError",
    "Resistive",
    "Scheme",
    "Source",
    "Sums",
    "Supply",
    "Totals",
    "cheaper_than",
    "mining_pays_without_heat",
    "payback",
]
