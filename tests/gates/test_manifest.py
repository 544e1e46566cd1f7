"""The manifest, hacs.json, the brand and the quality scale: what hassfest and HACS would look at."""

import re
import struct
from typing import Any

from homeassistant.const import MAJOR_VERSION, MINOR_VERSION
from homeassistant.loader import Manifest
from homeassistant.util.yaml import load_yaml_dict
import pytest

from custom_components.hashwarm.const import AGENT, DOMAIN

from .conftest import INTEGRATION, ROOT, read_json

ALLOWED_REQUIREMENTS = {"numpy"}
HACS_KEYS = {
    "content_in_root", "country", "filename", "hacs", "hide_default_branch", "homeassistant", "name",
    "persistent_directory", "render_readme", "zip_release",
}  # fmt: skip
BRONZE = {
    "action-setup", "appropriate-polling", "brands", "common-modules", "config-flow", "config-flow-test-coverage",
    "dependency-transparency", "docs-actions", "docs-conditions", "docs-high-level-description",
    "docs-installation-instructions", "docs-removal-instructions", "docs-triggers", "entity-event-setup",
    "entity-unique-id", "has-entity-name", "runtime-data", "test-before-configure", "test-before-setup",
    "unique-config-entry",
}  # fmt: skip
SILVER = {
    "action-exceptions", "config-entry-unloading", "docs-configuration-parameters", "docs-installation-parameters",
    "entity-unavailable", "integration-owner", "log-when-unavailable", "parallel-updates", "reauthentication-flow",
    "test-coverage",
}  # fmt: skip
GOLD = {
    "devices", "diagnostics", "discovery", "discovery-update-info", "docs-data-update", "docs-examples",
    "docs-known-limitations", "docs-supported-devices", "docs-supported-functions", "docs-troubleshooting",
    "docs-use-cases", "dynamic-devices", "entity-category", "entity-device-class", "entity-disabled-by-default",
    "entity-translations", "exception-translations", "icon-translations", "reconfiguration-flow", "repair-issues",
    "stale-devices",
}  # fmt: skip
PLATINUM = {"async-dependency", "inject-websession", "strict-typing"}
TIERS = {"bronze": BRONZE, "silver": SILVER, "gold": GOLD, "platinum": PLATINUM}


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    return read_json(INTEGRATION / "manifest.json")


@pytest.fixture(scope="module")
def quality_scale() -> dict[str, Any]:
    return load_yaml_dict(str(INTEGRATION / "quality_scale.yaml"))["rules"]


def test_the_manifest_has_known_keys_in_order(manifest: dict[str, Any]):
    names = list(manifest)
    assert names == ["domain", "name", *sorted(names[2:])]
    assert set(names) <= set(Manifest.__annotations__)
    assert {"codeowners", "config_flow", "documentation", "integration_type", "iot_class", "issue_tracker"} <= set(
        names
    )


def test_the_manifest_says_what_is_so(manifest: dict[str, Any]):
    assert manifest["domain"] == DOMAIN == INTEGRATION.name
    assert manifest["documentation"].startswith("https://")
    assert "home-assistant.io" not in manifest["documentation"]
    assert manifest["issue_tracker"].startswith("https://")
    assert all(owner.startswith("@") for owner in manifest["codeowners"])
    assert manifest["iot_class"] == "local_push"
    assert re.fullmatch(r"\d+\.\d+\.\d+", manifest["version"])
    assert f'version = "{manifest["version"]}"' in (ROOT / "pyproject.toml").read_text()
    assert f"{DOMAIN}/{manifest['version']}" == AGENT


def test_hardly_anything_is_required(manifest: dict[str, Any]):
    assert {re.split(r"[=<>~!\[]", line)[0] for line in manifest["requirements"]} <= ALLOWED_REQUIREMENTS


def test_hacs_knows_every_key():
    hacs = read_json(ROOT / "hacs.json")
    assert set(hacs) <= HACS_KEYS
    assert hacs["name"] == "Hashwarm"
    assert ("zip_release" in hacs) <= ("filename" in hacs)
    year, month, _ = (int(part) for part in hacs["homeassistant"].split("."))
    assert (year, month) <= (MAJOR_VERSION, MINOR_VERSION), "tested with the oldest that is supported, or a newer one"


def test_the_licence_is_one_that_hacs_takes():
    text = (ROOT / "LICENSE").read_text()
    assert "Apache License" in text
    assert "Version 2.0" in text


@pytest.mark.parametrize(
    ("name", "width", "height"),
    [
        ("icon.png", (256, 256), (256, 256)),
        ("icon@2x.png", (512, 512), (512, 512)),
        *((f"{prefix}logo.png", (128, 1024), (128, 256)) for prefix in ("", "dark_")),
        *((f"{prefix}logo@2x.png", (256, 2048), (256, 512)) for prefix in ("", "dark_")),
    ],
)
def test_brand_images(name: str, width: tuple[int, int], height: tuple[int, int]):
    data = (INTEGRATION / "brand" / name).read_bytes()
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    assert len(data) < 100_000
    wide, high, depth, colours = struct.unpack(">IIBB", data[16:26])
    assert width[0] <= wide <= width[1]
    assert height[0] <= high <= height[1]
    assert (depth, colours) == (8, 6), "with transparency"


def test_every_rule_of_the_scale_is_answered(quality_scale: dict[str, Any]):
    rules = set().union(*TIERS.values())
    assert len(rules) == 54
    assert set(quality_scale) == rules
    for rule, answer in quality_scale.items():
        if answer != "done":
            assert answer["status"] in {"exempt", "todo"}, rule
            assert answer["comment"].endswith("."), rule


def test_the_manifest_claims_no_tier_with_work_left(manifest: dict[str, Any], quality_scale: dict[str, Any]):
    claimed = manifest["quality_scale"]
    held = list(TIERS)[: list(TIERS).index(claimed) + 1]
    undone = {rule for rule, answer in quality_scale.items() if answer != "done" and answer["status"] == "todo"}
    assert not {rule for tier in held for rule in TIERS[tier] if rule in undone}
