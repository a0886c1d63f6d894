"""An author's words with blocks and addresses put in: cleaned as HTML, and the same again as text."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape
from html.parser import HTMLParser

import nh3

from campaigns.liquid import MARKS, Plain
from campaigns.rules.keys import Part
from portal.typography import NO_BREAK_SPACE, spaced_html

_OPEN, _CLOSE = MARKS[0], MARKS[1]
_MARKED = re.compile(f"{_OPEN}([a-z_]+){_CLOSE}")
_BLOCK = re.compile(f"{_OPEN}({'|'.join(Part)}){_CLOSE}")
_PARAGRAPH = re.compile(r"\n\s*\n")
_IS_BLOCK = re.compile(r"<(p|h2|h3|ul|ol|blockquote)\b", re.IGNORECASE)
_DATE = re.compile(r"(?<![\w.])(\d{1,2}(?:er)?) ([^\W\d_]{3,9}) (\d{4})(?!\w)")
_EMPTY = re.compile(r"<p[^>]*>(?:\s|<br>)*</p>")

_FONT = "Arial,Helvetica,sans-serif"
_STYLES: Mapping[str, str] = {
    "p": f"margin:0 0 16px;font:400 16px/1.55 {_FONT};color:#14202e",
    "h2": f"margin:8px 0 10px;font:700 20px/1.3 {_FONT};color:#14202e",
    "h3": f"margin:8px 0 8px;font:700 17px/1.3 {_FONT};color:#14202e",
    "ul": f"margin:0 0 16px;padding:0 0 0 22px;font:400 16px/1.55 {_FONT};color:#14202e",
    "ol": f"margin:0 0 16px;padding:0 0 0 22px;font:400 16px/1.55 {_FONT};color:#14202e",
    "li": "margin:0 0 6px",
    "blockquote": f"margin:0 0 16px;padding:0 0 0 16px;border-left:3px solid #c9d1da;font:400 16px/1.55 {_FONT}",
}
TAGS = frozenset(_STYLES) | {"a", "b", "strong", "i", "em", "br"}


def mark(name: str) -> str:
    """What stands for a block or an address until the words around it are clean."""
    return f"{_OPEN}{name}{_CLOSE}"


def unbroken(html: str) -> str:
    """The same, each date kept on one line: "6 January 2027"."""
    return _DATE.sub(f"\\1{NO_BREAK_SPACE}\\2{NO_BREAK_SPACE}\\3", html)


def cleaner(addresses: frozenset[str]) -> nh3.Cleaner:
    """Keeps a few tags, and of addresses only our own marks."""
    return nh3.Cleaner(
        tags=set(TAGS),
        clean_content_tags={"script", "style", "title", "textarea", "noscript"} - TAGS,
        attributes={},
        tag_attribute_values={"a": {"href": {mark(name) for name in addresses}}},
        set_tag_attribute_values={
            **{tag: {"style": style, "class": "ink"} for tag, style in _STYLES.items()},
            "a": {"class": "link", "style": "color:inherit"},
        },
        link_rel=None,
    )


ADDRESSES = frozenset({"renew_url", "unsubscribe_url", "preferences_url", "verify_url"})
_CLEANER = cleaner(ADDRESSES)


@dataclass(frozen=True, slots=True)
class Body:
    """The same words as HTML and as text, and the parts that their author placed.

    `own` is the text up to where the layout goes on, and `said` what stands in it between the parts.
    """

    html: str
    text: str
    placed: frozenset[Part]
    own: str = ""
    said: str = ""


def variables(parts: frozenset[Part]) -> dict[str, Plain]:
    """What a source may place: every block, empty where it does not belong or has nothing to say; and addresses."""
    blocks: dict[str, Plain] = {part.value: mark(part) if part in parts else "" for part in Part}
    return {**blocks, **{name: mark(name) for name in ADDRESSES}}


def body(
    filled: str,
    *,
    html_of: Callable[[Part], str],
    text_of: Callable[[Part], str],
    addresses: Mapping[str, str],
    language: str,
) -> Body:
    """A filled source as HTML and as text; each stretch between two blocks is cleaned by itself, so that none leaks."""
    htmls: list[str] = []
    texts: list[str] = []
    placed: list[Part] = []
    said: list[str] = []
    for at, piece in enumerate(_BLOCK.split(filled)):
        if at % 2:
            if piece not in placed:  # a block stands once, where it was placed first
                placed.append(Part(piece))
                htmls.append(html_of(Part(piece)))
                texts.append(text_of(Part(piece)))
        elif words := _cleaned(piece, language):
            htmls.append(_addressed(unbroken(words), addresses, escape))
            texts.append(_addressed(as_text(words), addresses, str))
            said.append(texts[-1])
    text = "\n\n".join(filter(None, texts))
    return Body("\n".join(htmls), text, frozenset(placed), own=text, said="\n\n".join(said))


def _cleaned(piece: str, language: str) -> str:
    if not piece.strip():
        return ""
    paragraphs = (one.strip() for one in _PARAGRAPH.split(piece.strip()))
    whole = "\n".join(one if _IS_BLOCK.match(one) else f"<p>{one}</p>" for one in paragraphs if one)
    return _unlinked(spaced_html(_EMPTY.sub("", _CLEANER.clean(whole)).strip(), language))


def _unlinked(html: str) -> str:
    """No address that stands in the words, or in a name, becomes a link in the reader's mail program: ours alone do.

    Addresses of ours are still marks here; a joiner that nobody sees breaks every other.
    """
    return html.replace("://", ":\u2060//")


def _addressed(words: str, addresses: Mapping[str, str], written: Callable[[str], str]) -> str:
    if _OPEN not in words:
        return words
    return _MARKED.sub(lambda found: written(addresses.get(found[1], "")), words)


# The same as text


class _Reader(HTMLParser):
    """Reads clean HTML, and no other."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.out: list[str] = []
        self.lists: list[int] = []
        self.href = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("p", "h2", "h3", "blockquote"):
            self.out.append("\n\n")
        elif tag in ("ul", "ol"):
            self.out.append("\n" if self.lists else "\n\n")
            self.lists.append(0 if tag == "ol" else -1)
        elif tag == "li":
            self.out.append(self._bullet())
        elif tag == "br":
            self.out.append("\n")
        elif tag == "a":
            self.href = dict(attrs).get("href") or ""

    def handle_endtag(self, tag: str) -> None:
        if tag in ("ul", "ol") and self.lists:
            self.lists.pop()
        elif tag == "a" and self.href:
            self.out.append(f" ({self.href})")
            self.href = ""

    def handle_data(self, data: str) -> None:
        self.out.append(re.sub(r"[ \t\n]+", " ", data) if data.strip() else (" " if " " in data else ""))

    def _bullet(self) -> str:
        if not self.lists or self.lists[-1] < 0:
            return "\n* "
        self.lists[-1] += 1
        return f"\n{self.lists[-1]}. "


def as_text(html: str) -> str:
    """Clean HTML as a plain letter: paragraphs apart, lists with marks, addresses behind their words."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    lines = (line.strip(" ") for line in "".join(reader.out).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
