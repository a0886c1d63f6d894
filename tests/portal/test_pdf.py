"""PDFs are made in a child process: fit to be read aloud, the same each time, and out of reach of a hostile page."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pikepdf
import pypdf
import pytest
from django.conf import settings

from portal import pdf
from portal.pdf import renderer

PAGE = "<html lang=fr><title>x</title><style>body { font-family: Inter } b { font-weight: 600 }</style>%s"


def made(body: str, *, timeout: float = 30) -> bytes:
    return pdf.render(PAGE % body, title="Devis Q-1", author="Relais", language="fr", timeout=timeout)


def read(document: bytes) -> pypdf.PdfReader:
    return pypdf.PdfReader(io.BytesIO(document))


def words(document: bytes) -> str:
    return "\n".join(page.extract_text() for page in read(document).pages)


def child_pid() -> int:
    child = renderer._renderer._child
    assert child is not None
    return child.process.pid


def is_gone(pid: int) -> bool:
    with contextlib.suppress(FileNotFoundError):
        return "\nState:\tZ" in Path(f"/proc/{pid}/status").read_text()
    return True


def soon(true: object) -> bool:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        if true():  # type: ignore[operator]
            return True
        time.sleep(0.05)
    return False


@pytest.fixture
def canary() -> Iterator[tuple[str, list[str]]]:
    """A server that notes every address it is asked for."""
    asked: list[str] = []

    class Canary(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Silent: the list is what counts."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Canary)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    server.server_close()


# What it is


def test_document_is_tagged_named_and_tells_its_language() -> None:
    document = read(made("<h1>Bonjour</h1><table><tr><th>Prix<td>12</table>"))

    root: Any = document.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "fr"
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert document.metadata is not None
    assert (document.metadata.title, document.metadata.author) == ("Devis Q-1", "Relais")
    assert b'pdfuaid:part="1"' in root["/Metadata"].get_object().get_data()


def test_headings_and_tables_stand_in_the_structure() -> None:
    with pikepdf.open(io.BytesIO(made("<h1>Bonjour</h1><table><tr><th>Prix<td>12</table>"))) as document:
        found = {str(item.S) for item in document.objects if isinstance(item, pikepdf.Dictionary) and "/S" in item}

    assert {"/Document", "/H1", "/Table", "/TR", "/TH", "/TD"} <= found


def test_fonts_are_the_pages_own_and_are_embedded() -> None:
    page = read(made("<p>Bonjour <b>à tous</b>\u202f; 1\u202f234,50\xa0€</p>")).pages[0]

    resources: Any = page["/Resources"]
    fonts = [font.get_object() for font in resources["/Font"].values()]
    assert sorted(font["/BaseFont"].partition("+")[2] for font in fonts) == ["Inter", "Inter-Semi-Bold"]
    for font in fonts:
        assert "/FontFile2" in font["/DescendantFonts"][0].get_object()["/FontDescriptor"]


def test_same_arguments_give_the_same_bytes_in_another_child_too() -> None:
    first = made("<p>one</p>")

    os.kill(child_pid(), signal.SIGKILL)

    assert made("<p>one</p>") == first


def test_document_carries_the_date_it_is_given() -> None:
    created = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)

    document = pdf.render(PAGE % "x", title="x", author="x", language="en", created=created)

    assert read(document).metadata.creation_date == created  # type: ignore[union-attr]


# What it refuses

HOSTILE = [
    "<img src='{target}'>",
    '<img src=\'data:image/svg+xml,<svg xmlns="http://www.w3.org/2000/svg"><image href="{target}"/></svg>\'>',
    "<svg><image href='{target}'/><use href='{target}#x'/></svg>",
    "<link rel=stylesheet href='{target}'>",
    "<link rel=attachment href='{target}'>",
    "<a rel=attachment href='{target}'>x</a>",
    "<style>@import '{target}';</style>",
    "<style>@font-face {{ font-family: x; src: url({target}) }} p {{ font-family: x }}</style><p>x",
    "<p style='background: url({target})'>x",
    "<p style='list-style: url({target}); display: list-item'>x",
    "<p style='content: url({target})'>x",
    "<style>@page {{ background: url({target}); @top-left {{ content: url({target}) }} }}</style>",
    "<object data='{target}'></object><embed src='{target}'><iframe src='{target}'></iframe>",
    "<base href='{target}'><img src=x>",
    "<script src='{target}'></script><script>fetch('{target}')</script>",
    "<style>@color-profile device-cmyk {{ src: url({target}) }}</style><p style='color: device-cmyk(0 1 0 0)'>x",
]


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_page_reaches_no_server(hostile: str, canary: tuple[str, list[str]]) -> None:
    address, asked = canary

    document = made_anyway(hostile.format(target=f"{address}/x.png"))

    assert asked == []
    assert_harmless(document)


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_page_takes_no_file_along(hostile: str, tmp_path: Path) -> None:
    canary = tmp_path / "canary.txt"
    canary.write_text("the canary sings")

    document = made_anyway(hostile.format(target=canary.as_uri()))

    assert b"canary sings" not in uncompressed(document)
    assert_harmless(document)


def made_anyway(body: str) -> bytes:
    """The document, or nothing where it was refused."""
    with contextlib.suppress(pdf.RenderFailed):
        return made(body)
    return b""


def assert_harmless(document: bytes) -> None:
    if document:
        assert read(document).attachments == {}
        assert not any(
            mark in uncompressed(document) for mark in (b"/JavaScript", b"/JS", b"/Launch", b"/EmbeddedFile")
        )


def uncompressed(document: bytes) -> bytes:
    if not document:
        return b""
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(document)) as opened:
        opened.save(out, compress_streams=False, stream_decode_level=pikepdf.StreamDecodeLevel.all)
    return out.getvalue()


def test_page_that_wants_something_from_outside_is_refused_and_the_next_is_made() -> None:
    with pytest.raises(pdf.RenderFailed, match="FatalURLFetchingError"):
        made("<img src='https://elsewhere.example/x.png'>")

    assert "next" in words(made("<p>next"))


def test_endless_page_is_ended_in_time_and_the_next_is_made() -> None:
    pdf.prewarm()
    began = time.monotonic()

    with pytest.raises(pdf.RenderTimeout):
        made("<table><tr><td colspan=100000>x</table>", timeout=1)

    assert time.monotonic() - began < 3
    assert "next" in words(made("<p>next"))


def test_greedy_page_meets_its_limit_of_memory_and_the_next_is_made() -> None:
    greedy = f"<style>p::before {{ content: {'attr(x)' * 60} }}</style><p x='{'x' * 20_000_000}'>"

    with pytest.raises(pdf.RenderFailed, match=r"MemoryError|ended"):
        made(greedy)

    assert "next" in words(made("<p>next"))


def test_child_is_limited_and_knows_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "canary-secret")
    renderer._renderer.close()
    pdf.prewarm()

    surroundings = Path(f"/proc/{child_pid()}/environ").read_bytes()
    limits = Path(f"/proc/{child_pid()}/limits").read_text()

    assert b"canary-secret" not in surroundings
    assert "Max address space         1610612736" in limits
    assert "Max core file size        0 " in limits


# The child's life


def test_killed_child_is_replaced() -> None:
    made("<p>first")
    killed = child_pid()

    os.kill(killed, signal.SIGKILL)

    assert "second" in words(made("<p>second"))
    assert child_pid() != killed


def test_child_killed_in_the_middle_fails_its_document_only() -> None:
    renderer._renderer.close()
    pdf.prewarm()
    killing = threading.Timer(0.3, os.kill, (child_pid(), signal.SIGKILL))
    killing.start()

    with pytest.raises(pdf.RenderFailed, match="ended"):
        made("<table><tr><td colspan=100000>x</table>")

    assert "next" in words(made("<p>next"))


def test_child_that_has_aged_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(renderer, "DOCUMENTS", 2)
    renderer._renderer.close()
    pids = []

    for number in range(4):
        pdf.prewarm()
        pids.append(child_pid())
        made(f"<p>{number}")

    assert pids[0] == pids[1] != pids[2] == pids[3]


def test_threads_take_turns_and_each_gets_its_own_document() -> None:
    with ThreadPoolExecutor(4) as threads:
        documents = list(threads.map(lambda number: words(made(f"<p>number {number}")), range(12)))

    assert [text.strip() for text in documents] == [f"number {number}" for number in range(12)]


def test_child_that_cannot_start_is_told_as_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    renderer._renderer.close()

    with monkeypatch.context() as broken:
        broken.setattr(sys, "executable", "/nowhere/python")
        with pytest.raises(pdf.RenderFailed, match="could not start"):
            made("<p>first")

    assert "second" in words(made("<p>second"))


WORKER = """
import os, sys, time
from portal import pdf
from portal.pdf import renderer
pdf.prewarm()
print(renderer._renderer._child.process.pid, flush=True)
if sys.argv[1] == "busy":
    pdf.render("<table><tr><td colspan=100000>x</table>", title="", author="", language="en", timeout=60)
if sys.argv[1] == "forked" and os.fork() == 0:
    time.sleep(8)
    os._exit(0)
time.sleep(60)
"""


@pytest.mark.parametrize("state", ["idle", "busy", "forked"])
def test_child_ends_when_its_worker_is_killed(state: str, tmp_path: Path) -> None:
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "portal.settings", "PORTAL_DATA_DIR": str(tmp_path)}
    worker = subprocess.Popen(
        [sys.executable, "-c", WORKER, state], cwd=settings.BASE_DIR, env=environment, stdout=subprocess.PIPE
    )
    assert worker.stdout is not None
    child = int(worker.stdout.readline())
    time.sleep(0.5)
    assert not is_gone(child)

    worker.kill()
    worker.wait()
    worker.stdout.close()

    assert soon(lambda: is_gone(child))
