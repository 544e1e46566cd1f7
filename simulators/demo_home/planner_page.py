"""The planner's page of the dashboard: the thermostat, the plan, and what was learned of the house."""

from typing import Any
from zoneinfo import ZoneInfo

from simulators.house.days import ENTITIES, PRICE
from simulators.room.physics import OPEN_LIVING_ROOM

WIDE = {"columns": "full"}
HOUSE = ZoneInfo("Europe/Berlin")
NEEDED = frozenset(
    {
        "climate",
        *(
            f"sensor.{key}"
            for key in (
                *("heat_loss", "next_heat_cost", "next_planned_start", "planned_power", "planner", "power"),
                *("power_target", "time_constant", "why"),
            )
        ),
    }
)
TRUTH = """\
**What is real here:** Hashwarm, its planner, and every byte between it and the miner.

**What is simulated:** the house ({loss:.0f} W/K and {hours:.0f} h in truth), its winter with a forecast, the prices, \
and the ten days before the first start, in which a plain thermostat drove the miner on and off. Home Assistant's own \
recorder wrote them down, and Hashwarm learned from them as it would from yours. Since then house and miner live in \
real time.

**What is emulated:** the miner, an Antminer under Braiins OS that draws 1000 to 3600 W or nothing.
"""
_WORDS = """\
**{{ state_translated('%(why)s') }}.** It is told **{{ states('%(target)s') | float(0) | round }} W** \
and draws **{{ states('%(power)s') | float(0) | round }} W**; \
it is **{{ states('%(outdoor)s') }} °C** outside.
"""


def planner_view(ids: dict[str, str]) -> dict[str, Any]:
    """Return the page for these entities."""
    view = {"title": "Planner", "path": "planner", "type": "sections", "max_columns": 3}
    return {**view, "sections": [_thermostat(ids), _plan(ids), _learned(ids), _recorded()]}


def _thermostat(ids: dict[str, str]) -> dict[str, Any]:
    words = _WORDS % {
        "why": ids["sensor.why"],
        "target": ids["sensor.power_target"],
        "power": ids["sensor.power"],
        "outdoor": ENTITIES["outdoor_c"][0],
    }
    features = [{"type": "climate-hvac-modes"}, {"type": "climate-preset-modes", "style": "dropdown"}]
    return _section(
        "Thermostat",
        [
            {"type": "thermostat", "entity": ids["climate"], "features": features},
            {"type": "markdown", "content": words},
            {"type": "entities", "entities": [{"entity": "schedule.warm_hours", "name": "Warm hours"}]},
        ],
    )


def _plan(ids: dict[str, str]) -> dict[str, Any]:
    rows = {
        "sensor.planner": "Planner",
        "sensor.next_planned_start": "Next planned start",
        "sensor.next_heat_cost": "Cost of the next kWh of heat",
    }
    card: dict[str, Any] = {
        "type": "custom:hashwarm-plan-card",
        "entity": ids["sensor.planned_power"],
        "title": "The next 24 hours",
    }
    prices: list[dict[str, Any]] = [*_rows(ids, rows), {"entity": PRICE, "name": "Price of electricity now"}]
    cards: list[dict[str, Any]] = [
        {**card, "grid_options": WIDE},
        {"type": "entities", "entities": prices, "grid_options": WIDE},
    ]
    return {**_section("What it is going to do", cards), "column_span": 2}


def _learned(ids: dict[str, str]) -> dict[str, Any]:
    rows: list[dict[str, Any]] = _rows(
        ids, {"sensor.heat_loss": "Heat loss", "sensor.time_constant": "Time constant of the room"}
    )
    told = {
        "foretelling_error_k": ("Foretelling error, 6 h ahead", "K"),
        "foretelling_error_as_now_k": ("Error of saying “as now”", "K"),
        "history_h": ("Learned from", "h"),
    }
    rows += [
        {"type": "attribute", "entity": ids["sensor.planner"], "attribute": key, "name": name, "suffix": unit}
        for key, (name, unit) in told.items()
    ]
    return _section(
        "What it learned", [{"type": "entities", "entities": rows}, {"type": "markdown", "content": _truth()}]
    )


def _recorded() -> dict[str, Any]:
    temperatures = [
        {"entity": entity_id, "name": name} for entity_id, name, kind, _ in ENTITIES.values() if kind != "power"
    ]
    power = [{"entity": ENTITIES["plug_w"][0], "name": "Drawn"}]
    graphs = [
        {"type": "history-graph", "hours_to_show": 48, "entities": entities, "grid_options": WIDE}
        for entities in (temperatures, power)
    ]
    return {**_section("What Home Assistant recorded", graphs), "column_span": 2}


def _truth() -> str:
    house = OPEN_LIVING_ROOM
    loss_w_per_k = house.air_to_outdoor_w_per_k
    hours = (house.air_j_per_k + house.mass_j_per_k) / loss_w_per_k / 3600.0
    return TRUTH.format(loss=loss_w_per_k, hours=hours)


def _rows(ids: dict[str, str], names: dict[str, str]) -> list[dict[str, Any]]:
    return [{"entity": ids[key], "name": name} for key, name in names.items()]


def _section(title: str, cards: list[dict[str, Any]]) -> dict[str, Any]:
    return {"type": "grid", "cards": [{"type": "heading", "heading": title}, *cards]}
