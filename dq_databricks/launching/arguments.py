"""The parameters of a task: by name, where an empty one counts as not given.

Job parameters of the platform always exist, so an empty text is how a job says nothing.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dq_databricks.errors import ParameterError

COMMON = ("catalog", "schema", "project")
_TRUE, _FALSE = ("true", "1", "yes"), ("false", "0", "no")
_HELP = ("-h", "--help")


@dataclass(frozen=True, slots=True)
class Arguments:
    """What was given, by name with underscores; `wants_help` asks for nothing else."""

    given: Mapping[str, str]
    wants_help: bool = False

    @classmethod
    def read(cls, words: Sequence[str], names: Sequence[str]) -> Arguments:
        """Read ``--name value`` and ``--name=value``; `names` come beside COMMON.

        Raises ParameterError with near names.
        """
        if any(word in _HELP for word in words):
            return cls({}, wants_help=True)
        given: dict[str, str] = {}
        left = list(words)
        while left:
            name, value = _next(left, [*COMMON, *names])
            if name in given:
                raise ParameterError(f"--{_dashed(name)} is given twice")
            given[name] = value.strip()
        return cls({name: value for name, value in given.items() if value})

    def text(self, name: str) -> str | None:
        """A text; None when it was not given."""
        return self.given.get(name)

    def required(self, name: str) -> str:
        """A text that must be given; raises ParameterError."""
        value = self.text(name)
        if value is None:
            raise ParameterError(f"--{_dashed(name)} is missing; see --help")
        return value

    def flag(self, name: str, *, default: bool) -> bool:
        """True or false; raises ParameterError for anything else."""
        value = self.given.get(name, str(default)).lower()
        if value not in (*_TRUE, *_FALSE):
            raise ParameterError(f"--{_dashed(name)} {value!r}: write true or false")
        return value in _TRUE

    def number(self, name: str, *, default: int) -> int:
        """A whole number of 1 or more; raises ParameterError."""
        value = self.given.get(name, str(default))
        if not value.isdecimal() or int(value) < 1:
            raise ParameterError(f"--{_dashed(name)} {value!r}: write a whole number from 1")
        return int(value)

    def platform_run_id(self) -> str | None:
        """The run of the platform that the task belongs to; raises ParameterError."""
        value = self.text("platform_run_id")
        if value is not None and not value.isdecimal():
            raise ParameterError(
                f"--platform-run-id {value!r}: give the id of the run, {{{{job.run_id}}}} in a "
                "job of Databricks, or nothing"
            )
        return value


def _next(left: list[str], known: Sequence[str]) -> tuple[str, str]:
    """Take the next parameter off `left`; its name with underscores, and its value."""
    word = left.pop(0)
    name, has_value, value = word.removeprefix("--").partition("=")
    underscored = name.replace("-", "_")
    if not word.startswith("--") or underscored not in known:
        raise ParameterError(_unknown(word.partition("=")[0], known))
    if not has_value:
        if not left:
            raise ParameterError(f"--{name} has no value")
        value = left.pop(0)
    return underscored, value


def _unknown(word: str, known: Sequence[str]) -> str:
    dashed = [f"--{_dashed(name)}" for name in known]
    near = difflib.get_close_matches(word, dashed, n=1)
    hint = f"; did you mean {near[0]}?" if near else f"; there are {', '.join(dashed)}"
    return f"no parameter {word!r}{hint}"


def _dashed(name: str) -> str:
    return name.replace("_", "-")
