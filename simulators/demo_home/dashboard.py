"""The demo's dashboard: the thermostat beside what it does and what it earns."""

from collections.abc import Sequence
from typing import Any

from .client import HomeClient

URL_PATH = "hashwarm-demo"
GRAPH_H = 0.25
TRUTH = """\
**What is real here:** the miner on this machine, its watts, its hashes, and every share.

**What is simulated:** the insulated box, sized so that this CPU can warm it, in real time; \
and the pool, which checks each share as a real one does.

**Given by hand:** difficulty, Bitcoin price and 0.30 EUR/kWh. A CPU earns next to nothing; that is the truth.
"""


def dashboard(ids: dict[str, str], more: Sequence[dict[str, Any]] = ()) -> dict[str, Any]:
    """Return the dashboard for these entities, and views beside them; what is missing is left out."""
    return {
        "views": [
            {
                "title": "Hashwarm",
                "type": "sections",
                "max_columns": 3,
                "sections": [_control(ids), _watch(ids), _money(ids)],
            },
            *more,
        ]
    }


def _control(ids: dict[str, str]) -> dict[str, Any]:
    features = [{"type": "climate-hvac-modes"}, {"type": "climate-preset-modes", "style": "dropdown"}]
    rows = _rows(ids, {"select.control": "Control", "number.heat_demand": "Demand", "number.manual_power": "By hand"})
    return _section(
        "Thermostat",
        [
            {"type": "thermostat", "entity": ids["climate"], "features": features},
            {"type": "markdown", "content": _words(ids)},
            {"type": "entities", "entities": rows},
        ],
    )


def _words(ids: dict[str, str]) -> str:
    """Return a template that says in plain words what goes on."""
    return (
        "**{{ state_translated('"
        + ids["sensor.why"]
        + "') }}.** It is told **{{ states('"
        + ids["sensor.power_target"]
        + "') | float(0) | round(1) }} W**, draws **{{ states('"
        + ids["sensor.power"]
        + "') | float(0) | round(1) }} W** and hashes **{{ (states('"
        + ids["sensor.hash_rate"]
        + "') | float(0) * 1e6) | round(1) }} MH/s** ({{ state_translated('"
        + ids["sensor.status"]
        + "') | lower }})."
    )


def _watch(ids: dict[str, str]) -> dict[str, Any]:
    tiles = _tiles(ids, {"sensor.power_target": "Power target", "sensor.power": "Power"})
    rate = [
        {**tile, "grid_options": {"columns": 12}, "features": [{"type": "trend-graph", "hours_to_show": GRAPH_H}]}
        for tile in _tiles(ids, {"sensor.hash_rate": "Hash rate"})
    ]
    return _section(
        "What it does",
        [
            *tiles,
            _graph(_rows(ids, {"sensor.power_target": "Target", "sensor.power": "Drawn"})),
            _graph([{"entity": ids["climate"], "name": "Box"}]),
            *rate,
        ],
    )


def _graph(entities: list[dict[str, str]]) -> dict[str, Any]:
    return {
        "type": "history-graph",
        "hours_to_show": GRAPH_H,
        "entities": entities,
        "grid_options": {"columns": 12, "rows": 4},
    }


def _money(ids: dict[str, str]) -> dict[str, Any]:
    rows = _rows(
        ids,
        {
            "sensor.energy": "Heat",
            "sensor.heating_cost": "Cost",
            "sensor.earnings_total": "Earned",
            "sensor.earnings_value": "Earned, in money",
            "sensor.energy_offset": "Energy offset",
            "sensor.heat_cost": "Heat after earnings",
            "sensor.shares_accepted": "Shares accepted",
            "sensor.shares_rejected": "Shares rejected",
            "sensor.btc_price": "Bitcoin, by hand",
        },
    )
    return _section(
        "What it costs and earns", [{"type": "entities", "entities": rows}, {"type": "markdown", "content": TRUTH}]
    )


def _section(title: str, cards: list[dict[str, Any]]) -> dict[str, Any]:
    return {"type": "grid", "cards": [{"type": "heading", "heading": title}, *cards]}


def _rows(ids: dict[str, str], names: dict[str, str]) -> list[dict[str, str]]:
    return [{"entity": ids[key], "name": name} for key, name in names.items() if key in ids]


def _tiles(ids: dict[str, str], names: dict[str, str]) -> list[dict[str, Any]]:
    return [{"type": "tile", **row} for row in _rows(ids, names)]


async def install_dashboard(client: HomeClient, ids: dict[str, str], more: Sequence[dict[str, Any]] = ()) -> None:
    """Create the dashboard or renew it."""
    await save_dashboard(client, dashboard(ids, more))


async def save_dashboard(client: HomeClient, config: dict[str, Any]) -> None:
    """Create the demo's dashboard with these views, or renew it."""
    known = await client.command({"type": "lovelace/dashboards/list"})
    if all(board["url_path"] != URL_PATH for board in known):
        board = {
            "url_path": URL_PATH,
            "title": "Hashwarm",
            "icon": "mdi:home-thermometer",
            "show_in_sidebar": True,
            "require_admin": False,
            "mode": "storage",
        }
        await client.command({"type": "lovelace/dashboards/create", **board})
    await client.command({"type": "lovelace/config/save", "url_path": URL_PATH, "config": config})
