from __future__ import annotations

import pytest

from dq_databricks.errors import RegexError
from dq_databricks.sql.regex import portable_regex, regex_facts


@pytest.mark.parametrize(
    ("pattern", "portable"),
    [
        (r"^\w+$", r"\A\w+\z"),
        ("a.b", r"a[^\n]b"),
        (r"\s[\s,]", r"[ \t\n\x0B\f\r][ \t\n\x0B\f\r,]"),
        (r"\u00e9[\u0080-\uFFFF]", r"\x{00e9}[\x{0080}-\x{FFFF}]"),
        (r"\uD83D\uDE00", r"\x{1F600}"),
        ("a}]", r"a\}\]"),
        ("[]a]", r"[\]a]"),
        (r"(?:a|b)+?\p{Lu}{2,3}", r"(?:a|b)+?\p{Lu}{2,3}"),
    ],
)
def test_a_pattern_is_rewritten_once_and_for_all(pattern: str, portable: str) -> None:
    assert portable_regex(pattern) == portable
    assert portable_regex(portable) == portable


@pytest.mark.parametrize(
    "pattern",
    [
        r"\b",
        "(?i)a",
        "(?=a)",
        "(?<n>a)",
        r"(a)\1",
        "a++",
        "a**",
        "a{1001}",
        "(a{100}){11}",
        "a{",
        "[[:digit:]]",
        "[a&&b]",
        "[z-a]",
        "[a",
        "(a",
        "a)",
        "*",
        r"\p{Latin}",
        r"\h",
        r"\Z",
        r"\Qa\E",
        "\\",
        r"\uD83D",
        "^*",
        "a" * 5000,
    ],
)
def test_what_has_no_portable_form_is_refused(pattern: str) -> None:
    with pytest.raises(RegexError, match=r"portable|allowed"):
        portable_regex(pattern)


@pytest.mark.parametrize(
    ("pattern", "empty"),
    [("a*", True), ("a+", False), ("(a?|b)c", False), ("a|", True), ("^", True)],
)
def test_it_is_known_whether_the_empty_string_matches(pattern: str, empty: bool) -> None:
    assert regex_facts(pattern).matches_empty is empty
