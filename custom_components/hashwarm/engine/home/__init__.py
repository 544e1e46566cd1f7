"""What heaters share: the ledger and its totals, and the market."""

from ..money import Earning, HeaterSample, PeriodTotals, Scheme, Totals
from .home import Home, Outlook, Problem

__all__ = ["Earning", "HeaterSample", "Home", "Outlook", "PeriodTotals", "Problem", "Scheme", "Totals"]
