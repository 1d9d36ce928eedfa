"""The static files: one stylesheet, one small script, one picture."""

from __future__ import annotations

from importlib import resources

from fastapi import APIRouter, Response
from starlette.exceptions import HTTPException

router = APIRouter(include_in_schema=False)
_KINDS = {
    "app.css": "text/css; charset=utf-8",
    "app.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}


@router.get("/static/{name}")
def static_file(name: str) -> Response:
    """A file of the pages; its address carries a mark of its content, so it is kept for ever."""
    if name not in _KINDS:
        raise HTTPException(404, f"no static file {name!r}")
    data = resources.files("dq_databricks.service").joinpath("static", name).read_bytes()
    headers = {
        "Cache-Control": "public, max-age=31536000, immutable",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(data, media_type=_KINDS[name], headers=headers)
