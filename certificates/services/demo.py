"""Make the demo: its certificates are really issued by the embedded authority, each at its own past moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from django.conf import settings
from django_scopes import scope

from certificates import rules
from certificates.authorities.base import IssuedCertificate, OrderSpec, OrderState, OrganizationSpec, ReissueSpec
from certificates.authorities.sandbox import Sandbox
from certificates.models import (
    AuthorityConnection,
    Certificate,
    Contact,
    Customer,
    Domain,
    Note,
    Order,
    Organization,
    Product,
    Request,
)
from certificates.search.text import order_text
from certificates.services import planning
from certificates.services.demo_plan import (
    DemoCustomer,
    DemoOrder,
    customers,
    issue_days,
    make_csr,
    orders,
    renewal_day,
)
from certificates.services.letters import renewals as renewal_letters
from certificates.services.letters.renewals import send_renewal_link
from certificates.services.placing import place_request
from certificates.services.renewals import promise_of, request_renewal
from certificates.services.search import index_contact
from certificates.states import (
    AuthorityKind,
    ContactRole,
    EmailState,
    OrderStatus,
    RenewalMark,
    RequestKind,
    RequestState,
)
from portal import contributions
from portal import demo as people
from portal.models import Membership, Partner, User
from portal.roles import Role

_AUTHORITY = AuthorityKind.SANDBOX


class NotIssued(Exception):
    """The embedded authority held back what the demo needs."""


@dataclass(frozen=True, slots=True)
class Seeded:
    customers: int
    orders: int
    certificates: int


@dataclass(frozen=True, slots=True)
class _Known:
    """A customer's rows, as its orders need them."""

    customer: Customer
    contact: Contact
    organization: Organization


def seed(*, now: datetime) -> Seeded:
    """Make the demo partner, its people, customers, orders and certificates; everything is dated from `now`.

    What other apps add comes last.
    """
    partner = _partner()
    with scope(partner=partner):
        known = {
            one.domain: _customer(partner, one, place, today=now.date()) for place, one in enumerate(customers(), 1)
        }
        staff = _people(partner, known["karst-atelier.example"].customer)
        _share_customers(staff, known)
        made = [_order(partner, known[one.customer.domain], one, staff, now=now) for one in orders()]
        _leave_notes(staff, made, now=now)
        _ask_for_some(staff["Claire"].user, made, now=now)
        for part in contributions.demo_parts.items:
            part.seed(partner, now)
        _send_links(known["karst-atelier.example"].contact, actor=staff["Sam"].user, now=now)
        seeded = Seeded(len(known), len(made), Certificate.objects.count())
    _neighbour(now=now)
    return seeded


def _partner() -> Partner:
    return Partner.objects.create(
        name="Relais Partner",
        slug=people.PARTNER_SLUG,
        currency="EUR",
        time_zone="Europe/Paris",
        postal_address="12 quai des Essais\n69002 Lyon\nFrance",
        support_email="support@relais.example",
        support_phone="+33 1 00 00 00 00",
        website="https://www.relais.example",
        sender_name="Relais Partner",
        sender_email="renewals@relais.example",
        social_links=[{"network": "LinkedIn", "url": "https://social.example/relais"}],
        legal_en="Relais Partner SAS, 12 quai des Essais, 69002 Lyon, France.\n\nPublisher: Nadia Bernard.",
        legal_fr="Relais Partner SAS, 12 quai des Essais, 69002 Lyon.\n\nDirectrice de la publication : Nadia Bernard.",
        privacy_en="We keep what your certificates need, and nothing else.\n\nAsk support@relais.example what we hold.",
        privacy_fr="Nous gardons ce que vos certificats demandent, rien de plus.\n\nContact : support@relais.example.",
        authority_manager_name="Jonas Weber",
        authority_manager_email="jonas.weber@authority.example",
    )


def _people(partner: Partner, first_customer: Customer) -> dict[str, Membership]:
    AuthorityConnection.objects.create(
        partner=partner, kind=_AUTHORITY, name="Embedded authority", account_number="demo", is_default=True
    )
    return {one.first_name: _member(partner, one, first_customer) for one in people.PEOPLE}


