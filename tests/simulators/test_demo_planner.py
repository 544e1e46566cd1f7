"""The pieces of the planner's demo that need no Home Assistant: its folder, its page, and what it thinks of a plan."""

import json
from pathlib import Path
import sys
from typing import Any

import pytest

from simulators.demo_home.__main__ import run
from simulators.demo_home.client import HomeClient
from simulators.demo_home.home import DemoHome
from simulators.demo_home.planner import PLANNED_SLOTS, PlannerHome, _sensors, doubts, told_of
from simulators.demo_home.planner_page import NEEDED, planner_view
from simulators.house.days import ENTITIES, PRICE

ROOT = Path(__file__).parents[2]


def plan(**changes: Any) -> list[dict[str, Any]]:
    """Return a day in which it heats in every second hour."""
    slot = {"temperature": 20.6, "target": 21.0, "start": "2026-11-23T12:00:00+00:00", **changes}
    return [
        {"power_w": 1000.0 * (index // 4 % 2), "price": 0.2 + index / 1000, **slot} for index in range(PLANNED_SLOTS)
    ]


def test_a_plan_is_told_in_a_sentence():
    assert told_of(plan()) == "planned until Monday 13:00: it starts 12 times and draws 12 kWh, from 20.6 to 20.6 °C"
    assert "it starts once" in told_of(plan()[:8])


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"temperature": 12.0}, "a room that is cold or hot"),
        ({"target": 5.0}, "targets that nobody set"),
        ({"price": None}, "hours without a price"),
        ({"price": 0.3}, "the same price all day"),
        ({"power_w": 5000.0}, "more than the miner can draw"),
        ({"power_w": 0.0}, "no heat in a winter's day"),
    ],
)
def test_an_odd_plan_is_doubted(changes: dict[str, Any], words: str):
    assert words in doubts(plan(**changes))
    assert doubts(plan()) == []


def test_the_page_shows_the_plan_and_says_what_is_simulated():
    view = planner_view({key: f"{key.split('.')[0]}.x" for key in NEEDED})
    text = json.dumps(view)
    assert "custom:hashwarm-plan-card" in text
    assert "What is simulated" in text
    assert "60 W/K" in text
    assert all(entity_id in text for entity_id, *_ in ENTITIES.values())


def test_the_sensors_are_named_as_in_the_past_that_was_recorded():
    text = _sensors(8126)
    assert text.count("http://127.0.0.1:8126/") == 3
    for entity_id, name, *_ in ENTITIES.values():
        assert f"name: {name}\n" in text
        assert entity_id == "sensor." + name.lower().replace(" ", "_")
    assert "name: Electricity price\n" in text
    assert PRICE == "sensor.electricity_price"


class Faint(HomeClient):
    """A Home Assistant whose planner shows this, one answer after the other."""

    def __init__(self, *shown: list[dict[str, Any]] | None) -> None:
        self.shown = list(shown)

    async def state(self, entity_id: str) -> str | None:
        if entity_id == "sensor.planner":
            return "learning"
        if self.shown[0] is None:
            self.shown.pop(0)
            return None
        return "0"

    async def get(self, path: str) -> Any:
        return {"attributes": {"plan": self.shown.pop(0)}}


IDS = {"sensor.planner": "sensor.planner", "sensor.planned_power": "sensor.planned"}


async def test_a_plan_is_waited_for_and_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    home = PlannerHome(ROOT, tmp_path, 1, lambda _: None)
    assert await home._plan(Faint(None, [], plan()), IDS) == plan()
    with pytest.raises(RuntimeError, match="the plan is odd: hours without a price"):
        await home._plan(Faint(plan(price=None)), IDS)
    monkeypatch.setattr("simulators.demo_home.planner.PLAN_LIMIT_S", 0.7)
    with pytest.raises(RuntimeError, match=r"no plan within 1 s; the planner says learning"):
        await home._plan(Faint([], [], []), IDS)


def test_a_past_that_was_recorded_by_half_is_forgotten(tmp_path: Path):
    home = PlannerHome(ROOT, tmp_path, 1, lambda _: None)
    config = tmp_path / "config"
    config.mkdir()
    for path in (tmp_path / "house.json", config / "home-assistant_v2.db", config / "home-assistant_v2.db-wal"):
        path.touch()
    home._forget_past(config)
    assert [path.name for path in tmp_path.rglob("*")] == ["config"]
    home._forget_past(config)


async def test_a_past_that_cannot_be_recorded_ends_with_one_line_and_the_place_of_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    script = tmp_path / "python"
    fails = '[ "$word" = simulators.demo_home.past ] && exit 7'
    script.write_text(f'#!/bin/sh\nfor word in "$@"; do {fails}; done\nexec {sys.executable} "$@"\n')
    script.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(script))
    said: list[str] = []
    assert await run(PlannerHome(ROOT, tmp_path / "home", 1, said.append), only_check=True) == 1
    assert "past ended with code 7; its log is " in capsys.readouterr().err
    assert said[1] == "Home Assistant's recorder writes down these 10 days as they happened (up to a minute)"


def test_both_homes_say_what_is_simulated(tmp_path: Path):
    assert "simulated" in PlannerHome.words.lower()
    assert "simulated" in DemoHome.words.lower()
