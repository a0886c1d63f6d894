"""The child process: reads documents to make from its standard input, a socket, and answers with PDFs on it.

It ends when the socket closes, whatever it is doing, so that none is left behind when its parent is killed. It knows
nothing of Django, of settings or of the database.
"""

from __future__ import annotations

import gc
import hashlib
import json
import logging
import queue
import resource
import socket
import sys
import threading
from typing import Any

from weasyprint import HTML, URLFetcher
from weasyprint.text.fonts import FontConfiguration

from portal.pdf import wire
from portal.pdf.manners import limit, listen

MEMORY = 1536 * 1024 * 1024
VARIANT = {"pdf_variant": "pdf/ua-1", "pdf_version": "1.7", "pdf_tags": True}
WARM = "<html lang=en><title>warm</title><h1>Warm</h1><p>Quote <b>12</b></p><table><tr><td>1<td>2</table>"


class OnlyData(URLFetcher):  # type: ignore[misc]  # the library has no types
    """Fetches what the document itself holds; a document that wants more is refused as a whole."""

    def __init__(self) -> None:
        super().__init__(allowed_protocols=("data",), allow_redirects=False, fail_on_errors=True)


def make(wanted: dict[str, Any], fonts: FontConfiguration) -> bytes:
    """The PDF; its identifier comes from its content, so that the same content gives the same bytes."""
    html = HTML(string=wanted["html"], url_fetcher=OnlyData(), base_url="data:,")
    document = html.render(font_config=fonts, **VARIANT)
    about = document.metadata
    about.title, about.authors, about.lang = wanted["title"], [wanted["author"]], wanted["language"]
    about.created, about.generator, about.attachments = wanted.get("created"), None, []
    identifier = hashlib.sha256(json.dumps(wanted, sort_keys=True).encode()).hexdigest()[:32].encode()
    made: bytes = document.write_pdf(pdf_identifier=identifier, **VARIANT)
    return made


def answer(message: bytes, fonts: FontConfiguration) -> bytes:
    """+ and the document, or - and what went wrong; an empty message asks for nothing but warmth."""
    wanted = json.loads(message) if message else {"html": WARM, "title": "", "author": "", "language": "en"}
    try:
        return b"+" + make(wanted, fonts)
    # What the library raises for a refused address is no Exception, and running out of memory is one more answer.
    except BaseException as error:  # noqa: BLE001
        return f"-{type(error).__name__}: {error}".encode()


def main() -> None:
    limit(resource.RLIMIT_AS, MEMORY)
    limit(resource.RLIMIT_CORE, 0)
    # The parent hears of trouble in the answer; the library's remarks on a style sheet are of no use to it.
    logging.getLogger("weasyprint").setLevel(logging.CRITICAL)
    line = socket.socket(fileno=sys.stdin.fileno())
    wishes: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=listen, args=(line, wishes), daemon=True).start()
    fonts = FontConfiguration()
    # Rubbish is cleared between documents, not while one is waited for; what the library keeps is not looked at again.
    gc.disable()
    wire.send(line, answer(wishes.get(), fonts))
    gc.collect()
    gc.freeze()
    while True:
        wire.send(line, answer(wishes.get(), fonts))
        gc.collect()


if __name__ == "__main__":
    main()
