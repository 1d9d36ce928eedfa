"""Log lines of a process without a log of its own: what is worth a warning, on stderr."""

from __future__ import annotations

import logging
import sys
from typing import TextIO

from dq_databricks.model.redacting import Redaction


class RedactedLines(logging.Formatter):
    """A record as Python writes it, without secrets."""

    def __init__(self, redaction: Redaction) -> None:
        super().__init__()
        self._redaction = redaction

    def format(self, record: logging.LogRecord) -> str:
        """The lines of `record`."""
        return self._redaction(super().format(record))


def warn_on(redaction: Redaction, stream: TextIO = sys.stderr) -> None:
    """Send warnings of this package and of libraries to `stream`, without secrets.

    Does nothing where somebody has said already where log lines go.
    """
    root = logging.getLogger()
    if not root.handlers:
        handler = logging.StreamHandler(stream)
        handler.setFormatter(RedactedLines(redaction))
        root.addHandler(handler)
