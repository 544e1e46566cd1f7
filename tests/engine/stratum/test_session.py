"""The session against the practice pool, over real sockets."""

from simulators.practice_pool import PracticePool, Quirks


async def test_connects_and_gets_a_share_accepted(bench, config, until):
    async with PracticePool(quirks=Quirks(vardiff=False)) as pool, bench(config(pool)) as side:
        await until(lambda: side.work)
        for _ in range(3):
            side.found(version=side.work.version | 0x2000)
        await until(lambda: len(side.results) == 3)
        assert all(result.accepted for result in side.results), side.results
        assert pool.stats.accepted == 3
        assert pool.stats.rolled == 3
        assert side.session.state.share_work == pool.stats.share_work > 0
        assert side.session.state.connected
        assert side.session.state.version_rolling
    assert side.works[-1] is None
