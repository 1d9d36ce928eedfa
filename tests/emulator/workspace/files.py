"""Files and folders of the workspace."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.emulator.workspace.routes import Answer, Refusal, Request, missing, route
from tests.emulator.workspace.state import State

_ROOTS = ("", "Users", "Shared", "Workspace")


def place_of(state: State, path: str) -> Path:
    """Where a path of the workspace lies on disk; with and without /Workspace it is the same."""
    return state.folder / path.removeprefix("/Workspace").strip("/")


@route("GET", "/api/2.0/workspace/get-status")
def get_status(state: State, request: Request) -> Answer:
    path = request.query["path"]
    place = place_of(state, path)
    if not place.exists():
        raise missing(f"Path ({path})")
    kind = "DIRECTORY" if place.is_dir() else "FILE"
    known = state.folder.as_posix()
    return {"object_type": kind, "path": path, "object_id": abs(hash((known, path))) % 10**9}


@route("POST", "/api/2.0/workspace/mkdirs")
def mkdirs(state: State, request: Request) -> Answer:
    place_of(state, request.body["path"]).mkdir(parents=True, exist_ok=True)
    return {}


@route("POST", "/api/2.0/workspace-files/import-file/{path}")
def import_file(state: State, request: Request) -> Answer:
    place = place_of(state, request.parts["path"])
    if not place.parent.is_dir():
        raise Refusal(404, "NOT_FOUND", f"The parent folder of {request.parts['path']} is missing.")
    if place.exists() and request.query.get("overwrite") != "true":
        raise Refusal(409, "RESOURCE_ALREADY_EXISTS", f"{request.parts['path']} already exists.")
    place.write_bytes(request.raw)
    return {}


@route("GET", "/api/2.0/workspace/export")
def export(state: State, request: Request) -> Answer:
    place = place_of(state, request.query["path"])
    if not place.is_file():
        raise missing(f"Path ({request.query['path']})")
    return place.read_bytes()


@route("GET", "/api/2.0/workspace/list")
def list_folder(state: State, request: Request) -> Answer:
    place = place_of(state, request.query["path"])
    if not place.is_dir():
        raise missing(f"Path ({request.query['path']})")
    entries = sorted(place.iterdir())
    kinds = {True: "DIRECTORY", False: "FILE"}
    root = request.query["path"].rstrip("/")
    return {
        "objects": [{"path": f"{root}/{e.name}", "object_type": kinds[e.is_dir()]} for e in entries]
    }


@route("POST", "/api/2.0/workspace/delete")
def delete(state: State, request: Request) -> Answer:
    place = place_of(state, request.body["path"])
    if not place.exists():
        raise missing(f"Path ({request.body['path']})")
    if place.is_dir():
        shutil.rmtree(place)
    else:
        place.unlink()
    return {}
