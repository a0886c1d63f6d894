from __future__ import annotations

import socket

import pytest

from portal.setup.__main__ import refuse_taken_port
from portal.setup.ports import free_port, why_not
from portal.setup.system import SetupError


def test_a_free_port_is_free() -> None:
    assert why_not("127.0.0.1", free_port()) == ""


def test_a_taken_port_is_named_with_one_to_try() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        assert why_not("127.0.0.1", port) == f"Port {port} is in use; choose another with PORT={port + 1} make run"


@pytest.mark.parametrize(("host", "port"), [("192.0.2.1", 8000), ("127.0.0.1", 70_000)])
def test_where_nothing_can_listen_it_is_said_why(host: str, port: int) -> None:
    assert why_not(host, port).startswith(f"Nothing can listen at {host}, port {port}: ")


def test_a_port_that_is_no_number_is_refused() -> None:
    with pytest.raises(SetupError, match=r"PORT is a number, and http is none\."):
        refuse_taken_port("127.0.0.1", "http")
