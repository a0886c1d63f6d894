"""The key of a renewal may come from the browser: its request holds the names beside it, and its kind is proposed."""

from __future__ import annotations

from datetime import date

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from django.http import QueryDict

from certificates.services.keys import PresentKey
from certificates.x509 import read_csr
from offers.forms.renewal import KEY_KINDS, LateKeyForm
from offers.wording.renewal import OUTDATED
from tests.certificates.certs import PrivateKey, ec_key, make_csr, private_pem, rsa_key

HOST, OTHER = "www.granit-phare.example", "shop.granit-phare.example"


def form_with(csr: str) -> LateKeyForm:
    typed = QueryDict(mutable=True)
    typed.update({"key": "browser", "csr": csr})
    return LateKeyForm(typed, names=[HOST, OTHER])


def test_a_request_made_in_the_browser_for_these_names_is_taken_whatever_their_order() -> None:
    csr = make_csr(OTHER, [OTHER, HOST])

    form = form_with(csr)

    assert form.is_valid(), form.errors
    assert form.wish_csr_pem == csr


@pytest.mark.parametrize("names", [[HOST], [HOST, OTHER, "mail.granit-phare.example"]])
def test_one_made_for_fewer_or_more_names_is_to_be_made_again(names: list[str]) -> None:
    form = form_with(make_csr(HOST, names))

    assert not form.is_valid()
    assert form.errors == {"csr": [OUTDATED]}


def test_a_private_key_in_its_place_is_refused_and_not_shown_again() -> None:
    key = private_pem(ec_key())

    form = form_with(key)

    assert not form.is_valid()
    assert key.splitlines()[1] not in form.as_p()


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        (rsa_key(), "RSA 2048"),
        (rsa_key(3072), "RSA 3072"),
        (ec_key(), "ECDSA P-256"),
        (ec.generate_private_key(ec.SECP384R1()), "ECDSA P-384"),
        (ec.generate_private_key(ec.SECP521R1()), "RSA 2048"),
    ],
)
def test_the_kind_of_the_present_key_is_recommended_where_browsers_make_it(key: PrivateKey, kind: str) -> None:
    present = PresentKey(read_csr(make_csr(HOST, key=key)), since=date(2026, 1, 1))

    assert LateKeyForm(names=[HOST], present=present).recommended_kind == kind
    assert kind in KEY_KINDS


def test_rsa_2048_is_recommended_where_no_key_is_known() -> None:
    assert LateKeyForm(names=[HOST]).recommended_kind == "RSA 2048"
