"""The one Jinja2 environment of the project's ``.sql.j2`` templates: text in, Statement out."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from jinja2 import (
    BaseLoader,
    Environment,
    FileSystemLoader,
    StrictUndefined,
    Template,
    TemplateError,
    select_autoescape,
)

from dq_databricks.errors import SqlError
from dq_databricks.sql.identifiers import quote
from dq_databricks.sql.statement import Parameter, Statement

_HASH_CHARS = 12


class Binder:
    """Collects the values a template binds; equal values share one name, so texts stay equal."""

    def __init__(self) -> None:
        self.parameters: dict[str, Parameter] = {}

    def __call__(self, value: Parameter) -> str:
        """Give the marker ``:p_<hash of type and value>`` and remember `value` under it."""
        name = parameter_name(value)
        self.parameters[name] = value
        return f":{name}"


def parameter_name(value: Parameter) -> str:
    """The name a bound value gets, without the colon: a hash of its type and value."""
    digest = hashlib.sha256(f"{type(value).__name__}:{value!r}".encode()).hexdigest()
    return f"p_{digest[:_HASH_CHARS]}"


class Renderer:
    """Renders templates of one folder (or sources given as text).

    Templates may use ``quote(name, …)`` (also as a filter), ``bind(value)`` and what is passed as
    context; a name that is not given is an error. Nothing is escaped, and no value is pasted:
    every value goes through ``bind``.
    """

    def __init__(self, folder: Path | None = None) -> None:
        loader: BaseLoader | None = FileSystemLoader(folder) if folder else None
        self._environment = Environment(
            loader=loader,
            undefined=StrictUndefined,
            autoescape=select_autoescape((), default_for_string=False),  # SQL is no markup
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.globals["quote"] = quote
        self._environment.filters["quote"] = quote

    def render(self, template: str, /, **context: object) -> Statement:
        """Render the template named `template`. Raises SqlError naming template and reason."""
        return self._render(lambda: self._environment.get_template(template), template, context)

    def render_source(self, source: str, /, **context: object) -> Statement:
        """Render template text given as `source`. Raises SqlError."""
        return self._render(lambda: self._environment.from_string(source), source[:60], context)

    def _render(
        self, load: Callable[[], Template], name: str, context: dict[str, object]
    ) -> Statement:
        bind = Binder()
        try:
            text = load().render(**context, bind=bind)
        except TemplateError as error:
            raise SqlError(
                f"template {name!r}: {error}; check its name and what it uses"
            ) from error
        return Statement(text.strip(), bind.parameters)


@lru_cache(maxsize=16)
def renderer(folder: Path | None = None) -> Renderer:
    """The renderer of `folder`, made once: compiled templates are kept."""
    return Renderer(folder)


def render(source: str, /, **context: object) -> Statement:
    """Render template text: ``render("SELECT {{ quote(c) }} = {{ bind(v) }}", c="a", v=1)``."""
    return renderer().render_source(source, **context)
