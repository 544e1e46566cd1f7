"""Lines and messages: strict, bounded, and nothing but PoolGarbageError comes out of them."""

import contextlib
import json

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.hashwarm.engine.model.errors import PoolError, PoolGarbageError
from custom_components.hashwarm.engine.stratum.difficulty import (
    checked_difficulty,
    share_interval_s,
    share_work_of,
    suggested_difficulty,
)
from custom_components.hashwarm.engine.stratum.messages import (
    Configured,
    Reconnect,
    ShowMessage,
    interpret,
    parse_configuration,
    parse_subscription,
)
from custom_components.hashwarm.engine.stratum.wire import (
    MAX_LINE_BYTES,
    LineBuffer,
    PoolFault,
    Request,
    Response,
    clean_text,
    encode_answer,
    encode_request,
    parse_line,
)
from tests.thorough import examples

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=10), inner, max_size=5),
    max_leaves=12,
)
FEW = settings(max_examples=examples(40), deadline=None)
LINE = st.binary(max_size=30).filter(lambda line: b"\n" not in line and line.strip())
CALL = st.tuples(st.none(), st.deferred(lambda: METHODS), st.lists(JSON, max_size=10))
METHODS = st.sampled_from(
    [
        "mining.notify",
        "mining.set_difficulty",
        "mining.set_extranonce",
        "mining.set_version_mask",
        "client.reconnect",
        "client.show_message",
        "client.get_version",
        "mining.ping",
        "other",
    ]
)


def request(method: str, *params: object) -> Request:
    return Request(request_id=None, method=method, params=list(params))


class TestLines:
    @FEW
    @given(
        st.lists(st.binary(max_size=30).filter(lambda line: b"\n" not in line and line.strip()), max_size=8), st.data()
    )
    def test_any_cut_gives_the_same_lines(self, lines, data):
        stream, buffer, found = b"".join(line + b"\n" for line in lines), LineBuffer(), []
        while stream:
            cut = data.draw(st.integers(1, len(stream)))
            found += buffer.feed(stream[:cut])
            stream = stream[cut:]
        assert found == [line.strip() for line in lines]

    def test_blank_lines_and_carriage_returns_are_nothing(self):
        assert LineBuffer().feed(b"\r\n\n  \n{}\r\n") == [b"{}"]

    @pytest.mark.parametrize("data", [b"x" * (MAX_LINE_BYTES + 1), b"x" * (MAX_LINE_BYTES + 1) + b"\n"])
    def test_a_huge_line_is_garbage(self, data):
        with pytest.raises(PoolGarbageError):
            LineBuffer().feed(data)

    @pytest.mark.parametrize(
        "line",
        [
            b"",
            b"GET / HTTP/1.1",
            b"[]",
            b"1",
            b"{}",
            b'{"id":1}',
            b"\xff\xfe",
            b"[" * 60000,
            b'{"method":7}',
            b'{"method":"mining.notify","params":{}}',
            b'{"id":1,"result":' + b"9" * 5000 + b"}",
        ],
    )
    def test_what_is_no_message_is_garbage(self, line):
        with pytest.raises(PoolGarbageError):
            parse_line(line)

    @FEW
    @given(JSON)
    def test_any_json_is_a_message_or_garbage(self, value):
        with contextlib.suppress(PoolGarbageError):
            assert isinstance(parse_line(json.dumps(value).encode()), Request | Response)

    def test_our_own_lines_come_back(self):
        assert parse_line(encode_request(3, "a", [1])) == Request(request_id=3, method="a", params=[1])
        assert parse_line(encode_answer(3, "pong")) == Response(request_id=3, result="pong", fault=None)

    @pytest.mark.parametrize(("raw", "own"), [("7", 7), ('"7"', 7), ("null", None), ('"x"', None), ("true", None)])
    def test_ids_may_come_as_text(self, raw, own):
        assert parse_line(f'{{"id":{raw},"result":true}}'.encode()).request_id == own

    def test_a_call_without_params_and_with_an_odd_id(self):
        assert parse_line(b'{"id":[1],"method":"mining.ping"}') == Request(
            request_id=None, method="mining.ping", params=[]
        )

    @pytest.mark.parametrize(
        ("message", "fault"),
        [
            ({"result": None, "error": [21, "Job not found", None]}, PoolFault(code=21, text="Job not found")),
            ({"result": None, "error": []}, PoolFault(code=None, text="refused")),
            ({"result": None, "error": "stale"}, PoolFault(code=None, text="stale")),
            ({"result": None, "error": {"code": 22, "message": "dup"}}, PoolFault(code=22, text="dup")),
            ({"result": None, "error": {"code": True}}, PoolFault(code=None, text="refused")),
            ({"result": None, "error": 23}, PoolFault(code=23, text="refused")),
            ({"result": False, "error": None, "reject-reason": "low"}, PoolFault(code=None, text="low")),
            ({"result": False, "error": None}, PoolFault(code=None, text="refused")),
            ({"result": True, "error": None}, None),
            ({"result": True, "error": False}, None),
        ],
    )
    def test_trap_10_errors_of_every_shape(self, message, fault):
        assert parse_line(json.dumps({"id": 1, **message}).encode()).fault == fault

    def test_texts_for_people_are_printable_and_short(self):
        assert clean_text("  a\x00b\x1b[31m\n" + "x" * 1000).startswith("ab[31mx")
        assert len(clean_text("x" * 1000)) == 200
        assert clean_text(["a"]) == "['a']"


