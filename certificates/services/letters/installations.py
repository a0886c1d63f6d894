"""The one quiet reminder of a certificate that was issued in the place of another and is not known to be installed."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction
from django.db.models import QuerySet

from certificates import letters
from certificates.models import Certificate, Contact, Installation, Order, Request
from certificates.services.installations import letter_key
from certificates.services.preferences import wants
from certificates.services.renewal_links import make_request_link
from certificates.states import EmailState, RequestState
from portal import activities
from portal.access import across_partners, on_behalf_of
from portal.mail import outbox
from portal.models.mail import MailPurpose

State = Installation.State
BATCH = 100


def remind_of_installations(*, now: datetime) -> int:
    """Write to whoever has not installed a certificate some days after its issue, once for each; how many letters.

    Nothing is sent where somebody has said it or we have seen it, where the order's notices are off, or to somebody
    who does not want letters about it.
    """
    with across_partners():
        due = list(_due(now).select_related("partner").order_by("remind_due_at", "pk")[:BATCH])
    sent = 0
    for one in due:
        with on_behalf_of(one.partner):
            sent += _remind(one.pk, now)
    return sent


def _due(now: datetime) -> QuerySet[Installation]:
    return _claimable(now).filter(partner__is_active=True)


def _claimable(now: datetime) -> QuerySet[Installation]:
    """Asks the row's own columns alone: whoever had to wait for it looks at it again before it is changed."""
    due = Installation.objects.filter(remind_due_at__lte=now, reminded_at=None, said_at=None)
    return due.exclude(state=State.SERVED)


def _remind(pk: int, now: datetime) -> bool:
    """One letter and the row that says so, in one transaction; whoever comes second finds nothing to claim."""
    with transaction.atomic():
        if not _claimable(now).filter(pk=pk).update(remind_due_at=None):
            return False
        installation = Installation.objects.select_related("certificate__order__customer", "partner").get(pk=pk)
        certificate = installation.certificate
        request, reader = _request_of(certificate), _reader_of(certificate)
        if request is None or reader is None or request.result is None:
            return False
        _send(installation, request, reader, now)
        Installation.objects.filter(pk=pk).update(reminded_at=now)
        activities.record(
            "order.installation_reminded", request.result, partner=installation.partner, at=now, to=reader.email
        )
    return True


def _request_of(certificate: Certificate) -> Request | None:
    """What the certificate came of, where it is still the order's present one."""
    if not certificate.is_current:
        return None
    asked = Request.objects.for_partner(certificate.partner).filter(result=certificate.order_id)
    return asked.filter(state=RequestState.ISSUED).select_related("order", "result").order_by("-finished_at").first()


def _reader_of(certificate: Certificate) -> Contact | None:
    """The order's contact, if a letter about it is wanted and arrives."""
    order = certificate.order
    if order is None or not order.is_live or not (order.notices_enabled and order.customer.notices_enabled):
        return None
    contact = order.contact
    if contact is None or not contact.email or contact.email_state != EmailState.OK:
        return None
    spoken_of = [one for one in (order, order.predecessor) if one]
    return contact if all(wants(contact, order=one, certificate=certificate.pk) for one in spoken_of) else None


def _send(installation: Installation, request: Request, reader: Contact, now: datetime) -> None:
    link = make_request_link(request, email=reader.email, language=reader.language, now=now)
    words = letters.not_installed(installation, reader, old_end=_old_end(installation, request.order), url=link)
    outbox.enqueue(
        key=letter_key(installation.certificate_id),
        partner=installation.partner,
        purpose=MailPurpose.NOTICE,
        to_email=reader.email,
        to_name=reader.name,
        words=words,
        now=now,
    )


def _old_end(installation: Installation, old: Order | None) -> date | None:
    """When the one that is still in use ends: as its server shows it, else as we know the one before it."""
    if installation.served_ends_on:
        return installation.served_ends_on
    certificate = installation.certificate
    if old and old.pk != certificate.order_id:
        return old.certificate_ends_on
    before = Certificate.objects.for_partner(installation.partner).filter(order=certificate.order_id, is_current=False)
    return before.order_by("-ends_on").values_list("ends_on", flat=True).first()
