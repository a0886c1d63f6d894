from __future__ import annotations

from collections.abc import Iterator, Mapping
from email.message import EmailMessage
from urllib.parse import urlsplit

import pytest
from django.db.models import Model, Q
from django.test import Client
from django.urls import reverse
from django_scopes import scope, scopes_disabled
from playwright.sync_api import Browser, expect

from campaigns.models import Banner, Calendar, EventLetter, Message, Notice
from campaigns.models.calls import Call
from campaigns.services.arbiter import gather_due
from campaigns.services.planning import plan_touchpoints
from campaigns.services.unsubscribing import unsubscribe_url
from certificates.models import (
    AuthorityConnection,
    AuthorityRule,
    Certificate,
    Contact,
    Customer,
    ImportRun,
    Order,
    Request,
)
from certificates.services.imports import runs
from certificates.states import AuthorityKind
from offers.models import Offer, Price, PriceLevel, Quote, QuoteBatch
from offers.models.documents import WorkState
from offers.models.quotes import QuoteState
from portal import clock, signing_in
from portal.demo import PARTNER_SLUG
from portal.mail import mailbox, outbox
from portal.mail.letters import Words
from portal.models import Membership, OutgoingMail, Partner, User
from portal.models.mail import MailPurpose, MailState
from tests.journeys.files import SAMPLE
from tests.journeys.house import House
from tests.journeys.looks import barriers, overhang
from tests.journeys.people import CLAIRE, ELISE, NADIA, STRANGER, speak
from tests.journeys.rows import order_of, way_in
from tests.journeys.stages import make_quotes
from tests.journeys.visits import DESK, PHONE, Visits, Watch
from tests.offers.factories import make_offer
from tests.walk import PLACES

pytestmark = pytest.mark.browser

