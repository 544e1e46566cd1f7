"""One contestant in one house of EnergyPlus, in a process of its own: `python -m benchmarks.thermostat_case FILE`.

FILE holds the order as JSON and the figures afterwards, so that nothing printed can get between.
"""

from dataclasses import asdict, dataclass
from datetime import date, timedelta
import json
from pathlib import Path
import sys
from time import perf_counter
from typing import Any

from .thermostat_chain import Chain
from .thermostat_contestants import contestant
from .thermostat_energyplus import House, weather_file
from .thermostat_scenarios import SCENARIOS, Scenario
from .thermostat_view import DAY_S, Conditions, daily_schedule
from .thermostat_weather import SPREAD, YEAR, read_epw

FIRST_DAYS = {"january": date(YEAR, 1, 1), "spring": date(YEAR, 3, 15)}


@dataclass(frozen=True, kw_only=True)
class Order:
    """One run; the figures of the seeds are means over their prices."""

    case: int
    climate: str
    season: str
    contestant: str
    seeds: tuple[int, ...]
    learn_days: int = 7
    days: int = 21
    scenario: str | None = None

    @property
    def name(self) -> str:
        """Return the case as the table names it."""
        return f"case{self.case}-{self.climate}-{self.season}"

    def as_dict(self) -> dict[str, Any]:
        """Return a form that JSON can hold."""
        return asdict(self)


def run(order: Order) -> dict[str, Any]:
    """Run it and return the figures, `seconds` of wall time with them. Errors: UnableError."""
    began = perf_counter()
    year = read_epw(weather_file(order.climate))
    first = FIRST_DAYS[order.season]
    days = order.learn_days + order.days
    start = year.start_of(first)
    scenario = SCENARIOS[order.scenario] if order.scenario else Scenario()
    scored_at = start + order.learn_days * DAY_S
    usual = Conditions(setpoint_c=daily_schedule(year.place))
    chain = Chain(
        contestant(order.contestant, order.case),
        year=year,
        start=start,
        learn_days=order.learn_days,
        seed=order.seeds[0],
        conditions=scenario.conditions(usual, scored_at, year.place),
        spread=SPREAD,
        sensor=scenario.sensor(scored_at),
        able=lambda at: scenario.able(at - scored_at),
        before=lambda ours, at: scenario.before(ours, at, scored_at),
    )
    try:
        house = House(chain.minute, days * 1440, lambda minute: scenario.window(start + minute * 60.0 - scored_at))
        house.run(order.case, order.climate, first, first + timedelta(days=days - 1))
        return {
            **chain.figures(order.seeds, SPREAD),
            **chain.contestant.notes(),
            "seconds": round(perf_counter() - began, 1),
        }
    finally:
        chain.contestant.close()


def main() -> int:
    """Read the order, leave the figures in its place."""
    file = Path(sys.argv[1])
    order = json.loads(file.read_text(encoding="utf-8"))
    figures = run(Order(**{**order, "seeds": tuple(order["seeds"])}))
    file.write_text(json.dumps(figures), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
