"""The session against the practice pool, over real sockets."""

import asyncio
from dataclasses import replace
import ssl

import pytest
import trustme

from custom_components.hashwarm.engine.model.errors import PoolUnreachableError
from custom_components.hashwarm.engine.model.pool import PoolConfig
from custom_components.hashwarm.engine.stratum import RejectReason
from custom_components.hashwarm.engine.stratum.protocol import NewWork
from simulators.practice_pool import ErrorFormat, PracticePool, Quirks, UnknownMethods, VersionBits


@pytest.fixture
def quirks():
    """Make a pool that leaves its difficulty alone."""

    def make(**changes) -> Quirks:
        return Quirks(**{"vardiff": False, "difficulty": 1e-6} | changes)

    return make


async def test_a_share_is_accepted_and_counted(bench, config, quirks, until):
    async with PracticePool(quirks=quirks()) as pool, bench(config(pool)) as side:
        await until(lambda: side.work)
        for _ in range(3):
            side.found(version=side.work.version | 0x2000)
        await until(lambda: len(side.results) == 3)
        assert all(result.accepted for result in side.results)
        state = side.session.state
        assert (state.shares_accepted, state.shares_rejected, state.shares_stale) == (3, 0, 0)
        assert state.share_work == pool.stats.share_work > 0
        assert state.connected
        assert state.version_rolling
        assert state.name == side.results[0].pool == f"127.0.0.1:{pool.port}"
        assert state.best_share >= state.difficulty
        assert state.latency_s is not None
        assert state.last_share_at_s is not None
        assert state.problem is None
        assert (pool.stats.accepted, pool.stats.rolled) == (3, 3)
        assert pool.stats.called("mining.subscribe") == [["hashwarm/test"]]
        (suggestion,) = pool.stats.called("mining.suggest_difficulty")
        assert suggestion[0] == pytest.approx(300 * 10 / 2**32)
    assert side.works[-1] is None
    assert not side.session.state.connected


async def test_without_pools_nothing_happens(bench):
    async with bench() as side:
        assert not side.session.state.connected
        assert side.works == []


@pytest.mark.parametrize(
    ("meaning", "version"),
    [
        # A pool that replaces bits hands out none of its own within the mask.
        (VersionBits.BIP310, 0x20000000),
        (VersionBits.CKPOOL, 0x20000000),
        (VersionBits.CKPOOL, 0x20006000),
        (VersionBits.PUBLIC_POOL, 0x20000000),
        (VersionBits.PUBLIC_POOL, 0x20006000),
    ],
)
async def test_trap_3_every_pool_reads_our_version_bits_rightly(bench, config, quirks, until, meaning, version):
    async with (
        PracticePool(quirks=quirks(version_bits=meaning, job_version=version)) as pool,
        bench(config(pool)) as side,
    ):
        await until(lambda: side.work)
        side.found(version=version | (side.work.version_mask & 0x15554000))
        await until(lambda: side.results)
        assert side.results[0].accepted


@pytest.mark.parametrize(
    "changes",
    [
        {"difficulty_before_subscribe_reply": True, "notify_before_authorize_reply": True},
        {"text_ids": True},
        {"unpadded_hex": True, "job_version": 0x00002000, "version_bits": VersionBits.CKPOOL},
        {"extra_notify_params": ("x", 7)},
        {"version_rolling": False},
        {"extranonce2_size": 4},
        {"judge_by_newest_difficulty": True},
        {"delay_s": 0.02},
        {"known_methods": frozenset(), "unknown_methods": UnknownMethods.ERROR},
        {"known_methods": frozenset(), "unknown_methods": UnknownMethods.SILENT},
        {"known_methods": frozenset(), "unknown_methods": UnknownMethods.CLOSE},
    ],
)
async def test_traps_1_5_and_6_oddities_of_pools_cost_no_share(bench, config, quirks, until, changes):
    async with PracticePool(quirks=quirks(**changes)) as pool, bench(config(pool)) as side:
        await until(lambda: side.work)
        side.found()
        await until(lambda: side.results)
        assert side.results[0].accepted, side.results


