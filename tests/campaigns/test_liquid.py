"""Letters that partners write cannot reach anything, run long, grow large, or fail in any way but one."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from campaigns import liquid
from campaigns.letters.body import body, variables
from campaigns.letters.refusals import refusal_words
from campaigns.liquid import LetterRefused, Problem, plain
from campaigns.rules.keys import Part
from tests.campaigns import hostile

FACTS = {"name": "Søren <b>O'Neil</b>", "days": 7, "orders": [{"host": "a.example"}, {"host": "b.example"}]}
# Far more than any takes on a machine that is not busy
LONGEST = 10.0


@pytest.fixture(scope="module")
def ended() -> dict[str, tuple[str, int, float]]:
    return hostile.in_a_child()


@pytest.mark.parametrize("name", hostile.REFUSED)
def test_hostile_template_is_refused_for_what_it_is(ended: dict[str, tuple[str, int, float]], name: str) -> None:
    problem, _line, seconds = ended[name]

    assert problem == hostile.REFUSED[name][1]
    assert seconds < LONGEST


@pytest.mark.parametrize("name", hostile.BOUNDED)
def test_template_that_may_be_filled_is_bounded(ended: dict[str, tuple[str, int, float]], name: str) -> None:
    problem, length, seconds = ended[name]

    assert problem in ("", Problem.TOO_MUCH)
    assert length <= 200_000
    assert seconds < LONGEST


_SIGNS = "{{ }} {% %} {%- -%} | : ' \" (1..9) [ ] . , == <p> </p> é \ue000"
_WORDS = "if endif endfor endcapture else when name days orders o.host x append map sort split truncate where"
_PIECES = st.sampled_from([*_SIGNS.split(), *_WORDS.split(), " ", "\n", "for o in orders", "assign x = ", "case days"])
_TEMPLATES = st.one_of(
    st.text(max_size=300),
    st.lists(_PIECES, max_size=40).map(" ".join),
    st.lists(st.sampled_from(sorted(liquid.FILTERS)), max_size=6).map(
        lambda some: f"{{{{ name | {' | '.join(some)} }}}}"
    ),
    st.lists(st.sampled_from(sorted(liquid.FILTERS)), max_size=6).map(
        lambda some: f"{{{{ orders | {': name | '.join(some)} }}}}"
    ),
)


@given(source=_TEMPLATES, is_html=st.booleans())
@example(source="{{ orders | where: 'host', name | map: 3 }}", is_html=True)
@example(source="{% case days %}{% when %}{% endcase %}", is_html=False)
def test_whatever_is_written_only_our_own_error_comes_of_it(source: str, is_html: bool) -> None:
    try:
        said = liquid.read(source, is_html=is_html).fill(plain(FACTS))  # type: ignore[arg-type]
    except LetterRefused as refused:
        said = refusal_words(refused)

    assert isinstance(said, str)


@given(source=_TEMPLATES)
def test_whatever_is_written_becomes_clean_html_without_addresses(source: str) -> None:
    try:
        known: Any = {**FACTS, **variables(frozenset(Part))}
        filled = liquid.read(source, is_html=True).fill(known)
    except LetterRefused:
        return

    made = _body(filled)

    assert not re.search(r"<(?!/?(?:p|h2|h3|ul|ol|li|blockquote|a|b|strong|i|em|br)\b)", made.html)
    assert not re.search(r"\b(href|src|on\w+)\s*=\s*[\"'](?!https://portal)", made.html)


def _body(filled: str) -> Any:
    addresses = {name: f"https://portal.example/{name}" for name in ("renew_url", "unsubscribe_url", "preferences_url")}
    return body(filled, html_of=lambda _part: "", text_of=lambda _part: "", addresses=addresses, language="en")


def test_error_says_on_which_line_and_about_which_word() -> None:
    with pytest.raises(LetterRefused) as refused:
        liquid.read("Hello\n\n{{ name | shout }}")

    assert refusal_words(refused.value) == "Line 3: The filter “shout” does not exist here."


def test_facts_are_escaped_in_html_and_stay_as_they_are_in_a_subject() -> None:
    assert "&lt;b&gt;" in liquid.read("{{ name }}", is_html=True).fill(plain(FACTS))  # type: ignore[arg-type]
    assert liquid.read("{{ name }}").fill(plain(FACTS)) == FACTS["name"]  # type: ignore[arg-type]


def test_facts_are_copies_of_plain_values_and_nothing_else() -> None:
    class Name(str):
        """A text that brings something along."""

        secret = "x"

    assert plain({"a": ("b", 1, True)}) == {"a": ["b", 1, True]}
    for other in (Name("x"), object(), 1.5, None, {"a": object()}):
        with pytest.raises(TypeError):
            plain(other)
    assert plain("\ue000button\ue001") == "button"


@pytest.mark.parametrize(
    "written",
    [
        '<a href="https://evil.example/">x</a>',
        '<a href="javascript:alert(1)">x</a>',
        '<a href="//evil.example">x</a>',
        '<a href="{{ name }}">x</a>',
        '<img src="https://evil.example/x.png">',
        '<p onclick="alert(1)" style="position:fixed">x</p>',
        '<form action="https://evil.example"><input></form>',
        "<style>@import 'https://evil.example'</style>",
        "<svg/onload=alert(1)>",
        "<iframe src=https://evil.example></iframe>",
        "<table><tr><td>x",
        "</td></tr></table></body>",
        "<!--[if mso]><script>x</script><![endif]-->",
        "<a href='{{ renew_url }}.evil.example'>x</a>",
    ],
)
def test_nothing_of_an_author_leads_elsewhere_or_leaves_its_place(written: str) -> None:
    known: Any = {**FACTS, **variables(frozenset())}
    made = _body(liquid.read(written, is_html=True).fill(known))

    assert "evil" not in re.sub(r">[^<]*<", "><", made.html)
    assert not re.search(r"on\w+=|position|<(?:img|form|input|style|svg|iframe|script|table|td|/td|!--)", made.html)


def test_addresses_of_ours_may_be_placed_in_words() -> None:
    known: Any = {**FACTS, **variables(frozenset())}
    made = _body(liquid.read('See <a href="{{ renew_url }}">your page</a>.', is_html=True).fill(known))

    assert 'href="https://portal.example/renew_url"' in made.html
    assert made.text == "See your page (https://portal.example/renew_url)."


def test_words_become_paragraphs_and_the_same_as_text() -> None:
    made = _body("One\nline.\n\n<h2>Two</h2>\n\n<ul><li>a <b>bold</b></li><li>b</li></ul>\n\n<ol><li>c</li></ol>")

    assert made.html.count("<p ") == 1
    assert made.text == "One line.\n\nTwo\n\n* a bold\n* b\n\n1. c"
