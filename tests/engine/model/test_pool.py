import contextlib

from hypothesis import given, strategies as st
import pytest

from custom_components.hashwarm.engine.model.errors import HashwarmError, InvalidValueError
from custom_components.hashwarm.engine.model.pool import PoolAddress, PoolConfig


@pytest.mark.parametrize(
    ("text", "host", "port", "tls"),
    [
        ("pool.example.org:3333", "pool.example.org", 3333, False),
        (" stratum+tcp://pool.example.org:3333/ ", "pool.example.org", 3333, False),
        ("stratum+ssl://pool.example.org:443", "pool.example.org", 443, True),
        ("STRATUM+TLS://10.0.0.2:1", "10.0.0.2", 1, True),
        ("[::1]:3333", "::1", 3333, False),
    ],
)
def test_addresses_as_people_write_them(text, host, port, tls):
    address = PoolAddress.parse(text)
    assert (address.host, address.port, address.tls) == (host, port, tls)
    assert PoolAddress.parse(str(address)) == address


@pytest.mark.parametrize(
    "text",
    [
        "",
        "pool",
        "pool:",
        ":3333",
        "pool:0",
        "pool:65536",
        "pool:three",
        "http://pool:80",
        "a b:3333",
        "u@pool:1",
        "p/q:1",
        "pool:³",
    ],
)
def test_what_is_no_address_is_refused(text):
    with pytest.raises(InvalidValueError):
        PoolAddress.parse(text)


@given(st.text())
def test_any_text_is_read_or_refused(text):
    with contextlib.suppress(InvalidValueError):
        assert PoolAddress.parse(text).port > 0


def test_a_password_is_never_shown():
    assert "secret" not in repr(PoolConfig(host="h", port=1, user="u", password="secret"))
    assert PoolConfig(host="h", port=1, user="u").name == "h:1"


def test_errors_carry_their_translation():
    error = InvalidValueError(value="x")
    assert (str(error), error.key, error.placeholders) == ("invalid_value", "invalid_value", {"value": "x"})
    assert issubclass(InvalidValueError, HashwarmError)
