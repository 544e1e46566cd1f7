"""Bitcoin addresses, checked before money is sent there: BIP173 and BIP350 (segwit), base58check (the older ones)."""

from dataclasses import dataclass
from enum import StrEnum
import hashlib
import re

from ..model.errors import AddressChecksumError, AddressError, AddressLightningError, AddressNetworkError


class Network(StrEnum):
    """The chain that an address is for, as far as its form tells."""

    MAINNET = "mainnet"
    TESTNET = "testnet"
    """Testnet or signet: their addresses look alike."""
    REGTEST = "regtest"


class AddressKind(StrEnum):
    """What the coins are locked by."""

    P2PKH = "p2pkh"
    P2SH = "p2sh"
    P2WPKH = "p2wpkh"
    P2WSH = "p2wsh"
    P2TR = "p2tr"
    WITNESS = "witness"
    """A witness version without a meaning yet."""


@dataclass(frozen=True, kw_only=True)
class Address:
    """An address whose checksum fits."""

    network: Network
    kind: AddressKind
    script: bytes
    """The output script that pays it."""
    text: str
    """As servers write it: segwit in lower case."""


_SEGWIT_CHARACTERS = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_SEGWIT_NETWORKS = {"bc": Network.MAINNET, "tb": Network.TESTNET, "bcrt": Network.REGTEST}
_SEGWIT_LIKE = re.compile(r"(bc|tb|bcrt)1", re.IGNORECASE)
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_BECH32, _BECH32M = 1, 0x2BC830A3
_CHECKSUM_LENGTH = 6
_MAX_VERSION = 16
_MIN_PROGRAM, _MAX_PROGRAM = 2, 40
_KINDS = {(0, 20): AddressKind.P2WPKH, (0, 32): AddressKind.P2WSH, (1, 32): AddressKind.P2TR}
_OP_1 = 0x51

_BASE58_CHARACTERS = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_BASE58_LIKE = re.compile(r"[123mn][0-9A-Za-z]{24,35}")
_BASE58_VERSIONS = {
    0x00: (Network.MAINNET, AddressKind.P2PKH),
    0x05: (Network.MAINNET, AddressKind.P2SH),
    0x6F: (Network.TESTNET, AddressKind.P2PKH),
    0xC4: (Network.TESTNET, AddressKind.P2SH),
}
_HASH_LENGTH = 20
_BASE58_LENGTH = 1 + _HASH_LENGTH + 4
_BASE58_TEST_NAME = "testnet, signet or regtest"

_LIGHTNING = re.compile(r"lightning:|ln(bc|tb|tbs|bcrt|url)[0-9a-z]*1|[^@\s]+@[^@\s]+\.[^@\s]+$", re.IGNORECASE)
_WORKER = re.compile(r"[._/]")


def parse_address(text: str, network: Network = Network.MAINNET) -> Address:
    """Read an address, also from a `bitcoin:` link; it has to be one of `network`.

    Errors: AddressLightningError, AddressChecksumError when it was typed wrong, AddressNetworkError, else AddressError.
    """
    bare = re.sub(r"(?i)^bitcoin:", "", text.strip()).partition("?")[0]
    if _LIGHTNING.match(bare):
        raise AddressLightningError("a Lightning invoice or address")
    if _SEGWIT_LIKE.match(bare):
        return _segwit(bare, network)
    if _BASE58_LIKE.fullmatch(bare):
        return _base58(bare, network)
    raise AddressError("no Bitcoin address")


def address_of_user(user: str) -> str | None:
    """Return the address in a pool's user name, without the worker after it; None where it holds none."""
    try:
        return parse_address(_WORKER.split(user.strip(), maxsplit=1)[0]).text
    except AddressError:
        return None


