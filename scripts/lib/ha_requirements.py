"""Print the requirements of the Home Assistant components that the demo home and the browser tests load."""

import json
from pathlib import Path
from typing import Any

import homeassistant
from homeassistant.const import BASE_PLATFORMS

# Home Assistant sets up every base platform at start, and the frontend asks each of them for its actions.
COMPONENTS = (
    *sorted(BASE_PLATFORMS),
    "analytics",
    "assist_pipeline",
    "backup",
    "config",
    "energy",
    "frontend",
    "hassio",
    "history",
    "logbook",
    "onboarding",
    "recorder",
    "rest",
    "sun",
    "system_health",
)

# These two only build with a C++ compiler and only serve voice assistants; scripts/lib/stubs stands in for them.
STUBBED = ("pymicro-vad", "pyspeex-noise")


def closure(names: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    """Return the manifests of the named components and of all they depend on."""
    root = Path(homeassistant.__file__).parent / "components"
    found: dict[str, dict[str, Any]] = {}
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        manifest = root / name / "manifest.json"
        if name in found or not manifest.exists():
            continue
        found[name] = json.loads(manifest.read_text())
        waiting += found[name].get("dependencies", [])
        waiting += [after for after in found[name].get("after_dependencies", []) if after in ("http", "websocket_api")]
    return found


def requirements() -> list[str]:
    """Return the sorted requirement lines, less the stubbed ones."""
    lines = {line for manifest in closure(COMPONENTS).values() for line in manifest.get("requirements", [])}
    return sorted(line for line in lines if not line.replace("_", "-").lower().startswith(STUBBED))


if __name__ == "__main__":
    print("\n".join(requirements()))
