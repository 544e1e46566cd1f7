"""The conversation, without sockets: its order, what is bound to what, and the traps that need no network."""

import pytest

from custom_components.hashwarm.engine.hashing.target import target_from_difficulty
from custom_components.hashwarm.engine.model.errors import PoolGarbageError, PoolRefusedError
from custom_components.hashwarm.engine.stratum.protocol import Moved, Phase, ShareAnswer

SUBSCRIBED = [[["mining.notify", "1"]], "aabbccdd", 4]


def test_trap_1_everything_in_one_packet_and_out_of_order(talk):
    """Difficulty ahead of the answer to subscribe, work ahead of the answer to authorize."""
    side = talk()
    side.hear(side.answer("mining.configure", {"version-rolling": True, "version-rolling.mask": "1fffe000"}))
    side.hear(side.say("mining.set_difficulty", 0.5), side.answer("mining.subscribe", SUBSCRIBED))
    side.hear(side.notify(), side.answer("mining.authorize", result=True))
    (work,) = side.works()
    assert (work.extranonce1, work.extranonce2_size) == (bytes.fromhex("aabbccdd"), 4)
    assert work.target == target_from_difficulty(0.5)
    assert side.protocol.ready


def test_a_pool_cannot_drown_us_in_shares(talk):
    side = talk(hash_rate_hs=4e7)
    side.shake_hands()
    (event,) = side.hear(side.say("mining.set_difficulty", 1e-9), side.notify())
    assert event.issued.difficulty == 1e-9
    assert event.issued.work.target == target_from_difficulty(4e7 * 0.05 / 2**32)


def test_work_ahead_of_the_answer_to_subscribe_takes_its_extranonce(talk):
    side = talk()
    side.hear(side.answer("mining.configure", {}))
    side.hear(side.notify(), side.answer("mining.subscribe", SUBSCRIBED))
    assert not side.works()
    side.hear(side.answer("mining.authorize", result=True))
    assert side.works()[0].extranonce1 == bytes.fromhex("aabbccdd")


def test_trap_2_difficulty_holds_for_work_that_comes_after_it(running):
    running.hear(running.say("mining.set_difficulty", 2))
    running.hear(running.notify(), running.say("mining.set_difficulty", 8), running.notify(job_id="job2"))
    assert [event.issued.difficulty for event in running.events] == [2.0, 8.0]
    assert [work.target for work in running.works()] == [target_from_difficulty(2), target_from_difficulty(8)]


@pytest.mark.parametrize("version", [0x20000000, 0x20006000, 0x3FFFE000, 0x2000E000])
def test_trap_3_all_readings_of_version_bits_agree(running, miner, version):
    (event,) = running.hear(running.notify(version=f"{version:08x}"))
    mask = event.issued.work.version_mask
    assert mask & version == 0
    rolled = version | (mask & 0x0AAAA000)
    share = miner_share(miner, event.issued.work, rolled)
    running.protocol.submit(event.issued, share)
    running._collect()
    bits = int(running.sent[-1]["params"][5], 16)
    pool_mask = 0x1FFFE000
    assert not bits & ~pool_mask
    assert version | bits == rolled
    assert version ^ bits == rolled
    if not version & pool_mask:
        assert (version & ~pool_mask) | (bits & pool_mask) == rolled


def miner_share(miner, work, version):
    from dataclasses import replace

    return replace(miner.share(replace(work, target=1 << 255)), version=version)


def test_trap_4_the_suggestion_stands_between_subscribe_and_authorize(talk):
    side = talk(suggested_difficulty=0.09)
    assert side.methods() == ["mining.configure"]
    side.hear(side.answer("mining.configure", {"version-rolling": False, "subscribe-extranonce": False}))
    side.hear(side.answer("mining.subscribe", SUBSCRIBED))
    assert side.methods()[1:] == ["mining.subscribe", "mining.suggest_difficulty", "mining.authorize"]
    assert side.sent[2]["params"] == [0.09]
    assert side.sent[3]["params"] == ["acc.w1", "x"]


def test_configure_asks_for_the_three_extensions(talk):
    names, options = talk().sent[0]["params"]
    assert names == ["version-rolling", "minimum-difficulty", "subscribe-extranonce"]
    assert options["version-rolling.mask"] == "1fffe000"
    assert options["version-rolling.min-bit-count"] == 2
    assert options["minimum-difficulty.value"] == pytest.approx(4e7 / 2**32)


def test_trap_5_a_pool_without_configure_is_asked_the_old_way_and_never_waited_for(talk):
    side = talk()
    side.protocol.configure_overdue()
    side._collect()
    side.hear(side.answer("mining.subscribe", SUBSCRIBED))
    assert side.methods()[-3:] == ["mining.suggest_difficulty", "mining.extranonce.subscribe", "mining.authorize"]
    side.hear(side.answer("mining.authorize", result=True), side.notify())
    assert side.works()[0].version_mask == 0
    assert not side.protocol.version_rolling


def test_an_answer_to_configure_that_comes_late_still_counts(talk):
    side = talk()
    side.protocol.configure_overdue()
    side.protocol.configure_overdue()
    side._collect()
    side.hear(side.answer("mining.configure", {"version-rolling": True, "version-rolling.mask": "00ffe000"}))
    assert side.methods().count("mining.subscribe") == 1
    assert side.protocol.version_mask == 0x00FFE000


