"""What heaters share: the ledger and its totals, the market, circuits and rooms."""

from ..money import Earning, Figure, FigureKind, HeaterSample, Market, MeteredElectricity, PeriodTotals, Scheme, Totals
from ..money.account_tables import BookedPayout
from ..money.entries import Entry
from ..money.export import DAY_COLUMNS, PAYOUT_COLUMNS, csv_text, payout_row
from ..money.pools import AccountReading
from ..money.quantities import MAX_PRICE
from ..money.sources.manual import NAME as MANUAL
from .circuits import Circuit, CircuitStatus
from .home import Home, Outlook, Problem
from .neighbours import Neighbourhood
from .opening import AccountOptions, HomeOptions, OpenHome, open_home
from .pool_accounts import AccountSettings, AccountState, News, NewsKind, PoolAccounts

__all__ = [
    "DAY_COLUMNS",
    "MANUAL",
    "MAX_PRICE",
    "PAYOUT_COLUMNS",
    "AccountOptions",
    "AccountReading",
    "AccountSettings",
    "AccountState",
    "BookedPayout",
    "Circuit",
    "CircuitStatus",
    "Earning",
    "Entry",
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
    "csv_text",
    "open_home",
    "payout_row",
]
