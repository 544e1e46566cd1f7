"""`python -m simulators.demo_home.past PAST DATABASE`: Home Assistant records days that were simulated.

Its own recorder writes the states and compiles the statistics of every five minutes; nothing is written past it.
"""

import argparse
import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from homeassistant import loader
from homeassistant.bootstrap import async_load_base_functionality
from homeassistant.components.recorder import DOMAIN as RECORDER, get_instance
from homeassistant.components.recorder.tasks import CommitTask, StatisticsTask
from homeassistant.config_entries import ConfigEntries
from homeassistant.core import HomeAssistant
from homeassistant.helpers.recorder import async_initialize_recorder
from homeassistant.setup import async_setup_component

# The database takes them one upon another, the slower the more there are at a time.
COMMITTED_TOGETHER = 300
PERIOD_S = 300.0

type Told = tuple[float, str, str, dict[str, Any]]
"""When which entity told what, and with which attributes."""


def tellings(past: dict[str, Any]) -> list[Told]:
    """Return what each entity told in the order of time; what it repeats it told before."""
    told = [each for entity_id, entity in past.items() for each in _of_one(entity_id, entity)]
    return sorted(told, key=lambda each: each[:2])


def _of_one(entity_id: str, entity: dict[str, Any]) -> Iterator[Told]:
    last: list[Any] = []
    for at, *told in entity["told"]:
        if told != last:
            value, *changing = told
            yield at, entity_id, str(value), {**entity["attributes"], **(changing[0] if changing else {})}
        last = told


def _periods(told: list[Told]) -> Iterator[datetime]:
    at, end = told[0][0] // PERIOD_S * PERIOD_S, told[-1][0]
    while at + PERIOD_S <= end:
        yield datetime.fromtimestamp(at, UTC)
        at += PERIOD_S


async def record(past: dict[str, Any], database: Path) -> None:
    """Have the recorder write what is past into its database."""
    with TemporaryDirectory(prefix="hashwarm-past-") as folder:
        hass = HomeAssistant(folder)
        hass.config_entries = ConfigEntries(hass, {})
        loader.async_setup(hass)
        await async_load_base_functionality(hass)
        async_initialize_recorder(hass)
        options = {"db_url": f"sqlite:///{database}"}
        for domain, chosen in ((RECORDER, options), ("sensor", {})):
            if not await async_setup_component(hass, domain, {domain: chosen}):
                raise RuntimeError(f"{domain} does not start")
        recorder, told = get_instance(hass), tellings(past)
        # Until Home Assistant has started, the recorder only gathers what it is to do; then it does all in this order.
        for index, (at, entity_id, state, attributes) in enumerate(told):
            if index % COMMITTED_TOGETHER == 0:
                recorder.queue_task(CommitTask())
            hass.states.async_set(entity_id, state, attributes, timestamp=at)
        for start in _periods(told):
            recorder.queue_task(StatisticsTask(start, fire_events=False))
        await hass.async_start()
        await recorder.async_block_till_done()
        await hass.async_stop()


def main() -> None:
    """Read the arguments and record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("past", type=Path, help="a JSON file: entities, their attributes, and what they told")
    parser.add_argument("database", type=Path)
    arguments = parser.parse_args()
    asyncio.run(record(json.loads(arguments.past.read_text()), arguments.database))


if __name__ == "__main__":
    main()
