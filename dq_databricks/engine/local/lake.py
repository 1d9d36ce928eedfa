"""The folders of the local lake: catalog, schema, table; and views kept as small JSON files."""

from __future__ import annotations

import errno
import json
import os
import shutil
import uuid
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from dq_databricks.engine.local.log import FIRST_COMMIT, LOG, is_log_file
from dq_databricks.engine.local.names import folder_name, object_name
from dq_databricks.errors import TableNotFoundError
from dq_databricks.sql.identifiers import TableName, check_object_name

_SCHEMA_FILE = "_schema.json"
_NAME_FILE = "_name.json"
_VIEW_SUFFIX = ".view.json"


@dataclass(frozen=True, slots=True)
class View:
    """A stored view: its name, its SELECT as written, and a comment."""

    name: str
    sql: str
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class Lake:
    """Finds, lists and removes what lies below `root`; reads no data and no Delta log."""

    root: Path

    def schema_folder(self, catalog: str, schema: str) -> Path:
        """Where the tables of a schema lie, whether it exists or not."""
        return self.root / folder_name(catalog) / folder_name(schema)

    def folder(self, name: TableName) -> Path:
        """Where a table lies, whether it exists or not."""
        return self.schema_folder(name.catalog, name.schema) / folder_name(name.table)

    def has_schema(self, catalog: str, schema: str) -> bool:
        """Whether the schema was created."""
        return self.schema_folder(catalog, schema).is_dir()

    def has_table(self, name: TableName) -> bool:
        """Whether a Delta table of this name exists."""
        return _is_table(self.folder(name))

    def create_schema(self, catalog: str, schema: str, comment: str | None) -> bool:
        """Create a schema; False when it exists already."""
        check_object_name(catalog, what="catalog")
        check_object_name(schema, what="schema")
        folder = self.schema_folder(catalog, schema)
        if _is_filled(folder):
            return False
        draft = _beside(folder, "draft")
        draft.mkdir(parents=True)
        _write_json(draft / _SCHEMA_FILE, {"name": schema.lower(), "comment": comment})
        return _take_place(draft, folder)

    def schema_comment(self, catalog: str, schema: str) -> str | None:
        """The comment of a schema, where it has one."""
        path = self.schema_folder(catalog, schema) / _SCHEMA_FILE
        return _read_json(path).get("comment") if path.exists() else None

    def comment_schema(self, catalog: str, schema: str, comment: str | None) -> None:
        """Give a schema that exists another comment."""
        path = self.schema_folder(catalog, schema) / _SCHEMA_FILE
        _write_json(path, {"name": schema.lower(), "comment": comment})

    def drop_schema(self, catalog: str, schema: str) -> None:
        """Remove a schema and everything in it, at once for whoever looks."""
        _remove(self.schema_folder(catalog, schema))

    def require_schema(self, name: TableName) -> None:
        """Raise TableNotFoundError when the schema of `name` does not exist."""
        if not self.has_schema(name.catalog, name.schema):
            raise TableNotFoundError(
                f"schema {name.catalog}.{name.schema} not found; "
                f"create it with CREATE SCHEMA {name.catalog}.{name.schema}"
            )

    def prepare_table(self, name: TableName) -> Path:
        """Make the folder of a table about to be created."""
        check_object_name(name.table, what="table")
        folder = self.folder(name)
        folder.mkdir(exist_ok=True)
        if object_name(folder.name) is None:
            _write_json(folder / _NAME_FILE, {"name": name.table.lower()})
        return folder

    def drop_table(self, name: TableName) -> None:
        """Remove a table, at once for whoever looks."""
        _remove(self.folder(name))

    def catalogs(self) -> list[str]:
        """Names of the catalogs that hold a schema."""
        return sorted(_name(folder) for folder in _folders(self.root))

    def schemas(self, catalog: str) -> list[str]:
        """Names of the schemas of a catalog; empty when it does not exist."""
        return sorted(_name(folder) for folder in _folders(self.root / folder_name(catalog)))

    def tables(self, catalog: str, schema: str) -> list[TableName]:
        """Delta tables of a schema by name; empty when it does not exist."""
        found = _folders(self.schema_folder(catalog, schema))
        return sorted(TableName(catalog, schema, _name(f)) for f in found if _is_table(f))

    def views(self, catalog: str, schema: str) -> list[TableName]:
        """Views of a schema by name; empty when it does not exist."""
        paths = self.schema_folder(catalog, schema).glob(f"*{_VIEW_SUFFIX}")
        return sorted(TableName(catalog, schema, str(_read_json(p)["name"])) for p in paths)

    def view(self, name: TableName) -> View | None:
        """The view of this name, or None."""
        try:
            found = _read_json(self._view_path(name))
        except FileNotFoundError:
            return None
        return View(str(found["name"]), str(found["sql"]), found.get("comment"))

    def view_texts(self, catalog: str, schema: str) -> dict[TableName, str | None]:
        """Views of a schema and the SELECT of each."""
        found = {name: self.view(name) for name in self.views(catalog, schema)}
        return {name: view.sql for name, view in found.items() if view is not None}

    def store_view(self, name: TableName, view: View) -> None:
        """Write a view, replacing the one that was there."""
        check_object_name(name.table, what="view")
        _write_json(self._view_path(name), asdict(view))

    def drop_view(self, name: TableName) -> None:
        """Remove a view that exists."""
        self._view_path(name).unlink()

    def _view_path(self, name: TableName) -> Path:
        folder = self.folder(name)
        return folder.with_name(folder.name + _VIEW_SUFFIX)


