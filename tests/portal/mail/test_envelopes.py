"""The addresses of the envelope are those that Django would find, whether they had to be parsed or not."""

from __future__ import annotations

from email.utils import formataddr, parseaddr

import pytest
from django.core.mail.message import sanitize_address
from hypothesis import given
from hypothesis import strategies as st

from portal.mail.smtp import bare

NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=30).map(
    lambda name: " ".join(name.split())
)


@given(name=NAMES, address=st.emails())
def test_envelope_bears_the_address_that_the_header_names(name: str, address: str) -> None:
    written = formataddr((name, address))

    assert bare(written) == parseaddr(sanitize_address(written, "utf-8"))[1]


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("it@karst.example", "it@karst.example"),
        ("Elise Roy <elise.roy+ssl@karst.example>", "elise.roy+ssl@karst.example"),
        ('"Roy, Elise" <elise@karst.example>', "elise@karst.example"),
        ("Élise <elise@karst.example>", "elise@karst.example"),
        ("<it@karst.example>", "it@karst.example"),
        ("elise@été.example", "elise@xn--t-9fab.example"),
    ],
)
def test_address_stands_alone(written: str, address: str) -> None:
    assert bare(written) == address


@pytest.mark.parametrize(
    "written",
    [
        "it@karst.example, all@karst.example",
        "Roy, Elise <elise@karst.example>",
        "it@karst.example\nBcc: all@karst.example",
        "Elise <it@karst.example>\r\nRCPT TO:<all@karst.example>",
        "it..desk@karst.example>",
    ],
)
def test_what_names_no_single_address_is_refused_as_django_refuses_it(written: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        sanitize_address(written, "utf-8")

    with pytest.raises(ValueError, match=r"."):
        bare(written)
