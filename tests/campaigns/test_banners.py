"""Banners on other websites: framed by whom the partner lists, without cookies, and never saying what is not so."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
from django.test import Client
from PIL import Image

from campaigns import banner_pictures
from campaigns.models import Banner
from campaigns.rules.countdown import Left, time_left
from campaigns.services.banners import customer_code, customer_of, show
from campaigns.states import Channel, NoticeState
from certificates.models import Customer, Order
from certificates.states import RenewalMark
from offers.models import Offer
from portal import clock
from portal.models import Partner
from portal.roles import Role
from tests.campaigns.factories import make_calendar, make_notice, make_step
from tests.certificates.expiring import content, sign_in
from tests.factories import make_customer, make_order, make_partner
from tests.offers.factories import make_offer

SITE = "https://www.relais.example"
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOSTILE = ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "</title><h1>"]


@pytest.fixture(autouse=True)
def _one_factor(settings: Any) -> None:
    settings.MFA_REQUIRED = False


def make_banner(partner: Partner, **fields: Any) -> Banner:
    defaults = {"name": "Summer", "headline_en": "Renew before summer", "headline_fr": "Renouvelez avant l'été"}
    return Banner.objects.create(partner=partner, **({"origins": [SITE]} | defaults | fields))


def page_of(banner: Banner, **query: str) -> Any:
    return Client().get(f"/embed/banners/{banner.public_key}/", {"lang": "en"} | query)


def ancestors(response: Any) -> str:
    directives = [one.strip().partition(" ") for one in response["Content-Security-Policy"].split(";")]
    return str({name: value for name, _space, value in directives}["frame-ancestors"])


# What is left


@pytest.mark.parametrize(
    ("left", "shown"),
    [
        (timedelta(days=2, hours=3, minutes=59, seconds=59), Left(2, 3, 59)),
        (timedelta(hours=23, minutes=59), Left(0, 23, 59)),
        (timedelta(seconds=59), Left(0, 0, 0)),
        (timedelta(0), Left(0, 0, 0)),
        (-timedelta(days=3), Left(0, 0, 0)),
    ],
)
def test_what_is_left_is_rounded_down_and_never_below_nothing(left: timedelta, shown: Left) -> None:
    assert time_left(NOON + left, now=NOON) == shown


# On other websites


def test_exactly_the_listed_websites_may_frame_it_and_no_cookie_is_set(partner: Partner) -> None:
    response = page_of(make_banner(partner, origins=[SITE, "https://shop.relais.example:8443"]))

    assert ancestors(response) == f"{SITE} https://shop.relais.example:8443"
    assert "X-Frame-Options" not in response
    assert not response.cookies


def test_without_a_list_no_browser_frames_it(partner: Partner) -> None:
    assert ancestors(page_of(make_banner(partner, origins=[]))) == "'none'"


@pytest.mark.parametrize("words", HOSTILE)
def test_hostile_words_are_words(partner: Partner, words: str) -> None:
    banner = make_banner(partner, headline_en=words, text_en=words)

    page = content(page_of(banner))

    assert words not in page
    assert page.count("<h1") == 1
    assert page.count("<script") == 0


def test_the_language_of_the_address_decides_and_a_missing_one_is_replaced(partner: Partner) -> None:
    both, english = make_banner(partner), make_banner(partner, headline_fr="", name="English")

    assert "Renouvelez avant" in content(page_of(both, lang="fr"))
    assert "Renew before summer" in content(page_of(english, lang="fr"))


@pytest.mark.parametrize("happens", ["hidden", "over", "suspended"])
def test_a_banner_that_has_gone_leaves_its_place_empty(partner: Partner, happens: str) -> None:
    banner = make_banner(partner)
    if happens == "hidden":
        Banner.objects.update(is_active=False)
    elif happens == "over":
        Banner.objects.update(ends_at=clock.now() - timedelta(minutes=1))
    else:
        Partner.objects.filter(pk=partner.pk).update(is_active=False)

    assert "Renew before summer" not in content(page_of(banner))
    assert Client().get(f"/embed/banners/{banner.public_key}.png").status_code == 404


def test_another_partners_host_shows_nothing_of_it(partner: Partner) -> None:
    other = make_partner(host="other.example")
    banner = make_banner(partner)

    answer = Client(headers={"host": other.host}).get(f"/embed/banners/{banner.public_key}/")

    assert answer.status_code in (400, 404)


def test_offer_is_named_only_while_it_is_live(partner: Partner) -> None:
    offer = make_offer(partner, "10", words_en="10% off for early birds")
    banner = make_banner(partner, offer=offer)
    assert "10% off for early birds" in content(page_of(banner))

    Offer.objects.filter(pk=offer.pk).update(state=Offer.State.PAUSED)

    assert "10% off for early birds" not in content(page_of(banner))


# Signed for a customer


@pytest.fixture
def customer(partner: Partner) -> Customer:
    return make_customer(partner, "Karst Atelier SA")


def told_by_banner(customer: Customer, days: int) -> Order:
    order = make_order(customer.partner, customer=customer, ends_on=clock.today() + timedelta(days=days))
    step = make_step(make_calendar(customer.partner, f"In {days}"), -30, Channel.BANNER)
    make_notice(order, step, due_at=clock.now() - timedelta(hours=1), state=NoticeState.SENT)
    return order


def end_shown(banner: Banner, customer: Customer | None) -> datetime | None:
    shown = show(banner, language="en", now=clock.now(), customer=customer)
    return shown.ends_at if shown else None


def test_signed_banner_counts_down_to_the_first_end_that_the_calendar_has_begun_to_speak_of(
    customer: Customer,
) -> None:
    banner = make_banner(customer.partner)
    later, first = told_by_banner(customer, 20), told_by_banner(customer, 10)
    make_order(customer.partner, customer=customer, ends_on=clock.today() + timedelta(days=3))

    assert end_shown(banner, customer) == first.ends_at
    Order.objects.filter(pk=first.pk).update(renewal_mark=RenewalMark.RENEWED)
    assert end_shown(banner, customer) == later.ends_at
    assert end_shown(banner, None) is None


def test_after_renewing_all_a_signed_banner_shows_the_campaign_again(customer: Customer) -> None:
    campaign_end = clock.now() + timedelta(days=100)
    banner, order = make_banner(customer.partner, ends_at=campaign_end), told_by_banner(customer, 10)

    Order.objects.filter(pk=order.pk).update(renewal_mark=RenewalMark.IN_HAND)

    assert end_shown(banner, customer) == campaign_end


def test_code_of_a_customer_opens_for_its_own_partner_only(customer: Customer) -> None:
    code, other = customer_code(customer), make_partner()

    assert customer_of(code, partner=customer.partner) == customer
    assert customer_of(code, partner=other) is None
    assert customer_of(f"{code}x", partner=customer.partner) is None
    assert customer_of("nonsense", partner=customer.partner) is None
    assert customer.name not in code


def test_forged_code_shows_what_everybody_sees(customer: Customer) -> None:
    banner, _order = make_banner(customer.partner), told_by_banner(customer, 10)

    assert "data-countdown" not in content(page_of(banner, **{"for": "forged"}))
    assert "data-countdown" in content(page_of(banner, **{"for": customer_code(customer)}))


# Pictures


@pytest.mark.parametrize("design", Banner.Design.values)
@pytest.mark.parametrize(("size", "pixels"), [("wide", (1940, 240)), ("board", (1456, 180)), ("box", (600, 500))])
def test_picture_is_sharp_still_and_light(partner: Partner, design: str, size: str, pixels: tuple[int, int]) -> None:
    banner = make_banner(partner, design=design, size=size, text_en="W" * 160, ends_at=clock.now() + timedelta(days=12))

    answer = Client().get(f"/embed/banners/{banner.public_key}.png", {"lang": "en"})

    image = Image.open(BytesIO(answer.content))
    assert (image.format, image.size, getattr(image, "is_animated", False)) == ("PNG", pixels, False)
    assert len(answer.content) < 60_000
    assert not answer.cookies


# In the house


TYPED = {"name": "Autumn", "design": "bold", "size": "box", "headline_en": "Renew now", "websites": SITE}


def test_page_of_a_banner_shows_both_languages_and_one_customers_own(partner: Partner, customer: Customer) -> None:
    client, banner = sign_in(partner, Role.ACCOUNT_MANAGER), make_banner(partner)
    preview = f"/campaigns/banners/{banner.pk}/preview/?lang="

    for_all = content(client.get(f"/campaigns/banners/{banner.pk}/"))
    for_one = content(client.get(f"/campaigns/banners/{banner.pk}/?customer={customer.pk}"))

    assert [for_all.count(f'src="{preview}{language}"') for language in ("en", "fr")] == [1, 1]
    assert for_one.count(f'src="{preview}') == 1


def test_every_design_and_size_is_shown_before_there_is_a_banner_of_it(partner: Partner) -> None:
    client = sign_in(partner, Role.ACCOUNT_MANAGER)
    gallery = content(client.get("/campaigns/letters/gallery/", {"language": "fr"}))

    for design in Banner.Design.values:
        for size in Banner.Size.values:
            url = f"/campaigns/banners/designs/{design}/{size}/?lang=fr"
            sample = client.get(url)
            assert url in gallery
            assert f"banner banner-{design} banner-{size}" in content(sample)
            assert "Vous ne perdez pas une seconde de validité" in content(sample)
            assert ancestors(sample) == "'self'"
    assert client.get("/campaigns/banners/designs/none/wide/").status_code == 404
    assert not Banner.objects.for_partner(partner).exists()


def test_french_question_mark_never_begins_a_line(partner: Partner) -> None:
    banner = make_banner(partner, headline_fr="Votre certificat arrive à échéance ?")

    french = show(banner, language="fr", now=NOON)
    english = show(make_banner(partner, headline_en="", headline_fr="Encore là ?"), language="en", now=NOON)

    assert french is not None
    assert english is not None
    assert french.headline == "Votre certificat arrive à échéance\N{NARROW NO-BREAK SPACE}?"
    assert english.headline == "Encore là\N{NARROW NO-BREAK SPACE}?"


@pytest.mark.parametrize("size", Banner.Size.values)
def test_picture_has_room_for_french(partner: Partner, size: str) -> None:
    long = "Ce qui reste s'ajoute à la nouvelle commande : aucun jour n'est perdu."
    banner = make_banner(partner, size=size, text_fr=long, ends_at=NOON + timedelta(days=30))
    shown = show(banner, language="fr", now=NOON)
    assert shown is not None

    rows = banner_pictures._rows(shown.text, 250 if size == "box" else 310, 14 if size == "box" else 12, 400, most=2)

    assert " ".join(rows) == shown.text
    assert banner_pictures._rows(f"{long} {long}", 250, 14, 400, most=2)[-1].endswith("…")


def test_banner_is_made_changed_hidden_and_shown(partner: Partner) -> None:
    claire = sign_in(partner, Role.ACCOUNT_MANAGER)

    assert claire.post("/campaigns/banners/new/", TYPED).status_code == 302
    banner = Banner.objects.get()
    claire.post(f"/campaigns/banners/{banner.pk}/edit/", TYPED | {"headline_en": "Renew today"})
    assert "Renew today" in content(page_of(banner))
    claire.post(f"/campaigns/banners/{banner.pk}/switch/", {"on": "0"})
    assert "Renew today" not in content(page_of(banner))
    claire.post(f"/campaigns/banners/{banner.pk}/switch/", {"on": "1"})

    assert "Renew today" in content(page_of(banner))


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"headline_en": ""}, "Write a headline in one language at least."),
        ({"text_fr": "Sans titre"}, "This text has no headline."),
        ({"websites": "javascript:alert(1)"}, "is no website that can be allowed"),
    ],
)
def test_what_cannot_be_shown_is_refused_with_a_sentence(partner: Partner, typed: dict[str, str], said: str) -> None:
    answer = sign_in(partner, Role.ACCOUNT_MANAGER).post("/campaigns/banners/new/", TYPED | typed)

    assert answer.status_code == 422
    assert said in content(answer)
    assert not Banner.objects.exists()


def test_another_partners_offer_cannot_be_chosen(partner: Partner) -> None:
    theirs = make_offer(make_partner(), "10")

    answer = sign_in(partner, Role.ACCOUNT_MANAGER).post(
        "/campaigns/banners/new/", TYPED | {"offer_choice": str(theirs.pk)}
    )

    assert answer.status_code == 422
    assert not Banner.objects.exists()


def test_customer_page_leads_to_the_snippet_that_is_signed_for_it(partner: Partner, customer: Customer) -> None:
    banner, claire = make_banner(partner), sign_in(partner, Role.ACCOUNT_MANAGER)

    assert f"/campaigns/banners/{banner.pk}/?customer={customer.pk}" in content(
        claire.get(f"/customers/{customer.pk}/")
    )
    page = content(claire.get(f"/campaigns/banners/{banner.pk}/", {"customer": customer.pk}))

    assert "As Karst Atelier SA sees it" in page
    assert "for=" in page
