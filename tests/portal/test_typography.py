"""French signs keep the space before them, and it never breaks; English is left alone."""

from __future__ import annotations

import pytest

from portal.typography import spaced, spaced_html

CASES = [
    ("Voici : le devis", "Voici\u00a0: le devis"),
    ("Oui ; non ? si !", "Oui\u202f; non\u202f? si\u202f!"),
    ("« Phare »", "«\u00a0Phare\u00a0»"),
    ("20 % de remise", "20\u00a0% de remise"),
    ("Déjà\u00a0! là\u202f?", "Déjà\u202f! là\u202f?"),
    ("https://portal.example:8443/q?a=1", "https://portal.example:8443/q?a=1"),
    ("à 14:05", "à 14:05"),
]


@pytest.mark.parametrize(("written", "set_"), CASES)
def test_french_spaces_do_not_break(written: str, set_: str) -> None:
    assert spaced(written, "fr") == set_
    assert spaced(set_, "fr") == set_


@pytest.mark.parametrize("written", [case[0] for case in CASES])
def test_english_stays_as_it_is(written: str) -> None:
    assert spaced(written, "en") == written


def test_only_what_stands_between_tags_is_set() -> None:
    html = '<p title="a : b">Voici : <b>oui !</b></p>'

    assert spaced_html(html, "fr") == '<p title="a : b">Voici\u00a0: <b>oui\u202f!</b></p>'
    assert spaced_html(html, "en") == html
