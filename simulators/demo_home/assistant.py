"""A real Home Assistant as a child, and a person logged in to it."""

import asyncio
from pathlib import Path
import sys

from .client import HomeClient
from .processes import Processes
from .waiting import UP_LIMIT_S


async def start_assistant(processes: Processes, root: Path, config: Path, client: HomeClient) -> None:
    """Start Home Assistant and log in. Raises RuntimeError when it ends or does not answer."""
    arguments = [sys.executable, "-m", "homeassistant", "-c", str(config), "--skip-pip"]
    await processes.start("home-assistant", arguments, environment=environment(root))
    await _until_up(processes, client)
    await client.onboard_or_log_in()


def environment(root: Path) -> dict[str, str]:
    """Return what Home Assistant needs beside its own libraries."""
    return {"PYTHONPATH": str(root / "scripts" / "lib" / "stubs")}


async def _until_up(processes: Processes, client: HomeClient) -> None:
    ended = asyncio.create_task(processes.first_exit())
    up = asyncio.create_task(client.wait_until_up(UP_LIMIT_S))
    try:
        await asyncio.wait({ended, up}, return_when=asyncio.FIRST_COMPLETED)
        if ended.done():
            raise RuntimeError(ended.result())
        await up
    finally:
        ended.cancel()
        up.cancel()