# Every whole page, and who looks at it.
PAGES: Mapping[str, str] = {
    "campaigns:banner": NADIA,
    "campaigns:banner_edit": NADIA,
    "campaigns:banner_new": NADIA,
    "campaigns:banner_preview": NADIA,
    "campaigns:banner_sample": NADIA,
    "campaigns:banner_shown": STRANGER,
    "campaigns:banners": NADIA,
    "campaigns:calendar": CLAIRE,
    "campaigns:calendar_edit": NADIA,
    "campaigns:calendar_new": NADIA,
    "campaigns:calendar_one": NADIA,
    "campaigns:call": CLAIRE,
    "campaigns:call_sheet": CLAIRE,
    "campaigns:calls": CLAIRE,
    "campaigns:event_letter": NADIA,
    "campaigns:event_letters": NADIA,
    "campaigns:gallery": NADIA,
    "campaigns:letter": NADIA,
    "campaigns:letter_copy": NADIA,
    "campaigns:letters": NADIA,
    "campaigns:message": NADIA,
    "campaigns:message_edit": NADIA,
    "campaigns:message_new": NADIA,
    "campaigns:messages": NADIA,
    "campaigns:team_new": NADIA,
    "campaigns:teams": NADIA,
    "campaigns:notice": NADIA,
    "campaigns:outbox": NADIA,
    "campaigns:unsubscribe": STRANGER,
    "campaigns:why": NADIA,
    "account_change_password": CLAIRE,
    "account_login": STRANGER,
    "account_reauthenticate": CLAIRE,
    "account_request_login_code": STRANGER,
    "account_reset_password": STRANGER,
    "certificates:authority": NADIA,
    "certificates:authority_rule": NADIA,
    "certificates:authority_rule_new": NADIA,
    "certificates:contact_edit": NADIA,
    "certificates:contact_new": NADIA,
    "certificates:customer": NADIA,
    "certificates:customer_edit": NADIA,
    "certificates:customer_new": NADIA,
    "certificates:customers": NADIA,
    "certificates:dashboard": NADIA,
    "certificates:domains": NADIA,
    "certificates:expiring": NADIA,
    "certificates:home": ELISE,
    "certificates:home_calendar": ELISE,
    "certificates:home_colleague": ELISE,
    "certificates:home_colleague_new": ELISE,
    "certificates:home_colleagues": ELISE,
    "certificates:home_guide": ELISE,
    "certificates:home_forward": ELISE,
    "certificates:home_message": ELISE,
    "certificates:home_messages": ELISE,
    "certificates:home_order": ELISE,
    "certificates:home_preferences": ELISE,
    "certificates:home_reply": ELISE,
    "certificates:import": NADIA,
    "certificates:import_upload": NADIA,
    "certificates:imports": NADIA,
    "certificates:order": NADIA,
    "certificates:order_answer": NADIA,
    "certificates:orders": NADIA,
    "certificates:organizations": NADIA,
    "certificates:quick_view": NADIA,
    "certificates:request": NADIA,
    "certificates:requests": NADIA,
    "certificates:saved_views": NADIA,
    "certificates:search": NADIA,
    "mfa_index": CLAIRE,
    "offers:choose": ELISE,
    "offers:customer_terms": NADIA,
    "offers:embed": NADIA,
    "offers:embed_preview": NADIA,
    "offers:embedded": STRANGER,
    "offers:home_advice": ELISE,
    "offers:home_due": ELISE,
    "offers:home_quotes": ELISE,
    "offers:home_reissue": ELISE,
    "offers:home_renew": ELISE,
    "offers:offer": NADIA,
    "offers:offer_edit": NADIA,
    "offers:offer_new": NADIA,
    "offers:offer_publish": NADIA,
    "offers:offers": NADIA,
    "offers:price_edit": NADIA,
    "offers:price_fill": NADIA,
    "offers:price_import": NADIA,
    "offers:price_level": NADIA,
    "offers:price_level_delete": NADIA,
    "offers:price_levels": NADIA,
    "offers:price_raise": NADIA,
    "offers:prices": NADIA,
    "offers:product_prices": NADIA,
    "offers:products": CLAIRE,
    "offers:public_quote": STRANGER,
    "offers:quote": CLAIRE,
    "offers:quote_batch": CLAIRE,
    "offers:quote_new": CLAIRE,
    "offers:quotes": CLAIRE,
    "offers:reissue": NADIA,
    "offers:renew": NADIA,
    "offers:request_certificate": NADIA,
    "offers:sales": NADIA,
    "portal:activity": NADIA,
    "portal:invite": NADIA,
    "portal:legal": ELISE,
    "portal:mailbox": NADIA,
    "portal:mailbox_letter": NADIA,
    "portal:me": NADIA,
    "portal:partner_legal": STRANGER,
    "portal:partner_privacy": STRANGER,
    "portal:people": NADIA,
    "portal:person": NADIA,
    "portal:privacy": ELISE,
    "portal:sending": NADIA,
    "portal:settings": NADIA,
    "portal:sign_in_by_link": STRANGER,
    "portal:verify": STRANGER,
}
# The code of the letter that has reached the customer
REMINDER_CODE = "PAGE-REMN-01"
# An order of the customer who is signed in at home
OWN = "900000004"
STAGES = {str(state): Q(state=state) for state in QuoteState} | {"change asked": Q(change_asked_at__isnull=False)}
# Parts of pages that are whole where no script asks for them
PARTS = {
    "campaigns:letter_preview",
    "campaigns:event_letter_words",
    "campaigns:notice_letter",
    "certificates:authority_rule_effect",
    "portal:colour_preview",
    "portal:mailbox_html",
}
ROWS: Mapping[str, type[Model]] = {
    "banner": Banner,
    "calendar": Calendar,
    "call": Call,
    "certificate": Certificate,
    "connection": AuthorityConnection,
    "contact": Contact,
    "customer": Customer,
    "event_letter": EventLetter,
    "import": ImportRun,
    "level": PriceLevel,
    "member": Membership,
    "message": Message,
    "notice": Notice,
    "offer": Offer,
    "price": Price,
    "quote": Quote,
    "quote_batch": QuoteBatch,
    "request": Request,
    "rule": AuthorityRule,
}


