"""A built kernel, and copies of the engine that tests may damage."""

import ctypes
import os
from pathlib import Path
import shutil
import subprocess
import sys

import pytest

ROOT = Path(__file__).parents[3]
INTEGRATION = ROOT / "custom_components" / "hashwarm"


def _compiler():
    """An interpreter that has ziglang, else this one, which tries cc."""
    for python in (ROOT / ".venv" / "bin" / "python", Path(sys.executable)):
        if python.exists():
            return str(python)
    return None


@pytest.fixture(scope="session")
def native(tmp_path_factory):
    """A folder with this machine's kernels; built now when scripts/setup has not."""
    folder = INTEGRATION / "engine" / "hashing" / "native"
    name = f"{os.uname().machine}.so"
    if not (folder / name).exists():
        folder = tmp_path_factory.mktemp("native")
        subprocess.run([_compiler(), ROOT / "scripts" / "lib" / "build_kernel.py", folder], check=True)
        if not (folder / name).exists():
            pytest.skip("no compiler for the kernels here")
    return folder


@pytest.fixture
def engine_parent(tmp_path, native):
    """A copy of what the child needs, kernels included, to be damaged at will."""
    target = tmp_path / "hashwarm" / "engine"
    ignore = shutil.ignore_patterns("__pycache__", "*.so", "*.sha256")
    shutil.copytree(INTEGRATION / "engine" / "model", target / "model", ignore=ignore)
    shutil.copytree(INTEGRATION / "engine" / "hashing", target / "hashing", ignore=ignore)
    shutil.copy(INTEGRATION / "engine" / "__init__.py", target)
    for path in native.glob(f"{os.uname().machine}.so*"):
        shutil.copy(path, target / "hashing" / "native")
    return target.parent


@pytest.fixture
def stop():
    """A stop word that says go on."""
    return ctypes.c_int32(0)
