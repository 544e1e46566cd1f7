"""Stratum V1: a protocol without sockets, an asyncio session over a list of pools, and a trial for the config flow."""

from .handshake import PoolFacts, try_pool
from .limits import SessionLimits
from .session import PoolSession
from .shares import RejectReason, ShareResult

__all__ = ["PoolFacts", "PoolSession", "RejectReason", "SessionLimits", "ShareResult", "try_pool"]