async def test_trap_2_a_share_counts_by_the_difficulty_of_its_work(bench, config, quirks, until):
    async with PracticePool(quirks=quirks()) as pool, bench(config(pool)) as side:
        await until(lambda: side.work)
        old = side.work
        pool.set_difficulty(4e-6)
        pool.notify_all()
        await until(lambda: side.work is not old)
        side.session.submit(side.miner.share(old))
        side.found()
        await until(lambda: len(side.results) == 2)
        assert [(result.accepted, result.difficulty) for result in side.results] == [(True, 1e-6), (True, 4e-6)]
        assert side.session.state.share_work == int(1e-6 * 2**32) + int(4e-6 * 2**32)


async def test_trap_4_a_difficulty_out_of_reach_is_told(bench, config, quirks, until):
    async with (
        PracticePool(quirks=quirks(difficulty=16384, honour_suggestion=False)) as pool,
        bench(config(pool), rate_hs=4e7) as side,
    ):
        await until(lambda: side.work)
        assert side.session.state.problem == "pool_difficulty_too_high"
        assert side.session.state.share_interval_s == pytest.approx(16384 * 2**32 / 4e7)


async def test_while_the_rate_is_unknown_a_small_one_is_assumed(bench, config, quirks, until, quick):
    async with PracticePool(quirks=quirks(honour_suggestion=False)) as pool, bench(config(pool), rate_hs=None) as side:
        await until(lambda: side.work)
        assert side.session.state.share_interval_s is None
        (suggestion,) = pool.stats.called("mining.suggest_difficulty")
        assert suggestion[0] == pytest.approx(quick.assumed_hash_rate_hs * 10 / 2**32)


async def test_trap_8_old_work_is_not_submitted_after_a_new_block(bench, config, quirks, until):
    async with PracticePool(quirks=quirks()) as pool, bench(config(pool)) as side:
        await until(lambda: side.work)
        share = side.miner.share(side.work)
        pool.new_block()
        await until(lambda: len(side.works) == 2)
        assert side.work.clean
        side.session.submit(share)
        assert side.results[0].reason is RejectReason.STALE
        assert pool.stats.called("mining.submit") == []
        assert side.session.state.shares_stale == 1
        assert side.session.state.reject_reasons == (("stale", 1),)


@pytest.mark.parametrize("shape", list(ErrorFormat))
async def test_trap_10_refusals_of_every_shape(bench, config, quirks, until, shape):
    async with PracticePool(quirks=quirks(error_format=shape)) as pool, bench(config(pool)) as side:
        await until(lambda: side.work)
        pool.quirks.version_mask = 0
        share = side.miner.share(side.work)
        for client in pool.clients:
            client._jobs.clear()
        side.session.submit(share)
        await until(lambda: side.results)
        assert side.results[0].reason is RejectReason.STALE
        assert side.results[0].text == "Job not found"
        assert side.results[0].latency_s is not None


async def test_trap_13_set_extranonce_and_mask_over_the_wire(bench, config, quirks, until):
    async with PracticePool(quirks=quirks()) as pool, bench(config(pool)) as side:
        await until(lambda: side.work)
        first = side.work
        pool.set_extranonce()
        pool.notify_all()
        await until(lambda: side.work is not first)
        assert side.work.extranonce1 != first.extranonce1
        second = side.work
        pool.set_version_mask(0x6000)
        await until(lambda: side.work is not second)
        assert side.work.version_mask == 0x6000
        side.found(version=side.work.version | 0x4000)
        await until(lambda: side.results)
        assert side.results[0].accepted


async def test_pool_talks_and_we_answer(bench, config, quirks, until):
    async with PracticePool(quirks=quirks()) as pool, bench(config(pool)) as side:
        await until(lambda: side.work)
        pool.ping()
        pool.get_version()
        pool.show_message("hello there")
        await until(lambda: len(pool.stats.answers) == 2 and side.session.state.message)
        assert [result for _, result in pool.stats.answers] == ["pong", "hashwarm/test"]
        assert side.session.state.message == "hello there"