class TestMessages:
    @FEW
    @given(METHODS, st.lists(JSON, max_size=12))
    def test_any_parameters_are_understood_or_garbage(self, method, params):
        with contextlib.suppress(PoolGarbageError):
            interpret(Request(request_id=1, method=method, params=params))

    @FEW
    @given(JSON)
    def test_any_answer_is_understood_or_garbage(self, value):
        for parse in (parse_subscription, parse_configuration):
            with contextlib.suppress(PoolGarbageError):
                parse(value)

    @pytest.mark.parametrize("field", range(9))
    @pytest.mark.parametrize("value", [None, 7, "zz", "0x12345678", "1" * 70000, [["x"]], ["ab"] * 99, "", "٣٣"])
    def test_a_notify_with_one_bad_field_is_garbage_or_harmless(self, talk, field, value):
        params = talk().notify()["params"]
        params[field] = value
        harmless = {(0, "zz"), (0, "0x12345678"), (0, "٣٣"), (2, ""), (3, "")}
        if field == 8 or (isinstance(value, str) and (field, value) in harmless):
            interpret(request("mining.notify", *params))
            return
        with pytest.raises(PoolGarbageError):
            interpret(request("mining.notify", *params))

    def test_the_previous_hash_is_turned_round_word_by_word(self, talk):
        notify = interpret(request("mining.notify", *talk().notify()["params"]))
        assert notify.previous_hash == b"".join(number.to_bytes(4, "little") for number in range(8))

    def test_trap_6_short_hex_and_more_parameters(self, talk):
        params = talk().notify(version="20000000", ntime="1", nbits="207fffff")["params"]
        notify = interpret(request("mining.notify", *params[:8], "extra", {"more": 1}, True))
        assert (notify.ntime, notify.nbits, notify.clean) == (1, 0x207FFFFF, True)
        assert not interpret(request("mining.notify", *params[:8], True, False)).clean
        assert interpret(request("mining.notify", *params[:8], True, "extra")).clean

    def test_a_short_notify_is_garbage(self, talk):
        with pytest.raises(PoolGarbageError):
            interpret(request("mining.notify", *talk().notify()["params"][:8]))

    @pytest.mark.parametrize("value", [0, -1, 1e300, 10**400, float("nan"), float("inf"), "1", None, True, [1]])
    def test_a_difficulty_that_cannot_be_is_garbage(self, value):
        with pytest.raises(PoolGarbageError):
            checked_difficulty(value)
        with pytest.raises(PoolGarbageError):
            interpret(request("mining.set_difficulty", value))

    @pytest.mark.parametrize(
        ("method", "params"),
        [
            ("mining.set_difficulty", []),
            ("mining.set_extranonce", []),
            ("mining.set_extranonce", ["aa"]),
            ("mining.set_extranonce", ["aa", 0]),
            ("mining.set_extranonce", ["aa", 17]),
            ("mining.set_extranonce", ["a", 4]),
            ("mining.set_extranonce", ["aa" * 33, 4]),
            ("mining.set_extranonce", ["aa", True]),
            ("mining.set_version_mask", []),
            ("mining.set_version_mask", ["-1"]),
            ("client.reconnect", [["x"]]),
            ("client.reconnect", ["h" * 300]),
            ("client.reconnect", ["h", 0]),
            ("client.reconnect", ["h", 65536]),
            ("client.reconnect", ["h", {}]),
        ],
    )
    def test_other_nonsense_is_garbage(self, method, params):
        with pytest.raises(PoolGarbageError):
            interpret(request(method, *params))

    @pytest.mark.parametrize(
        ("params", "meant"),
        [
            ([], Reconnect(host=None, port=None, wait_s=0)),
            (["", "", ""], Reconnect(host=None, port=None, wait_s=0)),
            (["eu.pool.example", "3333", "5"], Reconnect(host="eu.pool.example", port=3333, wait_s=5)),
            (["a", 1, 1e9, "more"], Reconnect(host="a", port=1, wait_s=300)),
            (["a", 1, float("nan")], Reconnect(host="a", port=1, wait_s=0)),
            (["a", 1, -4], Reconnect(host="a", port=1, wait_s=0)),
        ],
    )
    def test_reconnect(self, params, meant):
        assert interpret(request("client.reconnect", *params)) == meant

    def test_a_message_is_cleaned(self):
        assert interpret(request("client.show_message", "hi\x07")) == ShowMessage(text="hi")
        assert interpret(request("client.show_message")) == ShowMessage(text="")

    @pytest.mark.parametrize("result", [None, True, [], [[], "aa"], [[], "xx", 4], [[], "aa", "4"]])
    def test_a_bad_subscription_is_garbage(self, result):
        with pytest.raises(PoolGarbageError):
            parse_subscription(result)

    @pytest.mark.parametrize("result", [None, [], {}, {"version-rolling": "yes"}, {"version-rolling": False}])
    def test_a_configuration_that_grants_nothing(self, result):
        assert parse_configuration(result) == Configured(mask=None, extranonce=False)

    def test_a_configuration_never_grants_more_than_was_asked(self):
        granted = parse_configuration({"version-rolling": True, "version-rolling.mask": "ffffffff"})
        assert granted.mask == 0x1FFFE000


