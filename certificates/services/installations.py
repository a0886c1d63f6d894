"""Whether an issued certificate is on its server: the customer says so, or we look at what the server shows.

We look only for partners who have switched it on, through `portal.outbound`, and only after certificates that were
issued through us. A look is claimed by one UPDATE that moves its date on; no transaction is open while we look.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet

from certificates.models import Certificate, Installation
from certificates.rules import last_day
from certificates.x509 import BadRequest, is_wildcard
from certificates.x509.facts import read_der
from portal import activities
from portal.access import across_partners, on_behalf_of
from portal.models import User
from portal.outbound import Guard, NotReached
from portal.wakeups import nudge

State = Installation.State
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LONGEST = 30 * DAY
# So many servers are looked at in one sweep, and so many at the same time: most that do not answer take ten seconds.
BATCH, AT_ONCE = 40, 8


@dataclass(frozen=True, slots=True)
class Seen:
    """What a look at the servers of a certificate found; named as the columns that keep it."""

    state: str
    host: str
    served_sha256: str = ""
    served_serial: str = ""
    served_ends_on: date | None = None
    problem: str = ""


# From the issue on


def expect_installation(certificate: Certificate, *, now: datetime) -> Installation:
    """Ask from now on whether a certificate is installed, and no longer about those before it under its order."""
    installation, is_new = Installation.objects.get_or_create(
        certificate=certificate,
        defaults={
            "partner_id": certificate.partner_id,
            "check_due_at": now + HOUR if certificate.partner.checks_live_hosts else None,
            "remind_due_at": _reminder(certificate, now),
        },
    )
    if is_new and certificate.order_id:
        earlier = Installation.objects.filter(certificate__order=certificate.order_id).exclude(pk=installation.pk)
        earlier.update(check_due_at=None, remind_due_at=None)
    return installation


def _reminder(certificate: Certificate, now: datetime) -> datetime | None:
    """When to remind of it; never of what takes no other certificate's place."""
    replaces = certificate.kind == Certificate.Kind.REISSUE or (certificate.order and certificate.order.predecessor_id)
    return now + settings.NOT_INSTALLED_AFTER if replaces else None