async def test_trap_13_reconnect_within_the_domain_is_followed(bench, config, quirks, until):
    async with (
        PracticePool(quirks=quirks()) as first,
        PracticePool(quirks=quirks()) as second,
        bench(config(first)) as side,
    ):
        await until(lambda: side.work)
        first.reconnect("127.0.0.1", second.port)
        await until(lambda: side.session.state.name == f"127.0.0.1:{second.port}")
        side.found()
        await until(lambda: side.results)
        assert side.results[0].accepted
        second.reconnect()
        await until(lambda: second.stats.connections == 2)


async def test_trap_10_reconnect_to_a_foreign_domain_is_ignored(bench, config, quirks, until):
    async with PracticePool(quirks=quirks()) as pool, bench(config(pool)) as side:
        await until(lambda: side.work)
        pool.reconnect("evil.example", 3333)
        pool.show_message("done")
        await until(lambda: side.session.state.message == "done")
        assert side.session.state.connected
        assert pool.stats.connections == 1


async def test_a_pool_that_only_moves_us_is_left(bench, config, quirks, until):
    greeting = b'{"id":null,"method":"client.reconnect","params":[]}\n'
    async with (
        PracticePool(quirks=quirks(greeting=greeting)) as bad,
        PracticePool(quirks=quirks()) as good,
        bench(config(bad), config(good)) as side,
    ):
        await until(lambda: side.session.state.name == f"127.0.0.1:{good.port}")
        assert bad.stats.connections >= 3


@pytest.fixture
def tls():
    """A certificate authority of our own and a server's certificate."""
    authority = trustme.CA()
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(server)
    client = ssl.create_default_context()
    authority.configure_trust(client)
    return server, client


@pytest.mark.parametrize("as_call", [True, False])
async def test_traps_11_and_13_tls(bench, config, quirks, until, tls, as_call):
    server, client = tls
    async with (
        PracticePool(quirks=quirks(), ssl_context=server) as pool,
        bench(config(pool, tls=True), ssl_context=(lambda: client) if as_call else client) as side,
    ):
        await until(lambda: side.work)
        side.found()
        await until(lambda: side.results)
        assert side.results[0].accepted


async def test_a_certificate_that_nobody_vouches_for_is_refused(bench, config, quirks, until, tls):
    async with PracticePool(quirks=quirks(), ssl_context=tls[0]) as pool, bench(config(pool, tls=True)) as side:
        await until(lambda: side.session.state.problem)
        assert side.session.state.problem == "pool_unreachable"


async def test_trap_11_fails_over_and_returns_without_a_gap(bench, config, quirks, until, unused_tcp_port):
    async with PracticePool(quirks=quirks()) as second:
        gone = PoolConfig(host="127.0.0.1", port=unused_tcp_port, user="acc.w1")
        async with bench(gone, config(second)) as side:
            await until(lambda: side.session.state.connected)
            assert side.session.state.name == f"127.0.0.1:{second.port}"
            async with PracticePool(port=unused_tcp_port, quirks=quirks()) as first:
                await until(lambda: side.session.state.name == f"127.0.0.1:{first.port}")
                assert None not in side.works
                assert side.work.clean
                side.found()
                await until(lambda: side.results)
                assert side.results[0].accepted
                assert first.stats.accepted == 1
                await until(lambda: not second.clients)
            await until(lambda: side.session.state.name == f"127.0.0.1:{second.port}")
            assert None in side.works


