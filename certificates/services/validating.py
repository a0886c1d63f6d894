"""The embedded authority's own counter: whoever tries the portal out plays its validation staff too."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from certificates.authorities.base import ValidationKind
from certificates.authorities.sandbox import Sandbox
from certificates.models import Organization, Request
from certificates.rules import DAY, Level, rule_for, utc_date
from certificates.services import planning
from certificates.services.placing import authority_of
from certificates.services.refusals import MovedOn
from certificates.states import AuthorityKind, RequestState
from portal import activities
from portal.models import User


def waits_for_organization(request: Request) -> bool:
    """Whether the embedded authority holds the request until its organisation is validated."""
    at_counter = request.authority == AuthorityKind.SANDBOX and request.state == RequestState.PLACED
    return at_counter and any(
        step["kind"] == ValidationKind.ORGANIZATION and not step["done"] for step in request.steps
    )


def validate_here(request: Request, *, actor: User, now: datetime) -> None:
    """Validate the organisation for as long as the rules let it be used again; raises MovedOn."""
    authority, organization = authority_of(request), request.organization
    if not waits_for_organization(request) or organization is None or not isinstance(authority, Sandbox):
        raise MovedOn(request)
    level, today = Level(request.product.level), utc_date(now)
    rules = planning.rules_for(request.partner, request.authority)
    rule = rule_for(rules, today, family=request.product.family, level=level)
    until = now + rule.organization_days * DAY
    authority.validate_organization(organization.number, until=until)
    with transaction.atomic():
        validated = {"ev_validated_until" if level is Level.EV else "ov_validated_until": utc_date(until) - DAY}
        Organization.objects.for_partner(request.partner).filter(pk=organization.pk).update(**validated)
        Request.objects.filter(pk=request.pk, state=RequestState.PLACED).update(due_at=now)
        activities.record("organization.validated", organization, partner=request.partner, actor=actor, at=now)
