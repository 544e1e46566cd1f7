"""Addresses against the published vectors of BIP173 and BIP350, and against every slip of the finger."""

import hashlib

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.hashwarm.engine.model.errors import (
    AddressChecksumError,
    AddressError,
    AddressLightningError,
    AddressNetworkError,
)
from custom_components.hashwarm.engine.money import address as module
from custom_components.hashwarm.engine.money.address import AddressKind, Network, address_of_user, parse_address
from tests.thorough import examples

# The vectors that BIP350 publishes for segwit addresses (those of BIP173 for version 0 are among them).
VALID = {
    "BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4": "0014751e76e8199196d454941c45d1b3a323f1433bd6",
    "tb1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3q0sl5k7": (
        "00201863143c14c5166804bd19203356da136c985678cd4d27a1b8c6329604903262"
    ),
    "bc1pw508d6qejxtdg4y5r3zarvary0c5xw7kw508d6qejxtdg4y5r3zarvary0c5xw7kt5nd6y": (
        "5128751e76e8199196d454941c45d1b3a323f1433bd6751e76e8199196d454941c45d1b3a323f1433bd6"
    ),
    "BC1SW50QGDZ25J": "6002751e",
    "bc1zw508d6qejxtdg4y5r3zarvaryvaxxpcs": "5210751e76e8199196d454941c45d1b3a323",
    "tb1qqqqqp399et2xygdj5xreqhjjvcmzhxw4aywxecjdzew6hylgvsesrxh6hy": (
        "0020000000c4a5cad46221b2a187905e5266362b99d5e91c6ce24d165dab93e86433"
    ),
    "tb1pqqqqp399et2xygdj5xreqhjjvcmzhxw4aywxecjdzew6hylgvsesf3hn0c": (
        "5120000000c4a5cad46221b2a187905e5266362b99d5e91c6ce24d165dab93e86433"
    ),
    "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0": (
        "512079be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
    ),
}
INVALID = (
    "tc1qw508d6qejxtdg4y5r3zarvary0c5xw7kg3g4ty",
    "tc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vq5zuyut",
    "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqh2y7hd",
    "tb1z0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqglt7rf",
    "BC1S0XLXVLHEMJA6C4DQV22UAPCTQUPFHLXM9H8Z3K2E72Q4K9HCZ7VQ54WELL",
    "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kemeawh",
    "tb1q0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vq24jc47",
    "bc1p38j9r5y49hruaue7wxjce0updqjuyyx0kh56v8s25huc6995vvpql3jow4",
    "BC130XLXVLHEMJA6C4DQV22UAPCTQUPFHLXM9H8Z3K2E72Q4K9HCZ7VQ7ZWS8R",
    "bc1pw5dgrnzv",
    "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7v8n0nx0muaewav253zgeav",
    "BC1QR508D6QEJXTDG4Y5R3ZARVARYV98GJ9P",
    "tb1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vq47Zagq",
    "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7v07qwwzcrf",
    "tb1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vpggkg4j",
    "bc1gmk9yu",
    "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5",
    "bc1rw5uspcuh",
    "bc10w508d6qejxtdg4y5r3zarvary0c5xw7kw508d6qejxtdg4y5r3zarvary0c5xw7kw5rljs90",
    "BC1QR508D6QEJXTDG4Y5R3ZARVARYV98GJ9P",
    "tb1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3q0sL5k7",
    "bc1zw508d6qejxtdg4y5r3zarvaryvqyzf3du",
    "tb1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3pjxtptv",
)
GENESIS = "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"


def segwit(prefix, version, program):
    """Return the segwit address of a witness program, by BIP350's rules."""
    bits = "".join(f"{byte:08b}" for byte in program)
    bits += "0" * (-len(bits) % 5)
    values = [version] + [int(bits[i : i + 5], 2) for i in range(0, len(bits), 5)]
    residue = module._polymod(prefix, [*values, 0, 0, 0, 0, 0, 0]) ^ (0x2BC830A3 if version else 1)
    values += [residue >> 5 * (5 - i) & 31 for i in range(6)]
    return prefix + "1" + "".join(module._SEGWIT_CHARACTERS[value] for value in values)


def base58(version, digest):
    """Return the base58check address of a hash."""
    body = bytes([version]) + digest
    raw = body + hashlib.sha256(hashlib.sha256(body).digest()).digest()[:4]
    number, text = int.from_bytes(raw), ""
    while number:
        number, digit = divmod(number, 58)
        text = module._BASE58_CHARACTERS[digit] + text
    return "1" * (len(raw) - len(raw.lstrip(b"\0"))) + text


@pytest.mark.parametrize(("text", "script"), VALID.items())
def test_the_published_valid_addresses(text, script):
    network = Network.TESTNET if text.startswith("tb") else Network.MAINNET
    address = parse_address(text, network)
    assert address.script.hex() == script
    assert address.network is network
    assert address.text == text.lower()


@pytest.mark.parametrize("text", INVALID)
@pytest.mark.parametrize("network", Network)
def test_the_published_invalid_addresses(text, network):
    with pytest.raises(AddressError):
        parse_address(text, network)


