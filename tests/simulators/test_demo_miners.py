"""The demo's page of miners and the ports it keeps."""

import json
from pathlib import Path

from simulators.demo_home.config import write_config
from simulators.demo_home.miners import MinerTown, _room_sensor, _section
from simulators.miners.catalogue import SPECIMENS


def test_ports_stay_the_same_from_one_start_to_the_next(tmp_path: Path):
    first = MinerTown(tmp_path)._known_ports()
    assert MinerTown(tmp_path)._known_ports() == first
    assert set(first) == {"town", *SPECIMENS}
    assert len(set(first.values())) == len(first)


def test_ports_of_another_set_of_families_are_chosen_anew(tmp_path: Path):
    (tmp_path / "miner_ports.json").write_text(json.dumps({"town": 1}))
    assert set(MinerTown(tmp_path)._known_ports()) == {"town", *SPECIMENS}


def test_the_rooms_of_the_miners_are_in_the_configuration_under_the_names_that_the_flow_takes(tmp_path: Path):
    titles = {family: specimen.title for family, specimen in SPECIMENS.items()}
    write_config(tmp_path, tmp_path, room_port=1, port=2, miners=(3, titles))
    text = (tmp_path / "configuration.yaml").read_text()
    assert text.count("unique_id: demo_room_") == len(SPECIMENS)
    assert "http://127.0.0.1:3/{{ family }}/plug" in text
    assert _room_sensor("Whatsminer, API 3") == "sensor.room_of_the_whatsminer_api_3"


def test_a_section_shows_what_there_is():
    section = _section("axeos", "Bitaxe", {"climate": "climate.x", "sensor.why": "sensor.why"})
    kinds = [card["type"] for card in section["cards"]]
    assert kinds[:3] == ["heading", "thermostat", "entities"]
    assert section["cards"][2]["entities"] == [{"entity": "sensor.why", "name": "Why"}]
    assert {card["tap_action"]["perform_action"] for card in section["cards"][3:]} == {
        "rest_command.miner_plug",
        "rest_command.miner_fault",
    }
