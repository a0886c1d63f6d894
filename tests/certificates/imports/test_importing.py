"""What an import makes of its lines: new, updated or unchanged; nothing lost, nothing undone that people did here."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django_scopes import scope, scopes_disabled
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from certificates.models import Certificate, Contact, Customer, Domain, Order, Organization
from certificates.remarks import Remark
from certificates.services.imports import Rejection, Watch, import_orders
from certificates.services.imports import stage as staging
from certificates.services.imports.reasons import Reason
from certificates.states import AuthorityKind, OrderStatus, RenewalMark
from portal.models import Partner
from tests.certificates.imports.files import (
    NOW,
    PAGE,
    bring,
    counts,
    dv_line,
    records,
    report_line,
    table,
)
from tests.factories import make_certificate, make_contact, make_customer, make_order, make_partner

LATER = NOW + timedelta(days=1)


def the_order(number: str = "7100001") -> Order:
    return Order.objects.get(number=number)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]


# New orders


def test_new_order_brings_everything_it_belongs_to(partner: Partner) -> None:
    report = bring(partner, report_line(customer_order_id="PO-1", organization_city="Lyon"))

    order = the_order()
    assert counts(report) == (1, 0, 0, 0)
    assert (order.status, order.product_name, order.term_years) == (OrderStatus.ISSUED, "Secure Site OV", 1)
    assert (order.starts_at, order.ends_at, order.ends_on) == (
        utc(2026, 1, 10, 8),
        utc(2027, 1, 10, 8),
        date(2027, 1, 10),
    )
    assert order.end_is_inferred
    assert order.customer.key == "org:200001"
    assert (order.customer.name, order.customer.city) == ("Granit Phare SA", "Lyon")
    assert order.organization is not None
    assert (order.organization.number, order.organization.customer) == ("200001", order.customer)
    assert order.contact is not None
    assert (order.contact.name, order.contact.email) == ("Søren O'Neil", "it@granit-phare.example")
    assert [domain.name for domain in Domain.objects.all()] == ["granit-phare.example"]


def test_new_order_has_its_certificate_as_the_present_one(partner: Partner) -> None:
    bring(partner, report_line())

    (certificate,) = Certificate.objects.all()
    assert certificate.order == the_order()
    assert (certificate.is_current, certificate.kind) == (True, Certificate.Kind.ORIGINAL)
    assert certificate.serial_number == "A06B39515AD9A9D0A57AF35B9B81635"
    assert (certificate.starts_at, certificate.ends_at, certificate.ends_on) == (
        utc(2026, 6, 1),
        utc(2026, 12, 17),
        date(2026, 12, 16),
    )
    assert the_order().certificate_ends_at == certificate.ends_at


def test_pending_order_has_neither_end_nor_certificate(partner: Partner) -> None:
    bring(partner, report_line(status="pending", valid_from="", valid_till="", serial_number="", thumbprint=""))

    assert (the_order().ends_at, the_order().certificate_ends_on) == (None, None)
    assert not Certificate.objects.exists()


@pytest.mark.parametrize(
    "words",
    ["7100001", "www.granit", "phare sa", "po-1", "a06b39515", "granit-phare.example"],
)
def test_new_order_is_found_by_its_words(partner: Partner, words: str) -> None:
    bring(partner, report_line(customer_order_id="PO-1"))

    assert list(Order.objects.matching(words)) == [the_order()]


def test_new_customer_is_found_by_name_domain_and_contact(partner: Partner) -> None:
    bring(partner, report_line(organization_name="Société Boréal"))

    for words in ("societe boreal", "granit-phare.example", "oneil", "it@granit-phare"):
        assert [one.name for one in Customer.objects.matching(words.replace("oneil", "o'neil"))] == ["Société Boréal"]


def test_unknown_product_is_kept_by_its_name_with_a_remark(partner: Partner) -> None:
    report = bring(partner, report_line(product_name_id="ssl_lunar", product_name="Lunar SSL"))

    order = the_order()
    assert (order.product, order.product_name, order.remarks) == (None, "Lunar SSL", [Remark.UNKNOWN_PRODUCT])
    assert [(one.line, one.code, one.value) for one in report.warnings] == [(2, Remark.UNKNOWN_PRODUCT, "Lunar SSL")]


def test_product_is_also_recognised_by_its_name(partner: Partner) -> None:
    bring(partner, report_line(product_name_id="", product_name="secure site EV"))

    order = the_order()
    assert order.product is not None
    assert order.product.name_id == "ssl_ev_securesite_flex"
    assert order.remarks == []


def test_ev_wildcard_is_kept_and_flagged(partner: Partner) -> None:
    bring(
        partner,
        report_line(product_name_id="ssl_ev_basic", common_name="*.granit.example", dns_names="*.granit.example"),
    )

    order = the_order()
    assert order.names == ["*.granit.example"]
    assert order.remarks == [Remark.EV_WILDCARD]
    assert order.has_flagged_wildcard


def test_unknown_status_is_kept_with_the_authoritys_word(partner: Partner) -> None:
    report = bring(partner, report_line(status="reissue_revoked"))

    order = the_order()
    assert (order.status, order.authority_status) == (OrderStatus.UNKNOWN, "reissue_revoked")
    assert order.remarks == [Remark.UNKNOWN_STATUS]
    assert counts(report) == (1, 0, 0, 0)
    assert not Order.objects.issued().exists()


def test_renewed_order_is_silent_and_names_its_successor(partner: Partner) -> None:
    bring(partner, report_line(is_renewed="1", renewed_order_id="7200001"))

    order = the_order()
    assert (order.renewal_mark, order.successor_number) == (RenewalMark.RENEWED, "7200001")
    assert not Order.objects.unrenewed().exists()


@pytest.mark.parametrize("turned", [False, True])
def test_renewed_order_becomes_the_predecessor_of_the_one_it_names(partner: Partner, turned: bool) -> None:
    lines = [
        report_line(is_renewed="1", renewed_order_id="7100002"),
        report_line(order_id="7100002", date_created="2026-11-01 08:00:00", serial_number="2", thumbprint=""),
    ]

    bring(partner, *(reversed(lines) if turned else lines))

    assert the_order("7100002").predecessor == the_order("7100001")


def test_orders_that_name_each_other_make_no_ring(partner: Partner) -> None:
    bring(
        partner,
        report_line(renewed_order_id="7100002"),
        report_line(order_id="7100002", renewed_order_id="7100001", date_created="2026-02-01 08:00:00"),
    )

    assert [order.predecessor for order in Order.objects.order_by("number")] == [None, the_order("7100001")]


# Whose orders


def test_dv_order_goes_to_the_customer_of_its_domain_wherever_it_stands_in_the_file(partner: Partner) -> None:
    dv = dv_line(order_id="7100002", common_name="shop.granit-phare.example", dns_names="")

    bring(partner, dv, report_line())

    assert [customer.key for customer in Customer.objects.all()] == ["org:200001"]
    assert the_order("7100002").customer == the_order("7100001").customer
    assert the_order("7100002").organization is None


def test_dv_order_of_an_unknown_domain_makes_a_customer_called_so(partner: Partner) -> None:
    bring(partner, dv_line(order_id="1"), dv_line(order_id="2", common_name="api.granit-phare.example", dns_names=""))

    (customer,) = Customer.objects.all()
    assert (customer.key, customer.name) == ("domain:granit-phare.example", "granit-phare.example")
    assert Domain.objects.get().customer == customer


def test_dv_order_finds_the_customer_that_had_the_domain_before(partner: Partner) -> None:
    bring(partner, report_line())
    bring(partner, dv_line(order_id="7100002"))

    assert the_order("7100002").customer.key == "org:200001"


def test_name_alone_means_the_organisation_called_so(partner: Partner) -> None:
    bring(partner, report_line())
    bring(partner, {**PAGE, "id": "7100002"})

    assert the_order("7100002").organization == the_order("7100001").organization
    assert Customer.objects.count() == 1


def test_name_alone_of_nobody_makes_a_customer_whose_number_may_come_later(partner: Partner) -> None:
    bring(partner, {**PAGE, "id": "7100002"})
    assert [one.key for one in Customer.objects.all()] == ["name:granit phare sa"]

    bring(partner, report_line())

    assert Organization.objects.get().customer == the_order("7100002").customer == the_order("7100001").customer


def test_contacts_are_one_per_customer_and_address(partner: Partner) -> None:
    bring(
        partner,
        report_line(),
        report_line(order_id="7100002", tech_email="IT@granit-phare.example", serial_number="2"),
        report_line(order_id="7100003", organization_id="200002", organization_name="Karst", serial_number="3"),
    )

    assert sorted((one.customer.key, one.email) for one in Contact.objects.select_related("customer")) == [
        ("org:200001", "it@granit-phare.example"),
        ("org:200002", "it@granit-phare.example"),
    ]
    assert the_order("7100001").contact == the_order("7100002").contact


def test_same_number_at_another_authority_is_another_order(partner: Partner) -> None:
    bring(partner, report_line())
    report = bring(partner, report_line(), authority=AuthorityKind.SANDBOX)

    assert counts(report) == (1, 0, 0, 0)
    assert Order.objects.count() == 2


# The same again


def test_same_lines_again_change_nothing(partner: Partner) -> None:
    lines = [
        report_line(),
        dv_line(order_id="7100002", serial_number="2", common_name="shop.karst.example", dns_names=""),
        report_line(order_id="7100003", status="reissue_revoked", serial_number="3"),
        report_line(order_id="7100004", product_name_id="x", product_name="Lunar", serial_number="4", is_renewed="1"),
        report_line(order_id="7100005", status="pending", valid_from="", valid_till="", serial_number=""),
    ]
    bring(partner, *lines)
    before = everything()

    report = bring(partner, *lines, now=LATER)

    assert counts(report) == (0, 0, 5, 0)
    assert everything() == before
    assert set(report.brought.values()) == {0}


def everything() -> list[Any]:
    """Every value of every row an import writes."""
    models: list[Any] = [Customer, Organization, Contact, Domain, Order, Certificate]
    return [list(model.objects.order_by("pk").values()) for model in models]


@pytest.mark.parametrize("layout", [PAGE, {**PAGE, "certificate.valid_from": "2026-06-01"}])
def test_layouts_that_say_less_take_nothing_back(partner: Partner, layout: dict[str, str]) -> None:
    bring(partner, report_line(csr="CSR", customer_order_id="PO-1", auto_renew="1"))
    before = the_order()

    bring(partner, layout)
    after = the_order()

    for name in (
        "names",
        "csr",
        "customer_reference",
        "auto_renew",
        "contact",
        "organization",
        "placed_at",
        "starts_at",
    ):
        assert getattr(after, name) == getattr(before, name), name
    assert Certificate.objects.count() == 1


def test_empty_cells_of_a_column_do_say_something(partner: Partner) -> None:
    bring(partner, report_line(customer_order_id="PO-1", additional_emails="dsi@granit-phare.example"))
    report = bring(partner, report_line(customer_order_id="", additional_emails=""))

    assert counts(report) == (0, 1, 0, 0)
    assert (the_order().customer_reference, the_order().additional_emails) == ("", [])


# Ends


def test_stated_end_replaces_an_inferred_one_and_is_reported(partner: Partner) -> None:
    bring(partner, report_line())
    report = bring(partner, PAGE)

    order = the_order()
    assert counts(report) == (0, 1, 0, 0)
    assert (order.ends_at, order.ends_on, order.end_is_inferred) == (utc(2027, 2, 1), date(2027, 1, 31), False)


def test_inferred_end_never_replaces_a_stated_one(partner: Partner) -> None:
    bring(partner, report_line())
    bring(partner, PAGE)
    report = bring(partner, report_line())

    assert counts(report) == (0, 0, 1, 0)
    assert (the_order().ends_at, the_order().end_is_inferred) == (utc(2027, 2, 1), False)


def test_end_inferred_from_a_certificate_alone_never_shortens_an_order(partner: Partner) -> None:
    bring(partner, report_line())
    bare = {name: value for name, value in PAGE.items() if name != "order_valid_till"}

    bring(partner, bare)

    assert the_order().ends_at == utc(2027, 1, 10, 8)


def test_line_that_moves_the_end_is_reported_as_updated(partner: Partner) -> None:
    bring(partner, report_line())
    report = bring(partner, report_line(validity_years="2"), now=LATER)

    assert counts(report) == (0, 1, 0, 0)
    assert the_order().ends_on == date(2028, 1, 10)
    assert the_order().updated_at == LATER


def test_issued_order_of_which_nothing_says_when_it_ends_is_rejected(partner: Partner) -> None:
    line = report_line(valid_from="", valid_till="", validity_years="", serial_number="")

    report = bring(partner, line)

    assert report.rejected == [Rejection(2, Reason.NO_END, number="7100001", common_name="www.granit-phare.example")]
    assert not Order.objects.exists()


def test_order_that_would_end_before_it_starts_is_rejected_and_stops_nobody(partner: Partner) -> None:
    bad = {**PAGE, "order_valid_from": "2027-06-01"}
    good = {**PAGE, "id": "7100002", "order_valid_from": ""}

    report = bring(partner, bad, good)

    assert [(one.line, one.code) for one in report.rejected] == [(2, Reason.ENDS_BEFORE_START)]
    assert [order.number for order in Order.objects.all()] == ["7100002"]


def test_start_that_would_fall_after_the_known_end_is_rejected_on_update_too(partner: Partner) -> None:
    bring(partner, {**PAGE, "order_valid_from": "2026-01-10"})

    report = bring(partner, {**PAGE, "order_valid_till": "", "order_valid_from": "2027-06-01"})

    assert [(one.line, one.code) for one in report.rejected] == [(2, Reason.ENDS_BEFORE_START)]
    assert the_order().starts_at == utc(2026, 1, 10)


# What people did here


@pytest.mark.parametrize("mark", [RenewalMark.IN_HAND, RenewalMark.RENEWED, RenewalMark.ELSEWHERE])
@pytest.mark.parametrize("renewed", ["0", "1"])
def test_marks_made_here_stand(partner: Partner, mark: str, renewed: str) -> None:
    bring(partner, report_line())
    Order.objects.update(renewal_mark=mark)

    bring(partner, report_line(is_renewed=renewed))

    assert the_order().renewal_mark == mark


def test_choice_made_here_stands_until_the_source_changes_its_mind(partner: Partner) -> None:
    bring(partner, report_line(disable_renewal_notifications="0"))
    Order.objects.update(notices_enabled=False)

    report = bring(partner, report_line(disable_renewal_notifications="0"))
    assert counts(report) == (0, 0, 1, 0)
    assert not the_order().notices_enabled

    bring(partner, report_line(disable_renewal_notifications="1"))
    Order.objects.update(notices_enabled=True)
    bring(partner, report_line(disable_renewal_notifications="1"))
    assert the_order().notices_enabled

    bring(partner, report_line(disable_renewal_notifications="0"))
    bring(partner, report_line(disable_renewal_notifications="1"))
    assert not the_order().notices_enabled


def test_first_word_about_an_order_placed_here_is_remembered_without_undoing_a_choice(partner: Partner) -> None:
    make_order(partner, number="7100001", authority=AuthorityKind.CERTCENTRAL, notices_enabled=False, auto_renew=True)

    bring(partner, report_line(disable_renewal_notifications="0", auto_renew="0"))

    order = the_order()
    assert (order.notices_enabled, order.auto_renew) == (False, True)
    assert (order.source_notices_enabled, order.source_auto_renew) == (True, False)


def test_customer_renamed_here_keeps_its_name_and_others_follow_the_source(partner: Partner) -> None:
    bring(partner, report_line(), report_line(order_id="2", organization_id="2", organization_name="Karst SA"))
    Customer.objects.filter(key="org:2").update(name="Karst (Lyon)")

    bring(
        partner,
        report_line(organization_name="Granit Phare SAS"),
        report_line(order_id="2", organization_id="2", organization_name="Karst SAS"),
    )

    assert set(Customer.objects.values_list("name", flat=True)) == {"Granit Phare SAS", "Karst (Lyon)"}
    assert set(Organization.objects.values_list("name", flat=True)) == {"Granit Phare SAS", "Karst SAS"}
    assert [one.key for one in Customer.objects.matching("phare sas")] == ["org:200001"]


def test_contact_corrected_here_is_still_recognised_and_not_undone(partner: Partner) -> None:
    bring(partner, report_line())
    Contact.objects.update(email="new@granit-phare.example", phone="+33 1", name="Søren O'Neill")

    report = bring(partner, report_line())

    contact = Contact.objects.get()
    assert counts(report) == (0, 0, 1, 0)
    assert (contact.email, contact.phone, contact.name) == ("new@granit-phare.example", "+33 1", "Søren O'Neill")
    assert the_order().contact == contact


def test_contact_gets_what_it_lacks(partner: Partner) -> None:
    bring(partner, report_line(tech_telephone=""))
    report = bring(partner, report_line())

    assert counts(report) == (0, 1, 0, 0)
    assert Contact.objects.get().phone == "+33 4 00 27 53 64"


def test_contact_made_by_hand_is_recognised_by_its_address(partner: Partner) -> None:
    customer = make_customer(partner, key="org:200001")
    contact = make_contact(customer, "Søren", email="It@Granit-Phare.example")

    bring(partner, report_line())

    assert the_order().contact == contact


def test_order_stays_with_the_customer_it_was_given_to(partner: Partner) -> None:
    bring(partner, report_line())
    group = make_customer(partner, "Groupe Phare")
    Order.objects.update(customer=group, contact=None)

    bring(partner, report_line())

    assert the_order().customer == group


def test_order_moves_when_its_organisation_changes(partner: Partner) -> None:
    bring(partner, report_line())
    report = bring(partner, report_line(organization_id="200002", organization_name="Karst Atelier"))

    order = the_order()
    assert counts(report) == (0, 1, 0, 0)
    assert (order.customer.key, order.organization and order.organization.name) == ("org:200002", "Karst Atelier")
    assert order.contact is not None
    assert order.contact.customer == order.customer


def test_remarks_of_other_origin_stay(partner: Partner) -> None:
    bring(partner, report_line(product_name_id="x", product_name="Lunar"))
    Order.objects.update(remarks=[Remark.END_DIFFERS, Remark.UNKNOWN_PRODUCT])

    report = bring(partner, report_line(product_name_id="x", product_name="Lunar"))
    assert counts(report) == (0, 0, 1, 0)

    bring(partner, report_line())
    assert the_order().remarks == [Remark.END_DIFFERS]


# Certificates


def test_newer_certificate_supersedes_the_present_one_which_is_kept(partner: Partner) -> None:
    bring(partner, report_line())
    report = bring(
        partner,
        report_line(
            valid_from="2026-11-01 00:00:00", valid_till="2027-01-10 23:59:59", serial_number="BB", thumbprint=""
        ),
    )

    old, new = Certificate.objects.order_by("starts_at")
    assert counts(report) == (0, 1, 0, 0)
    assert (old.is_current, new.is_current, new.kind) == (False, True, Certificate.Kind.REISSUE)
    assert the_order().certificate_ends_at == new.ends_at == utc(2027, 1, 11)


def test_older_file_does_not_bring_back_a_replaced_certificate(partner: Partner) -> None:
    bring(partner, report_line(valid_from="2026-11-01 00:00:00", valid_till="2027-01-10 23:59:59", serial_number="BB"))
    bring(partner, report_line())

    assert list(Certificate.objects.order_by("starts_at").values_list("serial_number", "is_current")) == [
        ("A06B39515AD9A9D0A57AF35B9B81635", False),
        ("BB", True),
    ]
    assert the_order().certificate_ends_at == utc(2027, 1, 11)
    assert counts(bring(partner, report_line())) == (0, 0, 1, 0)


def test_facts_of_the_certificate_itself_win_over_the_lists(partner: Partner) -> None:
    bring(partner, report_line())
    Certificate.objects.update(sha256="f" * 64, thumbprint="", ends_at=utc(2026, 12, 16), ends_on=date(2026, 12, 15))

    bring(partner, report_line())

    certificate = Certificate.objects.get()
    assert certificate.ends_at == utc(2026, 12, 16)
    assert certificate.thumbprint == "10B8FE223C11654988534206FC4A447EC49872C6"


def test_revoked_order_revokes_its_certificate(partner: Partner) -> None:
    bring(partner, report_line())
    bring(partner, report_line(status="revoked"))

    assert (the_order().status, Certificate.objects.get().status) == ("revoked", "revoked")


def test_certificate_that_came_before_its_order_is_attached(partner: Partner) -> None:
    holder = make_customer(partner)
    early = make_certificate(
        make_order(partner, customer=holder),
        serial_number="A06B39515AD9A9D0A57AF35B9B81635",
        starts_at=utc(2026, 6, 1),
        ends_at=utc(2026, 12, 17),
        ends_on=date(2026, 12, 16),
        is_current=False,
        sha256="a" * 64,
    )
    Certificate.objects.update(order=None)

    bring(partner, report_line())

    early.refresh_from_db()
    assert (early.order, early.customer, early.is_current) == (the_order(), the_order().customer, True)
    assert Certificate.objects.count() == 1


# Bad lines, repeated lines


def test_bad_lines_never_stop_the_rest_and_are_never_lost(partner: Partner) -> None:
    lines = [
        report_line(order_id=str(number), valid_till="soon" if number % 3 == 0 else "2026-12-16 23:59:59")
        for number in range(1, 31)
    ]

    report = bring(partner, *lines)

    assert counts(report) == (20, 0, 0, 10)
    assert [one.line for one in report.rejected] == list(range(4, 32, 3))
    assert report.total == 30


def test_last_of_several_lines_with_one_number_counts(partner: Partner) -> None:
    report = bring(
        partner,
        report_line(customer_order_id="first"),
        report_line(order_id="7100002"),
        report_line(customer_order_id="last"),
    )

    assert the_order().customer_reference == "last"
    assert report.rejected == [
        Rejection(2, Reason.SUPERSEDED, value="4", number="7100001", common_name="www.granit-phare.example")
    ]
    assert counts(report) == (2, 0, 0, 1)


# Looking ahead


def test_dry_run_foresees_what_then_happens_and_writes_nothing(partner: Partner) -> None:
    bring(partner, report_line(), report_line(order_id="7100002", serial_number="2"))
    before = everything()
    lines = [
        report_line(),
        report_line(order_id="7100002", serial_number="2", customer_order_id="new"),
        report_line(order_id="7100003", serial_number="3"),
        report_line(order_id="7100004", valid_till="soon"),
    ]

    foreseen = bring(partner, *lines, dry_run=True)
    assert everything() == before
    done = bring(partner, *lines)

    assert counts(foreseen) == counts(done) == (1, 1, 1, 1)
    assert foreseen.rejected == done.rejected


@pytest.mark.parametrize(
    "change",
    [
        {"organization_name": "Granit Phare SAS"},
        {"organization_city": "Lyon"},
        {"tech_email": "new@granit-phare.example"},
        {"tech_title": "CTO"},
        {"dns_names": "www.granit-phare.example,www.other.example"},
        {"organization_id": "9", "organization_name": "Karst"},
        {"thumbprint": ""},
        {"serial_number": "BB", "valid_from": "2026-11-01 00:00:00"},
    ],
)
def test_dry_run_foresees_changes_beside_the_order_too(partner: Partner, change: dict[str, str]) -> None:
    base = {"organization_city": "", "tech_title": ""}
    bring(partner, report_line(**base))
    line = report_line(**{**base, **change})

    foreseen = counts(bring(partner, line, dry_run=True))

    assert foreseen == counts(bring(partner, line))
    assert counts(bring(partner, line)) == (0, 0, 1, 0)


# Broken off


class Stop(Exception):
    """Pulls the plug after so many batches."""


class Unplugged(Watch):
    def __init__(self, after: int) -> None:
        self.left = after

    def applied(self, *, done: int, total: int, through: int) -> None:
        if self.left == 0:
            raise Stop
        self.left -= 1


@pytest.mark.parametrize("after", [0, 1, 2])
@pytest.mark.django_db(transaction=True)
def test_import_that_broke_off_is_simply_asked_for_again(monkeypatch: pytest.MonkeyPatch, after: int) -> None:
    monkeypatch.setattr(staging, "BATCH", 10)
    lines = [report_line(order_id=str(number), serial_number=f"{number:X}") for number in range(1, 31)]
    partner = make_partner()

    with scope(partner=partner):
        with pytest.raises(Stop):
            bring(partner, *lines, watch=Unplugged(after))
        assert Order.objects.count() == after * 10
        report = bring(partner, *lines)

        assert counts(report) == (30 - after * 10, 0, after * 10, 0)
        assert counts(bring(partner, *lines)) == (0, 0, 30, 0)


def test_batches_make_no_difference(partner: Partner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(staging, "BATCH", 2)
    lines = [dv_line(order_id=str(number), serial_number=f"{number:X}") for number in range(1, 8)]

    report = bring(partner, *lines, report_line(order_id="9"))

    assert counts(report) == (8, 0, 0, 0)
    assert Customer.objects.count() == 1


# Tenants


@pytest.mark.django_db
def test_partners_never_meet_in_an_import() -> None:
    own, foreign = make_partner(), make_partner()
    lines = [report_line(), dv_line(order_id="7100002", serial_number="2")]
    with scope(partner=foreign):
        bring(foreign, *lines)
        before = everything()

    with scope(partner=own):
        report = bring(own, *lines)
        assert counts(report) == (2, 0, 0, 0)
        assert {one.partner for one in Order.objects.select_related("partner")} == {own}
        assert Customer.objects.count() == Contact.objects.count() == Domain.objects.count() == 1
        bring(own, report_line(customer_order_id="mine", renewed_order_id="7100002", status="revoked"))

    with scope(partner=foreign):
        assert everything() == before


def test_certificates_and_chains_of_other_partners_are_never_touched(partner: Partner) -> None:
    stranger = make_partner()
    with scopes_disabled():
        order = make_order(stranger, number="7200001", authority=AuthorityKind.CERTCENTRAL)
        loose = make_certificate(order, serial_number="A06B39515AD9A9D0A57AF35B9B81635", ends_at=utc(2026, 12, 17))
        Certificate.objects.filter(pk=loose.pk).update(order=None)

    bring(partner, report_line(is_renewed="1", renewed_order_id="7200001"))

    with scopes_disabled():
        loose.refresh_from_db()
        order.refresh_from_db()
        assert (loose.order, loose.partner, order.predecessor) == (None, stranger, None)


# Whatever comes


STATUSES = ["issued", "pending", "revoked", "canceled", "reissue_pending", "en lune", ""]
DATES = ["", "2026-01-10 00:00:00", "2026-06-01 00:00:00", "2026-12-16 23:59:59", "2027-01-31", "9999-12-31", "soon"]
LINES = st.lists(
    st.fixed_dictionaries(
        {
            "order_id": st.sampled_from(["1", "2", "3", ""]),
            "status": st.sampled_from(STATUSES),
            "date_created": st.sampled_from(DATES),
            "valid_from": st.sampled_from(DATES),
            "valid_till": st.sampled_from(DATES),
            "validity_years": st.sampled_from(["", "0", "1", "3"]),
            "organization_id": st.sampled_from(["", "1", "2"]),
            "organization_name": st.sampled_from(["", "Granit", "O'Neil \\ Søn"]),
            "common_name": st.sampled_from(["a.example", "*.b.example", "c d", ""]),
            "tech_email": st.sampled_from(["", "a@b.example", "nobody"]),
            "serial_number": st.sampled_from(["", "AA", "0bb"]),
            "is_renewed": st.sampled_from(["0", "1"]),
            "renewed_order_id": st.sampled_from(["0", "1", "2"]),
            "product_name_id": st.sampled_from(["", "ssl_basic", "ssl_ev_basic", "lunar"]),
            "auto_renew": st.sampled_from(["0", "1", "10"]),
        }
    ),
    min_size=1,
    max_size=5,
)


@given(LINES, LINES)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_comes_every_line_is_told_once_and_again_changes_nothing(
    partner: Partner, first: list[dict[str, str]], second: list[dict[str, str]]
) -> None:
    with transaction.atomic():
        for lines in (first, second):
            foreseen = bring(partner, *lines, dry_run=True)
            report = bring(partner, *lines)
            again = bring(partner, *lines)

            assert report.total == again.total == len(lines)
            assert counts(foreseen) == counts(report)
            assert (again.created, again.updated) == (0, 0)
            assert again.rejected == report.rejected
        transaction.set_rollback(True)


def test_records_need_no_file(partner: Partner) -> None:
    """The seam for the authority's API: records from anywhere are imported alike."""
    source = records(table(report_line()))

    report = import_orders(iter(source), partner=partner, authority=AuthorityKind.SANDBOX, now=NOW)

    assert counts(report) == (1, 0, 0, 0)
    assert connection.introspection.table_names().count("import_stage") == 0
