"""Real counterparts from their own packages, fetched when a test wants them."""

from pathlib import Path
import subprocess

import pytest

ROOT = Path(__file__).parents[2]
CANNOT = 3


def fetch(name):
    """Get a counterpart onto this machine, or skip where it cannot be had."""
    script = ROOT / "scripts" / "lib" / "counterparts.sh"
    done = subprocess.run([script, name], capture_output=True, text=True, timeout=400, check=False)
    if done.returncode == CANNOT:
        pytest.skip(done.stdout.strip())
    if done.returncode:
        pytest.skip(f"{name} could not be fetched: {done.stderr.strip()[-200:]}")
