"""The rules of the house that no linter keeps."""

import ast
from collections.abc import Iterator
import os
from pathlib import Path
import re

from homeassistant.const import Platform
import pytest

from .conftest import INTEGRATION, ROOT

PRODUCT = sorted(path for folder in (INTEGRATION, ROOT / "simulators") for path in folder.rglob("*.py"))
FACE = sorted(INTEGRATION.glob("*.py"))
PLATFORMS = [path for path in FACE if path.stem in {platform.value for platform in Platform}]
MAY_BE_BINARY = {".png"}
NOT_OUR_PLACES = re.compile(
    r"/(?:root|work)/|/home/(?!assistant)[a-z]+/|files\.pythonhosted\.org|/simple/?[\"'\s]|index-url\s*=", re.IGNORECASE
)


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def imports(path: Path) -> Iterator[tuple[str, list[str]]]:
    """Return each import as the module, dots included, and the names taken from it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from ((alias.name, []) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or ""), [alias.name for alias in node.names]


@pytest.mark.parametrize("path", PRODUCT, ids=named)
def test_every_module(path: Path):
    text = path.read_text()
    assert len(text.splitlines()) <= 400
    assert ast.get_docstring(ast.parse(text))
    assert not [module for module, names in imports(path) if "*" in names]
    assert not re.search(r"\b(?:TODO|FIXME|XXX)\b|pragma: no cover|from __future__", text)


@pytest.mark.parametrize("path", sorted((INTEGRATION / "engine").rglob("*.py")), ids=named)
def test_the_engine_knows_no_home_assistant(path: Path):
    strangers = {"homeassistant", "voluptuous", "probatio", "custom_components"}
    assert not {module.partition(".")[0] for module, _ in imports(path)} & strangers
    depth = len(path.relative_to(INTEGRATION / "engine").parts)
    assert not [module for module, _ in imports(path) if len(module) - len(module.lstrip(".")) > depth]


def test_no_device_has_minimum_times_that_plans_cut():
    paths = [*(INTEGRATION / "engine" / "miners").glob("*.py"), INTEGRATION / "entity_profile.py"]
    told = re.compile(r"(?:minimum_o(?:n|ff)_s=|(?:PLUG|MAINS)_ON_S, .*= )([0-9.]+)")
    times_s = [float(found) for path in paths for found in told.findall(path.read_text())]
    assert len(times_s) > 20
    assert max(times_s) <= 40 * 60.0, "plans know no longer ones: docs/planner.md"


@pytest.mark.parametrize("path", PLATFORMS, ids=named)
def test_platforms(path: Path):
    others = {f".{other.stem}" for other in PLATFORMS if other != path}
    assert not {module for module, _ in imports(path)} & others, "a platform imports no other"
    assigned = {
        node.targets[0].id: node.value.value
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and isinstance(node.value, ast.Constant)
    }
    read_only = path.stem in {"binary_sensor", "sensor", "event"}
    assert assigned["PARALLEL_UPDATES"] == (0 if read_only else 1)


def test_the_face_keeps_to_the_front_doors_of_the_engine():
    rooms = ("home", "heater", "stratum", "money", "miners", "jobs")
    doors = {f".engine.{room}" for room in rooms}
    for path in FACE:
        for module, _ in imports(path):
            if module.startswith(".engine"):
                assert module in doors or module.startswith(".engine.model."), f"{path.name} takes {module}"


def test_no_icon_or_name_stands_in_the_code():
    for path in FACE:
        assert "mdi:" not in path.read_text(), path.name
        assert not re.search(r"_attr_name\s*=\s*[\"']", path.read_text()), path.name


def test_nothing_binary_is_in_git(tracked: list[Path]):
    binary = [named(path) for path in tracked if path.suffix not in MAY_BE_BINARY and b"\0" in path.read_bytes()]
    assert not binary
    heavy = [named(path) for path in tracked if path.stat().st_size > 1_000_000]
    assert not heavy


def test_no_file_tells_where_it_was_made(tracked: list[Path]):
    texts = [path for path in tracked if path.suffix not in MAY_BE_BINARY and path != Path(__file__)]
    told = [
        (named(path), found[0]) for path in texts if (found := NOT_OUR_PLACES.search(path.read_text(errors="replace")))
    ]
    assert not told
    assert not [named(path) for path in tracked if path.name in {"uv.lock", "poetry.lock", "requirements.txt"}]


def test_scripts_can_be_run(tracked: list[Path]):
    for path in tracked:
        if path.parent == ROOT / "scripts":
            assert os.access(path, os.X_OK), path.name
            assert path.read_bytes().startswith(b"#!"), path.name


def test_the_readme_has_the_two_commands():
    blocks = re.findall(r"^```\w*\n(.*?)^```", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)
    commands = [line for block in blocks for line in block.splitlines()]
    assert {"scripts/develop", "scripts/test"} <= set(commands)
