"""An installation makes its root and issuing CA once, whoever asks first, and keeps the keys encrypted."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import timedelta
from functools import partial
from pathlib import Path
from subprocess import PIPE
from urllib.parse import quote

import pytest
from cryptography.fernet import InvalidToken
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from django.conf import settings
from django.db import connection

from certificates.authorities.sandbox import keyring, publishing, signing
from certificates.models import SandboxAuthority
from portal import vault
from tests.certificates.authorities.desk import NOON

ASK_WHEN_TOLD = """
import sys, django
django.setup()
from certificates.authorities.sandbox.keyring import open_keyring
from portal import clock
print("ready", flush=True)
sys.stdin.readline()
print("".join(open_keyring(now=clock.now()).chain))
"""


@pytest.mark.django_db
def test_the_keyring_is_made_once_and_then_used() -> None:
    first = keyring.open_keyring(now=NOON)
    second = keyring.open_keyring(now=NOON + timedelta(days=400))

    assert first.chain == second.chain
    assert SandboxAuthority.objects.get().created_at == NOON


@pytest.mark.django_db
def test_a_rival_that_made_the_keyring_meanwhile_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    make_root = signing.make_root
    rivals: list[keyring.Keyring] = []

    def overtaken() -> signing.Signer:
        monkeypatch.setattr(signing, "make_root", make_root)
        rivals.append(keyring.open_keyring(now=NOON))
        return make_root()

    monkeypatch.setattr(signing, "make_root", overtaken)

    late = keyring.open_keyring(now=NOON)

    assert [late.chain] == [rival.chain for rival in rivals]
    assert SandboxAuthority.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_processes_that_start_together_get_one_root(tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "DATABASE_URL": shared_database(tmp_path),
        "PORTAL_DATA_DIR": str(tmp_path),
        "PORTAL_VAULT_KEYS": ",".join(settings.VAULT_KEYS),
    }
    command = [sys.executable, "-c", ASK_WHEN_TOLD]
    start = partial(
        subprocess.Popen, command, cwd=settings.BASE_DIR, env=environment, stdin=PIPE, stdout=PIPE, text=True
    )

    with start() as first, start() as second, start() as third:
        asking = (first, second, third)
        assert [process.stdout.readline() for process in asking if process.stdout] == ["ready\n"] * 3
        for process in asking:
            print(file=process.stdin, flush=True)
        roots = {process.communicate(timeout=30)[0] for process in asking}

    assert len(roots) == 1
    assert "BEGIN CERTIFICATE" in roots.pop()


def shared_database(folder: Path) -> str:
    """The address under which other processes meet this test's tables; SQLite's, in memory, are copied to a file."""
    if connection.vendor == "sqlite":
        connection.ensure_connection()
        with closing(sqlite3.connect(folder / "shared.sqlite3")) as copy:
            connection.connection.backup(copy)
        return f"sqlite:///{folder / 'shared.sqlite3'}"
    database = {key: quote(str(value), safe="") for key, value in connection.settings_dict.items()}
    return "postgres://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format_map(database)


@pytest.mark.django_db
def test_the_keys_are_encrypted_in_the_database() -> None:
    keyring.open_keyring(now=NOON)

    row = SandboxAuthority.objects.get()

    for stored in (bytes(row.root_key), bytes(row.issuing_key)):
        assert b"PRIVATE" not in stored
        with pytest.raises(ValueError, match="PEM"):
            load_pem_private_key(stored, None)
        with pytest.raises(InvalidToken):
            vault.decrypt(stored[:-4] + b"AAA=")
        assert b"PRIVATE KEY" in vault.decrypt(stored)


@pytest.mark.django_db
def test_published_certificates_are_those_of_the_keyring() -> None:
    chain = keyring.open_keyring(now=NOON)

    published = (publishing.issuing_certificate(), publishing.root_certificate())

    assert published == tuple(signer.certificate.public_bytes(Encoding.DER) for signer in (chain.issuing, chain.root))
