"""The pieces of the demo that need no Home Assistant: its folder, its dashboard, its processes and its last words."""

import asyncio
import json
from pathlib import Path
import socket
import sys

import pytest

from simulators.demo_home import assistant, home as home_module, waiting
from simulators.demo_home.__main__ import port_is_free, run
from simulators.demo_home.config import write_config
from simulators.demo_home.dashboard import dashboard
from simulators.demo_home.home import DemoHome
from simulators.demo_home.processes import Processes
from simulators.demo_home.waiting import wait_for_ids

ROOT = Path(__file__).parents[2]
IDS = {
    "climate": "climate.heater",
    "sensor.why": "sensor.why",
    "sensor.status": "sensor.status",
    "sensor.power": "sensor.power",
    "sensor.power_target": "sensor.power_target",
    "sensor.hash_rate": "sensor.hash_rate",
}


async def start(processes: Processes, name: str, code: str) -> Path:
    return await processes.start(name, [sys.executable, "-c", code], environment={})


async def test_what_ends_first_is_named_with_its_log_even_when_it_was_started_later(tmp_path: Path):
    processes = Processes(tmp_path)
    await start(processes, "steady", "import time; time.sleep(60)")
    ended = asyncio.create_task(processes.first_exit())
    await asyncio.sleep(0)
    await start(processes, "frail", "raise SystemExit(3)")
    async with asyncio.timeout(20):
        said = await ended
    assert said == f"frail ended with code 3; its log is {tmp_path / 'frail.log'}"
    await processes.stop()


async def test_stopping_goes_backwards_and_leaves_nothing(tmp_path: Path):
    processes = Processes(tmp_path)
    note = tmp_path / "order"
    code = (
        "import signal, sys, time\n"
        "def end(*_):\n"
        f"    open({str(note)!r}, 'a').write(sys.argv[1] + ' ')\n"
        "    sys.exit(0)\n"
        "signal.signal(signal.SIGTERM, end)\n"
        "print('up', flush=True)\n"
        "time.sleep(60)\n"
    )
    for name in ("first", "second"):
        await processes.start_and_wait(name, [sys.executable, "-c", code, name], environment={}, ready="up")
    await processes.stop()
    assert note.read_text().split() == ["second", "first"]


async def test_a_program_that_ends_before_it_is_ready_is_named(tmp_path: Path):
    processes = Processes(tmp_path)
    with pytest.raises(RuntimeError, match=r"frail did not start; its log is .*frail\.log"):
        await processes.start_and_wait("frail", [sys.executable, "-c", ""], environment={}, ready="never")
    await processes.stop()


async def test_a_program_is_run_to_its_end_and_named_when_it_fails(tmp_path: Path):
    processes = Processes(tmp_path)
    await processes.run("scribe", [sys.executable, "-c", ""], environment={})
    with pytest.raises(RuntimeError, match=r"scribe ended with code 2; its log is .*scribe\.log"):
        await processes.run("scribe", [sys.executable, "-c", "raise SystemExit(2)"], environment={})
    await processes.stop()


def test_a_port_in_use_is_noticed():
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        assert not port_is_free(port)
    assert port_is_free(port)


def test_the_folder_is_written_again_without_forgetting(tmp_path: Path):
    integration = ROOT / "custom_components" / "hashwarm"
    write_config(tmp_path, integration, room_port=8124, port=8123)
    onboarding = tmp_path / ".storage" / "onboarding"
    onboarding.write_text("done")
    write_config(tmp_path, integration, room_port=8125, port=8123)
    assert onboarding.read_text() == "done"
    assert "127.0.0.1:8125/state" in (tmp_path / "configuration.yaml").read_text()
    assert (tmp_path / "custom_components" / "hashwarm").resolve() == integration
    stored = json.loads((tmp_path / ".storage" / "http").read_text())["data"]["stable"]
    assert stored["server_host"] == ["127.0.0.1"]


def test_the_dashboard_leaves_out_what_the_heater_has_not_and_says_what_is_simulated():
    text = json.dumps(dashboard(IDS))
    assert "climate.heater" in text
    assert "Shares accepted" not in text
    assert "What is simulated" in text
    assert "Shares accepted" in json.dumps(dashboard({**IDS, "sensor.shares_accepted": "sensor.shares"}))


def python_without_home_assistant(folder: Path, instead: str) -> str:
    """Return an interpreter that runs the simulators as ever and something else in place of Home Assistant."""
    script = folder / "python"
    script.write_text(
        f'#!/bin/sh\nfor word in "$@"; do [ "$word" = homeassistant ] && {instead}; done\nexec {sys.executable} "$@"\n'
    )
    script.chmod(0o755)
    return str(script)


async def test_a_home_assistant_that_dies_ends_with_one_line_and_the_place_of_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(home_module.sys, "executable", python_without_home_assistant(tmp_path, "exit 7"))
    said: list[str] = []
    demo = DemoHome(ROOT, tmp_path / "home", 1, said.append)
    assert await run(demo, only_check=True) == 1
    words = capsys.readouterr().err
    assert "home-assistant ended with code 7; its log is " in words
    assert "Traceback" not in words
    assert said[0] == "the practice pool and the simulated box"


async def test_a_home_assistant_that_never_answers_is_given_up_with_a_clear_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(home_module.sys, "executable", python_without_home_assistant(tmp_path, "exec sleep 60"))
    monkeypatch.setattr(assistant, "UP_LIMIT_S", 0.5)
    demo = DemoHome(ROOT, tmp_path / "home", 1, lambda _: None)
    assert await run(demo, only_check=True) == 1
    assert "Home Assistant did not answer on http://127.0.0.1:1 within" in capsys.readouterr().err


class ForgetfulHome:
    """A Home Assistant that was killed: it knows its heater, and its entities only a while later."""

    def __init__(self, forgets: int) -> None:
        self.forgets = forgets
        self.told: list[tuple[str, ...]] = []

    async def entity_ids(self, *entry_ids: str) -> dict[str, str]:
        self.forgets -= 1
        return {} if self.forgets >= 0 else IDS | {"number.manual_power": "number.manual", "sensor.energy": "sensor.e"}

    async def set_home_options(self, page: str, changes: dict[str, object]) -> None:
        self.told.append(("options", page))

    async def command(self, command: dict[str, object]) -> None:
        self.told.append(("command", str(command["type"])))

    async def call(self, domain: str, action: str, data: dict[str, object]) -> None:
        self.told.append((domain, action))


async def test_entities_that_were_forgotten_are_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    client = ForgetfulHome(1)
    assert (await wait_for_ids(client, home_module.NEEDED))["climate"] == "climate.heater"
    monkeypatch.setattr(waiting, "UP_LIMIT_S", 0.01)
    with pytest.raises(RuntimeError, match=r"the heater had no climate, .*sensor\.why within"):
        await wait_for_ids(ForgetfulHome(1000), home_module.NEEDED)


async def test_a_home_is_told_everything_once_and_also_when_it_was_killed_before(tmp_path: Path):
    demo, client = DemoHome(ROOT, tmp_path, 1, lambda _: None), ForgetfulHome(0)
    everything = [("options", "market"), ("command", "energy/save_prefs"), ("climate", "set_temperature")]
    for _start in range(2):
        await demo._settle(client)
        assert client.told == everything
    assert await DemoHome(ROOT, tmp_path / "new", 1, lambda _: None)._settle(client) is None
    assert client.told == everything * 2
