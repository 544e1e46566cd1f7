"""One SQLite file: single writer thread, schema registry, migrations, transactions, salvage, pause for backup."""

from .faults import StoreNewerError
from .salvage import Salvage
from .schema import Migration, Schema
from .store import Store

__all__ = ["Migration", "Salvage", "Schema", "Store", "StoreNewerError"]
