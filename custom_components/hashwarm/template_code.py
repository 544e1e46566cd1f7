"""Tells whether what is filled into a template's command could be run as a program: then anybody could run anything."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
import re
from string import digits

from .template_programs import CODE_MODULES, Interpreter, Wrapper, interpreter_of, takes_only_code, wrapper_of
from .template_text import first_placeholder, placeholders

_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=.*", re.DOTALL)
_LONGEST_CLUSTER = 4
_FIGURE = re.compile(r"[\d.,:x-]+[smhdKMG%]?")


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
                return True
            waiting += found - seen
            seen |= found
    return False


def _takes_code(program: _Word, rest: Sequence[_Word]) -> bool:
    if takes_only_code(program.text):
        return any(word.is_free for word in rest)
    interpreter = interpreter_of(program.text)
    return interpreter is not None and (_is_open(interpreter, rest, strict=True) or _runs_module(rest))


def _runs_module(words: Sequence[_Word]) -> bool:
    """Return whether a module of Python that takes code gets something that is filled in."""
    for index, word in enumerate(words):
        if word.text.startswith("-m"):
            module = word.text[2:] or "".join(behind.text for behind in words[index + 1 : index + 2])
            return module in CODE_MODULES and any(behind.is_free for behind in words[index + 1 :])
    return False


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
    """Return where the program may stand that a wrapper starts; None where what comes before it is filled in freely."""
    waiting, seen, programs = [(first, wrapper.operands)], set[tuple[int, int]](), set[int]()
    while waiting:
        at = waiting.pop()
        index, operands = at
        if index >= len(words) or at in seen:
            continue
        seen.add(at)
        word = words[index]
        if _is_program(word, operands):
            programs.add(index)
            continue
        if word.is_free:
            return None
        is_operand = operands > 0 and not word.is_option
        waiting.append((index + 1, operands - 1 if is_operand else operands))
        if _may_take_value(wrapper, words, index):
            if words[index + 1].is_free:
                return None
            waiting.append((index + 2, operands))
    return programs


def _is_program(word: _Word, operands: int) -> bool:
    """Return whether a program stands there, and not an option, a variable, an operand or a figure."""
    is_other = word.is_option or operands > 0 or _ASSIGNMENT.fullmatch(word.text) or _FIGURE.fullmatch(word.text)
    return not is_other


def _may_take_value(wrapper: Wrapper, words: Sequence[_Word], index: int) -> bool:
    """Return whether the next argument may belong to this one; two dashes never do."""
    text = words[index].text
    if not words[index].is_option or text in wrapper.flags or text == "--" or "=" in text:
        return False
    return index + 1 < len(words) and words[index + 1].text != "--"


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
        # Shells take options between theirs and the code, others the code whatever it looks like.
        behind = [_At(after, is_expected=True)] if word.is_option else []
        return [*behind, _At(after, has_code=not interpreter.file_follows)]
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
