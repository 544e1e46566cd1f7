"""A person watches this machine train, turns the heat down and up, and has it trained once more."""

from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import aiohttp
from playwright.async_api import Page
import pytest
import pytest_asyncio

from simulators.demo_home.client import HomeClient

from .conftest import _allow_loopback, browser_of, tab_of
from .demo import DemoProcess, Watcher, free_port

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(600)]

DASHBOARD = "/hashwarm-demo/ai"
SOON_S = 60.0


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def trainer(chromium: str) -> AsyncGenerator[Watcher]:
    """A demo home with AI jobs, which is gone before the other stories begin theirs."""
    _allow_loopback()
    with open_folder() as folder:
        async for watcher in living(folder):
            yield watcher


@contextmanager
def open_folder() -> Iterator[Path]:
    """Make a folder that others may enter: where we are root jobs run as nobody, who has to get there."""
    with TemporaryDirectory(prefix="hashwarm-ai-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


async def living(folder: Path) -> AsyncGenerator[Watcher]:
    process = DemoProcess(folder, free_port(), "--ai")
    await process.start()
    async with aiohttp.ClientSession() as session:
        client = HomeClient(session, f"http://127.0.0.1:{process.port}")
        await client.onboard_or_log_in()
        yield Watcher(client, await client.entity_ids())
    assert await process.stop() == 0, "\n".join(process.lines)


@pytest_asyncio.fixture(loop_scope="session")
async def tab(chromium: str, trainer: Watcher, request: pytest.FixtureRequest) -> AsyncGenerator[Page]:
    async with browser_of(chromium, trainer.client) as context, tab_of(context, request.node.name) as page:
        await page.goto(DASHBOARD)
        yield page


async def wish(home: Watcher, celsius: float) -> None:
    await home.client.call(
        "climate", "set_temperature", {"entity_id": home.ids["climate"], "temperature": celsius, "hvac_mode": "heat"}
    )


async def test_a_job_heats_gives_way_and_goes_on(tab: Page, trainer: Watcher):
    await wish(trainer, 26.0)
    await tab.locator("hui-markdown-card", has_text="Running").wait_for()
    await trainer.until("sensor.ai_progress", lambda percent: percent > 0, SOON_S, "it gets on")
    await trainer.until("sensor.ai_power", lambda watts: watts > 0, SOON_S, "its watts are told")
    await wish(trainer, 10.0)
    await tab.locator("hui-markdown-card", has_text="Paused").wait_for()
    await trainer.until("sensor.ai_power", lambda watts: watts == 0, SOON_S, "its watts are gone")
    await wish(trainer, 26.0)
    await tab.locator("hui-markdown-card", has_text="Running").wait_for()


async def test_one_click_has_it_trained_once_more(tab: Page, trainer: Watcher):
    await tab.locator("hui-button-card", has_text="Train once more").click()
    await trainer.until("sensor.ai_queue_length", lambda jobs: jobs == 1, SOON_S, "another one waits")
