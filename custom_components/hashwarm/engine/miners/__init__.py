"""Networked miners: one driver per API family, pure parsers, thin clients."""