def _member(partner: Partner, person: people.SignIn, first_customer: Customer) -> Membership:
    user = User.objects.create_user(
        person.email,
        people.PASS_PHRASE,
        first_name=person.first_name,
        last_name=person.last_name,
        language=person.language,
        time_zone="Europe/Paris",
    )
    if person.role != Role.CUSTOMER:
        return Membership.objects.create(partner=partner, user=user, role=person.role)
    _buyer(first_customer, person)
    return Membership.objects.create(partner=partner, user=user, role=person.role, customer=first_customer)


def _buyer(customer: Customer, person: people.SignIn) -> None:
    """Whoever signs in for a customer is one of its contacts, too."""
    contact = Contact.objects.create(
        partner_id=customer.partner_id,
        customer=customer,
        name=f"{person.first_name} {person.last_name}",
        role=ContactRole.BUYER,
        email=person.email,
        language=person.language,
        time_zone="Europe/Paris",
    )
    index_contact(contact)


def _customer(partner: Partner, one: DemoCustomer, place: int, *, today: date) -> _Known:
    customer = Customer.objects.create(
        partner=partner,
        key=f"org:demo-{one.domain}",
        name=one.name,
        city=one.city,
        country=one.country,
        language="fr" if one.country == "FR" else "en",
    )
    organization = Organization.objects.create(
        partner=partner,
        customer=customer,
        authority=_AUTHORITY,
        number=f"{200_000 + customer.pk}",
        name=one.name,
        address="145 rue des Tests",
        city=one.city,
        country=one.country,
        ov_validated_until=today + timedelta(days=one.validated_for),
        ev_validated_until=today + timedelta(days=one.validated_for),
    )
    Domain.objects.create(
        partner=partner,
        customer=customer,
        organization=organization,
        authority=_AUTHORITY,
        name=one.domain,
        method=Domain.Method.DNS_TXT,
        validated_until=today + timedelta(days=40 + place * 7 % 150),
    )
    return _Known(customer, _contact(customer, one, place), organization)


def _contact(customer: Customer, one: DemoCustomer, place: int) -> Contact:
    bounced = place % 17 == 9
    contact = Contact.objects.create(
        partner_id=customer.partner_id,
        customer=customer,
        name=("Søren O'Neil", "Zoé Lefèvre", "Quentin Moreau", "Ada Novak")[place % 4],
        role=ContactRole.TECHNICAL,
        email=f"it@{one.domain}",
        phone="+33 4 00 27 53 64",
        language=customer.language,
        time_zone="Europe/Paris",
        email_state=EmailState.BOUNCED if bounced else EmailState.OK,
        email_state_reason="550 5.1.1 no such mailbox" if bounced else "",
    )
    index_contact(contact)
    return contact


def _share_customers(staff: dict[str, Membership], known: dict[str, _Known]) -> None:
    owners = [staff["Claire"], staff["Hugo"]]
    for one in customers():
        customer = known[one.domain].customer
        customer.owner = owners[one.owner]
        customer.save(update_fields=["owner"])


def _order(partner: Partner, known: _Known, one: DemoOrder, staff: dict[str, Membership], *, now: datetime) -> Order:
    product = Product.objects.get(name_id=one.product)
    spec = _spec(known, one, product)
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    moments = list(issue_days(one, today=today))
    order = _place(known, one, product, _issue(partner, spec, moments), csr=spec.csr, placed_at=moments[0])
    if one.auto_renew:
        # Near its end it is shown as it stops: whoever had switched it on has left.
        switched_on_by = staff["Claire"] if one.ends_in > settings.AUTO_RENEW_DAYS else None
        Order.objects.filter(pk=order.pk).update(auto_renew=True, auto_renew_by=switched_on_by)
    if one.is_renewed:
        _renew(known, one, spec, order, actor=staff["Claire"].user, at=renewal_day(one, today=today))
    return order


def _renew(known: _Known, one: DemoOrder, spec: OrderSpec, order: Order, *, actor: User, at: datetime) -> None:
    again = replace(
        spec, reference=f"{spec.reference}-renewal", renewal_of=order.number, renewal_of_ends_at=order.ends_at
    )
    product = Product.objects.get(name_id=one.product)
    successor = _place(known, one, product, _issue(order.partner, again, [at]), csr=spec.csr, placed_at=at)
    Order.objects.filter(pk=successor.pk).update(predecessor=order)
    Order.objects.filter(pk=order.pk).update(renewal_mark=RenewalMark.RENEWED, successor_number=successor.number)
    _ask(order, successor, product, actor=actor, at=at)


