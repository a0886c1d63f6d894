"""What is said of an installation: the same words on customers' pages, on staff's, and in lists."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q
from django.utils.translation import gettext as _

from certificates.models import Certificate, Installation, Order
from certificates.wording import Pill, day
from certificates.x509 import display_name
from portal.outbound import Problem

State = Installation.State


def installation_of(certificate: Certificate) -> Installation | None:
    """What is known about it on its servers, if anything is."""
    known = Installation.objects.for_partner(certificate.partner).filter(certificate=certificate)
    return known.select_related("certificate__order").first()


def told_after(order: Order) -> tuple[Pill, str] | None:
    """State and sentence about what was issued last for an order, its renewal included; None where nothing was."""
    known = installation_after(order)
    return (pill(known), sentence(known)) if known else None


def installation_after(order: Order) -> Installation | None:
    """What is known about the present certificate of the order, or of the one that renewed it."""
    mine = Q(certificate__order=order) | Q(certificate__order__predecessor=order)
    known = Installation.objects.for_partner(order.partner).filter(mine, certificate__is_current=True)
    return known.select_related("certificate__order").order_by("-certificate__starts_at", "-pk").first()


def pill(installation: Installation) -> Pill:
    """The state in a word."""
    if installation.is_done:
        return Pill("good", _("Installed"))
    return Pill("bad" if installation.state == State.OTHER else "warn", _not_installed(installation.certificate))


def _not_installed(certificate: Certificate) -> str:
    if certificate.kind == Certificate.Kind.REISSUE:
        return _("Reissued, not installed")
    renews = certificate.order is not None and certificate.order.predecessor_id is not None
    return _("Renewed, not installed") if renews else _("Not installed")


def sentence(installation: Installation) -> str:
    """Who says it, or what the last look at its server found; empty where nobody has said or looked."""
    if installation.state == State.SERVED:
        return _("%(host)s showed it on %(date)s.") % _look(installation)
    if installation.said_at:
        said = {"person": installation.said_by, "date": day(installation.said_at.date())}
        return _("%(person)s said on %(date)s that it is installed.") % said
    if installation.state == State.OTHER and installation.served_ends_on:
        served = {"serial": installation.served_serial, "end": day(installation.served_ends_on)}
        words = _("On %(date)s, %(host)s still showed another certificate: serial number %(serial)s, until %(end)s.")
        return words % {**_look(installation), **served}
    if installation.state == State.OTHER:
        return _("On %(date)s, %(host)s still showed another certificate.") % _look(installation)
    if installation.state == State.UNREACHABLE:
        return _unreached(installation)
    return ""


def is_being_looked_at(installation: Installation | None, *, now: datetime) -> bool:
    """Whether a worker is about to look."""
    return bool(installation and installation.check_due_at and installation.check_due_at <= now)


def _unreached(installation: Installation) -> str:
    if installation.problem in (Problem.NO_NAME, Problem.NOT_PUBLIC):
        words = _("On %(date)s, %(host)s could not be looked at: it has no public address. That says nothing about it.")
        return words % _look(installation)
    return _("On %(date)s, %(host)s did not answer. It may only be reached from within.") % _look(installation)


def _look(installation: Installation) -> dict[str, str]:
    at = installation.checked_at
    return {"host": display_name(installation.host), "date": day(at.date()) if at else ""}
