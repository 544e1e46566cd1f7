"""The trial of a pool for the config flow."""

from dataclasses import replace
import time

import pytest

from custom_components.hashwarm.engine.model.errors import (
    PoolGarbageError,
    PoolRefusedError,
    PoolSilentError,
    PoolUnreachableError,
)
from custom_components.hashwarm.engine.model.pool import PoolConfig
from custom_components.hashwarm.engine.stratum import try_pool
from simulators.practice_pool import PracticePool, Quirks, UnknownMethods


@pytest.fixture
def trial(config, quick):
    async def run(pool, **kwargs):
        limits = replace(quick, **kwargs.pop("limits", {}))
        return await try_pool(config(pool), agent="hashwarm/test", clock=time.monotonic, limits=limits, **kwargs)

    return run


async def test_facts_of_a_good_pool(trial, until):
    async with PracticePool(quirks=Quirks(difficulty=0.5, honour_suggestion=False)) as pool:
        facts = await trial(pool, hash_rate_hs=4e7)
        assert facts.name == f"127.0.0.1:{pool.port}"
        assert facts.difficulty == 0.5
        assert facts.version_rolling
        assert not facts.plain
        assert facts.share_interval_s == pytest.approx(0.5 * 2**32 / 4e7)
        assert not facts.difficulty_too_high
        await until(lambda: not pool.clients)


async def test_a_difficulty_out_of_reach_is_a_fact(trial):
    async with PracticePool(quirks=Quirks(difficulty=16384, honour_suggestion=False)) as pool:
        assert (await trial(pool, hash_rate_hs=4e7)).difficulty_too_high
        assert (await trial(pool)).share_interval_s is None


async def test_a_pool_that_hangs_up_on_extensions_is_asked_plainly(trial):
    quirks = Quirks(known_methods=frozenset(), unknown_methods=UnknownMethods.CLOSE)
    async with PracticePool(quirks=quirks) as pool:
        facts = await trial(pool)
        assert facts.plain
        assert not facts.version_rolling


async def test_a_move_is_followed_once(trial):
    async with PracticePool() as second:
        line = f'{{"id":null,"method":"client.reconnect","params":["127.0.0.1",{second.port},0]}}\n'
        async with PracticePool(quirks=Quirks(greeting=line.encode())) as first:
            assert (await trial(first)).name == f"127.0.0.1:{second.port}"


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"silent": True}, PoolSilentError),
        ({"no_work": True}, PoolSilentError),
        ({"users": frozenset()}, PoolRefusedError),
        ({"greeting": b"nonsense\n"}, PoolGarbageError),
        ({"raw_difficulty": "-1"}, PoolGarbageError),
        ({"close_on_connect": True}, PoolUnreachableError),
    ],
)
async def test_a_bad_pool_is_told_apart(trial, changes, error):
    async with PracticePool(quirks=Quirks(**changes)) as pool:
        with pytest.raises(error):
            await trial(pool, limits={"handshake_s": 0.6})


@pytest.mark.parametrize("host", ["127.0.0.1", "no-such-host.invalid", "a..b", "x" * 300])
async def test_no_pool_at_all(host, quick):
    pool = PoolConfig(host=host, port=1, user="a")
    with pytest.raises(PoolUnreachableError) as caught:
        await try_pool(pool, agent="a", clock=time.monotonic, limits=quick)
    assert caught.value.placeholders == {"pool": pool.name}