class TestDifficulty:
    @FEW
    @given(st.floats(1e-9, 1e20))
    def test_work_is_exact(self, difficulty):
        numerator, denominator = difficulty.as_integer_ratio()
        assert share_work_of(difficulty) == numerator * 2**32 // denominator

    def test_interval_and_suggestion(self):
        assert share_interval_s(suggested_difficulty(4e7, 10), 4e7) == pytest.approx(10)
        assert suggested_difficulty(4e7, 10) == pytest.approx(0.093, rel=0.01)
        assert share_interval_s(1, None) is None
        assert share_interval_s(1, 0) is None
        assert suggested_difficulty(1e-9, 10) == 1e-9


class TestFuzz:
    @FEW
    @given(st.lists(st.binary(max_size=200), max_size=6))
    def test_any_bytes_give_events_or_a_pool_error(self, talk_factory, chunks):
        talk = talk_factory()
        with contextlib.suppress(PoolError):
            for chunk in chunks:
                talk.protocol.feed(chunk, 0.0)

    @FEW
    @given(st.lists(CALL | st.tuples(st.integers(1, 8), JSON, JSON), max_size=8))
    def test_any_conversation_gives_events_or_a_pool_error(self, talk_factory, messages):
        talk = talk_factory()
        with contextlib.suppress(PoolError):
            for message in messages:
                if message[0] is None:
                    talk.hear(talk.say(message[1], *message[2], request_id=5))
                else:
                    talk.hear({"id": message[0], "result": message[1], "error": message[2]})


@pytest.fixture(scope="module")
def talk_factory():
    from tests.engine.stratum.conftest import Talk

    return Talk
