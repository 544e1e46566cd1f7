"""Tells whether what is filled into a template's command could be run as a program: then anybody could run anything."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
import re
from string import digits

from .template_programs import (
    Interpreter,
    Wrapper,
    interpreter_of,
    takes_code_as_module,
    takes_only_code,
    wrapper_of,
)
from .template_text import first_placeholder, placeholders

_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=.*", re.DOTALL)
_LONGEST_CLUSTER = 4
# The first letter that takes a value ends a cluster; the only long option with one is told by its name.
_PYTHON_VALUE = re.compile(r"-(?:[^-cmWX][^cmWX]*)?([cmWX])(.*)|--check-hash-based-pycs$", re.DOTALL)
_NUMBER = re.compile(r"-\d+")


@dataclass(frozen=True)
class _Word:
    """One argument, and what may be filled into it."""

    text: str
    is_filled: bool
    """Something is filled in, be it one of the administrator's choices."""
    is_free: bool
    """Whoever submits a job writes some of it."""
    may_be_option: bool

    @property
    def is_option(self) -> bool:
        return len(self.text) > 1 and self.text[0] in "-+"


@dataclass(frozen=True)
class _At:
    """Where a reader of an interpreter's arguments may stand."""

    index: int
    is_expected: bool = False
    """The next one is code."""
    has_code: bool = False


def runs_as_code(
    words: Sequence[str], *, free: Collection[str], figures: Collection[str] = (), options: bool = False
) -> bool:
    """Return whether what is filled in for one of the `free` parameters could become a program, or code of one.

    `figures` names the parameters that are numbers; `options` tells whether a free value may begin with a dash. Where
    in doubt it could. No answer makes a template safe: what a program of the administrator's own does with its
    arguments nobody else knows.
    """
    told = [_word(word, free, figures, options=options) for word in words]
    return bool(told) and (_starts_code(told) or _mentions_code(told[1:]))


def _word(text: str, free: Collection[str], figures: Collection[str], *, options: bool) -> _Word:
    for name in figures:
        text = text.replace(f"{{{name}}}", "1")
    names = placeholders(text)
    is_free = not set(names).isdisjoint(free)
    may_be = text[:1] in {"-", "+"} or (options and is_free and first_placeholder(text) in free)
    return _Word(text, bool(names), is_free, may_be)


def _starts_code(words: Sequence[_Word]) -> bool:
    """Return whether that holds of a command; those that it starts in turn are each looked at once."""
    waiting, seen = [0], {0}
    while waiting:
        index = waiting.pop()
        program, rest = words[index], words[index + 1 :]
        if index and program.is_filled:
            return True
        if _takes_code(program, rest):
            return True
        wrapper = wrapper_of(program.text)
        if wrapper is not None:
            find = _behind if wrapper.behind else _started_by
            found = find(wrapper, words, index + 1)
            if found is None:
                return any(word.is_free for word in rest)
            waiting += found - seen
            seen |= found
    return False


def _takes_code(program: _Word, rest: Sequence[_Word]) -> bool:
    if takes_only_code(program.text):
        return any(word.is_free for word in rest)
    interpreter = interpreter_of(program.text)
    return interpreter is not None and (
        _is_open(interpreter, rest, strict=True) or (interpreter.runs_modules and _fills_module(rest))
    )


def _fills_module(words: Sequence[_Word]) -> bool:
    """Return whether a module of Python gets what may be code: anything if it may run some, else a bare operand."""
    found = _module(words)
    if found is None:
        return False
    module, rest = found
    if module.is_filled or takes_code_as_module(module.text):
        return any(word.is_free for word in rest)
    before = (module, *rest)
    return any(
        word.is_free and not word.is_option and not previous.is_option
        for previous, word in zip(before, rest, strict=False)
    )


def _module(words: Sequence[_Word]) -> tuple[_Word, Sequence[_Word]] | None:
    """Return the module that Python is told to run and what is behind it, None where it runs none."""
    index = 0
    while index < len(words) and words[index].is_option and words[index].text != "--":
        word = words[index]
        found = _PYTHON_VALUE.match(word.text)
        option, value = found.groups() if found else (None, word.text)
        if option == "c":
            return None
        if option == "m" and value:
            return replace(word, text=value), words[index + 1 :]
        if option == "m":
            return (words[index + 1], words[index + 2 :]) if index + 1 < len(words) else None
        index += 1 if value else 2
    return None


def _mentions_code(words: Sequence[_Word]) -> bool:
    """Return whether an interpreter stands among arguments with code to fill in, as behind an unknown wrapper."""
    for index, word in enumerate(words):
        interpreter = interpreter_of(word.text)
        if interpreter is not None and _is_open(interpreter, words[index + 1 :], strict=False):
            return True
    return False