def _segwit(text: str, expected: Network) -> Address:
    """Read an address in bech32 (version 0) or bech32m (all later ones)."""
    if text not in {text.lower(), text.upper()}:
        raise AddressChecksumError("small and capital letters are mixed")
    text = text.lower()
    prefix, _, data = text.rpartition("1")
    if prefix not in _SEGWIT_NETWORKS:
        raise AddressChecksumError("no such address")
    values = [_SEGWIT_CHARACTERS.find(character) for character in data]
    if -1 in values or len(values) <= _CHECKSUM_LENGTH:
        raise AddressChecksumError("a character cannot be in an address")
    version = values[0]
    if _polymod(prefix, values) != (_BECH32M if version else _BECH32):
        raise AddressChecksumError("the checksum does not fit")
    program = _bytes_of(values[1:-_CHECKSUM_LENGTH])
    if version > _MAX_VERSION or not _MIN_PROGRAM <= len(program) <= _MAX_PROGRAM:
        raise AddressError("no such witness program")
    kind = _KINDS.get((version, len(program)), AddressKind.WITNESS)
    if version == 0 and kind is AddressKind.WITNESS:
        raise AddressError("no such witness program")
    network = _SEGWIT_NETWORKS[prefix]
    _expect(network, expected, "testnet or signet" if network is Network.TESTNET else network)
    script = bytes([_OP_1 - 1 + version if version else 0, len(program)]) + program
    return Address(network=network, kind=kind, script=script, text=text)


def _polymod(prefix: str, values: list[int]) -> int:
    """Return the residue of BIP173's code over the prefix and the values."""
    spread = [ord(character) >> 5 for character in prefix] + [0] + [ord(character) & 31 for character in prefix]
    residue = 1
    for value in spread + values:
        top = residue >> 25
        residue = (residue & 0x1FFFFFF) << 5 ^ value
        for bit, term in enumerate(_GENERATOR):
            residue ^= term if top >> bit & 1 else 0
    return residue


def _bytes_of(values: list[int]) -> bytes:
    """Return groups of 5 bits as bytes; less than a group of zeros may be left over. Errors: AddressError."""
    number = 0
    for value in values:
        number = number << 5 | value
    length, left_over = divmod(5 * len(values), 8)
    if left_over >= 5 or number & ((1 << left_over) - 1):  # noqa: PLR2004 - the bits of a group
        raise AddressError("wrong padding")
    return (number >> left_over).to_bytes(length)


def _base58(text: str, expected: Network) -> Address:
    """Read an address of before segwit."""
    number = 0
    for character in text:
        digit = _BASE58_CHARACTERS.find(character)
        if digit < 0:
            raise AddressChecksumError("a character cannot be in an address")
        number = number * 58 + digit
    zeros = len(text) - len(text.lstrip("1"))
    raw = bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8)
    body, checksum = raw[:-4], raw[-4:]
    if len(raw) != _BASE58_LENGTH or hashlib.sha256(hashlib.sha256(body).digest()).digest()[:4] != checksum:
        raise AddressChecksumError("the checksum does not fit")
    if body[0] not in _BASE58_VERSIONS:
        raise AddressError("no address of Bitcoin")
    network, kind = _BASE58_VERSIONS[body[0]]
    if network is Network.TESTNET and expected is Network.REGTEST:
        network = Network.REGTEST
    _expect(network, expected, _BASE58_TEST_NAME if network is Network.TESTNET else network)
    return Address(network=network, kind=kind, script=_script(kind, body[1:]), text=text)


def _script(kind: AddressKind, digest: bytes) -> bytes:
    """Return the output script that pays the hash of a key or of a script."""
    if kind is AddressKind.P2PKH:
        return b"\x76\xa9\x14" + digest + b"\x88\xac"
    return b"\xa9\x14" + digest + b"\x87"


def _expect(network: Network, expected: Network, name: str) -> None:
    """Refuse an address of another network. Errors: AddressNetworkError."""
    if network is not expected:
        raise AddressNetworkError(f"an address of {name}", network=str(name))
