"""Whatever a letter says arrives as it was written, in lines every mail server takes, with no header slipped in."""

from __future__ import annotations

from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage

import pytest
from django.core.mail import BadHeaderError
from hypothesis import given
from hypothesis import strategies as st

from portal.mail.mime import Letter

# Any text a person can type, line breaks included, without the halves of characters that no text holds.
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"))
LINES = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=300).map(
    lambda text: " ".join(text.split())
)


def sent(**fields: object) -> tuple[bytes, EmailMessage]:
    html = fields.pop("html", "")
    values: dict[str, object] = {"subject": "Sixty days", "body": "Hello", "from_email": "post@relais.example"} | fields
    letter = Letter(**{"to": ["it@karst.example"], **values})  # type: ignore[arg-type]
    if html:
        letter.attach_alternative(str(html), "text/html")
    raw = letter.message().as_bytes(linesep="\r\n")
    return raw, message_from_bytes(raw, policy=policy.default)


def body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content())


def normal(text: str) -> str:
    """As mail writes lines: one kind of break, and a last one."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return lines if lines.endswith("\n") else f"{lines}\n"


@given(text=TEXTS, html=TEXTS.filter(bool))
def test_both_bodies_arrive_as_they_were_written(text: str, html: str) -> None:
    raw, message = sent(body=text, html=html)

    assert body(message, "plain").replace("\r\n", "\n") == normal(text)
    assert body(message, "html").replace("\r\n", "\n") == normal(html)
    assert message.defects == []
    assert raw.isascii()
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert b"\r" not in raw.replace(b"\r\n", b"")


@given(subject=LINES, name=LINES)
def test_subject_and_headers_arrive_as_they_were_written(subject: str, name: str) -> None:
    raw, message = sent(subject=subject, headers={"X-Customer": name, "Message-ID": "<1@mail.invalid>"})

    assert " ".join(str(message["Subject"]).split()) == subject
    assert " ".join(str(message["X-Customer"]).split()) == name
    assert message["Message-ID"] == "<1@mail.invalid>"
    assert max(map(len, raw.split(b"\r\n"))) <= 998


@pytest.mark.parametrize(
    "field",
    [
        {"subject": "Sixty\nBcc: all@example.com"},
        {"subject": "Sixty\r\nBcc: all@example.com"},
        {"headers": {"X-Order": "1\nBcc: all@example.com"}},
        {"headers": {"Bcc: all@example.com\nX-Order": "1"}},
        {"headers": {"X-Order": "1\x00"}},
        {"from_email": "Relais\n <post@relais.example>"},
        {"from_email": "Café\n Réseau <post@relais.example>"},
        {"to": ["it@karst.example\nBcc: all@example.com"]},
    ],
)
def test_no_header_is_slipped_in(field: dict[str, object]) -> None:
    with pytest.raises((BadHeaderError, ValueError)):
        sent(**field)


def test_people_and_domains_keep_their_letters() -> None:
    _raw, message = sent(
        from_email="Café Réseau <post@relais.example>",
        to=['"Roy, Élise" <elise@été.example>'],
        reply_to=["help@relais.example"],
    )

    assert str(message["From"]) == "Café Réseau <post@relais.example>"
    (reader,) = message["To"].addresses
    assert (reader.display_name, reader.addr_spec) == ("Roy, Élise", "elise@xn--t-9fab.example")
    assert str(message["Reply-To"]) == "help@relais.example"


@pytest.mark.parametrize("name", ["Société de certification électronique et de conseil de Bretagne", "証" * 60])
def test_house_with_a_long_name_can_write(name: str) -> None:
    raw, _message = sent(from_email=f"{name} <post@relais.example>")

    # the newer parser puts spaces between the parts of a name
    author = message_from_bytes(raw)["From"]
    assert str(make_header(decode_header(author))) == f"{name} <post@relais.example>"


def test_letter_without_html_is_plain_text() -> None:
    _raw, message = sent(body="Hello\n.\nFrom here on")

    assert message.get_content_type() == "text/plain"
    assert normal(message.get_content()) == "Hello\n.\nFrom here on\n"


def test_other_connections_of_django_can_write_it_down() -> None:
    letter = Letter("Été", "Hello", "post@relais.example", ["it@karst.example"])

    assert "Subject: =?utf-8?" in letter.message().as_string()
    assert b"\r" not in letter.message().as_bytes()