def _behind(wrapper: Wrapper, words: Sequence[_Word], first: int) -> set[int] | None:
    """Return where programs stand that certain options name; None where such an option may be filled in."""
    if any(word.is_free and word.may_be_option for word in words[first:]):
        return None
    starts = range(first + 1, len(words))
    return {index for index in starts if words[index - 1].text in wrapper.behind}


def _started_by(wrapper: Wrapper, words: Sequence[_Word], first: int) -> set[int] | None:
    """Return where the program stands that a wrapper starts; None where nobody knows, or all before it is not told."""
    index, operands = first, wrapper.operands
    while index < len(words) and not _is_program(wrapper, words[index], operands):
        text = words[index].text
        if words[index].is_free:
            return None
        if words[index].is_option or text in wrapper.flags:
            taken = _values_behind(wrapper, text)
            if taken is None or any(word.is_free for word in words[index + 1 : index + 1 + taken]):
                return None
            index += taken
        elif operands > 0:
            if operands == wrapper.operands and wrapper.commands and text not in wrapper.commands:
                return None
            operands -= 1
        index += 1
    return {index} if index < len(words) else set()


def _is_program(wrapper: Wrapper, word: _Word, operands: int) -> bool:
    """Return whether a program stands there, and not an option, an operand or a variable."""
    is_option = word.is_option or word.text in wrapper.flags
    return not (is_option or operands > 0 or _ASSIGNMENT.fullmatch(word.text))


def _values_behind(wrapper: Wrapper, text: str) -> int | None:
    """Return how many arguments an option takes behind itself, None where nobody knows."""
    if text in wrapper.values:
        return 1
    name, equals, _ = text.partition("=")
    known = wrapper.flags | wrapper.values
    is_told = text in {"--", *wrapper.flags} or (bool(equals) and name in known) or _NUMBER.fullmatch(text)
    if is_told or (text[:2] != "--" and text[:2] in wrapper.values):
        return 0
    is_cluster = text[0] == "-" and all(f"-{letter}" in wrapper.flags for letter in text[1:])
    return 0 if is_cluster else None


def _is_open(interpreter: Interpreter, words: Sequence[_Word], *, strict: bool) -> bool:
    """Return whether code of an interpreter is filled in; unless `strict` only what surely is code counts."""
    waiting, seen = [_At(0)], set[_At]()
    while waiting:
        at = waiting.pop()
        if at.index >= len(words) or at in seen:
            continue
        seen.add(at)
        word = words[at.index]
        if word.is_free and _is_filled_code(interpreter, word, at, strict=strict):
            return True
        waiting += _next(interpreter, word, at)
    return False


def _is_filled_code(interpreter: Interpreter, word: _Word, at: _At, *, strict: bool) -> bool:
    if at.is_expected or _names_code(interpreter, word.text):
        return True
    if not strict:
        return False
    return word.may_be_option or (interpreter.runs_operand and not at.has_code)


def _next(interpreter: Interpreter, word: _Word, at: _At) -> list[_At]:
    """Return where to read on after an argument; more than one where nobody knows whether it takes a value."""
    after = at.index + 1
    if at.is_expected:
        return _behind_code(interpreter, word, after)
    if word.text == "--":
        return [_At(after, has_code=at.has_code)] if not at.has_code else []
    if not word.is_option:
        return [_At(after, has_code=True)] if interpreter.options_follow else []
    if word.text in interpreter.data:
        return [_At(after + 1, has_code=at.has_code)]
    on = _At(after, has_code=at.has_code)
    if _names_code(interpreter, word.text):
        return [on, _At(after, is_expected=True)]
    return [on] if _is_flag(interpreter, word.text) else [on, _At(after + 1, has_code=at.has_code)]


def _behind_code(interpreter: Interpreter, word: _Word, after: int) -> list[_At]:
    """Return where to read on after code: shells take options between theirs and it, others whatever it looks like."""
    if interpreter.runs_modules:
        return []
    behind = [_At(after, is_expected=True)] if word.is_option else []
    return [*behind, _At(after, has_code=not interpreter.file_follows)]


def _names_code(interpreter: Interpreter, text: str) -> bool:
    """Return whether an option says that code follows, or holds it."""
    if text.partition("=")[0] in interpreter.long_code:
        return True
    if text[:1] not in {"-", "+"} or text[1:2] in {"", "-"}:
        return False
    letters = text[1:]
    head = letters.lstrip(interpreter.flags + digits)
    is_cluster = letters.isalpha() and len(letters) <= _LONGEST_CLUSTER
    told = {letters[0], *head[:1], *(letters if is_cluster else "")}
    return not told.isdisjoint(interpreter.code)


def _is_flag(interpreter: Interpreter, text: str) -> bool:
    if text.startswith("--"):
        return "=" in text or text in interpreter.long_flags
    is_one_letter = text[2:] == ""
    return not is_one_letter or text[1] in interpreter.flags
