"""Letters of the partner's own: listed, written, proved, put in use with everything that the law and the keys want."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django_scopes import scopes_disabled

from campaigns.library import source
from campaigns.models import Banner, Letter, LetterVersion
from campaigns.rules.changes import Line, changes
from campaigns.services import letters as deeds
from campaigns.services.demo_letters import seed_letters
from campaigns.services.proofs import prove
from campaigns.services.shelf import Standing, shelf
from campaigns.services.writing import source_of
from campaigns.tryouts import TookTooLong, try_out
from portal import clock
from portal.models import Activity, Membership, OutgoingMail, Partner
from portal.roles import Role
from tests.campaigns.factories import make_calendar, make_step, make_version
from tests.factories import make_connection, make_member, make_partner
from tests.offers.reading import words
from tests.queries import page_queries

WHOLE = {
    "subject": "{{ order.host }} ends in {{ days }} days",
    "preheader": "Renew it with one press, and keep every day that is left of it.",
    "body": "Hello {{ name }},\n\nPlease read on: it ends soon, and to renew it takes a minute.\n\n"
    "{{ essentials }}\n\n{{ button }}\n\n{{ no_day_lost }}\n\n"
    "{{ savings }}\n\n{{ benefits }}\n\n{{ instructions }}\n\n{{ automation }}\n\n{{ warning }}",
}


@pytest.fixture(autouse=True)
def _one_factor(settings: Any) -> None:
    settings.MFA_REQUIRED = False


@pytest.fixture
def house(partner: Partner) -> Partner:
    """A partner whose letters may go out."""
    partner.postal_address = "1 rue des Tests, 69001 Lyon"
    partner.save()
    make_connection(partner)
    return partner


@pytest.fixture
def nadia(house: Partner) -> Membership:
    return make_member(house, Role.ADMINISTRATOR)


@pytest.fixture
def page(nadia: Membership) -> Client:
    return signed_in(nadia)


def signed_in(member: Membership) -> Client:
    client = Client()
    client.force_login(member.user)
    return client


def write(page: Client, press: str = "save", key: str = "days_60", language: str = "en", **changes: str) -> Any:
    value = changes.pop("value", "1")
    return page.post(url(key, language), {**WHOLE, **changes, press: value}, follow=True)


def url(key: str = "days_60", language: str = "en", name: str = "letter") -> str:
    return reverse(f"campaigns:{name}", args=[key, language])


def versions(partner: Partner, language: str = "en") -> list[LetterVersion]:
    return list(LetterVersion.objects.for_partner(partner).filter(language=language).order_by("number"))


def standings(partner: Partner, key: str) -> dict[str, Standing]:
    return {one.language: one.standing for letter in shelf(partner) if letter.key == key for one in letter.spoken}


# The list


def test_list_shows_every_letter_and_what_goes_out_in_each_language(house: Partner, page: Client) -> None:
    make_version(house, "days_60", "en")
    make_version(house, "days_60", "en", is_live=False)
    make_step(make_calendar(house), days=-60, letter="days_60")
    make_version(make_partner("Foreign"), "leak", name="Leak letter")

    shown = words(page.get(reverse("campaigns:letters")))

    assert "Own, version 1" in shown
    assert "draft: version 2" in shown
    assert "Built-in, not translated" in shown
    assert "60 days before" in shown
    assert "Leak" not in shown


def test_missing_translations_are_the_letters_that_speak_one_language_only(house: Partner, page: Client) -> None:
    make_version(house, "days_60", "en")
    make_version(house, "days_30", "en")
    make_version(house, "days_30", "fr")

    shown = words(page.get(reverse("campaigns:letters"), {"show": "to-translate"}))

    assert "60 days before the end" in shown
    assert "30 days before the end" not in shown
    assert "Missing translations 1" in shown


def test_list_asks_as_many_questions_about_many_letters(house: Partner, page: Client) -> None:
    make_version(house, "days_60", "en")
    page.get(reverse("campaigns:letters"))
    before = page_queries(page, reverse("campaigns:letters"))
    for at in range(5):
        make_version(house, f"own-{at}", "en")
        make_version(house, f"own-{at}", "fr")

    assert len(page_queries(page, reverse("campaigns:letters"))) == len(before)


# Writing


def test_draft_is_kept_as_a_version_and_changes_no_letter(house: Partner, page: Client) -> None:
    shown = write(page)

    (version,) = versions(house)
    assert (version.subject, version.number, version.is_live) == (WHOLE["subject"], 1, False)
    assert standings(house, "days_60")["en"] is Standing.BUILT_IN
    assert "The draft is saved" in words(shown)


def test_same_words_twice_make_one_version(house: Partner, page: Client) -> None:
    write(page)
    write(page)
    write(page, subject="{{ order.host }} ends")

    assert [version.number for version in versions(house)] == [1, 2]


def test_putting_in_use_lets_readers_get_it_and_can_be_undone(house: Partner, page: Client) -> None:
    write(page, "use")
    second = write(page, "use", subject="{{ order.host }}: {{ days }} days")

    assert [version.is_live for version in versions(house)] == [False, True]
    undo = second.context["messages"]._loaded_data[0].extra_tags.removeprefix("undo:")
    page.post(undo)
    assert [version.is_live for version in versions(house)] == [True, False]
    page.post(url(name="letter_stop"))
    assert standings(house, "days_60")["en"] is Standing.BUILT_IN
    verbs = list(Activity.objects.for_partner(house).order_by("pk").values_list("verb", flat=True))
    assert verbs == [
        "letter.written",
        "letter.used",
        "letter.written",
        "letter.used",
        "letter.used",
        "letter.stopped",
    ]


def test_without_postal_address_nothing_of_ones_own_goes_into_use(house: Partner, page: Client) -> None:
    house.postal_address = " "
    house.save()

    shown = write(page, "use")

    assert [version.is_live for version in versions(house)] == [False]
    assert "without your postal address it cannot go into use" in words(shown)
    page.post(reverse("campaigns:letter_use", args=[versions(house)[0].pk]))
    assert [version.is_live for version in versions(house)] == [False]


def test_letter_that_lacks_essentials_goes_into_use_only_when_that_is_confirmed(house: Partner, page: Client) -> None:
    thin = "Hello {{ name }}, act now!"

    asked = write(page, "use", body=thin)

    assert [version.is_live for version in versions(house)] == [False]
    assert "Put it in use all the same" in words(asked)
    assert "sounds like spam" in words(asked)
    write(page, "use", body=thin, value="confirmed")
    assert [version.is_live for version in versions(house)] == [True]


def test_earlier_version_that_lacks_something_is_shown_before_it_is_used_again(house: Partner, page: Client) -> None:
    thin = make_version(house, body="Act now!", is_live=False)

    shown = page.post(reverse("campaigns:letter_use", args=[thin.pk]), follow=True)

    assert shown.redirect_chain[-1][0].endswith(f"?version={thin.pk}")
    assert "Act now!" in words(shown)
    assert [version.is_live for version in versions(house)] == [False]


def test_only_what_was_in_use_just_before_comes_back_without_a_question(house: Partner, page: Client) -> None:
    for body in ("Act now!", "Please act now!", WHOLE["body"]):
        write(page, "use", body=body, value="confirmed")
    first, second, third = versions(house)

    assert in_use_after(page, house, press_again(first)) == [3]
    assert in_use_after(page, house, press_again(second)) == [2]
    assert in_use_after(page, house, press_again(first)) == [2]
    assert in_use_after(page, house, url(name="letter_stop")) == []
    assert in_use_after(page, house, press_again(first)) == []
    assert in_use_after(page, house, press_again(second)) == [2]
    assert in_use_after(page, house, press_again(third)) == [3]


def press_again(version: LetterVersion) -> str:
    """Where Undo leads."""
    return f"{reverse('campaigns:letter_use', args=[version.pk])}?again=1"


def in_use_after(page: Client, house: Partner, address: str) -> list[int]:
    page.post(address)
    return [version.number for version in versions(house) if version.is_live]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("One\nTwo {{ order.nothing }}", "Line 2: There is no variable “order.nothing”."),
        ("{% include 'x' %}", "The tag “include” does not exist here."),
        ("{{ name | safe }}", "The filter “safe” does not exist here."),
        ("{% for one in (1..9) %}x{% endfor %}", "Ranges such as (1..5) cannot be used"),
        ("{{ name ", "A pair of braces is opened and not closed"),
    ],
)
def test_error_names_its_line_and_nothing_typed_is_lost(body: str, said: str, house: Partner, page: Client) -> None:
    shown = write(page, body=body)

    assert shown.status_code == 422
    assert said in words(shown)
    assert shown.context["form"]["body"].value() == body
    assert versions(house) == []


def test_letter_too_long_is_refused_before_it_is_read(house: Partner, page: Client) -> None:
    shown = write(page, body="é" * 25_001)

    assert shown.status_code == 422
    assert "longer than 50,000 bytes" in words(shown)


def test_check_shows_what_was_typed_and_keeps_nothing(house: Partner, page: Client) -> None:
    typed = {**WHOLE, "body": "Dear {{ name }}, {{ button }}"}

    shown = page.post(url(name="letter_check"), typed)

    assert "Dear Søren Lindqvist" in shown.context["words"].text
    assert "added at the end: place {{ savings }} yourself" in words(shown)
    assert versions(house) == []


def test_what_somebody_writes_cannot_act_in_the_preview(house: Partner, page: Client) -> None:
    hostile = (
        "<script>alert(1)</script><img src=//evil.example/x onerror=alert(1)><style>@import '//evil.example'</style>"
        "<a href='https://evil.example/'>x</a><iframe src=//evil.example></iframe><form action=//evil.example></form>"
    )

    shown = page.post(url(name="letter_check"), {**WHOLE, "body": hostile})

    for _look, document in shown.context["frames"]:
        assert "evil.example" not in document
        assert "<script" not in document
        assert "href=" not in document
        assert "default-src &#x27;none&#x27;" in shown.content.decode() or "default-src 'none'" in document
    assert "<iframe sandbox srcdoc=" in shown.content.decode()


def test_editor_lets_styles_of_the_layout_be_and_no_others(house: Partner, page: Client) -> None:
    policy = dict(one.strip().partition(" ")[::2] for one in page.get(url())["Content-Security-Policy"].split(";"))

    assert policy["script-src"] == "'self'"
    assert policy["frame-src"] == "'none'"
    assert "'unsafe-inline'" not in policy["style-src-elem"]
    assert "sha256-" in policy["style-src-elem"]


def test_child_answers_for_what_takes_too_long(house: Partner) -> None:
    try_out({"body": "{{ name }}"}, {"name": "warm"})
    busy = "{% for a in all %}{% for b in all %}{{ a | append: b | truncate: 9 }}{% endfor %}{% endfor %}"

    with pytest.raises(TookTooLong):
        try_out({"body": busy * 40}, {"all": ["x" * 900] * 70}, seconds=0.001)
    try_out({"body": "{{ name }}"}, {"name": "again"})


# Tests, copies, the archive


def test_test_is_a_real_letter_to_whoever_writes_it_and_says_so(nadia: Membership, page: Client) -> None:
    shown = write(page, "test")
    write(page, "test")

    letters = OutgoingMail.objects.filter(to_email=nadia.user.email).order_by("pk")
    assert [letter.subject for letter in letters] == ["Test: www.horizon-yole.example ends in 60 days"] * 2
    assert letters[0].text.startswith("This is a test")
    assert "This is a test" in letters[0].html
    assert letters[0].code in letters[0].text
    assert letters[0].code != letters[1].code
    assert f"A test is on its way to {nadia.user.email}" in words(shown)
    assert LetterVersion.objects.count() == 0


def test_copy_is_a_letter_of_its_own_that_steps_can_send(house: Partner, page: Client) -> None:
    make_version(house, "days_60", "en", subject="Ours")

    page.post(reverse("campaigns:letter_copy", args=["days_60"]), {"name": "Spring"})
    again = page.post(reverse("campaigns:letter_copy", args=["days_60"]), {"name": "spring"})

    copy = Letter.objects.for_partner(house).get(key="spring")
    assert copy.based_on == "days_60"
    assert sorted(copy.versions.values_list("language", "is_live")) == [("en", False), ("fr", False)]
    assert copy.versions.get(language="en").subject == "Ours"
    assert again.status_code == 422
    assert standings(house, "spring") == {"en": Standing.BUILT_IN, "fr": Standing.BUILT_IN}


def test_letter_without_a_translation_says_in_that_language_what_it_began_as(house: Partner) -> None:
    make_version(house, "spring", "en", based_on="days_60", subject="Spring")

    assert source_of(house, "spring", "en").subject == "Spring"
    assert source_of(house, "spring", "fr") == source("days_60", "fr")
    assert standings(house, "spring") == {"en": Standing.OWN, "fr": Standing.BUILT_IN}
    Letter.objects.for_partner(house).update(archived_at=clock.now())
    with pytest.raises(KeyError):
        source_of(house, "spring", "en")


def test_archived_letter_lets_the_built_in_one_speak_and_comes_back_as_it_was(house: Partner, page: Client) -> None:
    make_version(house, "days_60", "en")

    page.post(reverse("campaigns:letter_archive", args=["days_60"]))
    assert standings(house, "days_60")["en"] is Standing.BUILT_IN
    assert "60 days before the end" in words(page.get(reverse("campaigns:letters"), {"show": "archived"}))
    page.post(reverse("campaigns:letter_restore", args=["days_60"]))

    assert standings(house, "days_60")["en"] is Standing.OWN


def test_letter_that_only_a_step_holds_up_is_not_archived(house: Partner, page: Client) -> None:
    make_version(house, "spring", "en", based_on="days_60")
    make_step(make_calendar(house), days=-45, letter="spring")

    shown = page.post(reverse("campaigns:letter_archive", args=["spring"]), follow=True)

    assert "A step of the calendar sends this letter" in words(shown)
    assert Letter.objects.for_partner(house).get(key="spring").archived_at is None


# Who may, and whose


def test_support_reads_along_and_changes_nothing(house: Partner) -> None:
    support = signed_in(make_member(house, Role.SUPPORT))

    shown = support.get(url())

    assert "Save as a draft" not in words(shown)
    assert shown.context["form"].fields["body"].widget.attrs["readonly"]
    assert support.post(url(), WHOLE | {"save": "1"}).status_code == 403
    assert support.post(url(name="letter_check"), WHOLE).status_code == 403


def test_letters_of_another_partner_are_not_there(house: Partner, page: Client) -> None:
    foreign = make_version(make_partner("Foreign"), "leak", subject="Leak")

    for address in (url("leak"), f"{url()}?version={foreign.pk}", url("leak", name="letter_preview"), url("nothing")):
        assert page.get(address).status_code == 404
    assert page.post(reverse("campaigns:letter_use", args=[foreign.pk])).status_code == 404
    with scopes_disabled():
        assert LetterVersion.objects.get(pk=foreign.pk).is_live


def test_versions_are_compared_line_by_line(house: Partner, page: Client) -> None:
    first = make_version(house, body="Hello\n\nOne\n\n{{ button }}", is_live=False)
    make_version(house, body="Hello\n\nTwo\n\n{{ button }}")

    shown = page.get(f"{url()}?compare={first.pk}").content.decode()

    assert "<del>One</del>" in shown
    assert "<ins>Two</ins>" in shown
    assert "<del>Hello</del>" not in shown


def test_unchanged_stretches_are_left_out() -> None:
    before = [str(number) for number in range(12)]
    after = [*before[:6], "new", *before[7:]]

    assert changes(before, after) == [
        Line("gap"),
        *(Line("same", word) for word in ("4", "5")),
        Line("removed", "6"),
        Line("added", "new"),
        *(Line("same", word) for word in ("7", "8")),
        Line("gap"),
    ]
    assert changes(before, before) == []


# The gallery


@pytest.mark.parametrize("language", ["en", "fr"])
def test_gallery_shows_a_worked_example_of_every_letter_and_every_warning(
    language: str, house: Partner, page: Client
) -> None:
    make_version(house, "spring", language, name="Spring letter", based_on="days_60")
    Banner.objects.create(partner=house, name="On our home page", headline_en="Renew early")

    shown = page.get(reverse("campaigns:gallery"), {"language": language, "width": "phone", "look": "dark"})

    assert len(shown.context["shown"]) == 14
    assert "Spring letter" in words(shown)
    assert "On our home page" in words(shown)
    assert shown.content.decode().count("warning-phone is-dark") == 3
    for one in shown.context["shown"]:
        letter = page.get(one.url)
        assert letter.status_code == 200, one.url
        assert f'lang="{language}"' in letter.content.decode()


def test_preview_stands_in_our_frames_only_and_does_nothing(house: Partner, page: Client) -> None:
    letter = page.get(url(name="letter_preview"), {"look": "dark"})

    policy = letter["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'self'" in policy
    assert policy.endswith("sandbox")
    assert letter["X-Frame-Options"] == "SAMEORIGIN"
    assert "prefers-color-scheme" not in letter.content.decode()
    assert "href=" not in letter.content.decode()


def test_refusals_have_names(house: Partner, nadia: Membership) -> None:
    version = make_version(house, is_live=False)

    with pytest.raises(deeds.EssentialsMissing):
        deeds.put_in_use(version, missing=["product"], actor=nadia.user, now=clock.now())
    with pytest.raises(KeyError):
        deeds.copy_letter(house, "nothing", "Copy", actor=nadia.user, now=clock.now())
    with pytest.raises(deeds.NameTaken):
        deeds.copy_letter(house, "days_60", "days_60", actor=nadia.user, now=clock.now())


def test_demo_has_a_letter_of_its_own_in_use_in_english_and_begun_in_french(house: Partner, nadia: Membership) -> None:
    seed_letters(house, clock.now())

    (letter,) = (letter for letter in shelf(house) if letter.own)
    assert [(one.standing, one.number, one.draft) for one in letter.spoken] == [
        (Standing.OWN, 2, 0),
        (Standing.BUILT_IN, 0, 1),
    ]
    for version in letter.own.versions.all() if letter.own else ():
        proof = prove(house, letter.key, version.language, deeds.wording_of(version), now=clock.now())
        assert proof.words
        assert proof.missing == []