@pytest.fixture
def unused_tcp_port():
    import socket

    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"silent": True}, "pool_silent"),
        ({"no_work": True}, "pool_silent"),
        ({"users": frozenset({"somebody"})}, "pool_refused"),
        ({"greeting": b"HTTP/1.1 400 Bad Request\r\n\r\n"}, "pool_garbage"),
        ({"greeting": b"x" * 70_000}, "pool_garbage"),
        ({"greeting": b"\x00\xff\n"}, "pool_garbage"),
        ({"raw_difficulty": "0"}, "pool_garbage"),
        ({"raw_difficulty": "1e300"}, "pool_garbage"),
        ({"raw_difficulty": "NaN"}, "pool_garbage"),
        ({"close_on_connect": True}, "pool_unreachable"),
    ],
)
async def test_a_bad_pool_is_named_and_the_next_one_used(bench, config, quirks, until, quick, changes, problem):
    problems = set()
    async with PracticePool(quirks=quirks(**changes)) as bad, PracticePool(quirks=quirks()) as good:
        side = bench(config(bad), config(good), limits=replace(quick, handshake_s=0.5))
        side.session._on_change = lambda: problems.add(side.session.state.problem)
        async with side:
            await until(lambda: side.session.state.connected)
            assert side.session.state.name == f"127.0.0.1:{good.port}"
            assert problem in problems
            # There is no use in asking again who is silent or refuses us.
            assert bad.stats.connections == 1 or problem not in {"pool_silent", "pool_refused"}
            assert side.session.state.problem is None


async def test_trap_11_a_pool_that_falls_silent_is_left(bench, config, quirks, until, quick):
    async with PracticePool(quirks=quirks()) as first, PracticePool(quirks=quirks(notify_interval_s=0.1)) as second:
        limits = replace(quick, notify_s=0.5, retry_first_s=30)
        async with bench(config(first), config(second), limits=limits) as side:
            await until(lambda: side.session.state.name == f"127.0.0.1:{first.port}")
            await until(lambda: side.session.state.name == f"127.0.0.1:{second.port}")
            assert None in side.works
            await asyncio.sleep(1.2)
            assert side.session.state.name == f"127.0.0.1:{second.port}"
            assert second.stats.connections == 1


async def test_a_half_closed_connection_is_made_anew(bench, config, quirks, until):
    async with PracticePool(quirks=quirks(half_close=True)) as pool, bench(config(pool)) as side:
        await until(lambda: pool.stats.connections > 1)
        pool.quirks.half_close = False
        # The connection of this moment may still be one that the pool closes by half.
        while not any(result.accepted for result in side.results):
            await until(lambda: side.session.state.connected)
            seen = len(side.results)
            side.found()
            await until(lambda seen=seen: len(side.results) > seen)


async def test_shares_of_a_lost_connection_are_stale_and_shares_under_way_are_given_up(bench, config, quirks, until):
    async with PracticePool(quirks=quirks(mute_submits=True)) as pool, bench(config(pool)) as side:
        await until(lambda: side.work)
        work = side.work
        side.found()
        await until(lambda: pool.stats.called("mining.submit"))
        await pool.drop_all()
        await until(lambda: side.results)
        assert side.results[0].reason is RejectReason.NO_ANSWER
        assert None in side.works
        side.session.submit(side.miner.share(work))
        assert side.results[1].reason is RejectReason.STALE
        await until(lambda: side.session.state.connected)
        assert side.work.extranonce1 != work.extranonce1


async def test_a_share_without_an_answer_is_given_up_in_time(bench, config, quirks, until, quick):
    limits = replace(quick, submit_s=0.2)
    async with (
        PracticePool(quirks=quirks(mute_submits=True, notify_interval_s=0.1)) as pool,
        bench(config(pool), limits=limits) as side,
    ):
        await until(lambda: side.work)
        side.found()
        await until(lambda: side.results)
        assert side.results[0].reason is RejectReason.NO_ANSWER
        assert side.session.state.connected


async def test_a_pool_that_does_not_read_is_given_up(bench, config, quirks, until):
    async with PracticePool(quirks=quirks()) as pool, bench(config(pool)) as side:
        await until(lambda: side.work)
        pool.quirks.delay_s = 60
        share = side.miner.share(side.work)
        for nonce in range(60_000):
            side.session.submit(replace(share, nonce=nonce))
            if nonce % 1000 == 0:
                await asyncio.sleep(0)
            if not side.session.state.connected:
                break
        await until(lambda: None in side.works)


