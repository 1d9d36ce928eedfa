"""The smallest HTTP client that measures a server and not itself."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server sent back."""

    status: int
    body: bytes


class Connection:
    """One kept-alive connection; opens itself again when the server closed it."""

    def __init__(self, host: str, port: int, headers: dict[str, str]) -> None:
        self._host, self._port = host, port
        lines = {"Host": f"{host}:{port}", **headers}
        self._head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def ask(
        self, method: str, path: str, body: object = None, headers: dict[str, str] | None = None
    ) -> Answer:
        """Send one request and read its answer."""
        if self._writer is None or self._writer.is_closing():
            self._reader, self._writer = await asyncio.open_connection(self._host, self._port)
        content = b"" if body is None else json.dumps(body).encode()
        more = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
        if content:
            more += "Content-Type: application/json\r\n"
        start = (
            f"{method} {path} HTTP/1.1\r\n{self._head}{more}Content-Length: {len(content)}\r\n\r\n"
        )
        self._writer.write(start.encode() + content)
        await self._writer.drain()
        return await self._answer()

    async def _answer(self) -> Answer:
        assert self._reader is not None
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        status = int(head.split(" ", 2)[1])
        length = next(
            (line[15:] for line in head.split("\r\n") if line.startswith("content-length:")), "0"
        )
        return Answer(status, await self._reader.readexactly(int(length)))

    def close(self) -> None:
        """Hang up."""
        if self._writer is not None:
            self._writer.close()