@pytest.fixture(scope="module")
def lasting(browser: Browser, house: House) -> Iterator[Visits]:
    opened = Visits(browser, house.url, Watch(house.url))
    yield opened
    opened.close()
    assert opened.watch.told() == []


@pytest.fixture
def visits(lasting: Visits) -> Iterator[Visits]:
    """As elsewhere, but who is signed in keeps the page open: to open one costs as much as to look."""
    yield lasting
    lasting.close_others()
    assert lasting.watch.told() == []


@pytest.fixture(scope="module")
def letter(demo_house: House) -> str:
    """The key of a letter in the mailbox."""
    message = EmailMessage()
    message["From"], message["Subject"] = "renewals@relais.example", "Your certificate ends soon"
    message.set_content("It ends soon.")
    message.add_alternative("<p>It ends soon.</p>", subtype="html")
    mailbox.put(message.as_bytes(), recipients=[ELISE])
    return mailbox.newest()[0].key


@pytest.fixture(scope="module", autouse=True)
def file_read(demo_house: House) -> None:
    """An import that waits for its confirmation, with a line that could not be read."""
    content = SAMPLE.read_bytes().replace(b'"2026-12-27 23:59:59"', b'"soon"', 1)
    partner, nadia = Partner.objects.get(slug=PARTNER_SLUG), User.objects.get(email=NADIA)
    with scope(partner=partner):
        run = runs.start_run(
            [content],
            name=SAMPLE.name,
            partner=partner,
            authority=AuthorityKind.CERTCENTRAL,
            actor=nadia,
            now=clock.now(),
        )
        runs.work_on(run.pk, clock=clock.now)


@pytest.fixture(scope="module", autouse=True)
def drafted(demo_house: House) -> None:
    """A draft, beside the offers of the demo."""
    make_offer(Partner.objects.get(slug=PARTNER_SLUG), "10", state=Offer.State.DRAFT)


@pytest.fixture(scope="module", autouse=True)
def quoted(demo_house: House) -> None:
    """Quotes at the stages that the demo's own have not come to, and quotes made at once."""
    partner = Partner.objects.get(slug=PARTNER_SLUG)
    with scope(partner=partner):
        make_quotes(partner, actor=User.objects.get(email=CLAIRE))


@pytest.fixture(scope="module", autouse=True)
def planned(demo_house: House) -> None:
    """What the calendar has planned, and what of it is due."""
    plan_touchpoints(now=clock.now(), partner=Partner.objects.get(slug=PARTNER_SLUG))
    gather_due(now=clock.now())


@pytest.fixture(scope="module", autouse=True)
def written(demo_house: House) -> None:
    """A letter that has reached the customer."""
    made = outbox.enqueue(
        key="page:reminder",
        partner=Partner.objects.get(slug=PARTNER_SLUG),
        purpose=MailPurpose.NOTICE,
        to_email=ELISE,
        words=Words("Your certificate ends soon", "It ends soon: http://portal.example/l/token/", code=REMINDER_CODE),
        now=clock.now(),
    )
    with scopes_disabled():
        OutgoingMail.objects.filter(pk=made.pk).update(state=MailState.SENT, sent_at=clock.now())


def address_of(name: str, letter: str) -> str:
    """The page with the demo's rows in its address."""
    known: dict[str, object] = {"slug": PARTNER_SLUG, "=1.M1P1Q1.host": letter}
    with scope(partner=Partner.objects.get(slug=PARTNER_SLUG)):
        if name == "offers:public_quote":
            return way_in(Quote.objects.open().latest("pk"))
        if name == "campaigns:banner_shown":
            return reverse(name, args=[Banner.objects.latest("pk").public_key])
        if name == "campaigns:unsubscribe":
            return urlsplit(unsubscribe_url(Partner.objects.get(slug=PARTNER_SLUG), REMINDER_CODE)).path
        if name == "portal:sign_in_by_link":
            return signing_in.make_own_link(User.objects.get(email=ELISE), house=None, now=clock.now())
        places = PLACES.get(name, {})
        known |= _of_elise() if ":home_" in name else {}
        return reverse(name, kwargs={key: known.get(place) or _row(place) for key, place in places.items()})


