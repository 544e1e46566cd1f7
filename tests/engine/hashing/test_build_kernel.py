"""How the kernels are built."""

from importlib.util import module_from_spec, spec_from_file_location
import os
from pathlib import Path
import shutil
import subprocess

import pytest

from custom_components.hashwarm.engine.hashing import native_kernel, proving

ROOT = Path(__file__).parents[3]


@pytest.fixture
def builder(monkeypatch):
    spec = spec_from_file_location("build_kernel", ROOT / "scripts" / "lib" / "build_kernel.py")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    # Right at any level of optimisation, and compiled in a fraction of the time.
    monkeypatch.setattr(module, "FLAGS", tuple("-O1" if flag == "-O3" else flag for flag in module.FLAGS))
    return module


@pytest.mark.skipif(shutil.which("cc") is None, reason="no cc here")
def test_a_second_compiler_builds_what_is_proven_and_builds_it_once(builder, tmp_path, capsys):
    assert builder.main(tmp_path) == 0
    machine = os.uname().machine
    assert f"{machine} built" in capsys.readouterr().err
    for kernel in native_kernel.usable_kernels(native_kernel.open_library(str(tmp_path)), ()):
        assert proving.proven(kernel), kernel.name
    before = (tmp_path / f"{machine}.so").stat().st_mtime_ns
    assert builder.main(tmp_path) == 0
    assert f"{machine} unchanged" in capsys.readouterr().err
    assert (tmp_path / f"{machine}.so").stat().st_mtime_ns == before
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"{machine}.so", f"{machine}.so.sha256"]


def test_no_compiler_is_said_and_is_no_error(builder, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(builder.shutil, "which", lambda name: None)
    assert builder.main(tmp_path) == 0
    assert "hashlib will be used" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_sources_that_do_not_compile_are_an_error(builder, monkeypatch, tmp_path, capsys):
    def fail(*arguments, **settings):
        raise subprocess.CalledProcessError(1, "cc")

    monkeypatch.setattr(builder, "build", fail)
    monkeypatch.setattr(builder.shutil, "which", lambda name: "/usr/bin/cc")
    assert builder.main(tmp_path) == 1
    assert "did not compile" in capsys.readouterr().err


def test_ziglang_builds_for_both(builder, monkeypatch):
    monkeypatch.setattr(builder, "find_spec", lambda name: object())
    monkeypatch.setattr(builder, "version", lambda name: "0.0.1")
    commands = [builder.compiler(architecture) for architecture in builder.SOURCES]
    assert [command[-1] for command in commands] == ["x86_64-linux-none", "aarch64-linux-none"]
    first = builder.fingerprint(builder.NATIVE, commands[0])
    monkeypatch.setattr(builder, "version", lambda name: "0.0.2")
    assert builder.fingerprint(builder.NATIVE, commands[0]) != first
