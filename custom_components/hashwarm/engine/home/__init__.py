"""What heaters share: the ledger and its totals, and the market."""

from ..money import Earning, Figure, FigureKind, HeaterSample, Market, PeriodTotals, Scheme, Totals
from ..money.quantities import MAX_PRICE
from ..money.sources.manual import NAME as MANUAL
from .home import Home, Outlook, Problem
from .opening import HomeOptions, OpenHome, open_home

__all__ = [
    "MANUAL",
    "MAX_PRICE",
    "Earning",
    "Figure",
    "FigureKind",
    "HeaterSample",
    "Home",
    "HomeOptions",
    "Market",
    "OpenHome",
    "Outlook",
    "PeriodTotals",
    "Problem",
    "Scheme",
    "Totals",
    "open_home",
]
