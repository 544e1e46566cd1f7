"""Network and price sources, hashprice, the ledger."""

from .account import HeaterAccount
from .address import Address, Network, address_of_user, parse_address
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
from .doubt import Disagreement
from .electricity import Electricity, MeteredElectricity, Prices, Supply
from .figures import Figure, FigureKind, RateLimitedError, Source
from .interval import Earning, Estimate, Scheme
from .ledger import Ledger
from .market import Market
from .meter import HeaterSample
from .payback import Payback, payback
from .pools import POOLS, Credentials, Need, PoolInfo, PoolKind, Tells, build as build_reader, guess_pool
from .sources import Coinbase, Manual, Mempool
from .sums import Sums
from .tables import SCHEMA
from .totals import PeriodTotals, Totals

__all__ = [
    "EFFICIENCIES",
    "POOLS",
    "SCHEMA",
    "Address",
    "AlternativePrice",
    "Burner",
    "Coinbase",
    "Credentials",
    "Disagreement",
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
    "Need",
    "Network",
    "OtherHeating",
    "Payback",
    "PeriodTotals",
    "PoolInfo",
    "PoolKind",
    "Prices",
    "RateLimitedError",
    "Resistive",
    "Scheme",
    "Source",
    "Sums",
    "Supply",
    "Tells",
    "Totals",
    "address_of_user",
    "build_reader",
    "cheaper_than",
    "guess_pool",
    "mining_pays_without_heat",
    "parse_address",
    "payback",
]
