"""A partner's own limits of an authority: each stands in for the house's rule of the same date, brand and level."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from certificates.models import AuthorityRule
from portal import activities
from portal.models import Partner, User

# What names a rule; everything else of it may be changed.
KEY = ("authority", "family", "level", "effective_from")
LIMITS = (
    "certificate_days",
    "dcv_days",
    "organization_days",
    "window_days",
    "grace_days",
    "carry_over",
    "source",
)


class RuleExists(Exception):
    """The partner already sees a rule of this date, brand and level."""


class NotTheirRule(Exception):
    """Only a partner's own rule can give way to the house's."""


def change_rule(
    rule: AuthorityRule, *, partner: Partner, values: Mapping[str, Any], actor: User, now: datetime
) -> AuthorityRule:
    """Write the partner's own version of a rule; the house's stays as it is for everybody else."""
    before = {name: getattr(rule, name) for name in LIMITS}
    after = {name: values[name] for name in LIMITS}
    if before == after:
        return rule
    with transaction.atomic():
        key = {name: getattr(rule, name) for name in KEY}
        own, _is_new = AuthorityRule.objects.update_or_create(partner=partner, **key, defaults=after)
        _record("authority_rule.changed", own, actor, now, before=before, after=after)
    return own


def add_rule(partner: Partner, *, values: Mapping[str, Any], actor: User, now: datetime) -> AuthorityRule:
    """A rule the house does not know; raises RuleExists."""
    key = {name: values[name] for name in KEY}
    if AuthorityRule.objects.effective_for(partner).filter(**key).exists():
        raise RuleExists
    try:
        with transaction.atomic():
            own = AuthorityRule.objects.create(partner=partner, **key, **{name: values[name] for name in LIMITS})
            _record("authority_rule.added", own, actor, now, after={name: values[name] for name in LIMITS})
    except IntegrityError as clash:
        raise RuleExists from clash
    return own


def drop_rule(rule: AuthorityRule, *, actor: User, now: datetime) -> AuthorityRule | None:
    """Take back the partner's own rule; the house's that holds again, if there is one. Raises NotTheirRule."""
    if rule.partner is None:
        raise NotTheirRule
    house = house_rule(rule)
    with transaction.atomic():
        _record(
            "authority_rule.restored" if house else "authority_rule.removed",
            rule,
            actor,
            now,
            before={name: getattr(rule, name) for name in LIMITS},
        )
        AuthorityRule.objects.filter(pk=rule.pk).delete()
    return house


def house_rule(rule: AuthorityRule) -> AuthorityRule | None:
    """The house's rule that the partner's own stands in for."""
    key = {name: getattr(rule, name) for name in KEY}
    return AuthorityRule.objects.filter(partner=None, **key).first()


def _record(verb: str, rule: AuthorityRule, actor: User, now: datetime, **facts: Any) -> None:
    if rule.partner is None:
        raise NotTheirRule
    activities.record(verb, rule, partner=rule.partner, actor=actor, at=now, **facts)
