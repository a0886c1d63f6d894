"""The map of the URL walk: every address of ours, and which of a tenant's rows its parameters name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import models
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django_scopes import scopes_disabled

from campaigns.models import Banner, EventLetter, Message, Notice, TeamChannel
from campaigns.services import copies
from campaigns.states import NoticeState
from certificates.models import AuthorityRule, ImportRun, Order, SavedView
from certificates.services import renewal_links
from certificates.states import AuthorityKind, RequestKind, RequestState
from offers.models import Offer, QuoteBatch
from offers.models.documents import WorkState
from offers.services.quotes.links import PURPOSE
from portal import links
from portal.mail.letters import Words
from portal.mail.outbox import Draft
from portal.models import Link, Membership, OutgoingMail, Partner, SendingHold
from portal.models.mail import MailPurpose, MailState
from portal.roles import Role
from portal.vault import encrypt
from tests.campaigns.calling import make_call
from tests.campaigns.factories import make_calendar, make_notice, make_step, make_version
from tests.certificates import certs
from tests.factories import (
    TODAY,
    make_certificate,
    make_connection,
    make_contact,
    make_customer,
    make_domain,
    make_member,
    make_order,
    make_organization,
    make_partner,
    make_request,
    midnight,
)
from tests.offers.factories import make_draft_quote, make_level, make_offer, make_price

CANARY = "TENANT-B-CANARY"

# Addresses without parameters have none; others name the row behind each parameter (see `Tenant`), or say "=value".
PLACES: Mapping[str, Mapping[str, str]] = {
    "campaigns:banner": {"pk": "banner"},
    "campaigns:banner_edit": {"pk": "banner"},
    "campaigns:banner_new": {},
    "campaigns:banner_picture": {"public_key": "=of-nobody"},
    "campaigns:banner_preview": {"pk": "banner"},
    "campaigns:banner_sample": {"design": "=offer", "size": "=box"},
    "campaigns:banner_shown": {"public_key": "=of-nobody"},
    "campaigns:banner_switch": {"pk": "banner"},
    "campaigns:banners": {},
    "campaigns:calendar": {},
    "campaigns:calendar_copy": {"pk": "calendar"},
    "campaigns:calendar_delete": {"pk": "calendar"},
    "campaigns:calendar_edit": {"pk": "calendar"},
    "campaigns:calendar_move": {"pk": "calendar"},
    "campaigns:calendar_new": {},
    "campaigns:calendar_one": {"pk": "calendar"},
    "campaigns:calendar_preview": {},
    "campaigns:calendar_start": {},
    "campaigns:calendar_switch": {"pk": "calendar"},
    "campaigns:calendar_undo": {"pk": "calendar"},
    "campaigns:call": {"pk": "call"},
    "campaigns:call_attempt": {"pk": "call"},
    "campaigns:call_contact": {"pk": "call"},
    "campaigns:call_note": {"pk": "call"},
    "campaigns:call_open": {"pk": "customer"},
    "campaigns:call_sheet": {},
    "campaigns:call_undo": {"pk": "call"},
    "campaigns:calls": {},
    "campaigns:guide_picture": {"server": "=nginx", "language": "=en"},
    "campaigns:home_message_again": {"key": "=message-1"},
    "campaigns:home_message_dismiss": {"key": "=message-1"},
    "campaigns:home_message_read": {"key": "=message-1"},
    "campaigns:event_letter": {"pk": "event_letter"},
    "campaigns:event_letter_words": {"pk": "event_letter"},
    "campaigns:event_letters": {},
    "campaigns:gallery": {},
    "campaigns:letter": {"key": "=days_60", "language": "=en"},
    "campaigns:letter_archive": {"key": "=days_60"},
    "campaigns:letter_check": {"key": "=days_60", "language": "=en"},
    "campaigns:letter_copy": {"key": "=days_60"},
    "campaigns:letter_preview": {"key": "=days_60", "language": "=en"},
    "campaigns:letter_restore": {"key": "=days_60"},
    "campaigns:letter_stop": {"key": "=days_60", "language": "=en"},
    "campaigns:letter_use": {"pk": "letter_version"},
    "campaigns:letters": {},
    "campaigns:message": {"pk": "message"},
    "campaigns:message_edit": {"pk": "message"},
    "campaigns:message_new": {},
    "campaigns:message_restore": {"pk": "message"},
    "campaigns:message_withdraw": {"pk": "message"},
    "campaigns:messages": {},
    "campaigns:team_drop": {"pk": "team_channel"},
    "campaigns:team_edit": {"pk": "team_channel"},
    "campaigns:team_new": {},
    "campaigns:team_try": {"pk": "team_channel"},
    "campaigns:teams": {},
    "campaigns:notice": {"pk": "notice"},
    "campaigns:notice_deed": {"pk": "notice"},
    "campaigns:notice_letter": {"pk": "notice"},
    "campaigns:outbox": {},
    "campaigns:outbox_bulk": {},
    "campaigns:outbox_undo": {"token": "=of-nobody"},
    "campaigns:unsubscribe": {"token": "=of-nobody"},
    "campaigns:warning_picture": {"code": "=of-nobody"},
    "campaigns:why": {"pk": "order"},
    "certificates:authority": {},
    "certificates:authority_check": {"pk": "connection"},
    "certificates:authority_connect": {},
    "certificates:authority_rule": {"pk": "rule"},
    "certificates:authority_rule_drop": {"pk": "rule"},
    "certificates:authority_rule_effect": {},
    "certificates:authority_rule_new": {},
    "certificates:auto_renew": {"pk": "order"},
    "certificates:bulk": {},
    "certificates:contact_edit": {"pk": "contact"},
    "certificates:contact_link_send": {"pk": "contact"},
    "certificates:contact_new": {"pk": "customer"},
    "certificates:contact_sign_in": {"pk": "contact"},
    "certificates:contact_wish": {"pk": "contact"},
    "certificates:customer": {"pk": "customer"},
    "certificates:customer_edit": {"pk": "customer"},
    "certificates:customer_new": {},
    "certificates:customer_note": {"pk": "customer"},
    "certificates:customer_owner": {"pk": "customer"},
    "certificates:customers": {},
    "certificates:dashboard": {},
    "certificates:delete_view": {"pk": "view"},
    "certificates:domains": {},
    "certificates:download": {"pk": "certificate", "fmt": "=pem"},
    "certificates:expiring": {},
    "certificates:calendar": {"token": "=of-nobody"},
    "certificates:home": {},
    "certificates:home_benefit": {"pk": "order"},
    "certificates:home_calendar": {},
    "certificates:home_calendar_end": {},
    "certificates:home_colleague": {"pk": "contact"},
    "certificates:home_colleague_end": {"pk": "customer_member"},
    "certificates:home_colleague_invite": {"pk": "contact"},
    "certificates:home_colleague_new": {},
    "certificates:home_colleagues": {},
    "certificates:home_message": {"pk": "letter"},
    "certificates:home_messages": {},
    "certificates:home_order": {"pk": "order"},
    "certificates:home_preferences": {},
    "certificates:home_download": {"pk": "certificate", "fmt": "=pem"},
    "certificates:home_forward": {"pk": "order"},
    "certificates:home_reply": {"pk": "order"},
    "certificates:home_reply_undo": {"pk": "order"},
    "certificates:home_guide": {"server": "=nginx"},
    "certificates:home_request": {"pk": "request"},
    "certificates:home_request_download": {"pk": "reissued", "fmt": "=pem"},
    "certificates:home_request_installed": {"pk": "reissued"},
    "certificates:home_request_look": {"pk": "reissued"},
    "certificates:home_request_recheck": {"pk": "request"},
    "certificates:import": {"pk": "import"},
    "certificates:import_cancel": {"pk": "import"},
    "certificates:import_columns": {"pk": "import"},
    "certificates:import_confirm": {"pk": "import"},
    "certificates:import_customer": {"pk": "import"},
    "certificates:import_progress": {"pk": "import"},
    "certificates:import_rejections": {"pk": "import"},
    "certificates:import_upload": {},
    "certificates:imports": {},
    "certificates:link_forward": {"handle": "renew_link", "pk": "order"},
    "certificates:link_preferences": {"handle": "renew_link"},
    "certificates:link_reply": {"handle": "renew_link", "pk": "order"},
    "certificates:link_reply_undo": {"handle": "renew_link", "pk": "order"},
    "certificates:link_take_back": {"pk": "renew_link_row"},
    "certificates:link_guide": {"handle": "renew_link", "server": "=nginx"},
    "certificates:link_request": {"handle": "renew_link", "pk": "request"},
    "certificates:link_request_download": {"handle": "renew_link", "pk": "reissued", "fmt": "=pem"},
    "certificates:link_request_installed": {"handle": "renew_link", "pk": "reissued"},
    "certificates:link_request_look": {"handle": "renew_link", "pk": "reissued"},
    "certificates:link_request_recheck": {"handle": "renew_link", "pk": "request"},
    "certificates:mark_renewed": {"pk": "order"},
    "certificates:ocsp": {},
    "certificates:ocsp_get": {"encoded": "=AA=="},
    "certificates:order": {"pk": "order"},
    "certificates:order_answer": {"pk": "order"},
    "certificates:order_answer_undo": {"pk": "order"},
    "certificates:order_link_copy": {"pk": "order"},
    "certificates:order_link_send": {"pk": "order"},
    "certificates:order_note": {"pk": "order"},
    "certificates:order_notices": {"pk": "order"},
    "certificates:orders": {},
    "certificates:organizations": {},
    "certificates:published": {"name": "=root.cer"},
    "certificates:quick_view": {"pk": "order"},
    "certificates:request": {"pk": "request"},
    "certificates:request_approve": {"pk": "request"},
    "certificates:request_cancel": {"pk": "request"},
    "certificates:request_reject": {"pk": "request"},
    "certificates:request_retry": {"pk": "request"},
    "certificates:request_validate": {"pk": "request"},
    "certificates:requests": {},
    "certificates:save_view": {"page": "=expiring"},
    "certificates:saved_views": {"page": "=expiring"},
    "certificates:seal": {"code": "=of-nobody"},
    "certificates:search": {},
    "certificates:undo_bulk": {"token": "=of-nobody"},
    "certificates:unmark_renewed": {"pk": "order"},
    "offers:choose": {},
    "offers:customer_terms": {"pk": "customer"},
    "offers:embed": {},
    "offers:embed_preview": {},
    "offers:embedded": {"slug": "slug"},
    "offers:home_advice": {"pk": "order"},
    "offers:home_due": {},
    "offers:home_key": {"pk": "request"},
    "offers:home_quote": {"pk": "sent_quote"},
    "offers:home_quote_pdf": {"pk": "sent_quote"},
    "offers:home_quotes": {},
    "offers:home_reissue": {"pk": "order"},
    "offers:home_renew": {"pk": "order"},
    "offers:key": {"pk": "request"},
    "offers:link_advice": {"handle": "renew_link", "pk": "order"},
    "offers:link_due": {"handle": "renew_link"},
    "offers:link_key": {"handle": "renew_link", "pk": "request"},
    "offers:link_renew": {"handle": "renew_link", "pk": "order"},
    "offers:link_reissue": {"handle": "renew_link", "pk": "order"},
    "offers:offer": {"pk": "offer"},
    "offers:offer_copy": {"pk": "offer"},
    "offers:offer_delete": {"pk": "offer"},
    "offers:offer_edit": {"pk": "offer"},
    "offers:offer_end": {"pk": "offer"},
    "offers:offer_new": {},
    "offers:offer_pause": {"pk": "offer"},
    "offers:offer_preview": {},
    "offers:offer_publish": {"pk": "offer"},
    "offers:offer_rename": {"pk": "offer"},
    "offers:offer_resume": {"pk": "offer"},
    "offers:offer_shorten": {"pk": "offer"},
    "offers:offers": {},
    "offers:price_drop": {"pk": "price"},
    "offers:price_edit": {"product": "=ssl_basic", "years": "=1"},
    "offers:price_export": {},
    "offers:price_fill": {},
    "offers:price_import": {},
    "offers:price_import_confirm": {},
    "offers:price_level": {"pk": "level"},
    "offers:price_level_delete": {"pk": "level"},
    "offers:price_level_move": {"pk": "level"},
    "offers:price_levels": {},
    "offers:price_raise": {},
    "offers:price_undo": {"token": "=of-nobody"},
    "offers:prices": {},
    "offers:product_prices": {"product": "=ssl_basic"},
    "offers:products": {},
    "offers:public_quote": {"handle": "link"},
    "offers:public_quote_accept": {"handle": "link"},
    "offers:public_quote_again": {"handle": "link"},
    "offers:public_quote_change": {"handle": "link"},
    "offers:public_quote_decline": {"handle": "link"},
    "offers:public_quote_pdf": {"handle": "link"},
    "offers:quote": {"pk": "quote"},
    "offers:quote_accept": {"pk": "quote"},
    "offers:quote_ask_change": {"pk": "quote"},
    "offers:quote_batch": {"pk": "quote_batch"},
    "offers:quote_batch_archive": {"pk": "quote_batch"},
    "offers:quote_batch_cancel": {"pk": "quote_batch"},
    "offers:quote_batch_progress": {"pk": "quote_batch"},
    "offers:quote_batch_retry": {"pk": "quote_batch"},
    "offers:quote_change": {"pk": "quote"},
    "offers:quote_decline": {"pk": "quote"},
    "offers:quote_discard": {"pk": "quote"},
    "offers:quote_figures": {"pk": "quote"},
    "offers:quote_link": {"pk": "quote"},
    "offers:quote_new": {},
    "offers:quote_pdf": {"pk": "quote"},
    "offers:quote_redraw": {"pk": "quote"},
    "offers:quote_resend": {"pk": "quote"},
    "offers:quote_version": {"pk": "quote"},
    "offers:quote_withdraw": {"pk": "quote"},
    "offers:quotes": {},
    "offers:reissue": {"pk": "order"},
    "offers:renew": {"pk": "order"},
    "offers:request_certificate": {},
    "offers:sales": {},
    "portal:activity": {},
    "portal:brand_css": {"slug": "slug"},
    "portal:colour_preview": {},
    "portal:invite": {},
    "portal:legal": {},
    "portal:link_seen": {"purpose": "=quote", "handle": "link"},
    "portal:livez": {},
    "portal:logo": {"slug": "slug"},
    "portal:mailbox": {},
    "portal:mailbox_html": {"key": "=1.M1P1Q1.host"},
    "portal:mailbox_letter": {"key": "=1.M1P1Q1.host"},
    "portal:me": {},
    "portal:open_link": {"token": "=of-nobody"},
    "portal:partner_legal": {"slug": "slug"},
    "portal:partner_privacy": {"slug": "slug"},
    "portal:people": {},
    "portal:person": {"pk": "member"},
    "portal:person_deactivate": {"pk": "member"},
    "portal:person_invite_again": {"pk": "member"},
    "portal:person_reactivate": {"pk": "member"},
    "portal:preferences": {},
    "portal:privacy": {},
    "portal:readyz": {},
    "portal:sending": {},
    "portal:sending_hold": {},
    "portal:sending_refuse": {"pk": "sending_hold"},
    "portal:sending_release": {"pk": "sending_hold"},
    "portal:settings": {},
    "portal:sign_in_by_link": {"handle": "link"},
    "portal:switch_partner": {},
    "portal:verify": {},
}

# Whole apps of other people's making, with tests of their own; ours lie about what they let through (test_walk).
FOREIGN_MODULES = ("allauth.", "anymail.", "django.contrib.", "django.views")


@dataclass(frozen=True, slots=True)
class Address:
    name: str
    view: Callable[..., Any]

    def __str__(self) -> str:
        return self.name

    @property
    def names_rows(self) -> bool:
        """Whether its parameters lead to rows of a tenant."""
        return any(not place.startswith("=") for place in PLACES.get(self.name, {}).values())

    @property
    def permission(self) -> str:
        """What the view says it asks for; empty where it says nothing."""
        return str(getattr(self.view, "permission", "") or getattr(self._view_class, "permission", ""))

    @property
    def _view_class(self) -> Any:
        return getattr(self.view, "view_class", None)

    @property
    def is_foreign(self) -> bool:
        module = getattr(self._view_class or self.view, "__module__", "")
        return str(module).startswith(FOREIGN_MODULES)


def addresses() -> list[Address]:
    """Every named address of the site, sorted."""
    return sorted(_walk(get_resolver(), ""), key=lambda address: address.name)


def _walk(resolver: URLResolver, namespace: str) -> Iterator[Address]:
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern, f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace)
        elif isinstance(pattern, URLPattern):
            yield Address(f"{namespace}{pattern.name or pattern.pattern}", pattern.callback)


class Tenant:
    """A partner with one row of everything, marked in every text that could leak."""

    def __init__(self, mark: str) -> None:
        self.partner: Partner = make_partner(name=f"{mark} partner", slug=mark.lower())
        self.customer = make_customer(self.partner, f"{mark} customer", search_text=f"{mark} customer".lower())
        self.members: dict[str, Membership] = {role: self._member(role) for role in Role}
        with scopes_disabled():
            self.rows: dict[str, models.Model] = {"customer": self.customer} | self._rows(mark)

    def _member(self, role: str) -> Membership:
        customer = self.customer if role == Role.CUSTOMER else None
        return make_member(self.partner, role, customer=customer)

    def _rows(self, mark: str) -> dict[str, models.Model]:
        host = f"{mark.lower()}.example"
        organization = make_organization(self.customer, f"{mark} organization")
        contact = make_contact(self.customer, f"{mark} contact", email=f"it@{host}")
        order = make_order(
            self.partner,
            customer=self.customer,
            organization=organization,
            contact=contact,
            number=f"{mark}-1",
            common_name=f"www.{host}",
            ends_on=TODAY + timedelta(days=5),
            search_text=f"{mark} www.{host}".lower(),
        )
        owner = self.members[Role.ACCOUNT_MANAGER]
        pem = certs.as_pem(certs.make_certificate()).decode()
        return {
            "organization": organization,
            "contact": contact,
            "domain": make_domain(self.customer, host),
            "order": order,
            "certificate": make_certificate(order, issuer_name=mark, pem=pem),
            "request": make_request(order),
            **self._at_home(mark, order),
            "connection": make_connection(self.partner),
            "notice": (notice := self._notice(mark, order)),
            "event_letter": EventLetter.objects.create(
                partner=self.partner,
                letter="auto_renew",
                about=mark,
                order=order,
                contact=contact,
                mail=notice.mail,
                queued_at=midnight(TODAY),
            ),
            "letter_version": make_version(self.partner, f"{mark}-letter".lower(), name=mark, subject=mark, body=mark),
            "banner": Banner.objects.create(
                partner=self.partner, name=f"{mark} banner", headline_en=f"{mark} headline"
            ),
            "team_channel": TeamChannel.objects.create(
                partner=self.partner,
                name=f"{mark} room",
                kind="slack",
                sealed_url=encrypt(b"https://chat.example/x").decode(),
            ),
            "message": Message.objects.create(
                partner=self.partner,
                customer=self.customer,
                title_en=f"{mark} message",
                starts_at=midnight(TODAY),
                created_by=owner.user,
            ),
            "rule": AuthorityRule.objects.create(
                partner=self.partner,
                authority=AuthorityKind.SANDBOX,
                effective_from=TODAY,
                certificate_days=90,
                dcv_days=90,
                organization_days=90,
                source=mark,
            ),
            "member": owner,
            "calendar": make_calendar(self.partner, f"{mark} ladder"),
            "call": make_call(order, detail=mark),
            "sending_hold": SendingHold.objects.create(
                partner=self.partner, kind=SendingHold.Kind.GUARD, since=midnight(TODAY)
            ),
            "offer": make_offer(self.partner, name=mark, words_en=mark, words_fr=mark, state=Offer.State.DRAFT),
            "link": self._link(order),
            "renew_link": self._renew_link(order),
            "level": make_level(self.partner, mark),
            "price": make_price(self.partner, customer=self.customer),
            "quote": make_draft_quote(order, contact=contact, note=mark, answer_words=mark, purchase_order=mark),
            "quote_batch": QuoteBatch.objects.create(
                partner=self.partner,
                state=WorkState.DONE,
                orders=[order.pk],
                left_out={
                    str(order.pk): {"reason": "too_early", "number": mark, "host": host, "on": "", "detail": mark}
                },
                total=1,
                done=1,
                created_at=midnight(TODAY),
            ),
            "view": SavedView.objects.create(
                partner=self.partner, owner=owner, page="expiring", name=mark, is_shared=True
            ),
            "import": ImportRun.objects.create(
                partner=self.partner,
                format=ImportRun.Format.ORDER_REPORT,
                state=ImportRun.State.DONE,
                file_name=f"{mark}.csv",
                created_at=midnight(TODAY),
            ),
        }

    def _at_home(self, mark: str, order: Order) -> dict[str, models.Model]:
        """What the customer's own people find beside their orders."""
        member, sent_at = self.members[Role.CUSTOMER], midnight(TODAY)
        letter = OutgoingMail.objects.create(
            partner=self.partner,
            key=f"walk:{mark}",
            message_id=f"<{mark}@walk>",
            purpose=MailPurpose.NOTICE,
            to_email=member.user.email,
            subject=mark,
            text=mark,
            state=MailState.SENT,
            due_at=sent_at,
            sent_at=sent_at,
        )
        quote = make_draft_quote(order, state="sent", number=f"{mark}-Q", sent_at=sent_at, note=mark)
        reissued = make_request(order, RequestKind.REISSUE, state=RequestState.ISSUED, result=order)
        return {"customer_member": member, "letter": letter, "sent_quote": quote, "reissued": reissued}

    def _notice(self, mark: str, order: Order) -> Notice:
        """One that was sent, with its letter."""
        letter = OutgoingMail.objects.create(
            partner=self.partner,
            key=f"touch:{mark}",
            message_id=f"<{mark}-touch@example>",
            purpose=MailPurpose.NOTICE,
            to_email=f"it@{mark.lower()}.example",
            subject=f"{mark} notice",
            text="",
            state=MailState.SENT,
            due_at=midnight(TODAY),
        )
        draft = Draft(
            key=letter.key,
            partner=self.partner,
            purpose=MailPurpose.NOTICE,
            to_email=letter.to_email,
            words=Words(letter.subject, mark, f"<p>{mark}</p>"),
        )
        copies.keep([(letter.pk, draft)], now=midnight(TODAY))
        step = make_step(make_calendar(self.partner, f"{mark} calendar"))
        return make_notice(order, step, order.contact, mail=letter, state=NoticeState.SENT, detail=mark)

    def _link(self, order: Order) -> Link:
        """To a quote that was sent."""
        sent_at = midnight(TODAY)
        quote = make_draft_quote(order, state="sent", number=order.number, sent_at=sent_at)
        facts = {"purpose": PURPOSE, "subject": f"quote:{quote.pk}", "audience": order.common_name}
        links.make_link(partner=self.partner, **facts, expires_at=sent_at + timedelta(days=30), now=sent_at)
        return Link.objects.for_partner(self.partner).get(purpose=PURPOSE)

    def _renew_link(self, order: Order) -> Link:
        """To the renewal of the order."""
        renewal_links.make_order_link(order, email=order.common_name, language="", now=midnight(TODAY))
        return Link.objects.for_partner(self.partner).get(purpose=renewal_links.PURPOSE)

    def url(self, name: str) -> str:
        """The address with this tenant's rows in its parameters."""
        places = PLACES[name]
        return reverse(name, kwargs={key: self._value(place) for key, place in places.items()})

    def _value(self, place: str) -> Any:
        if place == "slug":
            return self.partner.slug
        if place.startswith("="):
            return place[1:]
        if place == "renew_link_row":
            return self.rows["renew_link"].pk
        row = self.rows[place]
        return row.handle if isinstance(row, Link) else row.pk


