"""Lines of every layout become records: dates in UTC, names as certificates carry them, nothing guessed in silence."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certificates.rules import last_day
from certificates.services.imports import ColumnsMissing, EndSource, OrderRecord, Rejection, known_end
from certificates.services.imports.columns import FIELDS, ORDER_REPORT, ORDERS_PAGE, recognised, suggested
from certificates.services.imports.reading import DATE_ORDER, looks_like_certificates
from certificates.services.imports.reasons import Caution, Reason
from certificates.services.imports.records import Holder, Issued, Person
from certificates.services.imports.values import BadValue, DateOrder, end, hosts, moment, registrable, serial
from certificates.states import LIVE_ORDER_STATES, OrderStatus
from portal import csvio
from tests.certificates.imports.files import PAGE, dv_line, record, records, rejection, report_line, table


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]


# The layouts


def test_line_of_the_order_report_says_everything() -> None:
    found = record(
        report_line(
            customer_order_id="PO-4290",
            container_name="Revente",
            organization_address_1="145 rue des Tests",
            organization_address_2="bâtiment B",
            organization_city="Lyon",
            organization_country="fr",
            additional_emails="dsi@granit-phare.example; achats@granit-phare.example",
            disable_renewal_notifications="1",
        )
    )

    assert found.number == "7100001"
    assert found.names == ("www.granit-phare.example", "granit-phare.example")
    assert (found.status, found.authority_status) == (OrderStatus.ISSUED, "issued")
    assert (found.placed_at, found.term_years) == (utc(2026, 1, 10, 8), 1)
    assert found.certificate == Issued(
        ends_at=utc(2026, 12, 17),
        starts_at=utc(2026, 6, 1),
        serial_number="A06B39515AD9A9D0A57AF35B9B81635",
        thumbprint="10B8FE223C11654988534206FC4A447EC49872C6",
    )
    assert found.holder == Holder("200001", "Granit Phare SA", "145 rue des Tests, bâtiment B", "Lyon", None, "FR")
    assert found.contact == Person("it@granit-phare.example", "Søren O'Neil", "", "+33 4 00 27 53 64")
    assert found.additional_emails == ("dsi@granit-phare.example", "achats@granit-phare.example")
    assert (found.notices_enabled, found.auto_renew, found.is_renewed) == (False, False, False)
    assert (found.successor_number, found.customer_reference, found.division) == ("", "PO-4290", "Revente")


def test_line_of_the_orders_page_states_the_end_and_is_silent_on_the_rest() -> None:
    found = record(PAGE)

    assert (found.ends_at, found.end_source) == (utc(2027, 2, 1), EndSource.STATED)
    assert found.certificate == Issued(ends_at=utc(2026, 12, 17))
    assert found.holder == Holder("", "Granit Phare SA")
    assert (found.names, found.placed_at, found.contact, found.csr, found.notices_enabled) == (None,) * 5


def test_any_other_layout_is_read_by_its_mapping() -> None:
    mapping = {"number": "Order #", "common_name": "Host", "order_end": "Until", DATE_ORDER: DateOrder.MONTH_FIRST}

    found = record({"Order #": "A-1", "Host": "WWW.Example.ORG", "Until": "11/22/2026"}, mapping=mapping)

    assert (found.number, found.common_name) == ("A-1", "www.example.org")
    assert found.ends_at == utc(2026, 11, 23)


def test_header_of_nobody_asks_for_a_mapping() -> None:
    with pytest.raises(ColumnsMissing) as missing:
        records(table({"Order #": "1", "Host": "a.example"}))

    assert missing.value.header == ["Order #", "Host"]


def test_mapping_without_the_order_number_is_refused() -> None:
    with pytest.raises(ColumnsMissing) as missing:
        records(table({"Order #": "1", "Host": "a.example"}), {"common_name": "Host"})

    assert missing.value.missing == ("number",)


def test_columns_may_come_in_any_order_and_letter_case_with_others_between() -> None:
    line = {"Extra": "x", "COMMON_NAME": "a.example", "status": "pending", "Order_ID": "7"}

    assert record(line).number == "7"


def test_layouts_are_recognised_by_what_every_order_needs() -> None:
    assert [recognised(list(layout.values())) for layout in (ORDER_REPORT, ORDERS_PAGE)] == [
        ("order_report", ORDER_REPORT),
        ("orders_page", ORDERS_PAGE),
    ]
    assert recognised(["id", "common_name"]) is None


def test_likely_columns_are_suggested_and_earlier_mappings_first() -> None:
    header = ["Order #", "Nom commun", "Expiry date", "Société", "Order end date", "Whatever"]

    assert suggested(header) == {
        "number": "Order #",
        "common_name": "Nom commun",
        "certificate_end": "Expiry date",
        "organization_name": "Société",
        "order_end": "Order end date",
    }
    earlier = {"number": "Whatever", "common_name": "Nom commun"}
    assert suggested(header, [{"number": "Gone", "common_name": "Nom commun"}, earlier]) == earlier


def test_every_field_that_can_be_mapped_is_understood() -> None:
    mapping = {name: name for name in FIELDS}
    line = dict.fromkeys(FIELDS, "") | {"number": "1", "common_name": "a.example"}

    assert isinstance(record(line, mapping=mapping), OrderRecord)


@pytest.mark.parametrize(
    ("head", "name", "answer"),
    [
        (b"-----BEGIN CERTIFICATE-----", "export.txt", True),
        (b"\xef\xbb\xbf\r\n-----BEGIN CERTIFICATE-----", "x", True),
        (b"order_id", "bundle.pem", True),
        (b"\x30\x82\x01\x02", "x", True),
        (b'"order_id","csr"\n"1","-----BEGIN CERTIFICATE REQUEST-----', "orders.csv", False),
        (b"0rder", "orders.csv", False),
    ],
)
def test_certificates_are_told_from_tables(head: bytes, name: str, answer: bool) -> None:
    assert looks_like_certificates(head, name) is answer


# Encodings, delimiters, lines


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_exports_are_read_however_they_are_written(encoding: str, delimiter: str) -> None:
    (found,) = records(table(report_line(tech_first_name="Maëlle"), delimiter=delimiter, encoding=encoding))

    assert isinstance(found, OrderRecord)
    assert found.contact == Person("it@granit-phare.example", "Maëlle O'Neil", "", "+33 4 00 27 53 64")


def test_rejections_name_the_line_on_which_the_order_begins() -> None:
    csr = "-----BEGIN CERTIFICATE REQUEST-----\nMIIB\n-----END CERTIFICATE REQUEST-----"
    lines = [report_line(csr=csr, order_id=str(number), valid_till=until) for number, until in _LINES]

    found = records(table(*lines))

    assert [(one.line, type(one)) for one in found] == [(2, OrderRecord), (5, Rejection), (8, OrderRecord)]
    assert found[1] == Rejection(5, Reason.BAD_DATE, "valid_till", "soon", "2", "www.granit-phare.example")


_LINES = [(1, "2026-12-16 23:59:59"), (2, "soon"), (3, "2026-12-16 23:59:59")]


def test_bad_record_of_the_file_is_a_rejection_like_any_other() -> None:
    data = table(report_line()) + b'"2","open\n'

    assert records(data)[1] == Rejection(3, csvio.Fault.BAD_QUOTES)


# Values


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-12-16 23:59:59", utc(2026, 12, 17)),
        ("2026-12-16", utc(2026, 12, 17)),
        ("2026-12-16T23:59:59+00:00", utc(2026, 12, 17)),
        ("2026-12-17T00:59:59+01:00", utc(2026, 12, 17)),
        ("2026-12-16T23:59:59Z", utc(2026, 12, 17)),
        ("16/12/2026", utc(2026, 12, 17)),
        ("16.12.2026", utc(2026, 12, 17)),
        ("16/12/2026 12:00", utc(2026, 12, 16, 12, 0, 1)),
        ("2028-02-29", utc(2028, 3, 1)),
    ],
)
def test_ends_are_exclusive_and_a_date_alone_is_valid_all_day(text: str, expected: datetime) -> None:
    assert end(text) == expected
    assert last_day(end(text)) == expected.date() - timedelta(days=expected.hour == 0)


@pytest.mark.parametrize("text", ["soon", "2026-02-30", "31/31/2026", "9999-12-31", "2026-12-16 25:00:00", "0", "12"])
def test_dates_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(BadValue) as bad:
        end(text)

    assert (bad.value.reason, bad.value.value) == (Reason.BAD_DATE, text)


def test_month_first_is_read_when_said() -> None:
    assert moment("11/12/2026", DateOrder.MONTH_FIRST) == utc(2026, 11, 12)
    assert moment("11/12/2026", DateOrder.DAY_FIRST) == utc(2026, 12, 11)


@given(st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2100, 1, 1)))  # noqa: DTZ001
def test_moments_survive_every_way_of_writing_them(when: datetime) -> None:
    when = when.replace(microsecond=0, tzinfo=UTC)

    written = [when.strftime("%Y-%m-%d %H:%M:%S"), when.isoformat(), when.strftime("%d/%m/%Y %H:%M:%S")]

    assert {moment(text) for text in written} == {when}


@given(st.text(max_size=30))
def test_any_text_is_a_date_or_a_bad_value(text: str) -> None:
    for parse in (moment, end):
        try:
            parse(text)
        except BadValue:
            continue


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("issued", OrderStatus.ISSUED),
        ("approved", OrderStatus.ISSUED),
        ("expired", OrderStatus.ISSUED),
        ("processing", OrderStatus.PENDING),
        ("Reissue Pending", OrderStatus.REISSUE_PENDING),
        ("denied", OrderStatus.REJECTED),
        ("cancelled", OrderStatus.CANCELED),
        ("reissue_revoked", OrderStatus.UNKNOWN),
        ("en attente de lune", OrderStatus.UNKNOWN),
    ],
)
def test_statuses_are_mapped_and_the_authoritys_word_is_kept(word: str, expected: OrderStatus) -> None:
    found = record(report_line(status=word))

    assert (found.status, found.authority_status) == (expected, word)


def test_cells_turn_the_reading_direction_of_nothing() -> None:
    found = record(report_line(organization_name="Granit\u202e Phare"))

    assert found.holder is not None
    assert found.holder.name == "Granit Phare"


@pytest.mark.parametrize(
    ("common_name", "names", "expected"),
    [
        ("WWW.Example.ORG.", "example.org", ("www.example.org", "example.org")),
        ("*.example.org", "*.example.org, example.org", ("*.example.org", "example.org")),
        ("münchen.example", "a.example;b.example", ("xn--mnchen-3ya.example", "a.example", "b.example")),
        ("Jane Doe", "", ("jane doe",)),
        ("old_host.example", "", ("old_host.example",)),
        ("", "a.example b.example", ("a.example", "b.example")),
    ],
)
def test_names_are_kept_as_certificates_carry_them(common_name: str, names: str, expected: tuple[str, ...]) -> None:
    assert record(report_line(common_name=common_name, dns_names=names)).names == expected


@pytest.mark.parametrize(
    ("name", "domain"),
    [
        ("*.shop.example.co.uk", "example.co.uk"),
        ("www.granit-phare.example", "granit-phare.example"),
        ("co.uk", ""),
        ("localhost", ""),
        ("192.0.2.1", ""),
        ("jane doe", ""),
    ],
)
def test_registrable_domains_follow_the_public_suffix_list(name: str, domain: str) -> None:
    assert registrable(name) == domain


def test_serial_numbers_are_kept_as_people_read_them() -> None:
    assert serial("0a:06:b3 95") == "A06B395"
    assert serial("0x00FF") == "FF"


@given(st.text(max_size=40))
def test_any_names_are_kept_or_refused(text: str) -> None:
    try:
        found = hosts("a.example", text)
    except BadValue:
        return
    assert found[0] == "a.example"
    assert len(set(found)) == len(found)


# Ends


PLACED = utc(2026, 1, 10, 8)
SHORT = Issued(ends_at=utc(2026, 7, 28), starts_at=utc(2026, 1, 10))
LONG = Issued(ends_at=utc(2027, 2, 11), starts_at=utc(2026, 1, 10))


@pytest.mark.parametrize(
    ("explicit", "status", "certificate", "years", "expected"),
    [
        (utc(2027, 3, 1), OrderStatus.ISSUED, SHORT, 1, (utc(2027, 3, 1), EndSource.STATED)),
        (None, OrderStatus.ISSUED, SHORT, 1, (utc(2027, 1, 10, 8), EndSource.TERM)),
        (None, OrderStatus.ISSUED, LONG, 1, (utc(2027, 2, 11), EndSource.TERM)),
        (None, OrderStatus.ISSUED, None, 1, (utc(2027, 1, 10, 8), EndSource.TERM)),
        (None, OrderStatus.ISSUED, SHORT, None, (utc(2026, 7, 28), EndSource.CERTIFICATE)),
        (None, OrderStatus.REVOKED, SHORT, 1, (utc(2027, 1, 10, 8), EndSource.TERM)),
        (None, OrderStatus.PENDING, None, 1, (None, None)),
        (None, OrderStatus.CANCELED, None, 1, (None, None)),
        (None, OrderStatus.ISSUED, None, None, (None, None)),
    ],
)
def test_end_is_stated_or_the_later_of_certificate_and_term(
    explicit: datetime | None,
    status: OrderStatus,
    certificate: Issued | None,
    years: int | None,
    expected: tuple[datetime | None, EndSource | None],
) -> None:
    assert known_end(explicit, status, certificate, PLACED, years) == expected


@given(
    status=st.sampled_from(OrderStatus),
    life=st.integers(min_value=1, max_value=900),
    years=st.integers(min_value=1, max_value=6),
)
def test_inferred_end_is_never_before_the_certificates(status: OrderStatus, life: int, years: int) -> None:
    certificate = Issued(ends_at=PLACED + timedelta(days=life), starts_at=PLACED)

    ends_at, source = known_end(None, status, certificate, PLACED, years)

    assert source is EndSource.TERM
    assert ends_at is not None
    assert ends_at >= certificate.ends_at


def test_leap_day_orders_end_on_the_28th() -> None:
    found = record(report_line(date_created="2024-02-29 10:00:00", valid_from="", valid_till=""))

    assert found.ends_at == utc(2025, 2, 28, 10)
    assert found.status in LIVE_ORDER_STATES


# What is refused, what is left out


@pytest.mark.parametrize(
    ("cells", "reason", "column"),
    [
        ({"order_id": ""}, Reason.MISSING, "order_id"),
        ({"common_name": "", "dns_names": ""}, Reason.MISSING, "common_name"),
        ({"order_id": "7" * 41}, Reason.TOO_LONG, "order_id"),
        ({"organization_name": "x" * 201}, Reason.TOO_LONG, "organization_name"),
        ({"common_name": f"{'x' * 250}.example"}, Reason.BAD_NAME, "common_name"),
        ({"date_created": "yesterday"}, Reason.BAD_DATE, "date_created"),
        ({"valid_till": "2026-05-31 23:59:59"}, Reason.ENDS_BEFORE_START, "valid_till"),
        ({"validity_years": "many"}, Reason.BAD_NUMBER, "validity_years"),
        ({"validity_years": "99"}, Reason.BAD_NUMBER, "validity_years"),
        ({"is_renewed": "perhaps"}, Reason.BAD_CHOICE, "is_renewed"),
    ],
)
def test_bad_cells_reject_their_line_with_column_and_reason(cells: dict[str, str], reason: Reason, column: str) -> None:
    found = rejection(report_line(**cells))

    assert (found.line, found.code, found.column) == (2, reason, column)


def test_what_only_describes_is_left_out_with_a_warning() -> None:
    found = record(
        report_line(
            tech_email="nobody", additional_emails="a@b.example, c", server_type="x" * 61, organization_country="France"
        )
    )

    assert (found.contact, found.additional_emails, found.server_platform) == (None, ("a@b.example",), "")
    assert [(one.code, one.column) for one in found.warnings] == [
        (Caution.LEFT_OUT, column)
        for column in ("organization_country", "tech_email", "additional_emails", "server_type")
    ]


def test_report_never_repeats_more_of_a_cell_than_a_line_shows() -> None:
    found = rejection(report_line(date_created="=cmd()\n" + "x" * 500))

    assert len(found.value) <= 80
    assert found.value.isprintable()


def test_dv_order_says_that_it_names_no_organisation() -> None:
    assert record(dv_line()).holder == Holder()
    silent = {key: value for key, value in PAGE.items() if not key.startswith("organization")}
    assert record(silent).holder is None


def test_no_successor_is_said_by_an_empty_cell_or_zero() -> None:
    assert [record(report_line(renewed_order_id=cell)).successor_number for cell in ("0", "", "7200001")] == [
        "",
        "",
        "7200001",
    ]
