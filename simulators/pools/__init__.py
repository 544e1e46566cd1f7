"""Seven pools and a chain explorer on the loopback, all telling of one practice account."""

from .account import Found, Paid, PracticeAccount
from .server import Mood, PracticePools

__all__ = ["Found", "Mood", "Paid", "PracticeAccount", "PracticePools"]
