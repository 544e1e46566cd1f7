"""The documentation knows what the product shows, and shows nothing else."""

from pathlib import Path
import re
from typing import Any

from homeassistant.config_entries import ConfigSubentryData
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
import yaml

from custom_components.hashwarm.ai_const import SUBENTRY_EXECUTOR
from custom_components.hashwarm.const import DOMAIN
from custom_components.hashwarm.engine.miners import ASIC_RS, FAMILIES
from custom_components.hashwarm.engine.model.driver import Family

from .conftest import ROOT

DOCS = ROOT / "docs"
PAGES = (ROOT / "README.md", *sorted(DOCS.rglob("*.md")))
MINERS = DOCS / "miners"
HEAVIEST_PICTURE = 250_000
LINK = re.compile(r"\]\(([^)#\s]*)(#[^)\s]+)?\)")
ANY_DEVICE = "0123456789abcdef0123456789abcdef"
# What a form asks of a person, in words that depend on the entity chosen.
NAMED_BY_THE_ENTITY = {"Power at {low}", "Power at {high}"}


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def anchors(page: Path) -> set[str]:
    """Return the anchors that the headings of a page make."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_link_leads_somewhere(page: Path):
    for target, anchor in LINK.findall(page.read_text()):
        if re.match(r"[a-z]+:", target):
            continue
        leads_to = (page.parent / target).resolve() if target else page
        assert leads_to.exists(), f"{named(page)}: {target}"
        assert not anchor or anchor[1:] in anchors(leads_to), f"{named(page)}: {target}{anchor}"


def test_pictures_are_light_and_used():
    shown = "\n".join(page.read_text() for page in PAGES)
    for picture in (DOCS / "images").glob("*.png"):
        assert picture.stat().st_size <= HEAVIEST_PICTURE, picture.name
        assert f"images/{picture.name}" in shown, f"nobody looks at {picture.name}"


def test_every_family_has_a_page_and_a_line_in_the_table():
    table = (MINERS / "README.md").read_text()
    for info in (*FAMILIES, ASIC_RS):
        page = MINERS / f"{info.family.value}.md"
        assert page.exists()
        assert f"({page.name})" in table
        assert re.search(r"emulat", page.read_text()), f"{page.name} says what was checked"
    pages = {page.stem for page in MINERS.glob("*.md")} - {"README", "entities-as-heater"}
    assert pages == {family.value for family in Family} - {Family.ENTITIES.value}


def _labels(english: dict[str, Any]) -> set[str]:
    flows = (english["config"], english["options"], *english["config_subentries"].values())
    steps = [step for flow in flows for step in flow["step"].values()]
    parts = [part for step in steps for part in (step, *step.get("sections", {}).values())]
    told = {label for part in parts for label in part.get("data", {}).values()}
    return {label.removesuffix(" in {currency}") for label in told - NAMED_BY_THE_ENTITY}


def test_every_field_of_every_form_is_explained(english: dict[str, Any]):
    text = (DOCS / "settings.md").read_text() + (DOCS / "circuits-and-rooms.md").read_text()
    assert not {label for label in _labels(english) if label not in text}


def test_every_entity_is_explained(english: dict[str, Any]):
    text = (DOCS / "entities.md").read_text().lower()
    names = {
        entity["name"] for platform in english["entity"].values() for entity in platform.values() if "name" in entity
    }
    for name in sorted(names):
        words = re.sub(r"\{\w+\} ?", "", name).lower().removeprefix("board ")
        assert words in text, name
    states = english["entity"]["sensor"]["status"]["state"].values()
    assert not [state for state in states if state.lower() not in text]


def test_every_word_of_safety_is_one_that_is_shown(english: dict[str, Any]):
    shown = "\n".join(english["entity"]["sensor"]["why"]["state"].values()).lower()
    rows = re.findall(r"^\|(?:[^|]*\|){3} ([^|]+) \|$", (DOCS / "safety.md").read_text(), re.MULTILINE)
    words = {word for row in rows for word in re.split(r", (?=[A-Z])", row)} - {"word in *Why*", "a repair tells you"}
    assert len(words) > 10
    assert not {word for word in words if word.lower() not in shown}


def _automations(device_id: str) -> list[dict[str, Any]]:
    page = (DOCS / "examples.md").read_text().replace(ANY_DEVICE, device_id)
    blocks = re.findall(r"^```yaml\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    return [automation for block in blocks for automation in yaml.safe_load(block)["automation"]]


def _heater_with_ai(hass: HomeAssistant) -> str:
    """Return the device of a heater that computes for AI."""
    executor = ConfigSubentryData(data={}, subentry_type=SUBENTRY_EXECUTOR, title="Box", unique_id=None)
    heater = MockConfigEntry(domain=DOMAIN, unique_id="heater", data={}, subentries_data=[executor])
    heater.add_to_hass(hass)
    registry = dr.async_get(hass)
    return registry.async_get_or_create(config_entry_id=heater.entry_id, identifiers={(DOMAIN, "heater")}).id


@pytest.mark.usefixtures("enable_custom_integrations")
async def test_every_example_is_taken_by_home_assistant(hass: HomeAssistant, caplog: pytest.LogCaptureFixture):
    automations = _automations(_heater_with_ai(hass))
    assert automations
    for automation in automations:
        # One whose time comes while this test runs does nothing: here is no heater to do it with.
        automation["conditions"] = ["{{ false }}", *automation.get("conditions", [])]
    hass.states.async_set("sensor.electricity_price", "0.3")
    assert await async_setup_component(hass, "automation", {"automation": automations})
    await hass.async_block_till_done()
    states = {state.name: state.state for state in hass.states.async_all("automation")}
    await hass.services.async_call("automation", "turn_off", {"entity_id": "all"}, blocking=True)
    assert states == {automation["alias"]: "on" for automation in automations}
    # One whose trigger cannot be set up is on all the same.
    assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"] == []
