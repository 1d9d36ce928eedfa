"""Documents that people write: what is read, what is refused and where, and that all comes back."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dq_databricks.errors import DocumentError
from dq_databricks.quality.documents import Format, read_document, write_document

_SCALARS = st.none() | st.booleans() | st.integers(-(2**62), 2**62) | st.text(max_size=20)
_NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
_TRICKY = st.sampled_from(
    [
        *("no", "null", "~", "1e5", "0x10", "012", "1:30", "2024-01-01", "=", "<<", "{{ 7*7 }}"),
        *("- a", "true", "..", "../../etc/passwd", " x ", "a: b", "# c", "&a", "*a", "!t", "?"),
        *("\t", "\u2028", "a\nb\n", "'", '"', "\x85", "\x00", ".5", "+1", "-.5E3"),
    ]
)
_VALUES = st.recursive(
    _SCALARS | _NUMBERS | _TRICKY,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=8) | _TRICKY, inner, max_size=4)
    ),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None)
@given(value=_VALUES, form=st.sampled_from(["yaml", "json"]))
def test_what_is_written_is_read_back(value: object, form: Format) -> None:
    found = read_document(write_document({"it": value}, form).encode(), form).plain
    assert repr(found) == repr({"it": value})


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("a: 1\nb: !!python/object/apply:os.system ['touch /tmp/x']", 2, "tags are not read"),
        ("a: 1\nb: !local x", 2, "tags are not read"),
        ("a: &x [1]\nb: *x", 1, "anchors and aliases"),
        ("a: 1\nb: 2\na: 3", 3, "'a' is named twice"),
        ("a: 1\n---\nb: 2", 2, "second document"),
        ("a: [1, 2\nb: }", 2, "no YAML"),
        ("? [a]\n: 1", 1, "must be text"),
        ("a: 99999999999999999999", 1, "beyond 64 bits"),
        ("a: 9999999999999999999", 1, "beyond 64 bits"),
        ("a: 1e999", 1, "too large"),
        ("", 1, "empty"),
        ("a: " + "[" * 40 + "]" * 40, 1, "deeper than 16"),
        ("a: " + "x" * 1_000_001, None, "1,000,000 bytes"),
    ],
)
def test_a11_yaml_is_data_and_nothing_else(text: str, line: int | None, said: str) -> None:
    with pytest.raises(DocumentError, match=said) as refused:
        read_document(text.encode(), "yaml")
    assert refused.value.faults[0].line == line


def test_a11_a_small_text_that_stands_for_a_huge_one_is_refused_at_once() -> None:
    levels = [f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]" for n in range(1, 12)]
    bomb = "\n".join(["l0: &l0 [lol, lol]", *levels])
    started = time.process_time()
    with pytest.raises(DocumentError, match="line 1: anchors and aliases"):
        read_document(bomb.encode(), "yaml")
    with pytest.raises(DocumentError, match="deeper than 16"):
        read_document(b"[" * 900_000, "yaml")
    with pytest.raises(DocumentError, match="deeper than 16"):
        read_document(b"[" * 400_000 + b"]" * 400_000, "json")
    assert time.process_time() - started < 30


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"a": 1, "a": 2}', "'a' is named twice"),
        ('{"a": NaN}', "NaN is not JSON"),
        ('{"a": 99999999999999999999}', "beyond 64 bits"),
        ('{"a": "\\ud800"}', "half a character"),
        ("{", "no JSON"),
    ],
)
def test_json_is_read_strictly(text: str, said: str) -> None:
    with pytest.raises(DocumentError, match=said):
        read_document(text.encode(), "json")


def test_words_are_what_they_look_like() -> None:
    text = "{a: no, b: 2024-01-01, c: '1', d: 012, e: 1_000, f: ~, g: .5, h: 0x1F, i: yes}"
    assert read_document(text.encode(), "yaml").plain == {
        "a": "no",
        "b": "2024-01-01",
        "c": "1",
        "d": 12,
        "e": "1_000",
        "f": None,
        "g": 0.5,
        "h": "0x1F",
        "i": "yes",
    }
