"""The sample report: 240 orders, the second time nothing, and exactly the counts that its README promises."""

from __future__ import annotations

from pathlib import Path

from certificates.models import Certificate, Contact, Customer, Domain, Order, Organization
from certificates.rules import BUCKET_DAYS, TAB_DAYS, Bucket, Tab
from certificates.services.imports import ImportReport, import_orders, open_orders
from certificates.states import AuthorityKind
from portal.models import Partner
from tests.factories import TODAY, midnight

SAMPLE = Path(__file__).parents[2] / "data" / "orders-report-sample.csv"
NOW = midnight(TODAY)


def import_sample(partner: Partner) -> ImportReport:
    with SAMPLE.open("rb") as file:
        return import_orders(open_orders(file).records(), partner=partner, authority=AuthorityKind.CERTCENTRAL, now=NOW)


def test_sample_creates_240_orders_and_the_second_time_changes_nothing(partner: Partner) -> None:
    first = import_sample(partner)
    stamps = list(Order.objects.values_list("pk", "updated_at"))
    second = import_sample(partner)

    assert (first.created, first.updated, first.unchanged, first.rejected) == (240, 0, 0, [])
    assert (second.created, second.updated, second.unchanged, second.rejected) == (0, 0, 240, [])
    assert list(Order.objects.values_list("pk", "updated_at")) == stamps


ORDERS_BY_BUCKET = {
    Bucket.EXPIRED: 6,
    Bucket.WITHIN_30: 14,
    Bucket.WITHIN_60: 20,
    Bucket.WITHIN_90: 26,
    Bucket.LATER: 109,
    Bucket.OLDER: 29,
}
CERTIFICATES_BY_BUCKET = {
    Bucket.EXPIRED: 9,
    Bucket.WITHIN_30: 23,
    Bucket.WITHIN_60: 33,
    Bucket.WITHIN_90: 34,
    Bucket.LATER: 70,
    Bucket.OLDER: 35,
}


def test_sample_fills_every_bucket_of_orders_and_certificates(partner: Partner) -> None:
    import_sample(partner)
    counted = Order.objects.for_partner(partner).issued().unrenewed()

    orders = {bucket: counted.expiring(today=TODAY, within=days).count() for bucket, days in BUCKET_DAYS.items()}
    certificates = {
        bucket: counted.with_certificate_expiring(today=TODAY, within=days).count()
        for bucket, days in BUCKET_DAYS.items()
    }

    assert orders == ORDERS_BY_BUCKET
    assert certificates == CERTIFICATES_BY_BUCKET
    assert counted.count() == sum(orders.values()) == sum(certificates.values()) == 204


def test_sample_fills_the_guides_list(partner: Partner) -> None:
    import_sample(partner)
    counted = Order.objects.for_partner(partner).issued().unrenewed()
    now = TAB_DAYS[Tab.NOW]

    assert counted.expiring(today=TODAY, within=now).count() == 10
    assert counted.with_certificate_expiring(today=TODAY, within=now).count() == 14


def test_sample_brings_customers_contacts_domains_and_certificates(partner: Partner) -> None:
    report = import_sample(partner)

    assert report.brought == {
        "customers": 40,
        "organizations": 40,
        "domains": 40,
        "contacts": 40,
        "certificates": 223,
    }
    assert Customer.objects.count() == Organization.objects.count() == Contact.objects.count() == 40
    assert Domain.objects.count() == 40
    assert Certificate.objects.current().count() == 223


def test_dry_run_of_the_sample_foresees_everything_and_writes_nothing(partner: Partner) -> None:
    with SAMPLE.open("rb") as file:
        report = import_orders(
            open_orders(file).records(),
            partner=partner,
            authority=AuthorityKind.CERTCENTRAL,
            now=NOW,
            dry_run=True,
        )

    assert (report.created, report.updated, report.unchanged) == (240, 0, 0)
    assert [model.objects.count() for model in (Order, Customer, Organization, Contact, Domain, Certificate)] == [0] * 6
