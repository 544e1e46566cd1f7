"""A Stratum V1 pool for practice: real sockets, exact judgement, every quirk of real pools as a switch."""

from .pool import PracticePool
from .quirks import ErrorFormat, Quirks, UnknownMethods, VersionBits
from .stats import PoolStats, WorkerStats

__all__ = ["ErrorFormat", "PoolStats", "PracticePool", "Quirks", "UnknownMethods", "VersionBits", "WorkerStats"]
