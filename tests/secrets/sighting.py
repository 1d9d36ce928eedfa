"""Canaries: values that are nowhere else, the channels they were put into, and who saw one."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import pyarrow as pa
import pyarrow.parquet as pq
from cryptography.fernet import Fernet

from dq_databricks.engine.protocol import Engine
from dq_databricks.sql.identifiers import TableName
from dq_databricks.sql.statement import Statement


@dataclass
class Canaries:
    """One value for each channel; `texts` is what people and programs could read."""

    values: dict[str, str] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)

    def plain(self, channel: str) -> str:
        """A password such as people choose, that no pattern recognises by itself."""
        return self._planted(channel, f"canary{secrets.token_hex(12)}")

    def token(self, channel: str) -> str:
        """What the tokens of a workspace look like."""
        return self._planted(channel, f"dapi{secrets.token_hex(16)}")

    def key(self, channel: str) -> str:
        """A key of the vault."""
        return self._planted(channel, Fernet.generate_key().decode())

    def known(self, channel: str, value: str) -> str:
        """A secret that the software made itself."""
        return self._planted(channel, value)

    def saw(self, where: str, *texts: str) -> None:
        """Keep what somebody could read."""
        self.texts[f"{where} ({len(self.texts)})"] = "\n".join(texts)

    @property
    def last(self) -> str:
        """What was read last."""
        return next(reversed(self.texts.values()))

    def sightings(self, where: str, content: bytes | str) -> list[str]:
        """Each channel whose canary stands in `content`, in whatever writing."""
        data = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
        return [
            f"{channel} in {where}"
            for channel, value in self.values.items()
            if any(form in data for form in _forms(value))
        ]

    def in_texts(self) -> list[str]:
        """Sightings in what could be read."""
        return [one for where, text in self.texts.items() for one in self.sightings(where, text)]

    def in_files(self, *folders: Path, but: Iterable[Path] = ()) -> list[str]:
        """Sightings in every byte of every file, and in every value of parquet files."""
        left_out = {path.resolve() for path in but}
        files = (path for folder in folders for path in sorted(folder.rglob("*")))
        return [
            one
            for path in files
            if path.is_file() and path.resolve() not in left_out
            for content in _contents(path)
            for one in self.sightings(str(path), content)
        ]

    def in_tables(self, engine: Engine, catalog: str, schema: str) -> list[str]:
        """Sightings in every column of every row, as SQL shows them."""
        return [
            one
            for name in engine.tables(catalog, schema)
            for one in self.sightings(str(name), _rows(engine, name))
        ]

    def _planted(self, channel: str, value: str) -> str:
        assert channel not in self.values
        self.values[channel] = value
        return value


def _forms(value: str) -> set[bytes]:
    raw = value.encode()
    coded = base64.b64encode(raw).rstrip(b"=")
    written = {json.dumps(value)[1:-1].encode(), quote(value, safe="").encode()}
    return {raw, coded, raw.hex().encode(), *written}


def _contents(path: Path) -> Iterator[bytes | str]:
    yield path.read_bytes()
    if path.suffix == ".parquet":
        yield _text(pq.read_table(path))


def _rows(engine: Engine, name: TableName) -> str:
    return _text(engine.query(Statement(f"SELECT * FROM {name.sql}")))


def _text(rows: pa.Table) -> str:
    return json.dumps(rows.to_pylist(), default=str, ensure_ascii=False)