def _ask(order: Order, successor: Order, product: Product, *, actor: User, at: datetime) -> None:
    """The request behind a renewal that was issued, as its press and the worker left it."""
    plan = planning.renewal_plan(order, start=at, term_years=successor.term_years, product=product)
    Request.objects.create(
        partner=order.partner,
        customer=order.customer,
        kind=RequestKind.RENEWAL,
        state=RequestState.ISSUED,
        authority=_AUTHORITY,
        order=order,
        result=successor,
        product=product,
        organization=successor.organization,
        common_name=successor.common_name,
        names=successor.names,
        csr=successor.csr,
        term_years=successor.term_years,
        promise=promise_of(plan),
        requested_by=actor,
        requested_at=at,
        due_at=at,
        sent_at=at,
        attempts=1,
        authority_number=successor.number,
        finished_at=at + timedelta(minutes=4),
    )


def _spec(known: _Known, one: DemoOrder, product: Product) -> OrderSpec:
    return OrderSpec(
        reference=f"demo-{known.customer.pk}-{one.names[0]}-{one.ends_in}",
        product_name_id=product.name_id,
        family=product.family,
        level=product.level,
        common_name=one.names[0],
        names=one.names,
        csr=make_csr(one.names),
        term_years=1,
        organization=_as_validated(known.organization),
    )


def _issue(partner: Partner, spec: OrderSpec, moments: Sequence[datetime]) -> list[OrderState]:
    """Ask the embedded authority on each of the days, as if it were that day."""
    first, *later = moments
    authority = _sandbox(partner, first)
    states = [authority.status(authority.place(spec).order_number)]
    number = states[0].order_number
    for moment in later:
        authority = _sandbox(partner, moment)
        authority.reissue(
            ReissueSpec(
                order_number=number,
                reference=f"{spec.reference}-{moment:%Y%m%d}",
                common_name=spec.common_name,
                names=spec.names,
                csr=spec.csr,
            )
        )
        states.append(authority.status(number))
    return states


def _sandbox(partner: Partner, moment: datetime) -> Sandbox:
    return Sandbox(account=f"partner-{partner.pk}", now=lambda: moment, issue_after=timedelta(0))


def _as_validated(organization: Organization) -> OrganizationSpec:
    """The organisation as it was validated back then, whatever has lapsed since."""
    return OrganizationSpec(
        number=organization.number,
        name=organization.name,
        street=organization.address,
        city=organization.city,
        country=organization.country,
        business_category="Private Organization",
        registration_number=organization.number,
        jurisdiction_country=organization.country,
        validated_until=rules.end_of_day(date(2100, 1, 1)),
    )


def _place(
    known: _Known, one: DemoOrder, product: Product, states: list[OrderState], *, csr: str, placed_at: datetime
) -> Order:
    latest, issued = states[-1], _issued(states[-1])
    starts_at, ends_at = _period(latest)
    order = Order.objects.create(
        partner_id=known.customer.partner_id,
        customer=known.customer,
        organization=None if product.level == "dv" else known.organization,
        contact=known.contact,
        product=product,
        product_name=product.name,
        authority=_AUTHORITY,
        number=latest.order_number,
        customer_reference=f"PO-{4000 + known.customer.pk * 7}",
        status=OrderStatus.ISSUED,
        authority_status=latest.raw_status,
        common_name=one.names[0],
        names=list(one.names),
        placed_at=placed_at,
        starts_at=starts_at,
        ends_at=ends_at,
        ends_on=rules.last_day(ends_at),
        certificate_starts_at=issued.valid_from,
        certificate_ends_at=issued.ends_at,
        certificate_ends_on=rules.last_day(issued.ends_at),
        notices_enabled=one.notices,
        csr=csr,
        server_platform=one.platform,
        dcv_method="dns-txt-token",
        search_text=order_text(
            number=latest.order_number,
            names=one.names,
            customer=known.customer.name,
            references=(f"PO-{4000 + known.customer.pk * 7}",),
        ),
    )
    for number, state in enumerate(states):
        _keep(order, _issued(state), is_first=number == 0, is_current=state is latest)
    return order