def _of_elise() -> dict[str, object]:
    """Rows that she finds at home."""
    letters, contacts = OutgoingMail.objects.filter(to_email=ELISE), Contact.objects.filter(email=ELISE)
    rows = {"letter": letters.latest("pk"), "contact": contacts.get(), "order": order_of(OWN)}
    return {place: row.pk for place, row in rows.items()}


def _row(place: str) -> object:
    if place.startswith("="):
        return place[1:]
    if place == "order":
        return Order.objects.get(number="900000050").pk
    # Of what has no page, any number will do.
    row = ROWS[place]._default_manager.last() if place in ROWS else None
    return row.pk if row else 0


@pytest.mark.parametrize(("name", "person"), PAGES.items(), ids=PAGES)
def test_page_is_for_everybody_light_and_dark_wide_and_narrow_in_both_languages(
    name: str, person: str, letter: str, visits: Visits
) -> None:
    assert hindrances(visits, person, address_of(name, letter)) == []


@pytest.mark.parametrize("stage", STAGES.values(), ids=STAGES)
def test_quote_is_for_everybody_at_every_stage_of_its_life(stage: Q, visits: Visits) -> None:
    with scopes_disabled():
        quote = Quote.objects.select_related("partner", "contact").filter(stage).latest("pk")

    found = hindrances(visits, CLAIRE, reverse("offers:quote", args=[quote.pk]))
    if not quote.is_draft:
        found += hindrances(visits, STRANGER, way_in(quote))

    assert found == []


def test_choosing_orders_and_waiting_for_many_quotes_is_for_everybody(visits: Visits) -> None:
    with scopes_disabled():
        waiting = QuoteBatch.objects.get(state=WorkState.WAITING)

    found = hindrances(visits, CLAIRE, f"{reverse('offers:quote_new')}?order={order_of('900000002').pk}")
    found += hindrances(visits, CLAIRE, reverse("offers:quote_batch", args=[waiting.pk]))

    assert found == []


def hindrances(visits: Visits, person: str, address: str) -> list[str]:
    """What keeps anybody from reading the page: light and wide in English, dark and narrow in French."""
    page = visits.again(person)
    speak("en", person, page, visits.origin)
    answer = page.goto(address)
    assert answer is not None
    assert answer.status == 200
    expect(page.get_by_role("heading", level=1)).to_have_count(1)
    assert page.title().strip(" ·")
    found = barriers(page) + overhang(page, DESK[0]) + overhang(page, 768)

    page = visits.again(person, size=PHONE)
    speak("fr", person, page, visits.origin)
    page.goto(address)
    expect(page.locator("html")).to_have_attribute("lang", "fr")
    found += barriers(page)
    # 320 pixels are what 400 % zoom leaves of a desk.
    return found + [place for width in (PHONE[0], 320) for place in overhang(page, width)]


def test_every_whole_page_is_looked_at(letter: str) -> None:
    unseen = set(PLACES) - set(PAGES) - PARTS

    whole = {name for name in sorted(unseen) if is_whole_page(address_of(name, letter))}

    assert whole == set()


def is_whole_page(address: str) -> bool:
    return any(b"</html>" in content_for(email, address) for email in (NADIA, ELISE))


def content_for(email: str, address: str) -> bytes:
    """The page as this person gets it; empty where it is refused, or no page."""
    client = Client()
    client.force_login(User.objects.get(email=email))
    answer = client.get(address)
    is_page = answer.status_code == 200 and answer["Content-Type"].startswith("text/html")
    return answer.content if is_page else b""
