"""Regular expressions that mean the same to Java (Spark, Databricks) and RE2 (embedded engine).

A recursive descent over the pattern that rewrites what has a common form and refuses the rest.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from dq_databricks.errors import RegexError

MAX_PATTERN_CHARS = 4_096
MAX_REPEAT = 1_000
_BLANKS = r" \t\n\x0B\f\r"
_CATEGORIES = frozenset(
    major + minor
    for major, minors in {"L": "ultmo", "M": "nce", "N": "dlo", "P": "cdseifo", "S": "mcko"}.items()
    for minor in ["", *minors]
) | {"Z", "Zs", "Zl", "Zp"}
_REPEAT = re.compile(r"\{(\d{1,6})(,(\d{0,6}))?\}")
_SIMPLE_ESCAPES = frozenset("dDwWtnrf")
_HINTS = {
    "b": "write what may stand beside the word, such as (\\A|[^0-9A-Za-z_])word",
    "B": "write what may stand beside the word",
    "s": "use it outside a class, or list the blanks",
    "Z": "use \\z",
    "Q": "escape each special character with a backslash",
    "E": "escape each special character with a backslash",
    "h": "use [ \\t]",
    "v": "use [\\n\\x0B\\f\\r]",
    "R": "use \\r?\\n",
    "G": "there is no portable form",
    "X": "there is no portable form",
    "K": "use a group and its number",
}


@dataclass(frozen=True, slots=True)
class Meaning:
    """What the unescaped forms become: `dot` for ``.``, `end` for ``$`` (None: refuse it)."""

    dot: str
    end: str | None
    start: str = r"\A"


PORTABLE = Meaning(dot=r"[^\n]", end=r"\z")
JAVA = Meaning(dot=r"[^\n\r\x{85}\x{2028}\x{2029}]", end=None)


@dataclass(frozen=True, slots=True)
class RegexFacts:
    """A rewritten pattern, whether it can match the empty string, and its number of groups."""

    pattern: str
    matches_empty: bool
    groups: int


@dataclass(frozen=True, slots=True)
class _Part:
    text: str
    empty: bool
    repeats: int = 1
    repeatable: bool = True


def portable_regex(pattern: str) -> str:
    """Rewrite a user's pattern so that every engine matches the same strings.

    ``$`` means the very end, ``^`` the very start, ``.`` all but a newline, ``\\s`` the six ASCII
    blanks. Rewriting twice changes nothing. Raises RegexError naming the part and a way out.
    """
    return regex_facts(pattern).pattern


@lru_cache(maxsize=1024)
def regex_facts(pattern: str, meaning: Meaning = PORTABLE) -> RegexFacts:
    """Rewrite `pattern` under `meaning`. Raises RegexError."""
    if len(pattern) > MAX_PATTERN_CHARS:
        raise RegexError(
            f"pattern of {len(pattern)} characters: at most {MAX_PATTERN_CHARS} are allowed; "
            "split it into several checks"
        )
    if "\x00" in pattern:
        raise RegexError("pattern holds a NUL character; remove it")
    reader = _Reader(pattern, meaning)
    part = reader.alternatives()
    if reader.at < len(pattern):
        raise reader.refusal(pattern[reader.at], "a ) without its (; escape it as \\)")
    return RegexFacts(part.text, part.empty, reader.groups)


class _Reader:
    def __init__(self, pattern: str, meaning: Meaning) -> None:
        self.pattern = pattern
        self.meaning = meaning
        self.at = 0
        self.groups = 0
        self.depth = 0

    def refusal(self, part: str, hint: str) -> RegexError:
        return RegexError(
            f"pattern {self.pattern!r}: {part!r} at character {self.at + 1} is not portable: {hint}"
        )

    def peek(self, count: int = 1) -> str:
        return self.pattern[self.at : self.at + count]

    def alternatives(self) -> _Part:
        branches = [self._sequence()]
        while self.peek() == "|":
            self.at += 1
            branches.append(self._sequence())
        return _Part(
            "|".join(branch.text for branch in branches),
            any(branch.empty for branch in branches),
            max(branch.repeats for branch in branches),
        )

    def _sequence(self) -> _Part:
        parts: list[_Part] = []
        while self.at < len(self.pattern) and self.peek() not in {"|", ")"}:
            parts.append(self._repeated(self._atom()))
        return _Part(
            "".join(part.text for part in parts),
            all(part.empty for part in parts),
            max((part.repeats for part in parts), default=1),
        )

    def _repeated(self, atom: _Part) -> _Part:
        suffix, low, high = self._quantifier()
        if not suffix:
            return atom
        if not atom.repeatable:
            raise self.refusal(suffix, "a position cannot be repeated; drop the repeat")
        if atom.repeats * high > MAX_REPEAT:
            raise self.refusal(suffix, f"repeats multiply to over {MAX_REPEAT}; repeat less")
        if self.peek() == "?":
            suffix, self.at = suffix + "?", self.at + 1
        if self.peek() in {"*", "+", "?"} or _REPEAT.match(self.pattern, self.at):
            raise self.refusal(
                self.peek(), "possessive or double repeats; put a group (?:…) between"
            )
        return _Part(atom.text + suffix, atom.empty or low == 0, atom.repeats * max(high, 1))

    def _quantifier(self) -> tuple[str, int, int]:
        if (sign := self.peek()) and sign in "*+?":
            self.at += 1
            return sign, 1 if sign == "+" else 0, 1
        match = _REPEAT.match(self.pattern, self.at)
        if not match:
            return "", 1, 1
        low = int(match[1])
        high = int(match[3]) if match[3] else low
        if max(low, high) > MAX_REPEAT or high < low:
            raise self.refusal(match[0], f"a repeat goes up to {MAX_REPEAT}, from low to high")
        self.at = match.end()
        return match[0], low, high

    def _atom(self) -> _Part:
        char = self.peek()
        if char == "(":
            return self._group()
        if char == "[":
            return _Part(_class(self), empty=False)
        if char == "\\":
            return self._escape()
        if char in "*+?{":
            raise self.refusal(char, f"nothing to repeat; escape it as \\{char}")
        return self._plain(char)

    def _plain(self, char: str) -> _Part:
        if char == "$" and self.meaning.end is None:
            raise self.refusal(char, "it also matches before a final newline; use \\z")
        self.at += 1
        if char == "^":
            return _Part(self.meaning.start, empty=True, repeatable=False)
        if char == "$":
            return _Part(self.meaning.end or "", empty=True, repeatable=False)
        if char == ".":
            return _Part(self.meaning.dot, empty=False)
        return _Part("\\" + char if char in "}]" else char, empty=False)

    def _group(self) -> _Part:
        opening = "(?:" if self.peek(3) == "(?:" else "("
        if opening == "(" and self.peek(2) == "(?":
            raise self.refusal(
                self.peek(4),
                "of the (?…) forms only (?:…) is portable; for any case compare lower() with "
                "a lower-case pattern",
            )
        if self.depth >= 100:
            raise self.refusal("(", "groups are nested over 100 deep; simplify")
        start, self.at, self.depth = self.at, self.at + len(opening), self.depth + 1
        self.groups += opening == "("
        inner = self.alternatives()
        if self.peek() != ")":
            self.at = start
            raise self.refusal("(", "it is never closed; add ) or escape it as \\(")
        self.at, self.depth = self.at + 1, self.depth - 1
        return _Part(f"{opening}{inner.text})", inner.empty, inner.repeats)

    def _escape(self) -> _Part:
        if self.peek(2) in {r"\A", r"\z"}:
            self.at += 2
            return _Part(self.pattern[self.at - 2 : self.at], empty=True, repeatable=False)
        if self.peek(2) in {r"\s", r"\S"}:
            self.at += 2
            negation = "^" if self.pattern[self.at - 1] == "S" else ""
            return _Part(f"[{negation}{_BLANKS}]", empty=False)
        return _Part(_escape(self)[0], empty=False)


def _escape(reader: _Reader) -> tuple[str, int | None]:
    """Read an escape of one character or class; its text and, for a character, its code point."""
    char = reader.pattern[reader.at + 1 : reader.at + 2]
    if not char:
        raise reader.refusal("\\", "nothing follows the backslash; write \\\\ for a backslash")
    if char in "xu":
        return _code_point(reader)
    if char in "pP":
        return _category(reader), None
    if char in _SIMPLE_ESCAPES:
        reader.at += 2
        return "\\" + char, {"t": 9, "n": 10, "r": 13, "f": 12}.get(char)
    if char.isascii() and not char.isalnum():
        reader.at += 2
        return (f"\\{char}" if char.isprintable() and char != " " else char), ord(char)
    hint = _HINTS.get(char, "back references and other escapes have no portable form; write it out")
    raise reader.refusal("\\" + char, hint)


_CODE = re.compile(r"\\x\{([0-9A-Fa-f]{1,6})\}|\\x([0-9A-Fa-f]{2})|\\u([0-9A-Fa-f]{4})")


def _code_point(reader: _Reader) -> tuple[str, int]:
    match = _CODE.match(reader.pattern, reader.at)
    if not match:
        raise reader.refusal(reader.peek(6), "write \\x41, \\x{1F600} or \\u0041")
    code, after = int(match[1] or match[2] or match[3], 16), match.end()
    if 0xD800 <= code < 0xDC00 and (low := _CODE.match(reader.pattern, after)) and low[3]:
        code, after = 0x10000 + ((code - 0xD800) << 10) + int(low[3], 16) - 0xDC00, low.end()
    if 0xD800 <= code < 0xE000 or code > 0x10FFFF:
        raise reader.refusal(match[0], "no character has this code; give a code point")
    text = match[0] if not match[3] else f"\\x{{{reader.pattern[match.start() + 2 : match.end()]}}}"
    reader.at = after
    return (text if after == match.end() else f"\\x{{{code:X}}}"), code


def _category(reader: _Reader) -> str:
    match = re.compile(r"\\[pP](?:\{([^}]*)\}|([A-Z]))").match(reader.pattern, reader.at)
    if not match or (match[1] or match[2]) not in _CATEGORIES:
        raise reader.refusal(
            match[0] if match else reader.peek(3),
            "only general categories such as \\p{L}, \\p{Lu}, \\p{Nd} are; list the ranges",
        )
    reader.at = match.end()
    return match[0]


def _class(reader: _Reader) -> str:
    """Read a character class; `reader` stands at its ``[``."""
    start = reader.at
    reader.at += 1
    text = "["
    if reader.peek() == "^":
        reader.at, text = reader.at + 1, "[^"
    items = 0
    while reader.peek() != "]" or items == 0:
        if not reader.peek():
            reader.at = start
            raise reader.refusal("[", "the class is never closed; add ] or escape it as \\[")
        text += _item(reader, first=items == 0)
        items += 1
    reader.at += 1
    return text + "]"


def _item(reader: _Reader, *, first: bool) -> str:
    low_text, low = _member(reader, first=first)
    if reader.peek() != "-" or reader.peek(2) == "-]" or (low_text == "-" and low is not None):
        return low_text
    reader.at += 1
    high_text, high = _member(reader, first=False)
    if low is None or high is None or high < low or high_text == "-":
        raise reader.refusal(
            f"{low_text}-{high_text}", "a range goes from a lower character to a higher"
        )
    return f"{low_text}-{high_text}"


def _member(reader: _Reader, *, first: bool) -> tuple[str, int | None]:
    char = reader.peek()
    if not char:
        raise reader.refusal("[", "the class is never closed; add ]")
    if char == "\\":
        return _class_escape(reader)
    if char == "[":
        raise reader.refusal(
            reader.peek(3), "nested and POSIX classes; escape [ as \\[, write ranges out"
        )
    if reader.peek(2) in {"&&", "--", "~~", "||"}:
        raise reader.refusal(reader.peek(2), "class arithmetic; write the set out")
    if char == "-" and not first and reader.peek(2) != "-]":
        raise reader.refusal("-", "put the - first or last, or escape it as \\-")
    reader.at += 1
    return ("\\]" if char == "]" else char), ord(char)


def _class_escape(reader: _Reader) -> tuple[str, int | None]:
    if reader.peek(2) == r"\s":
        reader.at += 2
        return _BLANKS, None
    if reader.peek(2) == r"\S":
        raise reader.refusal(r"\S", "inside a class it has no portable form; list the characters")
    return _escape(reader)