async def test_a_connection_that_lasted_clears_the_failures(bench, config, quirks, until, quick):
    async with (
        PracticePool(quirks=quirks(close_on_connect=True)) as pool,
        bench(config(pool), limits=replace(quick, stable_s=0.1)) as side,
    ):
        await until(lambda: side.session._choice.failures >= 2)
        pool.quirks.close_on_connect = False
        await until(lambda: side.session.state.connected)
        await until(lambda: side.session._choice.failures == 0)


async def test_stop_ends_everything_at_any_time(bench, config, quirks, until, quick):
    before = asyncio.all_tasks()
    async with PracticePool(quirks=quirks(silent=True)) as pool:
        async with bench(config(pool)):
            await until(lambda: pool.stats.called("mining.configure"))
        async with bench(config(pool)) as side:
            await side.session.stop()
            await side.session.stop()
        pool.quirks.silent = False
        async with bench(config(pool), config(pool), limits=replace(quick, retry_first_s=0.01)) as side:
            side.session._choice.go_to(1)
            await until(lambda: side.session.state.connected)
        await until(lambda: not pool.clients)
    await until(lambda: not asyncio.all_tasks() - before)


async def test_of_works_in_one_packet_the_newest_is_hashed(bench, config, quirks, until):
    async with PracticePool(quirks=quirks()) as pool, bench(config(pool)) as side:
        await until(lambda: side.work)
        pool.new_block()
        pool.notify_all()
        await until(lambda: len(side.works) > 1)
        assert len(side.works) == 2
        assert side.work.clean
        side.found()
        await until(lambda: side.results)
        assert side.results[0].accepted


async def test_the_first_work_of_a_connection_is_clean_whatever_came_before_it(bench, config, quirks):
    async with PracticePool(quirks=quirks()) as pool:
        side = bench(config(pool))
        connection = await side.session._reach(config(pool), 0)
        issued = connection.work.issued
        connection.work = NewWork(issued=replace(issued, work=replace(issued.work, clean=False)))
        side.session._adopt(connection)
        assert side.work.clean
        await connection.close()


async def test_a_listener_that_fails_costs_a_connection_and_no_more(bench, config, quirks, until, caplog):
    async with PracticePool(quirks=quirks()) as pool:
        side = bench(config(pool))
        taken = side.session._on_work

        def fail_once(work):
            side.session._on_work = taken
            raise LookupError

        side.session._on_work = fail_once
        async with side:
            await until(lambda: side.session.state.connected)
            side.found()
            await until(lambda: side.results)
            assert side.results[0].accepted
            assert pool.stats.connections == 2
            assert "stumbled" in caplog.text


async def test_both_ends_at_once_leave_no_connection_behind(bench, config, quirks, until):
    """The running pool is lost in the same moment in which the first one answers."""
    async with PracticePool(quirks=quirks()) as pool:
        side = bench(config(pool), config(pool))
        running = await side.session._reach(config(pool), 1)
        better = await side.session._reach(config(pool), 0)

        async def lost(_):
            raise PoolUnreachableError

        async def found():
            return better

        side.session._read, side.session._return_to_first = lost, found
        with pytest.raises(PoolUnreachableError):
            await side.session._serve(running)
        await until(lambda: not pool.clients)


async def test_trap_12_the_state_has_no_hash_rate_of_the_pools_making(bench, config, quirks, until):
    """The interval to expect comes from the local rate; shares do not move it."""
    async with PracticePool(quirks=quirks()) as pool, bench(config(pool)) as side:
        await until(lambda: side.work)
        before = side.session.state.share_interval_s
        for _ in range(5):
            side.found()
        await until(lambda: len(side.results) == 5)
        assert side.session.state.share_interval_s == before == pytest.approx(1e-6 * 2**32 / 300)
        assert not any("rate" in name for name in vars(side.session.state))
