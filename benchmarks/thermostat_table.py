"""The figures of the thermostats as tables for people."""

from typing import Any

GOALS = (
    "goals for planner on case900-chicago: 4 starts a day in January, 3.5 in spring; cold 0.35, overshoot 0.3 K·h a day"
)
COLUMNS = {
    "starts_per_day": "starts/day",
    "cold_kh_per_day": "cold K·h/d",
    "overshoot_kh_per_day": "over K·h/d",
    "net_cost_per_day": "net EUR/d",
    "kwh_per_day": "kWh/d",
    "room_mean_c": "mean °C",
    "worst_day_cold_kh": "worst day",
}
SCENARIO_COLUMNS = {
    "longest_cold_minutes": "cold min",
    "coldest_k": "by K",
    "starts_per_day": "starts/day",
    "cold_kh_per_day": "cold K·h/d",
    "overshoot_kh_per_day": "over K·h/d",
    "net_cost_per_day": "net EUR/d",
}


def laid_out(figures: dict[str, Any]) -> str:
    """Return a table for each case, one for the scenarios, and the bound."""
    parts = [_table(case, rows, COLUMNS) for case, rows in figures.items() if case.startswith("case")]
    if "scenarios" in figures:
        rows = {f"{name}, {who}": row for name, each in figures["scenarios"].items() for who, row in each.items()}
        parts.append(_table("scenarios, three days each; cold while the heater had watts left", rows, SCENARIO_COLUMNS))
    if "bound" in figures:
        parts.append("\n".join(["against perfect foresight on the RC plant", *_pairs(figures["bound"])]))
        parts.append(f"a plan takes {figures['solve_ms']} ms for 24 h, {figures['solve_36h_ms']} ms for 36 h")
    return "\n\n".join([*parts, GOALS])


def _table(title: str, rows: dict[str, dict[str, Any]], columns: dict[str, str]) -> str:
    head = f"{'':<34}" + "".join(f"{name:>12}" for name in columns.values())
    lines = [f"{name:<34}" + "".join(f"{row[key]!s:>12}" for key in columns) for name, row in rows.items()]
    return "\n".join([title, head, *lines])


def _pairs(figures: dict[str, Any]) -> list[str]:
    return [f"  {key:<40}{value!s:>12}" for key, value in figures.items()]
