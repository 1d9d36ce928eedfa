"""Log lines that nobody can forge: one a record, everything escaped, no secrets."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import TextIO

from dq_databricks.model.redacting import Redaction

ROOT = "dq_databricks"
_CONTROL = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160), 0x2028, 0x2029)}
_FIELDS = ("request_id", "ms")


class _Lines(logging.Formatter):
    """Lines without what `redaction` knows or recognises as a secret."""

    def __init__(self, redaction: Redaction | None = None) -> None:
        super().__init__()
        self._redacted = redaction or Redaction.of_environment()


class JsonLines(_Lines):
    """A record as one line of JSON, for machines."""

    def format(self, record: logging.LogRecord) -> str:
        """The line of `record`."""
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": self._redacted(record.getMessage()),
            **{name: record.__dict__[name] for name in _FIELDS if name in record.__dict__},
        }
        if record.exc_info:
            line["trace"] = self._redacted(self.formatException(record.exc_info))
        return json.dumps(line)


class PlainLines(_Lines):
    """A record as one line for people; only the trace of an error of ours takes more."""

    def format(self, record: logging.LogRecord) -> str:
        """The line of `record`."""
        at = datetime.fromtimestamp(record.created, UTC)
        message = self._redacted(record.getMessage()).translate(_CONTROL)
        fields = " ".join(f"{n}={record.__dict__[n]}" for n in _FIELDS if n in record.__dict__)
        line = f"{at:%H:%M:%S} {record.levelname.lower():<7} {message} {fields}".rstrip()
        if record.exc_info:
            line += "\n" + self._redacted(self.formatException(record.exc_info))
        return line


def log_to(
    stream: TextIO = sys.stderr,
    *,
    as_json: bool,
    level: int = logging.INFO,
    redaction: Redaction | None = None,
) -> None:
    """Send what this package logs to `stream`, and what libraries warn of as well.

    What `redaction` knows (by default what the environment names a secret) is in no line.
    """
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines(redaction) if as_json else PlainLines(redaction))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger(ROOT).setLevel(level)
