"""A home is opened and closed as a whole, with its sources on a real server."""

import asyncio
from datetime import UTC, datetime
import threading

from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer
import pytest

from custom_components.hashwarm.engine.home import FigureKind, Home, HomeOptions, open_home
from custom_components.hashwarm.engine.model.errors import InvalidValueError
from custom_components.hashwarm.engine.money import HeaterSample, Market, MeteredElectricity
from custom_components.hashwarm.engine.store import StoreNewerError

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


async def opened(path, session, **options):
    options = HomeOptions(**{"currency": "EUR", "market_url": None} | options)
    return await open_home(
        path,
        options,
        session=session,
        tz=UTC,
        clock=lambda: 1.0,
        now=lambda: NOW,
        electricity=MeteredElectricity(grid_price=lambda: 0.3),
    )


async def test_a_home_with_sources_asks_them_and_leaves_nothing_behind(tmp_path):
    async def answer(request):
        return web.json_response({"currentDifficulty": 123e12})

    app = web.Application()
    app.router.add_get("/api/v1/mining/hashrate/3d", answer)
    async with TestServer(app) as server, ClientSession() as session:
        home = await opened(tmp_path / "l.db", session, market_url=str(server.make_url("/")), manual_difficulty=1e14)
        told = asyncio.Event()
        home.home.market.add_listener(told.set)
        await home.close()
        home = await opened(tmp_path / "l.db", session, market_url=str(server.make_url("/")), manual_difficulty=1e14)
        await home.close()
    assert home.home.totals().all_time.energy_kwh == 0
    assert not [task for task in asyncio.all_tasks() if task.get_name().startswith("hashwarm")]
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("hashwarm")]


async def test_figures_by_hand_serve_a_home_without_internet(tmp_path):
    async with ClientSession() as session:
        home = await opened(tmp_path / "l.db", session, manual_difficulty=1e14, manual_btc_price=5e4)
        assert home.home.market.estimate.difficulty == 1e14
        assert home.home.market.figure(FigureKind.REWARD_SAT).source == "manual"
        assert home.home.market.btc_price == 5e4
        await home.close()


async def test_a_newer_file_is_refused_and_leaves_no_thread(tmp_path):
    async with ClientSession() as session:
        home = await opened(tmp_path / "l.db", session)
        await home.store.write(lambda c: c.execute("UPDATE schema_version SET version = 99"))
        await home.close()
        with pytest.raises(StoreNewerError):
            await opened(tmp_path / "l.db", session)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("hashwarm")]


def left_behind():
    """Return the tasks and threads of ours that still run."""
    tasks = [task.get_name() for task in asyncio.all_tasks() if task.get_name().startswith("hashwarm")]
    return tasks + [thread.name for thread in threading.enumerate() if thread.name.startswith("hashwarm")]


async def test_a_figure_beyond_belief_is_refused_and_leaves_nothing_running(tmp_path):
    async with ClientSession() as session:
        with pytest.raises(InvalidValueError):
            await opened(tmp_path / "l.db", session, manual_btc_price=1e11)
    assert not left_behind()


@pytest.mark.parametrize("owner", [Market, Home])
@pytest.mark.parametrize("error", [RuntimeError("broken"), asyncio.CancelledError()])
async def test_whatever_fails_at_the_opening_nothing_is_left_running(tmp_path, monkeypatch, owner, error):
    start = owner.start

    async def fails(self):
        await start(self)
        raise error

    monkeypatch.setattr(owner, "start", fails)
    async with ClientSession() as session:
        with pytest.raises(type(error)):
            await opened(tmp_path / "l.db", session)
    assert not left_behind()


async def test_closing_in_the_midst_of_a_backup_writes_the_last_moments_at_once(tmp_path, caplog):
    async with ClientSession() as session:
        home = await opened(tmp_path / "l.db", session)
        await home.store.pause()
        home.home.book("h", HeaterSample(at_s=1.0, power_w=100.0))
        home.home.book("h", HeaterSample(at_s=11.0, power_w=100.0))
        async with asyncio.timeout(5):
            await home.close()
        assert not caplog.records
        home = await opened(tmp_path / "l.db", session)
        assert home.home.totals("h").all_time.energy_kwh == pytest.approx(1000 / 3.6e6)
        await home.close()
