"""The text that a template is written in: a command of one argument per line, placeholders, environment lines."""

from collections.abc import Mapping
from pathlib import PurePosixPath
import re

NAME = re.compile(r"[a-z_][a-z0-9_]{0,39}")
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
OWN_VARIABLES = "HASHWARM_"
MOST_WORDS = 256
LONGEST_WORD = 4096
MOST_VARIABLES = 128
_PLACEHOLDER = re.compile(rf"\{{\{{(?P<literal>{NAME.pattern})\}}\}}|\{{(?P<name>{NAME.pattern})\}}")
_INTERPRETER = re.compile(
    r"((ba|da|a|z|k|c|tc|fi)?sh|python|pypy|perl|ruby|node|deno|php|lua|su|runuser|script)[0-9.]*", re.IGNORECASE
)
_CODE_FIRST = re.compile(r"[gmn]?awk|g?sed")
_JOINS_WORDS = re.compile(r"ssh|rsh|dbclient|watch|parallel")
_CODE_FOLLOWS = re.compile(r"-[a-z]*[cepr]|--(eval|command|print|run)", re.IGNORECASE)
_VALUE_FOLLOWS = frozenset({"-W", "-X", "-o", "+o", "-O", "-I", "-f", "-F", "-v"})


def words_of(text: str) -> list[str]:
    """Return a command as it is written: one argument per line, blank lines and blanks around them left out."""
    return [word for line in text.splitlines() if (word := line.strip())]


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


def runs_as_code(words: list[str], *, options: bool) -> bool:
    """Return whether what a placeholder stands for could be run as a program: then anybody could run anything.

    That is so behind `sh -c` and its like, in the program of awk and sed, and behind what joins its words for a shell
    elsewhere. `options` tells whether a value may begin with a dash.
    """
    return any(_reads_code(PurePosixPath(word).name, words[index + 1 :], options) for index, word in enumerate(words))


def _reads_code(program: str, words: list[str], options: bool) -> bool:  # noqa: FBT001 - passed on
    if _JOINS_WORDS.fullmatch(program):
        return any(map(placeholders, words))
    if _CODE_FIRST.fullmatch(program):
        return _is_open(words, options, first_is_code=True)
    return _INTERPRETER.fullmatch(program) is not None and _is_open(words, options, first_is_code=False)


def _is_open(words: list[str], options: bool, *, first_is_code: bool) -> bool:  # noqa: FBT001 - passed on
    """Return whether a placeholder is among an interpreter's own options, or where they say that code follows."""
    rest = iter(words)
    for word in rest:
        is_option = word.startswith(("-", "+"))
        if placeholders(word):
            return is_option or first_is_code or (options and first_placeholder(word) is not None)
        if not is_option:
            return False
        if _CODE_FOLLOWS.fullmatch(word):
            return bool(placeholders(next(rest, "")))
        if word in _VALUE_FOLLOWS:
            next(rest, None)
    return False


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