class Neighbour(Tenant):
    """Another customer of the same partner, with a row of everything that customers' own pages name."""

    def __init__(self, mark: str, *, beside: Tenant) -> None:
        self.partner = beside.partner
        self.customer = make_customer(self.partner, f"{mark} customer", search_text=f"{mark} customer".lower())
        self.members = {Role.CUSTOMER: self._member(Role.CUSTOMER)}
        with scopes_disabled():
            self.rows = {"customer": self.customer} | self._rows(mark)

    def _rows(self, mark: str) -> dict[str, models.Model]:
        host = f"{mark.lower()}.example"
        contact = make_contact(self.customer, f"{mark} contact", email=f"it@{host}")
        fields: dict[str, Any] = {
            "number": f"{mark}-1",
            "common_name": f"www.{host}",
            "search_text": f"{mark} www.{host}".lower(),
        }
        order = make_order(
            self.partner, customer=self.customer, contact=contact, ends_on=TODAY + timedelta(days=5), **fields
        )
        pem = certs.as_pem(certs.make_certificate()).decode()
        request = make_request(order, state=RequestState.WAITING_KEY, csr="")
        return {
            "contact": contact,
            "order": order,
            "certificate": make_certificate(order, issuer_name=mark, pem=pem),
            "request": request,
            **self._at_home(mark, order),
        }
