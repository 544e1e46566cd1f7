"""A mempool.space, an Esplora and a Coinbase on the loopback."""

from .server import Mood, PracticeMarket

__all__ = ["Mood", "PracticeMarket"]
