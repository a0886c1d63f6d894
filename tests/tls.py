"""A real TLS server on this machine, which stands in the Internet's place where hosts are looked at."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509

from portal.outbound import Guard
from tests.certificates.certs import as_pem, ec_key, private_pem


@dataclass
class Server:
    """A server that shows each host the certificate it was given for it; all of them hold the tests' one key."""

    folder: Path
    listener: socket.socket
    contexts: dict[str, ssl.SSLContext] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    @property
    def port(self) -> int:
        return int(self.listener.getsockname()[1])

    @property
    def guard(self) -> Guard:
        """Reaches this server, whatever host is asked for; of names that it does not serve nobody knows."""
        return Guard(resolver=self._resolve, allows=lambda _address: True, ports=frozenset({self.port, 443}))

    def shows(self, certificate: x509.Certificate | str, *, host: str) -> None:
        """From now on, the host shows this certificate (parsed, or PEM)."""
        pem = certificate if isinstance(certificate, str) else as_pem(certificate).decode()
        file = self.folder / "server.pem"
        file.write_text(pem + private_pem(ec_key()))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        self.contexts[host] = context

    def serve(self) -> None:
        while True:
            try:
                connection, _peer = self.listener.accept()
            except OSError:
                return
            with connection:
                self._shake(connection)

    def _shake(self, connection: socket.socket) -> None:
        connection.settimeout(5)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.sni_callback = self._choose
        try:
            context.wrap_socket(connection, server_side=True).close()
        except OSError:
            return

    def _choose(self, asked: ssl.SSLObject, host: str | None, _first: ssl.SSLContext) -> None:
        self.asked.append(host or "")
        asked.context = self.contexts[host or ""]

    def _resolve(self, host: str) -> list[str]:
        return ["127.0.0.1"] if host in self.contexts else []


@contextmanager
def serving(folder: Path) -> Iterator[Server]:
    """The server, for as long as the block runs."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = Server(folder, listener)
        thread = threading.Thread(target=server.serve, daemon=True)
        thread.start()
        yield server
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(timeout=5)
