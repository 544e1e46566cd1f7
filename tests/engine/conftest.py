"""Runs the engine without Home Assistant: an empty parent package stands where the integration would be."""

from pathlib import Path
import sys
from types import ModuleType

ROOT = Path(__file__).parents[2]


def _empty_package(name: str, path: Path) -> None:
    if name not in sys.modules:
        module = ModuleType(name)
        module.__path__ = [str(path)]
        sys.modules[name] = module


_empty_package("custom_components", ROOT / "custom_components")
_empty_package("custom_components.hashwarm", ROOT / "custom_components" / "hashwarm")
