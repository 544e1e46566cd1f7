"""The text that a template is written in: a command of one argument per line, placeholders, environment lines."""

from collections.abc import Mapping
import re
from unicodedata import category

NAME = re.compile(r"[a-z_][a-z0-9_]{0,39}")
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
OWN_VARIABLES = "HASHWARM_"
MOST_WORDS = 256
LONGEST_WORD = 4096
MOST_VARIABLES = 128
_UNSEEN = frozenset({"Cc", "Cs"})
_PLACEHOLDER = re.compile(rf"\{{\{{(?P<literal>{NAME.pattern})\}}\}}|\{{(?P<name>{NAME.pattern})\}}")


def words_of(text: str) -> list[str]:
    """Return a command as it is written: one argument per line, blank lines and blanks around them left out."""
    return [word for line in text.splitlines() if (word := line.strip())]


def has_control(text: str) -> bool:
    """Return whether a text has what nobody can see or type: control characters, halves of characters."""
    return any(category(character) in _UNSEEN for character in text)


def placeholders(word: str) -> list[str]:
    """Return the names of an argument's placeholders, in their order."""
    return [found["name"] for found in _PLACEHOLDER.finditer(word) if found["name"] is not None]


def filled(word: str, values: Mapping[str, str]) -> str:
    """Return an argument with values in place of its placeholders; `{{name}}` becomes `{name}`, all else stays.

    Each placeholder must have its value. What a value contains is never looked at again.
    """
    return _PLACEHOLDER.sub(lambda found: values[found["name"]] if found["name"] else f"{{{found['literal']}}}", word)


def first_placeholder(word: str) -> str | None:
    """Return the name of the placeholder that an argument begins with."""
    found = _PLACEHOLDER.match(word)
    return found["name"] if found is not None else None


def variables_of(text: str) -> dict[str, str] | None:
    """Return variables, one `NAME=value` per line; None where a line is none, or names one twice or one of ours."""
    variables: dict[str, str] = {}
    for line in text.splitlines():
        if not line.strip():
            continue
        name, separator, value = line.strip().partition("=")
        own = name.startswith(OWN_VARIABLES)
        if not separator or VARIABLE.fullmatch(name) is None or own or name in variables or not _fits(value):
            return None
        variables[name] = value
    return variables if len(variables) <= MOST_VARIABLES else None


def _fits(value: str) -> bool:
    return len(value) <= LONGEST_WORD and "\0" not in value


def command_fits(words: list[str]) -> bool:
    """Return whether a command has a program, and is no longer than a job's may be."""
    return 0 < len(words) <= MOST_WORDS and all(map(_fits, words))
