"""The launcher's steps one by one, with the calls that cannot be undone written down instead of done."""

import ctypes
import errno
import json
import os
import signal
from types import SimpleNamespace

import pytest

from custom_components.hashwarm.engine.jobs import launcher


class System:
    """Stands where the system would be."""

    def __init__(self):
        self.asked = []
        self.refuses = {}

    def _ask(self, name, *arguments):
        self.asked.append((name, *arguments))
        if name in self.refuses:
            raise self.refuses[name]
        return 0

    def __getattr__(self, name):
        if name in {"setpriority", "unshare", "setgroups", "setresgid", "setresuid", "chdir", "umask", "execvp"}:
            return lambda *arguments: self._ask(name, *arguments)
        return getattr(os, name)


@pytest.fixture
def system(monkeypatch, tmp_path):
    system = System()
    library = SimpleNamespace(
        prctl=lambda *arguments: system._ask("prctl", *arguments),
        mount=lambda *arguments: system._ask("mount", arguments[1]),
    )
    system.library = library
    system.oom = tmp_path / "oom"
    monkeypatch.setattr(launcher, "os", system)
    monkeypatch.setattr(ctypes, "CDLL", lambda *_, **__: library)
    monkeypatch.setattr(launcher, "FileIO", lambda path, mode: system.oom.open("wb"))
    monkeypatch.setattr(launcher.resource, "setrlimit", lambda *arguments: system._ask("setrlimit", *arguments))
    monkeypatch.setattr(launcher.signal, "signal", lambda *arguments: system._ask("signal", *arguments))
    return system


def order(tmp_path, **changes):
    usual = {
        "command": ["train", "--fast"], "folder": str(tmp_path), "uid": 65534, "gid": 65534, "nice": 10,
        "oom_score_adj": 800, "hidden": [], "limits": {"files": 64}, "parent_pid": os.getppid(),
    }  # fmt: skip
    return json.dumps(usual | changes)


def test_everything_is_given_up_before_the_command_is_executed_and_in_an_order_that_holds(system, tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    # The last step comes back only here, where nothing is executed.
    system.refuses["execvp"] = FileNotFoundError()
    (tmp_path / "file").chmod(0o600)
    hidden = [str(tmp_path / "folder"), str(tmp_path / "none")]
    assert launcher.main(order(tmp_path, hidden=hidden)) == launcher.EXIT_NO_COMMAND
    names = [name for name, *_ in system.asked]
    assert names == [
        "setpriority", "unshare", "mount", "mount", "setgroups", "setresgid", "setresuid", "prctl", "prctl", "prctl",
        "chdir", "umask", "signal", "setrlimit", "execvp",
    ]  # fmt: skip
    assert system.oom.read_bytes() == b"800"
    assert system.asked[-1] == ("execvp", "train", ["train", "--fast"])
    assert ("setresuid", 65534, 65534, 65534) in system.asked
    deaths = [asked for asked in system.asked if asked[:2] == ("prctl", 1)]
    assert deaths[0][2] == signal.SIGTERM


def test_as_ourselves_nobody_is_changed_into_and_nothing_hidden(system, tmp_path):
    system.refuses["execvp"] = PermissionError()
    assert launcher.main(order(tmp_path, uid=None, hidden=[str(tmp_path)])) == launcher.EXIT_NO_COMMAND
    assert not {"unshare", "setresuid"} & {name for name, *_ in system.asked}


def test_where_mounting_is_not_allowed_a_job_that_could_read_is_not_started(system, tmp_path, capsys):
    (tmp_path / "secret").touch()
    system.refuses["unshare"] = PermissionError()
    assert launcher.main(order(tmp_path, hidden=[str(tmp_path / "secret")])) == launcher.EXIT_UNSAFE
    assert "could read" in capsys.readouterr().err


@pytest.mark.parametrize("what", ["setgroups", "chdir", "setrlimit"])
def test_what_cannot_be_given_up_ends_it(system, tmp_path, what):
    system.refuses[what] = PermissionError()
    assert launcher.main(order(tmp_path)) == launcher.EXIT_UNSAFE
    assert "execvp" not in {name for name, *_ in system.asked}


def test_priority_and_memory_score_are_wishes(system, tmp_path):
    system.refuses = {"setpriority": PermissionError(), "execvp": FileNotFoundError()}
    system.oom = tmp_path / "none" / "none"
    assert launcher.main(order(tmp_path)) == launcher.EXIT_NO_COMMAND


def test_no_new_privs_is_no_wish(system, tmp_path):
    system.library.prctl = lambda *_: -1
    assert launcher.main(order(tmp_path)) == launcher.EXIT_UNSAFE


def test_a_parent_that_ended_first(system, tmp_path):
    assert launcher.main(order(tmp_path, parent_pid=-1)) == launcher.EXIT_UNSAFE


def test_a_mount_that_fails_says_why(system, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    system.library.mount = lambda *_: -1
    monkeypatch.setattr(ctypes, "get_errno", lambda: errno.EPERM)
    with pytest.raises(PermissionError):
        launcher.hide([str(tmp_path / "file")])


def test_a_file_is_covered_by_nothing(system, tmp_path):
    (tmp_path / "file").touch()
    launcher.hide([str(tmp_path / "file")])
    assert system.asked[-1] == ("mount", str(tmp_path / "file").encode())
    limits = {"memory_bytes": 1 << 60, "core_bytes": 0}
    launcher.limit(limits)
    assert [asked[0] for asked in system.asked[-2:]] == ["setrlimit", "setrlimit"]
