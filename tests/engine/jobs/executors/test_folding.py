"""The reader of a Folding@home client, and what it tells the client."""

import asyncio
from copy import deepcopy
import json

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.hashwarm.engine.jobs.executors import FoldingClient, FoldingState, base_url, folding_tree
from custom_components.hashwarm.engine.model.errors import (
    ExecutorError,
    ExecutorUnreachableError,
    InvalidValueError,
)
from simulators.compute.folding import TREE, FakeFolding
from simulators.compute.stage import Mood

SOON_S = 10


@pytest.fixture
async def fake():
    server = FakeFolding()
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def folding(session, fake, clock):
    client = FoldingClient(session, base_url(fake.url), now=clock, answer_s=5.0)
    yield client
    await client.stop()


async def until(folding, wanted):
    async with asyncio.timeout(SOON_S):
        while not wanted(told := await folding.read()):
            await asyncio.sleep(0.01)
    return told


async def test_a_client_that_folds_is_busy(folding, clock):
    told = await folding.read()
    assert (told.at, told.busy, told.name, told.progress) == (clock(), True, "18201", 0.25)
    [unit] = await folding.units()
    assert (unit.points_per_day, unit.cpus, unit.state) == (120_000, 8, "RUN")


async def test_changes_are_followed(folding, fake):
    await folding.read()
    await fake.send(["units", 0, "progress", 0.42], ["log", -1, "passed over"], '"ping"', {"what": 1}, ["units"])
    await until(folding, lambda told: told.progress == 0.42)
    await fake.send(["units", -1, {"state": "RUN", "wu_progress": 0.1}])
    await until(folding, lambda told: told.progress == pytest.approx(0.26))
    await fake.send(["units", 1, None], ["units", 0, "state", "DOWNLOAD"])
    await until(folding, lambda told: not told.busy)
    assert len(fake.requests) == 1


async def test_it_is_paused_finished_and_given_processors(folding, fake):
    assert await folding.is_paused() is False
    await folding.command(FoldingState.PAUSE)
    assert not (await until(folding, lambda told: not told.busy)).busy
    assert await folding.is_paused() is True
    await folding.command(FoldingState.FOLD)
    await until(folding, lambda told: told.busy)
    await folding.command(FoldingState.FINISH)
    await folding.set_cpus(4)
    async with asyncio.timeout(SOON_S):
        while len(fake.commands) < 4:
            await asyncio.sleep(0.01)
    assert fake.commands[2:] == [
        {"cmd": "state", "state": "finish", "group": ""},
        {"cmd": "config", "config": {"groups": {"": {"cpus": 4}}}},
    ]
    for wrong in (-1, 5000):
        with pytest.raises(InvalidValueError):
            await folding.set_cpus(wrong)


async def test_a_group_that_is_not_there_is_unknown(session, fake, clock):
    client = FoldingClient(session, base_url(fake.url), now=clock, group="none")
    assert await client.is_paused() is None
    await client.stop()


@pytest.mark.parametrize("first", ["{", "[]", '{"units": 5}', "<html>", '"' + "x" * (5 << 20) + '"'])
async def test_a_stranger_is_no_client(folding, fake, first):
    fake.first = first
    with pytest.raises(ExecutorError):
        await folding.read()
    fake.first = None
    assert (await folding.read()).busy


@pytest.mark.parametrize("mood", [Mood.HTML, Mood.REFUSED, Mood.ERROR, Mood.DROP])
async def test_a_server_without_a_websocket_is_told_so(folding, fake, mood):
    fake.mood = mood
    with pytest.raises(ExecutorError):
        await folding.read()


async def test_a_change_that_does_not_fit_makes_it_ask_anew(folding, fake):
    await folding.read()
    await fake.send(["units", 7, "progress", 0.9])
    async with asyncio.timeout(SOON_S):
        while len(fake.requests) < 2:
            await folding.read()
            await asyncio.sleep(0.01)
    assert (await folding.read()).progress == 0.25


async def test_a_connection_that_ends_is_made_anew(folding, fake):
    await folding.read()
    await fake.hang_up()
    assert (await folding.read()).busy
    await fake.stop()
    with pytest.raises(ExecutorUnreachableError):
        await until(folding, lambda told: False)
    with pytest.raises(ExecutorUnreachableError):
        await folding.command(FoldingState.FOLD)


async def test_a_client_that_says_nothing_is_out_of_reach(session, fake, clock):
    fake.silent = True
    client = FoldingClient(session, base_url(fake.url), now=clock, answer_s=0.1)
    with pytest.raises(ExecutorUnreachableError):
        await client.read()
    await client.stop()


async def test_a_question_given_up_leaves_no_connection(session, fake, clock):
    fake.silent = True
    client = FoldingClient(session, base_url(fake.url), now=clock, answer_s=60)
    asking = asyncio.create_task(client.read())
    while not fake.requests:
        await asyncio.sleep(0.01)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    fake.silent = False
    assert (await client.read()).busy
    await client.stop()


STEPS = st.sampled_from(["units", "groups", "config", "", "progress", "state", 0, 1, -1, -2, 99, None, True])
JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(STEPS | JSON, max_size=5), max_size=8))
def test_any_changes_leave_a_tree_that_can_be_read(changes):
    tree = folding_tree.first(deepcopy(TREE))
    for change in changes:
        try:
            folding_tree.change(tree, change)
        except ExecutorError:
            break
    for unit in folding_tree.units(tree):
        assert unit.progress is None or 0 <= unit.progress <= 1
    folding_tree.is_paused(tree, "")


def test_lists_are_changed_as_the_client_means_it():
    tree = folding_tree.first({"units": [{"id": 1}], "info": {}, "other": 5})
    assert "other" not in tree
    for change in (["units", -2, [{"id": 2}, {"id": 3}]], ["units", 3, {"id": 4}], ["units", 0, None]):
        folding_tree.change(tree, json.loads(json.dumps(change)))
    folding_tree.change(tree, ["units", 0, {"id": 9}])
    folding_tree.change(tree, ["info", "version", "8"])
    folding_tree.change(tree, ["info", "version", None])
    folding_tree.change(tree, ["groups", "gpu", "failed", -1, "x"])
    assert tree["groups"] == {"gpu": {"failed": ["x"]}}
    assert [unit["id"] for unit in tree["units"]] == [9, 3, 4]
    assert tree["info"] == {}
    folding_tree.change(tree, ["info", "version", "8"])
    for wrong in (
        ["units", *[0] * 20, 1],
        ["units", -2, [0] * 2000],
        ["info", "version", "b", 1],
        ["units", 0, "id", 0, 1],
    ):
        with pytest.raises(ExecutorError):
            folding_tree.change(tree, wrong)
