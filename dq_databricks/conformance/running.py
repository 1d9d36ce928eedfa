"""One try: the questions found, asked one by one, each on its own."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace

from dq_databricks.conformance.bench import Bench, scratch_schema
from dq_databricks.conformance.question import Question
from dq_databricks.conformance.verdict import Answer, Finding, Report, Tried, not_tried
from dq_databricks.engine.open import open_engine
from dq_databricks.engine.protocol import Engine
from dq_databricks.errors import ParameterError, UnknownNameError
from dq_databricks.model.discovery import discover
from dq_databricks.model.ids import Context
from dq_databricks.model.progress import Progress, silent
from dq_databricks.model.redacting import redacted
from dq_databricks.model.words import did_you_mean
from dq_databricks.settings import Settings

LOG = logging.getLogger(__name__)
MOST_CHARS = 400


def questions() -> Mapping[str, Question]:
    """Every question by its name."""
    return discover("dq_databricks.conformance.questions", Question)


def try_live(
    settings: Settings,
    *,
    only: Sequence[str] = (),
    catalog: str = "",
    schema: str = "",
    connection: str = "",
    context: Context | None = None,
    progress: Progress = silent,
) -> Report:
    """Try the questions named in `only`, or all, on the engine of `settings`.

    Makes `schema` (a new name by default) in `catalog` and drops it. Raises UnknownNameError for
    a question nobody knows, ParameterError for the metadata schema, and what the engine raises
    where the schema cannot be made.
    """
    chosen, clock = _chosen(only), context or Context()
    place = catalog or settings.catalog, schema or f"dq_conformance_{clock.new_id()[-8:]}"
    if place[1].casefold() == settings.data_quality_schema.casefold():
        raise ParameterError(f"{place[1]} is the metadata schema; name another, which is not there")
    with open_engine(settings) as engine, scratch_schema(engine, *place):
        bench = Bench(engine, settings, clock, *place, connection=connection)
        return _tried(engine, bench, chosen, progress)


def _tried(engine: Engine, bench: Bench, chosen: Sequence[Question], progress: Progress) -> Report:
    tried = []
    for number, one in enumerate(chosen):
        progress("questions", number, len(chosen))
        answer = _answered(one, bench)
        tried.append(Tried(one.name, one.claim, answer.finding, answer.seen, one.hangs_on))
    progress("questions", len(chosen), len(chosen))
    return Report(engine.facts.name, f"{bench.catalog}.{bench.schema}", tuple(tried))


def _answered(one: Question, bench: Bench) -> Answer:
    if lacking := one.lacking(bench):
        return not_tried(lacking)
    try:
        answer = one.ask(bench)
    except Exception as error:  # one question that cannot be asked must not end the others
        LOG.info("%s", one.name, exc_info=True)
        answer = Answer(Finding.ERROR, f"{type(error).__name__}: {error}")
    return replace(answer, seen=_short(answer.seen))


def _short(text: str) -> str:
    line = redacted(" ".join(text.split()))
    return line if len(line) <= MOST_CHARS else line[: MOST_CHARS - 1] + "…"


def _chosen(only: Sequence[str]) -> list[Question]:
    known = questions()
    for name in only:
        if name not in known:
            hint = did_you_mean(name, known) or f"; there are {', '.join(sorted(known))}"
            raise UnknownNameError(f"no question is named {name[:60]!r}{hint}")
    return [one for name, one in sorted(known.items()) if not only or name in only]
