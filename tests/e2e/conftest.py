"""One demo home and one logged-in browser for all stories; they run on the session's loop."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
import json
from pathlib import Path
import shutil
import time

import aiohttp
from playwright.async_api import BrowserContext, ConsoleMessage, Page, async_playwright
import pytest
import pytest_asyncio
import pytest_socket

from simulators.demo_home.client import HomeClient

from .demo import DemoProcess, Watcher, free_port

SCREENSHOTS = Path(__file__).parent / "screenshots"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
# A browser of a test has nothing to ask the internet for.
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


@pytest.fixture(autouse=True)
def verify_cleanup():
    """The plugin's own looks for what one test leaves behind; here home and browser stay for all of them."""


@pytest.fixture(autouse=True)
def enable_event_loop_debug():
    """The plugin's own would start a second loop for each test."""


@pytest.fixture(autouse=True)
def configure_event_loop():
    """The plugin's own would start a second loop for each test."""


@pytest.fixture(autouse=True)
def loopback(socket_enabled):
    """The plugin closes all sockets before each test; the stories talk to a real home."""


def _allow_loopback() -> None:
    pytest_socket.socket_allow_hosts(["127.0.0.1"])
    pytest_socket.enable_socket()


@pytest.fixture(scope="session")
def chromium() -> str:
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip(f"no browser in PATH (looked for {', '.join(BROWSERS)}); on Debian: apt install chromium")
    return found


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def demo(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[DemoProcess]:
    _allow_loopback()
    process = DemoProcess(tmp_path_factory.mktemp("demo"), free_port())
    await process.start()
    yield process
    assert await process.stop() == 0, "\n".join(process.lines)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def home(demo: DemoProcess) -> AsyncGenerator[Watcher]:
    async with aiohttp.ClientSession() as session:
        client = HomeClient(session, f"http://127.0.0.1:{demo.port}")
        await client.onboard_or_log_in()
        yield Watcher(client, await client.entity_ids())


@asynccontextmanager
async def browser_of(chromium: str, client: HomeClient) -> AsyncGenerator[BrowserContext]:
    """Open a browser that has logged in before, as a person's does."""
    tokens = {
        **client.tokens,
        "hassUrl": client.base_url,
        "clientId": client.client_id,
        "expires": int(time.time() * 1000) + client.tokens["expires_in"] * 1000,
    }
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=list(QUIET))
        context = await browser.new_context(
            service_workers="block", viewport={"width": 1400, "height": 900}, base_url=client.base_url
        )
        remember = f"localStorage.setItem('hassTokens', {json.dumps(json.dumps(tokens))});"
        # An empty tab has no storage.
        await context.add_init_script(f"if (location.protocol === 'http:') {{ {remember} }}")
        yield context
        await browser.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser_context(chromium: str, home: Watcher) -> AsyncGenerator[BrowserContext]:
    async with browser_of(chromium, home.client) as context:
        yield context


class Complaints:
    """What the browser complained about, short of what a home without internet cannot have."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def on_console(self, message: ConsoleMessage) -> None:
        url = str(message.location.get("url", ""))
        # Brand images come from the internet; the frontend shows a placeholder where there is none.
        if message.type == "error" and "/api/brands/" not in url:
            self.found.append(f"{message.text} ({url})")

    def on_page_error(self, error: object) -> None:
        self.found.append(str(error))


@pytest_asyncio.fixture(loop_scope="session")
async def page(browser_context: BrowserContext, request: pytest.FixtureRequest) -> AsyncGenerator[Page]:
    async with tab_of(browser_context, request.node.name) as tab:
        yield tab


@asynccontextmanager
async def tab_of(browser_context: BrowserContext, name: str) -> AsyncGenerator[Page]:
    """Open a fresh tab, photographed at the end, in which nothing may go wrong."""
    complaints = Complaints()
    tab = await browser_context.new_page()
    tab.set_default_timeout(60_000)
    tab.on("console", complaints.on_console)
    tab.on("pageerror", complaints.on_page_error)
    yield tab
    SCREENSHOTS.mkdir(exist_ok=True)
    await tab.screenshot(path=SCREENSHOTS / f"{name}.png")
    toasts = await tab.locator("notification-manager ha-toast[open]").count()
    await tab.close()
    assert complaints.found == []
    assert toasts == 0
