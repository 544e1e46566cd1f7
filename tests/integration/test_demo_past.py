"""The days that the planner's demo simulates are recorded by Home Assistant's own recorder, statistics and all."""

import json
import os
from pathlib import Path
import sqlite3
import subprocess
import sys
import time

import pytest

ROOT = Path(__file__).parents[2]
BEGAN = time.time() // 3600.0 * 3600.0 - 12 * 3600.0
ROOM, SKY = "sensor.living_room_temperature", "weather.winter"
STATES = """
select state, last_updated_ts from states join states_meta using (metadata_id)
where states_meta.entity_id = ? order by last_updated_ts
"""
MEANS = """
select start_ts, mean from {} join statistics_meta on statistics_meta.id = metadata_id
where statistic_id = ? order by start_ts
"""


def record(folder: Path, began: float, hours: int) -> None:
    """Have a past recorded in which the room warms by a kelvin in every hour."""
    minutes = range(0, hours * 60 + 1, 2)
    degrees = {"state_class": "measurement", "device_class": "temperature", "unit_of_measurement": "°C"}
    past = {
        ROOM: {
            "attributes": degrees,
            "told": [[began + 60 * minute, round(18 + minute / 60, 2)] for minute in minutes],
        },
        SKY: {
            "attributes": {},
            "told": [[began, "sunny", {}], [began + 60, "sunny", {}], [began + 3000, "sunny", {"temperature": 3}]],
        },
    }
    (folder / "past.json").write_text(json.dumps(past))
    subprocess.run(
        [sys.executable, "-m", "simulators.demo_home.past", str(folder / "past.json"), str(folder / "home.db")],
        env={**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'scripts' / 'lib' / 'stubs'}"},
        check=True,
        timeout=100,
    )


def rows(folder: Path, query: str, *values: object) -> list[tuple[object, ...]]:
    """Return what the recorder's database holds."""
    connection = sqlite3.connect(folder / "home.db")
    try:
        return connection.execute(query, values).fetchall()
    finally:
        connection.close()


def test_states_and_statistics_are_there_as_if_they_had_been_recorded_then(tmp_path: Path):
    record(tmp_path, BEGAN, 2)
    assert rows(tmp_path, STATES, SKY) == [("sunny", BEGAN), ("sunny", BEGAN + 3000)]
    assert len(rows(tmp_path, STATES, ROOM)) == 61
    short = rows(tmp_path, MEANS.format("statistics_short_term"), ROOM)
    assert [at for at, _ in short] == [BEGAN + 300 * index for index in range(24)]
    assert [mean for _, mean in short][12] == pytest.approx(19.03, abs=0.03)
    hours = rows(tmp_path, MEANS.format("statistics"), ROOM)
    assert hours == [(BEGAN, pytest.approx(18.5, abs=0.05)), (BEGAN + 3600, pytest.approx(19.5, abs=0.05))]

    record(tmp_path, BEGAN + 3 * 3600, 1)
    assert len(rows(tmp_path, MEANS.format("statistics_short_term"), ROOM)) == 36