def next_look(issued_at: datetime, now: datetime) -> datetime | None:
    """An hour after the issue, a day after it, then daily; None once 30 days are over."""
    age = now - issued_at
    if age < HOUR:
        return issued_at + HOUR
    following = issued_at + (age // DAY + 1) * DAY
    return following if following <= issued_at + LONGEST else None


# The customer's word


def say_installed(certificate: Certificate, *, by: str, actor: User | None, now: datetime) -> bool:
    """Take the customer's word that it is installed: nothing more is asked or sent; False where it was said before."""
    expect_installation(certificate, now=now)
    said = {"said_at": now, "said_by": by[:254], "check_due_at": None, "remind_due_at": None}
    with transaction.atomic():
        if not _row(certificate).filter(said_at=None).update(**said):
            return False
        _note("order.installation_said", certificate, actor, now, by="" if actor else by)
    return True


def unsay_installed(certificate: Certificate, *, by: str, actor: User | None, now: datetime) -> bool:
    """Take it back; where servers are looked at, we look again."""
    looks = next_look(certificate.starts_at, now) if certificate.partner.checks_live_hosts else None
    with transaction.atomic():
        rows = _row(certificate).filter(said_at__isnull=False)
        reminder = _reminder(certificate, now)
        if not rows.update(said_at=None, said_by="", check_due_at=looks, remind_due_at=reminder):
            return False
        _note("order.installation_unsaid", certificate, actor, now, by="" if actor else by)
    return True


# What its servers show


def look_soon(certificate: Certificate, *, now: datetime) -> bool:
    """Have a worker look within seconds; False where the partner does not look at servers."""
    if not certificate.partner.checks_live_hosts:
        return False
    from certificates.tasks import sweep_installations  # tasks call services

    expect_installation(certificate, now=now)
    _row(certificate).update(check_due_at=now)
    nudge(sweep_installations)
    return True


def look_around(*, now: datetime, guard: Guard | None = None, batch: int = BATCH) -> int:
    """Look at the servers of the certificates that are due for it, several at once; how many certificates."""
    guard = guard or Guard()
    with across_partners():
        due = _due(now).select_related("certificate__order", "partner").order_by("check_due_at", "pk")[:batch]
        mine = [one for one in due if _claim(one, now)]
    if not mine:
        return 0
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for one, seen in zip(mine, pool.map(lambda one: look_at(one.certificate, guard), mine), strict=True):
            with on_behalf_of(one.partner):
                record_look(one, seen, now=now)
    return len(mine)


def look_at(certificate: Certificate, guard: Guard) -> Seen:
    """What the certificate's hosts show, the first that shows it; nothing is written here."""
    found: list[Seen] = []
    for host in hosts_of(certificate):
        found.append(_look(host, certificate.sha256, guard))
        if found[-1].state == State.SERVED:
            return found[-1]
    answered = [seen for seen in found if seen.state == State.OTHER]
    return (answered or found)[0]


def record_look(installation: Installation, seen: Seen, *, now: datetime) -> None:
    """Write down what was seen; once it is the certificate itself, nothing more is asked or sent."""
    certificate = installation.certificate
    is_there = seen.state == State.SERVED
    closing: dict[str, Any] = {"check_due_at": None, "remind_due_at": None} if is_there else {}
    with transaction.atomic():
        Installation.objects.filter(pk=installation.pk).update(**asdict(seen), checked_at=now, **closing)
        if is_there and installation.state != State.SERVED:
            _note("order.installation_seen", certificate, None, now, host=seen.host)


def take_up_checks(*, now: datetime) -> int:
    """Begin to look where a partner has switched it on since, stop where it was switched off; how many were begun."""
    with across_partners():
        recent = Installation.objects.filter(certificate__starts_at__gt=now - LONGEST, certificate__is_current=True)
        waiting = recent.filter(_IS_OPEN, check_due_at=None, partner__checks_live_hosts=True)
        begun = waiting.update(check_due_at=now)
        Installation.objects.filter(check_due_at__isnull=False, partner__checks_live_hosts=False).update(
            check_due_at=None
        )
    return begun


def hosts_of(certificate: Certificate) -> Iterator[str]:
    """Where it is looked for: its common name; of a wildcard the domain itself and its www."""
    name = certificate.common_name
    if not is_wildcard(name):
        yield name
        return
    domain = name.removeprefix("*.")
    yield from (domain, f"www.{domain}")


_IS_OPEN = Q(said_at=None) & ~Q(state=State.SERVED)


def _due(now: datetime) -> QuerySet[Installation]:
    due = Installation.objects.filter(check_due_at__lte=now, partner__checks_live_hosts=True, partner__is_active=True)
    return due.filter(certificate__is_current=True)


def _claim(installation: Installation, now: datetime) -> bool:
    """Move the date on; of several workers only one moves it from where it stood."""
    following = next_look(installation.certificate.starts_at, now)
    mine = Installation.objects.filter(pk=installation.pk, check_due_at=installation.check_due_at)
    return bool(mine.update(check_due_at=following))


def _look(host: str, sha256: str, guard: Guard) -> Seen:
    try:
        shown = guard.served_certificate(host)
    except NotReached as reason:
        return Seen(State.UNREACHABLE, host, problem=reason.problem.value)
    try:
        facts = read_der(shown)
    except BadRequest as unreadable:
        return Seen(State.OTHER, host, problem=unreadable.code.value)
    state = State.SERVED if facts.sha256 == sha256.lower() else State.OTHER
    return Seen(state, host, facts.sha256, facts.serial_number, last_day(facts.ends_at))


def _row(certificate: Certificate) -> QuerySet[Installation]:
    rows: QuerySet[Installation] = Installation.objects.for_partner(certificate.partner).filter(certificate=certificate)
    return rows


def _note(verb: str, certificate: Certificate, actor: User | None, now: datetime, **facts: Any) -> None:
    facts = {name: value for name, value in facts.items() if value} | {"serial_number": certificate.serial_number}
    about = certificate.order or certificate
    activities.record(verb, about, partner=certificate.partner, actor=actor, at=now, **facts)
