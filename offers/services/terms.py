"""What was agreed with one customer, and how the house sells: stored where it differs, and written down."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from certificates.models import Customer
from offers.models import CustomerTerms, SalesSettings, TaxRate
from offers.services.remembering import remember_reaches
from offers.services.sweeping import prices_have_changed
from portal import activities
from portal.models import Partner, User

TERMS = ("level", "currency", "tax_treatment", "exemption_reason")
# What changes prices of orders, beside the words and numbers on documents
_PRICING = frozenset({"floor_margin"})


def terms_of(customer: Customer) -> CustomerTerms:
    """The customer's terms; the house's own, not stored, where nothing was agreed."""
    found = CustomerTerms.objects.for_partner(customer.partner).filter(customer=customer).select_related("level")
    return found.first() or CustomerTerms(partner=customer.partner, customer=customer)


def change_terms(customer: Customer, values: Mapping[str, Any], *, actor: User, now: datetime) -> bool:
    """Store what differs of the TERMS; whether anything did."""
    with transaction.atomic():
        Customer.objects.for_partner(customer.partner).select_for_update(no_key=True).get(pk=customer.pk)
        terms = terms_of(customer)
        changed = [name for name in TERMS if getattr(terms, name) != values[name]]
        if not changed:
            return False
        remember_reaches(customer.partner, now=now, customer=customer.pk)
        before = {name: _plain(getattr(terms, name)) for name in changed}
        for name in changed:
            setattr(terms, name, values[name])
        terms.save()
        after = {name: _plain(values[name]) for name in changed}
        activities.record(
            "terms.changed", customer, partner=customer.partner, actor=actor, at=now, before=before, after=after
        )
        prices_have_changed(customer.partner)
    return True


def sales_settings(partner: Partner) -> SalesSettings:
    """The row of the partner; a new one, not stored, before its first change."""
    return SalesSettings.objects.for_partner(partner).first() or SalesSettings(partner=partner)


def tax_rates(partner: Partner) -> dict[str, Decimal]:
    return dict(TaxRate.objects.for_partner(partner).order_by("country").values_list("country", "rate"))


def change_sales(
    partner: Partner, values: Mapping[str, Any], rates: Mapping[str, Decimal], *, actor: User, now: datetime
) -> bool:
    """Store what differs, and exactly these rates; whether anything did. The counter of quotes is not among it."""
    with transaction.atomic():
        Partner.objects.select_for_update(no_key=True).get(pk=partner.pk)
        changed = _change_settings(partner, values, actor, now)
        taxed = _change_rates(partner, rates, actor, now)
        if _PRICING.intersection(changed):
            prices_have_changed(partner)
    return bool(changed) or taxed


def _change_settings(partner: Partner, values: Mapping[str, Any], actor: User, now: datetime) -> list[str]:
    row, _made = SalesSettings.objects.for_partner(partner).get_or_create(partner=partner)
    changed = [name for name, value in values.items() if getattr(row, name) != value]
    if _PRICING.intersection(changed):
        remember_reaches(partner, now=now)
    if changed:
        before = {name: _plain(getattr(row, name)) for name in changed}
        for name in changed:
            setattr(row, name, values[name])
        row.save(update_fields=changed)
        after = {name: _plain(values[name]) for name in changed}
        activities.record("sales.changed", row, partner=partner, actor=actor, at=now, before=before, after=after)
    return changed


def _change_rates(partner: Partner, rates: Mapping[str, Decimal], actor: User, now: datetime) -> bool:
    present = tax_rates(partner)
    if present == rates:
        return False
    rows = TaxRate.objects.for_partner(partner)
    rows.exclude(country__in=list(rates)).delete()
    for country, rate in rates.items():
        if present.get(country) != rate:
            rows.update_or_create(partner=partner, country=country, defaults={"rate": rate})
    countries = [country for country in {**present, **rates} if present.get(country) != rates.get(country)]
    facts = {
        "before": {country: str(present[country]) for country in countries if country in present},
        "after": {country: str(rates[country]) for country in countries if country in rates},
    }
    activities.record("tax_rates.changed", partner, partner=partner, actor=actor, at=now, **facts)
    return True


def _plain(value: Any) -> Any:
    """A value as an activity keeps it."""
    return value if value is None or isinstance(value, int | str) else str(value)
