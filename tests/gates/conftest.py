"""What the gates look at: the integration's files, read once."""

import json
from pathlib import Path
import subprocess
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
INTEGRATION = ROOT / "custom_components" / "hashwarm"


def read_json(path: Path) -> Any:
    """Read a JSON file in which no key stands twice."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        names = [name for name, _ in pairs]
        assert len(names) == len(set(names)), f"{path.name} says something twice: {names}"
        return dict(pairs)

    return json.loads(path.read_text(), object_pairs_hook=unique)


@pytest.fixture(scope="session")
def english() -> dict[str, Any]:
    return read_json(INTEGRATION / "translations" / "en.json")


@pytest.fixture(scope="session")
def icons() -> dict[str, Any]:
    return read_json(INTEGRATION / "icons.json")


@pytest.fixture(scope="session")
def tracked() -> list[Path]:
    """Every file in git, and those about to be."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return [path for line in listed.stdout.splitlines() if (path := ROOT / line).is_file()]
