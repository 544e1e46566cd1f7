"""The demo's dashboard: the thermostat beside what it does and what it earns."""

from typing import Any

from .client import HomeClient

URL_PATH = "hashwarm-demo"


def dashboard(ids: dict[str, str]) -> dict[str, Any]:
    """Return the dashboard for these entities; what is missing is left out."""
    return {
        "views": [
            {
                "title": "Hashwarm",
                "type": "sections",
                "max_columns": 3,
                "sections": [_control(ids), _watch(ids), _money(ids)],
            }
        ]
    }


def _control(ids: dict[str, str]) -> dict[str, Any]:
    features = [{"type": "climate-hvac-modes"}, {"type": "climate-preset-modes", "style": "dropdown"}]
    cards: list[dict[str, Any]] = [{"type": "thermostat", "entity": ids["climate"], "features": features}]
    rows = _present(ids, "sensor.why", "sensor.status", "select.control", "number.heat_demand", "number.manual_power")
    return _section("Thermostat", [*cards, {"type": "entities", "entities": rows}])


def _watch(ids: dict[str, str]) -> dict[str, Any]:
    tiles = [
        {"type": "tile", "entity": entity}
        for entity in _present(ids, "sensor.power_target", "sensor.power", "sensor.hash_rate", "sensor.efficiency")
    ]
    temperatures = {"type": "history-graph", "hours_to_show": 0.5, "title": "Box", "entities": [ids["climate"]]}
    watts = {
        "type": "history-graph",
        "hours_to_show": 0.5,
        "title": "Watts",
        "entities": _present(ids, "sensor.power_target", "sensor.power"),
    }
    rate = {
        "type": "history-graph",
        "hours_to_show": 0.5,
        "title": "Hash rate",
        "entities": _present(ids, "sensor.hash_rate"),
    }
    return _section("What it does", [*tiles, temperatures, watts, rate])


def _money(ids: dict[str, str]) -> dict[str, Any]:
    rows = _present(
        ids,
        "sensor.energy",
        "sensor.heating_cost",
        "sensor.earnings_today",
        "sensor.earnings_total",
        "sensor.earnings_value",
        "sensor.energy_offset",
        "sensor.heat_cost",
        "sensor.shares_accepted",
        "sensor.shares_rejected",
        "sensor.pool",
    )
    return _section("What it costs and earns", [{"type": "entities", "entities": rows}])


def _section(title: str, cards: list[dict[str, Any]]) -> dict[str, Any]:
    return {"type": "grid", "cards": [{"type": "heading", "heading": title}, *cards]}


def _present(ids: dict[str, str], *names: str) -> list[str]:
    return [ids[name] for name in names if name in ids]


async def install_dashboard(client: HomeClient, ids: dict[str, str]) -> None:
    """Create the dashboard or renew it."""
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
    await client.command({"type": "lovelace/config/save", "url_path": URL_PATH, "config": dashboard(ids)})