def _folders(folder: Path) -> list[Path]:
    try:
        return [entry for entry in folder.iterdir() if entry.is_dir() and "." not in entry.name]
    except (FileNotFoundError, NotADirectoryError):
        return []


def _is_table(folder: Path) -> bool:
    """Whether a log holds a commit: a writer that was killed may leave an empty one."""
    if (folder / LOG / FIRST_COMMIT).exists():
        return True
    try:
        return any(is_log_file(path.name) for path in (folder / LOG).iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return False


def _is_filled(folder: Path) -> bool:
    try:
        return any(folder.iterdir())
    except FileNotFoundError:
        return False


def _beside(folder: Path, what: str) -> Path:
    """A name of its own next to `folder`; the dot hides it from listings."""
    return folder.with_name(f"{folder.name}.{what}-{uuid.uuid4().hex}")


def _take_place(draft: Path, folder: Path) -> bool:
    """Give `draft` the name of `folder`; False when somebody else was faster."""
    try:
        # Takes the place of an empty folder, and of no other.
        draft.rename(folder)
    except OSError as error:
        shutil.rmtree(draft)
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
            return False
        raise
    return True


def _remove(folder: Path) -> None:
    """Remove a folder, and what was left of others by a process killed while it removed them."""
    gone = _beside(folder, "dropped")
    folder.rename(gone)
    for leftover in [gone, *folder.parent.glob("*.dropped-*")]:
        while leftover.exists():
            # Another process may clean up at the same time.
            with suppress(FileNotFoundError):
                shutil.rmtree(leftover)


def _name(folder: Path) -> str:
    if (known := object_name(folder.name)) is not None:
        return known
    for candidate in (_SCHEMA_FILE, _NAME_FILE):
        if (folder / candidate).exists():
            return str(_read_json(folder / candidate)["name"])
    return folder.name


def _read_json(path: Path) -> dict[str, str | None]:
    content: dict[str, str | None] = json.loads(path.read_text(encoding="utf-8"))
    return content


def _write_json(path: Path, content: dict[str, str | None]) -> None:
    draft = path.with_name(f"{path.name}.draft-{os.getpid()}")
    with draft.open("w", encoding="utf-8") as file:
        json.dump(content, file, ensure_ascii=False)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
