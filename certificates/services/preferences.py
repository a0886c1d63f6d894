"""Which letters a contact wants: a wish is a row, and whoever sends letters asks here first.

Essential letters are nobody's choice and never asked about: what was ordered, a key that is waited for, a validation.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.expressions import Combinable

from certificates.models import Certificate, Consent, Contact, OptOut, Order
from certificates.querysets import ContactQuerySet
from portal import activities
from portal.models import SuppressedAddress, User

Scope = OptOut.Scope
Source = Consent.Source
Key = int | Combinable | None
# Whoever stops one of these gets no offers.
_WITHOUT_OFFERS = (Scope.OFFERS, Scope.ALL)


@transaction.atomic
def opt_out(
    contact: Contact,
    scope: Scope,
    *,
    now: datetime,
    order: Order | None = None,
    certificate: Certificate | None = None,
    actor: User | None = None,
    source: Source | None = None,
    letter: str = "",
) -> bool:
    """Send the contact no more letters of the scope; whether they were wanted before.

    `order` belongs to the scope "order", `certificate` to "certificate". Without an `actor` a link's reader said so;
    `letter` is the code of the letter that it was said in answer to.
    """
    about = _about(scope, order, certificate)
    _wish, is_new = OptOut.objects.get_or_create(
        partner=contact.partner, contact=contact, scope=scope, **about, defaults={"at": now}
    )
    if is_new:
        _guard_address(contact, now)
        _note("contact.letters_stopped", contact, scope, about, actor, now)
        _prove(contact, scope, about, wanted=False, actor=actor, source=source, letter=letter, now=now)
    return is_new


@transaction.atomic
def opt_in(
    contact: Contact,
    scope: Scope,
    *,
    now: datetime,
    order: Order | None = None,
    certificate: Certificate | None = None,
    actor: User | None = None,
    source: Source | None = None,
    letter: str = "",
) -> bool:
    """Send the contact letters of the scope again; whether they had been stopped."""
    about = _about(scope, order, certificate)
    gone, _by_model = opt_outs_of(contact).filter(scope=scope, **about).delete()
    if gone:
        _guard_address(contact, now)
        _note("contact.letters_wanted", contact, scope, about, actor, now)
        _prove(contact, scope, about, wanted=True, actor=actor, source=source, letter=letter, now=now)
    return bool(gone)


def _prove(
    contact: Contact,
    scope: Scope,
    about: Mapping[str, Any],
    *,
    wanted: bool,
    actor: User | None,
    source: Source | None,
    letter: str,
    now: datetime,
) -> None:
    """Keep who said what, when and how: what a contact wants today is the wishes, this is the proof of it."""
    Consent.objects.create(
        partner=contact.partner,
        contact=contact,
        scope=scope,
        wanted=wanted,
        **about,
        source=source or (Source.HOME if actor else Source.LETTER),
        email=contact.email,
        letter=letter,
        by=actor,
        at=now,
    )


def opt_outs_of(contact: Contact) -> QuerySet[OptOut]:
    """What the contact wants no letters about."""
    mine: QuerySet[OptOut] = OptOut.objects.for_partner(contact.partner).filter(contact=contact)
    return mine


def wants(
    contact: Contact, *, order: Order | None = None, certificate: int | None = None, offers: bool = False
) -> bool:
    """Whether a letter about these may go to the contact; with `offers`, one that proposes something."""
    stopped = _stopping(order.pk if order else None, certificate, offers=offers)
    return not opt_outs_of(contact).filter(stopped).exists()


def wanting(
    contacts: ContactQuerySet, *, order: Key = None, certificate: Key = None, offers: bool = False
) -> ContactQuerySet:
    """Of these contacts those who want such a letter, asked of all of them at once.

    `order` and `certificate` are keys, or expressions such as `OuterRef("order")` in a query that plans many letters.
    """
    return contacts.exclude(
        Exists(unwanted(contact=OuterRef("pk"), order=order, certificate=certificate, offers=offers))
    )


def unwanted(
    *, contact: Combinable, order: Key = None, certificate: Key = None, offers: bool = False
) -> QuerySet[OptOut]:
    """The wishes that keep such a letter from a contact, for `Exists` in a query of letters."""
    rows: QuerySet[OptOut] = OptOut.objects.filter(contact=contact)
    return rows.filter(_stopping(order, certificate, offers=offers))


def _stopping(order: Key, certificate: Key, *, offers: bool) -> Q:
    stopped = Q(scope=Scope.ALL)
    if order is not None:
        stopped |= Q(scope=Scope.ORDER, order=order)
    if certificate is not None:
        stopped |= Q(scope=Scope.CERTIFICATE, certificate=certificate)
    return stopped | Q(scope=Scope.OFFERS) if offers else stopped


def _about(scope: Scope, order: Order | None, certificate: Certificate | None) -> dict[str, Any]:
    """What the wish is about, as its columns; a scope and a subject that do not belong together are a mistake."""
    fits = {Scope.ORDER: (True, False), Scope.CERTIFICATE: (False, True)}.get(scope, (False, False))
    if fits != (order is not None, certificate is not None):
        raise ValueError(scope)
    return {"order": order, "certificate": certificate}


def _guard_address(contact: Contact, now: datetime) -> None:
    """Keep the mail guard in step: an address gets no offers while one of its contacts wants none."""
    if not contact.email:
        return
    reason = SuppressedAddress.Reason.UNSUBSCRIBED
    listed = SuppressedAddress.objects.for_partner(contact.partner).filter(reason=reason, email__iexact=contact.email)
    same = Contact.objects.for_partner(contact.partner).filter(email__iexact=contact.email)
    wishes = OptOut.objects.for_partner(contact.partner).filter(contact__in=same, scope__in=_WITHOUT_OFFERS)
    if not wishes.exists():
        listed.delete()
    elif not listed.exists():
        SuppressedAddress.objects.create(partner=contact.partner, email=contact.email.lower(), reason=reason, at=now)


def _note(
    verb: str, contact: Contact, scope: Scope, about: Mapping[str, Any], actor: User | None, now: datetime
) -> None:
    named = next((str(one) for one in about.values() if one is not None), "")
    facts = {"scope": scope.value, "about": named, "by": "" if actor else contact.email}
    activities.record(verb, contact, partner=contact.partner, actor=actor, at=now, **facts)


# In which language, and at what hours


def speak(contact: Contact, *, language: str, time_zone: str, now: datetime, actor: User | None = None) -> bool:
    """Write to the contact in this language, by the clock of this zone; whether anything changed.

    A person who changes it while signed in (`actor`, of the same address) is spoken to likewise on pages.
    """
    with transaction.atomic():
        if actor is not None and actor.email.lower() == contact.email.lower():
            User.objects.filter(pk=actor.pk).update(language=language, time_zone=time_zone)
        after = {"language": language, "time_zone": time_zone}
        before = {name: getattr(contact, name) for name in after}
        if before == after:
            return False
        Contact.objects.for_partner(contact.partner).filter(pk=contact.pk).update(**after)
        contact.language, contact.time_zone = language, time_zone
        facts = {"before": before, "after": after}
        activities.record("contact.corrected", contact, partner=contact.partner, actor=actor, at=now, **facts)
    return True