@pytest.mark.parametrize(
    ("text", "kind", "script"),
    [
        (GENESIS, AddressKind.P2PKH, "76a91462e907b15cbf27d5425399ebf6f0fb50ebb88f1888ac"),
        ("3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy", AddressKind.P2SH, "a914b472a266d0bd89c13706a4132ccfb16f7c3b9fcb87"),
        (next(iter(VALID)), AddressKind.P2WPKH, "0014751e76e8199196d454941c45d1b3a323f1433bd6"),
        (segwit("bc", 0, bytes(32)), AddressKind.P2WSH, "0020" + "00" * 32),
        (segwit("bc", 1, bytes(32)), AddressKind.P2TR, "5120" + "00" * 32),
        (segwit("bc", 16, bytes(40)), AddressKind.WITNESS, "6028" + "00" * 40),
    ],
)
def test_each_kind_is_known_by_its_script(text, kind, script):
    address = parse_address(f" {text}\n")
    assert (address.kind, address.script.hex()) == (kind, script)
    assert parse_address(f"bitcoin:{text}?amount=0.1&label=x") == address


@pytest.mark.parametrize(
    ("text", "error", "key"),
    [
        (GENESIS[:-1] + "b", AddressChecksumError, "address_checksum"),
        (GENESIS.replace("z", "0"), AddressChecksumError, "address_checksum"),
        (GENESIS[:-2], AddressChecksumError, "address_checksum"),
        ("bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5", AddressChecksumError, "address_checksum"),
        ("bc1", AddressChecksumError, "address_checksum"),
        ("bc1q" + "q" * 200, AddressChecksumError, "address_checksum"),
        (segwit("tb", 0, bytes(20)), AddressNetworkError, "address_network"),
        (segwit("bcrt", 0, bytes(20)), AddressNetworkError, "address_network"),
        (base58(0x6F, bytes(20)), AddressNetworkError, "address_network"),
        (base58(0xC4, bytes(20)), AddressNetworkError, "address_network"),
        (base58(0x1E, bytes(20)), AddressError, "address_invalid"),
        (base58(0x04, bytes(20)), AddressError, "address_invalid"),
        (segwit("ltc", 0, bytes(20)), AddressError, "address_invalid"),
        (segwit("bc", 0, bytes(21)), AddressError, "address_invalid"),
        (segwit("bc", 17, bytes(20)), AddressError, "address_invalid"),
        (segwit("bc", 1, bytes(1)), AddressError, "address_invalid"),
        ("", AddressError, "address_invalid"),
        ("my wallet", AddressError, "address_invalid"),
        ("lnbc20u1pvjluez", AddressLightningError, "address_lightning"),
        ("LNURL1DP68GURN8GHJ7", AddressLightningError, "address_lightning"),
        ("lightning:lnbc1xyz", AddressLightningError, "address_lightning"),
        ("anna@wallet.example", AddressLightningError, "address_lightning"),
        ("lno1pqpsrc", AddressError, "address_invalid"),
    ],
)
def test_what_is_refused_says_why(text, error, key):
    with pytest.raises(error) as caught:
        parse_address(text)
    assert caught.value.key == key
    assert not text or text not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "network"),
    [
        (segwit("tb", 0, bytes(20)), "testnet or signet"),
        (segwit("bcrt", 0, bytes(20)), "regtest"),
        (base58(0x6F, bytes(20)), "testnet, signet or regtest"),
    ],
)
def test_the_other_network_is_named(text, network):
    with pytest.raises(AddressNetworkError) as caught:
        parse_address(text)
    assert caught.value.placeholders == {"network": network}


def test_each_network_takes_its_own():
    assert parse_address(segwit("bcrt", 0, bytes(20)), Network.REGTEST).network is Network.REGTEST
    assert parse_address(base58(0xC4, bytes(20)), Network.REGTEST).network is Network.REGTEST
    assert parse_address(base58(0xC4, bytes(20)), Network.TESTNET).network is Network.TESTNET
    with pytest.raises(AddressNetworkError) as caught:
        parse_address(GENESIS, Network.TESTNET)
    assert caught.value.placeholders == {"network": "mainnet"}


programs = st.one_of(
    st.tuples(st.just(0), st.sampled_from((20, 32))), st.tuples(st.integers(1, 16), st.integers(2, 40))
).flatmap(lambda pair: st.tuples(st.just(pair[0]), st.binary(min_size=pair[1], max_size=pair[1])))
addresses = st.one_of(
    programs.map(lambda pair: segwit("bc", *pair)),
    st.tuples(st.sampled_from((0x00, 0x05)), st.binary(min_size=20, max_size=20)).map(lambda pair: base58(*pair)),
)


@settings(max_examples=examples(60))
@given(addresses)
def test_what_is_well_made_is_taken(text):
    assert parse_address(text).text == text
    assert address_of_user(f"{text}.heater") == text


@settings(max_examples=examples(200))
@given(addresses, st.data())
def test_any_single_changed_character_is_refused(text, data):
    place = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.characters(codec="ascii").filter(lambda character: character != text[place]))
    changed = text[:place] + other + text[place + 1 :]
    with pytest.raises(AddressError):
        parse_address(changed)


@settings(max_examples=examples(100))
@given(st.text())
def test_whatever_is_typed_only_address_errors_come(text):
    with pytest.raises(AddressError):
        parse_address(text)


@pytest.mark.parametrize(
    ("user", "address"),
    [
        (GENESIS, GENESIS),
        (f" {GENESIS}.worker.1 ", GENESIS),
        (f"{GENESIS}_worker", GENESIS),
        ("anna.worker", None),
        (segwit("tb", 0, bytes(20)), None),
        ("", None),
    ],
)
def test_the_address_in_a_user_name(user, address):
    assert address_of_user(user) == address