def test_a_plain_conversation_has_no_extensions(talk):
    side = talk(plain=True)
    side.hear(side.answer("mining.subscribe", SUBSCRIBED))
    side.hear(side.answer("mining.authorize", result=True), side.say("mining.set_version_mask", "1fffe000"))
    assert side.methods() == ["mining.subscribe", "mining.authorize"]
    side.hear(side.notify())
    assert side.works()[0].version_mask == 0


def test_trap_6_submit_is_padded_to_the_last_digit(running, miner):
    from dataclasses import replace

    (event,) = running.hear(running.notify(ntime="1"))
    share = replace(miner_share(miner, event.issued.work, 0x20002000), nonce=0xA, extranonce2=b"\0\0\0\1")
    request_id = running.protocol.submit(event.issued, share)
    running._collect()
    assert running.sent[-1] == {
        "id": request_id,
        "method": "mining.submit",
        "params": ["acc.w1", "job1", "00000001", "00000001", "0000000a", "00002000"],
    }


def test_without_rolling_submit_has_five_parameters(talk, miner):
    side = talk()
    side.shake_hands(mask=None)
    (event,) = side.hear(side.notify())
    side.protocol.submit(event.issued, miner_share(miner, event.issued.work, 0x20000000))
    side._collect()
    assert len(side.sent[-1]["params"]) == 5


def test_trap_8_clean_is_passed_on_and_the_first_work_is_always_clean(running):
    running.hear(running.notify(clean=False), running.notify(clean=False), running.notify(clean=True))
    assert [work.clean for work in running.works()] == [True, False, True]
    assert len({work.work_id for work in running.works()}) == 3


def test_set_extranonce_holds_from_the_next_notify_even_of_the_same_job(running):
    running.hear(running.notify(), running.say("mining.set_extranonce", "0102", 6), running.notify())
    before, after = running.works()
    assert (before.extranonce1.hex(), before.extranonce2_size) == ("aabbccdd", 4)
    assert (after.extranonce1.hex(), after.extranonce2_size) == ("0102", 6)


def test_a_version_mask_is_valid_at_once(running):
    running.hear(running.notify())
    running.hear(running.say("mining.set_version_mask", "00006000"))
    (work,) = running.works()
    assert (work.version_mask, work.clean) == (0x6000, True)
    assert not running.hear(running.say("mining.set_version_mask", "00006000"))


def test_a_version_mask_before_any_work_waits_for_it(running):
    assert not running.hear(running.say("mining.set_version_mask", "00006000"))
    running.hear(running.notify())
    assert running.works()[0].version_mask == 0x6000


def test_the_pool_may_ask_who_we_are_and_whether_we_live(running):
    before = len(running.sent)
    running.hear(
        running.say("client.get_version", request_id=11),
        running.say("mining.ping", request_id="p"),
        running.say("mining.other", request_id=13),
        running.say("mining.ping"),
    )
    assert running.sent[before:] == [
        {"id": 11, "result": "hashwarm/test", "error": None},
        {"id": "p", "result": "pong", "error": None},
        {"id": 13, "result": None, "error": [20, "Unknown method", None]},
    ]


def test_a_message_is_kept(running):
    running.hear(running.say("client.show_message", "maintenance at noon"))
    assert running.protocol.message == "maintenance at noon"


def test_a_move_is_told(running):
    (event,) = running.hear(running.say("client.reconnect", "eu.pool.example", 3334, 2))
    assert isinstance(event, Moved)
    assert (event.to.host, event.to.port, event.to.wait_s) == ("eu.pool.example", 3334, 2)


def test_answers_to_shares(running):
    events = running.hear(
        {"id": 90, "result": True, "error": None},
        {"id": 91, "result": None, "error": [23, "low", None]},
        {"id": 92, "result": None, "error": None},
        {"id": None, "result": True},
    )
    assert [(event.request_id, event.accepted) for event in events if isinstance(event, ShareAnswer)] == [
        (90, True),
        (91, False),
        (92, False),
    ]


@pytest.mark.parametrize("answer", [(False, None), (None, [24, "Unauthorized", None]), (None, None), ("yes", None)])
def test_a_refused_user_is_told(talk, answer):
    side = talk()
    side.hear(side.answer("mining.configure", {}))
    side.hear(side.answer("mining.subscribe", SUBSCRIBED))
    with pytest.raises(PoolRefusedError):
        side.hear(side.answer("mining.authorize", *answer))
    assert side.protocol.phase is Phase.AUTHORIZING


def test_a_refused_subscription_is_told(talk):
    side = talk()
    side.hear(side.answer("mining.configure", None, [20, "Unknown method", None]))
    with pytest.raises(PoolRefusedError):
        side.hear(side.answer("mining.subscribe", None, "full"))


@pytest.mark.parametrize("raw", ["0", "-3", "1e300", "NaN", "Infinity", '"1"', "null"])
def test_difficulty_0_1e300_and_nan_are_garbage(running, raw):
    with pytest.raises(PoolGarbageError):
        running.hear(f'{{"id":null,"method":"mining.set_difficulty","params":[{raw}]}}\n'.encode())
