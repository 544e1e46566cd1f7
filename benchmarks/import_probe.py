"""Times the import of the integration into a process that has Home Assistant running parts imported; prints ms."""

from importlib import import_module
from pathlib import Path
import sys
import time

PLATFORMS = (
    "config_flow", "climate", "sensor", "binary_sensor", "number", "select", "switch", "button", "event", "diagnostics",
)  # fmt: skip

COMPANY = (
    "recorder", "recorder.statistics", "http", "websocket_api", "zeroconf", "dhcp", "history", "energy",
    "repairs", "backup",
)  # fmt: skip
"""What every Home Assistant runs beside us."""


def main() -> None:
    """Import what a running Home Assistant has, then the integration and its platforms; fail if that takes in numpy."""
    integration = Path(__file__).parents[1] / "custom_components" / "hashwarm"
    for name in ("bootstrap", "config_entries", "helpers.update_coordinator", "helpers.service", "helpers.selector"):
        import_module(f"homeassistant.{name}")
    present = [name for name in PLATFORMS if (integration / f"{name}.py").exists()]
    for name in (*present, *COMPANY):
        try:
            import_module(f"homeassistant.components.{name}")
        except ImportError:
            continue
    had_numpy = "numpy" in sys.modules
    began_s = time.perf_counter()
    for name in ("custom_components.hashwarm", *(f"custom_components.hashwarm.{name}" for name in present)):
        import_module(name)
    elapsed_s = time.perf_counter() - began_s
    if "numpy" in sys.modules and not had_numpy:
        sys.exit("the integration imports numpy")
    print(round(elapsed_s * 1e3, 1))


if __name__ == "__main__":
    main()