def _issued(state: OrderState) -> IssuedCertificate:
    if state.certificate is None:
        raise NotIssued(state.order_number)
    return state.certificate


def _period(state: OrderState) -> tuple[datetime, datetime]:
    if state.starts_at is None or state.ends_at is None:
        raise NotIssued(state.order_number)
    return state.starts_at, state.ends_at


def _keep(order: Order, issued: IssuedCertificate, *, is_first: bool, is_current: bool) -> None:
    Certificate.objects.create(
        partner_id=order.partner_id,
        customer_id=order.customer_id,
        order=order,
        kind=Certificate.Kind.ORIGINAL if is_first else Certificate.Kind.REISSUE,
        is_current=is_current,
        number=issued.certificate_number,
        serial_number=issued.serial_number,
        thumbprint=issued.thumbprint,
        sha256=issued.sha256,
        common_name=issued.common_name,
        names=list(issued.names),
        issuer_name="Embedded authority",
        key_type="ECDSA P-256",
        starts_at=issued.valid_from,
        ends_at=issued.ends_at,
        ends_on=rules.last_day(issued.ends_at),
        pem=issued.pem,
        chain="".join(issued.chain),
    )


def _leave_notes(staff: dict[str, Membership], made: list[Order], *, now: datetime) -> None:
    texts = (
        "Voicemail; will try again tomorrow morning.",
        "The buyer has changed: asks for a quote by post.",
        "Moves to a new load balancer in spring, would like one more name then.",
    )
    for number, text in enumerate(texts):
        order = made[40 + number]
        Note.objects.create(
            partner_id=order.partner_id,
            customer_id=order.customer_id,
            order=order,
            author=staff["Sam"].user,
            text=text,
            at=now - timedelta(days=number + 1, hours=3),
        )


def _send_links(contact: Contact, *, actor: User, now: datetime) -> None:
    """Letters with links to renewals, to all that is due, and to one that nothing holds up."""
    due = list(renewal_letters.due_orders(contact, now=now))
    send_renewal_link(contact, actor=actor, now=now)
    ready = (one for one in due if not any(fact.holds for fact in planning.validation_state(one, today=now.date())))
    if order := next(ready, None):
        send_renewal_link(order, actor=actor, now=now)


def _ask_for_some(actor: User, made: list[Order], *, now: datetime) -> None:
    """Requests as one finds them in the morning: one waits for a validation, one was refused."""
    waiting = next(order for order in made if order.level == rules.Level.EV and _has_lapsed(order, now.date()))
    wildcards = (order for order in made if order.names[0].startswith("*") and (order.days_left(now.date()) or -1) > 0)
    refused = next(wildcards)
    # No authority validates a wildcard by a file.
    Order.objects.filter(pk=refused.pk).update(dcv_method="http-token")
    for order in (waiting, refused):
        request = request_renewal(
            order,
            product=order.product or Product.objects.get(name_id="ssl_securesite_flex"),
            term_years=1,
            names=order.names,
            csr=order.csr,
            actor=actor,
            now=now - timedelta(hours=2),
        )
        place_request(request.pk, now=now - timedelta(hours=2))


def _has_lapsed(order: Order, today: date) -> bool:
    until = order.organization and order.organization.ev_validated_until
    return bool(until and until < today)


def _neighbour(*, now: datetime) -> None:
    """A second partner in the same installation, so that one can see that one does not see it."""
    partner = Partner.objects.create(name="Nordwind Zertifikate", slug="nordwind", time_zone="Europe/Berlin")
    with scope(partner=partner):
        customer = _customer(
            partner, DemoCustomer("Kranich Werft GmbH", "kranich-werft.example", "DE", "Kiel", 0), 1, today=now.date()
        )
        demo_order = DemoOrder(
            DemoCustomer("", "", "", "", 0), "ssl_securesite_flex", ("www.kranich-werft.example",), 5
        )
        _order(partner, customer, demo_order, {}, now=now)
