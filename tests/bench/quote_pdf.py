"""A quote's PDF by the warm child against bare WeasyPrint on the same HTML: `python -m tests.bench.quote_pdf`."""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.bench.expiring_page import undisturbed_ms

MUST, AIM = 1.15, 1.0
ROOT = Path(__file__).resolve().parents[2]
SIZES = (1, 40)


def prepare(folder: str) -> None:
    """Both sides see the same fonts; bare WeasyPrint runs in this process."""
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "PORTAL_DATA_DIR": folder,
        "LOG_LEVEL": "ERROR",
        "FONTCONFIG_FILE": str(ROOT / "portal" / "pdf" / "fonts.conf"),
        "XDG_CACHE_HOME": f"{folder}/cache",
    }
    import django

    django.setup()


def measure(orders: int, repeats: int) -> dict[str, float]:
    """Milliseconds: bare, bare with the tags that ours has too, the child, and the quote from snapshot to PDF."""
    from weasyprint import HTML

    from offers.documents import drawing
    from portal import pdf
    from tests.offers.quotes_on_paper import LINK, many

    quote = many(orders)
    html = drawing.quote_html(quote, link=LINK)
    title = drawing.document_title(quote)
    asked: dict[str, Callable[[], object]] = {
        "bare": lambda: HTML(string=html).write_pdf(),
        "bare, tagged": lambda: HTML(string=html).write_pdf(pdf_variant="pdf/ua-1", pdf_tags=True),
        "child, tagged": lambda: pdf.render(html, title=title, author="Relais", language="en"),
        "whole quote": lambda: drawing.quote_pdf(quote, link=LINK),
    }
    return undisturbed_ms(asked, repeats)


def report(figures: dict[str, float], orders: int) -> str:
    lines = [f"Quote for {orders} as PDF (lower quartile of one run; must {MUST}x, aim {AIM}x of bare WeasyPrint)"]
    lines += [f"  {name:20}{value:9.2f} ms {value / figures['bare']:7.2f}x" for name, value in figures.items()]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=20)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        prepare(folder)
        for orders in SIZES:
            print(report(measure(orders, wanted.repeats), orders))


if __name__ == "__main__":
    main()
