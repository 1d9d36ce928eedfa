"""What people read about the API: /docs and /problems, from this host alone, without scripts."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse
from starlette.exceptions import HTTPException

from dq_databricks.service.problems import problem_types

router = APIRouter(include_in_schema=False)
_METHODS = ("get", "post", "put", "patch", "delete")
_STYLE = """
:root { color-scheme: light dark; --line: #8885; --soft: #8881; --key: #2f6fde; }
* { box-sizing: border-box; }
body {
  font: 16px/1.55 system-ui, sans-serif;
  margin: 0 auto;
  max-width: 64rem;
  padding: 2rem 1.2rem;
}
h1 { font-size: 1.7rem; } h2 { margin-top: 2.4rem; text-transform: capitalize; }
a { color: var(--key); }
details { border: 1px solid var(--line); border-radius: .5rem; margin: .4rem 0; }
summary { cursor: pointer; padding: .5rem .8rem; overflow-wrap: anywhere; }
summary > b { display: inline-block; min-width: 4.2rem; font-size: .8rem; color: var(--key); }
summary > span { opacity: .75; margin-left: .6rem; }
details > div { border-top: 1px solid var(--line); padding: .6rem .8rem 1rem; overflow-x: auto; }
code, pre { font: .86rem/1.5 ui-monospace, monospace; }
pre { background: var(--soft); border-radius: .4rem; padding: .7rem; overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
td, th { border-bottom: 1px solid var(--line); padding: .35rem .6rem .35rem 0; }
td, th { text-align: left; vertical-align: top; }
"""


@router.get("/docs.css")
def manual_style() -> Response:
    """The look of /docs and /problems."""
    return Response(_STYLE, media_type="text/css", headers={"Cache-Control": "max-age=3600"})


@router.get("/docs", response_class=HTMLResponse)
def manual(request: Request) -> HTMLResponse:
    """Every operation of the API, as /openapi.json describes it."""
    document = request.app.openapi()
    about = "".join(
        f"<p>{escape(part)}</p>" for part in document["info"]["description"].split("\n\n")
    )
    links = '<p><a href="/openapi.json">openapi.json</a> · <a href="/problems">problems</a></p>'
    sections = "".join(_section(tag, found) for tag, found in _by_tag(document).items())
    return _page("API", about + links + sections)


@router.get("/problems", response_class=HTMLResponse)
def problems() -> HTMLResponse:
    """Every kind of problem."""
    rows = "".join(
        f'<tr><td><a href="{kind.address}"><code>{kind.address}</code></a></td>'
        f"<td>{kind.status}</td><td>{escape(kind.meaning)}</td></tr>"
        for kind in problem_types()
    )
    head = "<tr><th>type</th><th>status</th><th>when</th></tr>"
    return _page("Problems", f"<table>{head}{rows}</table>")


@router.get("/problems/{slug}", response_class=HTMLResponse)
def one_problem(slug: str) -> HTMLResponse:
    """One kind of problem."""
    kind = next((kind for kind in problem_types() if kind.slug == slug), None)
    if kind is None:
        raise HTTPException(404)
    about = f"<p>{escape(kind.meaning)}</p><p>Answered with status {kind.status}.</p>"
    return _page(kind.title, about + '<p><a href="/problems">All problems</a></p>')


def _page(title: str, body: str) -> HTMLResponse:
    return HTMLResponse(
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)} · '
        'dq-databricks</title><meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<link rel="stylesheet" href="/docs.css"></head><body><main><h1>{escape(title)}</h1>'
        f"{body}</main></body></html>"
    )


def _by_tag(document: dict[str, Any]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for path, operations in document["paths"].items():
        for method in _METHODS:
            if method in operations:
                operation = operations[method]
                tag = next(iter(operation.get("tags", [])), "other")
                found.setdefault(tag, []).append(_operation(method, path, operation, document))
    return found


def _section(tag: str, operations: list[str]) -> str:
    return f"<h2>{escape(tag)}</h2>{''.join(operations)}"


def _operation(method: str, path: str, operation: dict[str, Any], document: dict[str, Any]) -> str:
    about = operation.get("description") or operation.get("summary", "")
    return (
        f"<details><summary><b>{method.upper()}</b><code>{escape(path)}</code>"
        f"<span>{escape(operation.get('summary', ''))}</span></summary><div>"
        f"<p>{escape(about)}</p>{''.join(_parts(operation, document))}</div></details>"
    )


def _parts(operation: dict[str, Any], document: dict[str, Any]) -> Iterator[str]:
    parameters = operation.get("parameters", [])
    if parameters:
        rows = "".join(
            f"<tr><td><code>{escape(one['name'])}</code></td><td>{escape(one['in'])}"
            f"{', required' if one.get('required') else ''}</td>"
            f"<td>{escape(one.get('description', ''))}</td></tr>"
            for one in parameters
        )
        yield f"<table><tr><th>name</th><th>in</th><th>meaning</th></tr>{rows}</table>"
    for body in operation.get("requestBody", {}).get("content", {}).values():
        yield f"<p>Body</p>{_shape(body.get('schema', {}), document)}"
    for status, response in operation["responses"].items():
        for content in response.get("content", {}).values():
            yield f"<p>Answer {escape(status)}</p>{_shape(content.get('schema', {}), document)}"


def _shape(schema: dict[str, Any], document: dict[str, Any]) -> str:
    """The fields of an object; the name of anything else."""
    name = schema.get("$ref", "").rsplit("/", 1)[-1]
    described = document["components"]["schemas"].get(name, schema)
    rows = "".join(
        f"<tr><td><code>{escape(field)}</code></td><td>{escape(_kind(kind))}</td>"
        f"<td>{escape(kind.get('description', ''))}</td></tr>"
        for field, kind in described.get("properties", {}).items()
    )
    return f"<table>{rows}</table>" if rows else f"<pre>{escape(name or _kind(schema))}</pre>"


def _kind(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[-1]
    if "anyOf" in schema:
        return " or ".join(_kind(one) for one in schema["anyOf"])
    if schema.get("type") == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    return str(schema.get("format") or schema.get("type", "anything"))
