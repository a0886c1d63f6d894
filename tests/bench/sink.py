"""A mail server that takes everything and keeps nothing, in a process of its own: `python -m tests.bench.sink`.

It prints its port. Knows as much of SMTP as one honest sender needs, so that it costs both sides the same little.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

END = b"\r\n.\r\n"


class Sink(asyncio.Protocol):
    transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport, self.heard, self.is_letter = transport, bytearray(), False
        transport.write(b"220 sink\r\n")

    def data_received(self, data: bytes) -> None:
        self.heard += data
        if self.is_letter and self.heard.endswith(END):
            self.answer(b"250 Taken\r\n", is_letter=False)
        elif not self.is_letter and self.heard.endswith(b"\r\n"):
            self.obey(bytes(self.heard[:4]).upper())

    def obey(self, word: bytes) -> None:
        match word:
            case b"DATA":
                self.answer(b"354 Go on\r\n", is_letter=True)
            case b"QUIT":
                self.answer(b"221 Bye\r\n", is_letter=False)
                self.transport.close()
            case _:
                self.answer(b"250 OK\r\n", is_letter=False)

    def answer(self, words: bytes, *, is_letter: bool) -> None:
        self.heard.clear()
        self.is_letter = is_letter
        self.transport.write(words)


async def serve() -> None:
    server = await asyncio.get_running_loop().create_server(Sink, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


@contextmanager
def running() -> Iterator[int]:
    """The sink in a process of its own; its port."""
    with subprocess.Popen([sys.executable, "-m", "tests.bench.sink"], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.terminate()


if __name__ == "__main__":
    asyncio.run(serve())
