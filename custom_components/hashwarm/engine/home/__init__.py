"""What heaters share: the ledger and its totals, the market, circuits and rooms."""

from ..money import Earning, Figure, FigureKind, HeaterSample, Market, MeteredElectricity, PeriodTotals, Scheme, Totals
from ..money.pools import AccountReading
from ..money.quantities import MAX_PRICE
from ..money.sources.manual import NAME as MANUAL
from .circuits import Circuit, CircuitStatus
from .home import Home, Outlook, Problem
from .neighbours import Neighbourhood
from .opening import AccountOptions, HomeOptions, OpenHome, open_home
from .pool_accounts import AccountSettings, AccountState, News, NewsKind, PoolAccounts

__all__ = [
    "MANUAL",
    "MAX_PRICE",
    "AccountOptions",
    "AccountReading",
    "AccountSettings",
    "AccountState",
    "Circuit",
    "CircuitStatus",
    "Earning",
    "Figure",
    "FigureKind",
    "HeaterSample",
    "Home",
    "HomeOptions",
    "Market",
    "MeteredElectricity",
    "Neighbourhood",
    "News",
    "NewsKind",
    "OpenHome",
    "Outlook",
    "PeriodTotals",
    "PoolAccounts",
    "Problem",
    "Scheme",
    "Totals",
    "open_home",
]
