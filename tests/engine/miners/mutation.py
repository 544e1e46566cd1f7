"""Thousands of wrong answers from one that is right: every parser must take them with nothing but a typed error."""

from collections.abc import Callable
from contextlib import suppress
import copy
import json
import marshal
import random
from typing import Any

from hypothesis import given, settings, strategies as st

from custom_components.hashwarm.engine.model.errors import BackendError
from tests.thorough import THOROUGH

ANSWERS = 10_000 if THOROUGH else 2_000
PER_SEED = 50
ODD = (
    None, True, False, 0, -1, 1e308, -1e308, float("inf"), float("nan"), 10**400, 2**63, "", " ", "0", "-", "NaN",
    "9" * 400, "\x00", "é\ud800", "12 W", [], {}, [[]], {"": {}}, [None] * 3, "]", "[", "A[", "1e999", "ÿ",
)  # fmt: skip


def _paths(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    below = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [path, *(deeper for key, child in below for deeper in _paths(child, (*path, key)))]


_KNOWN: dict[bytes, list[tuple[Any, ...]]] = {}


def mutated(answer: Any, rng: random.Random) -> Any:
    """Return the answer with one to six of its parts lost, exchanged, doubled or made absurd."""
    frozen = marshal.dumps(answer)
    if frozen not in _KNOWN:
        _KNOWN[frozen] = _paths(answer)
    answer, paths = marshal.loads(frozen), _KNOWN[frozen]
    for _ in range(rng.randint(1, 6)):
        path = rng.choice(paths)
        if not path:
            if rng.random() < 0.1:
                return rng.choice(ODD)
            continue
        with suppress(KeyError, IndexError, TypeError):
            # What lay there may be gone already.
            _mutate_at(answer, path, rng)
    return answer


def _mutate_at(answer: Any, path: tuple[Any, ...], rng: random.Random) -> None:
    holder = answer
    for key in path[:-1]:
        holder = holder[key]
    if rng.random() < 0.3:
        del holder[path[-1]]
    elif isinstance(holder[path[-1]], str) and rng.random() < 0.5:
        holder[path[-1]] = garbled(holder[path[-1]], rng)
    else:
        holder[path[-1]] = copy.deepcopy(rng.choice(ODD))


def garbled(text: str, rng: random.Random) -> str:
    """Return a text with some characters lost, doubled or exchanged."""
    characters = list(text)
    for _ in range(rng.randint(1, 8)):
        if not characters:
            return ""
        place = rng.randrange(len(characters))
        characters[place] = rng.choice(("", characters[place] * 2, chr(rng.randrange(1, 300)), "[", "]", " ", "-", "9"))
    return "".join(characters)


def garbled_bytes(raw: bytes, rng: random.Random) -> bytes:
    """Return bytes cut, flipped or filled with noise."""
    raw = bytearray(raw)
    for _ in range(rng.randint(1, 8)):
        if raw:
            raw[rng.randrange(len(raw))] = rng.randrange(256)
    return bytes(raw[: rng.randint(0, len(raw))] if rng.random() < 0.3 else raw)


def endures(
    parse: Callable[[Any], object], *answers: Any, mutate: Callable[[Any, random.Random], Any] = mutated
) -> None:
    """Feed the parser 10,000 mutated answers; anything but a result or a BackendError fails, with its seed."""
    examples = ANSWERS // PER_SEED

    @settings(max_examples=examples, deadline=None, database=None)
    @given(st.integers(0, 2**32))
    def run(seed: int) -> None:
        rng = random.Random(seed)
        for _ in range(PER_SEED):
            wrong = mutate(rng.choice(answers), rng)
            try:
                parse(wrong)
            except BackendError:
                continue
            except Exception as error:
                raise AssertionError(
                    f"{type(error).__name__}: {error} on {json.dumps(wrong, default=repr)[:2000]}"
                ) from error

    run()
