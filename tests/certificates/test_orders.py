"""All orders, the page of one that tells its whole story, and what each role may do there."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from certificates.models import Certificate, Note, Order
from certificates.services.notes import EmptyNote, write_note
from certificates.states import OrderStatus, RenewalMark, RequestKind
from portal.models import Activity, Partner
from portal.roles import Role
from tests.certificates.expiring import content, numbers, sign_in, text
from tests.factories import (
    TODAY,
    make_certificate,
    make_contact,
    make_customer,
    make_member,
    make_order,
    make_organization,
    make_partner,
    make_request,
    midnight,
    product,
)
from tests.queries import assert_query_baseline, page_queries


@pytest.fixture(autouse=True)
def _one_factor(settings: pytest.FixtureRequest) -> None:
    settings.MFA_REQUIRED = False  # type: ignore[attr-defined]


@pytest.fixture
def browser(partner: Partner) -> Client:
    return sign_in(partner)


def day(days: int) -> Any:
    return TODAY + timedelta(days=days)


def activities(verb: str) -> list[Activity]:
    return list(Activity.objects.filter(verb=verb))


# The list


def test_the_list_holds_orders_of_every_state_and_no_other_partners(browser: Client, partner: Partner) -> None:
    for status in (OrderStatus.ISSUED, OrderStatus.REVOKED, OrderStatus.PENDING):
        make_order(partner, number=f"own-{status}", status=status)
    make_order(make_partner(), number="foreign-issued")

    response = browser.get("/orders/")

    assert set(numbers(response)) == {"own-issued", "own-revoked", "own-pending"}
    assert "foreign" not in content(response)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("status=revoked", ["R"]),
        ("renewal=renewed", ["A"]),
        ("brand=GeoTrust", ["G"]),
        ("owner=nobody", ["A", "G", "R"]),
        (f"ends_from={day(100)}", ["G"]),
        (f"ends_to={day(10)}", ["A"]),
        ("q=opale", ["R"]),
        ("status=no-such-state", ["A", "G", "R"]),
    ],
)
def test_the_list_is_filtered(browser: Client, partner: Partner, query: str, found: list[str]) -> None:
    make_order(partner, number="A", renewal_mark=RenewalMark.RENEWED, ends_on=day(5))
    make_order(partner, number="G", product=product("ssl_dv_geotrust_flex"), ends_on=day(120))
    make_order(partner, number="R", status=OrderStatus.REVOKED, ends_on=day(50), search_text=" r www.opale.example")

    assert sorted(numbers(browser.get(f"/orders/?{query}"))) == found


@pytest.mark.parametrize("sort", ["placed", "-placed", "expires", "-expires", "name", "-name"])
def test_every_sort_walks_through_all_pages(browser: Client, partner: Partner, sort: str) -> None:
    for number in range(30):
        make_order(partner, number=f"N{number:02}", ends_on=day(number % 7), common_name=f"h{number % 5}.example")
    first = browser.get(f"/orders/?sort={sort}&size=25")

    second = browser.get(f"/orders/?{first.context['page'].older_url.removeprefix('?')}")

    assert sorted(numbers(first) + numbers(second)) == [f"N{number:02}" for number in range(30)]


def test_the_export_holds_the_filtered_orders(browser: Client, partner: Partner) -> None:
    make_order(partner, number="kept", status=OrderStatus.REVOKED)
    make_order(partner, number="left-out")

    lines = content(browser.get("/orders/?status=revoked&export=csv")).splitlines()

    assert len(lines) == 2
    assert "kept" in lines[1]
    assert "Revoked" in lines[1]


def test_the_list_costs_the_same_at_any_length(browser: Client, partner: Partner) -> None:
    def add(number: int) -> None:
        for _ in range(number):
            make_order(partner, customer=make_customer(partner))

    assert_query_baseline(browser, "/orders/", "orders", add_rows=add)


# The page


@pytest.fixture
def order(partner: Partner) -> Order:
    customer = make_customer(partner, "Granit Phare SA")
    return make_order(
        partner,
        customer=customer,
        number="7101523",
        contact=make_contact(customer, "Zoé Lefèvre", email="it@granit.example"),
        organization=make_organization(customer, "Granit Phare SA"),
        common_name="www.xn--mnchen-3ya.example",
        names=["www.xn--mnchen-3ya.example", "shop.granit.example"],
        ends_on=day(180),
        certificate_ends_on=day(10),
        customer_reference="PO-4290",
    )


def test_the_page_names_all_that_one_is_asked_on_the_telephone(browser: Client, order: Order) -> None:
    make_certificate(order, serial_number="A1B2C3D4E5", thumbprint="00112233445566778899AABBCCDDEEFF00112233")

    words = text(browser.get(f"/orders/{order.pk}/"))

    for fact in (
        "www.münchen.example",
        "xn--mnchen-3ya",
        "shop.granit.example",
        "7101523",
        "Secure Site OV",
        "Granit Phare SA",
        "Zoé Lefèvre",
        "it@granit.example",
        "PO-4290",
        "A1B2C3D4E5",
        "00112233445566778899AABBCCDDEEFF00112233",
    ):
        assert fact in words


def test_the_page_says_what_to_do_next_and_draws_both_ends(browser: Client, order: Order) -> None:
    page = browser.get(f"/orders/{order.pk}/")

    assert "Reissue by 2 December 2026, free; renew from 20 February 2027." in text(page)
    assert (
        "The order ends on 21 May 2027, its certificate on 2 December 2026: 1 free reissue collects the rest."
        in text(page)
    )
    assert "mark-reissue" in content(page)
    assert "style=" not in content(page)


def test_an_order_in_its_window_can_be_renewed_by_those_who_may(partner: Partner) -> None:
    order = make_order(partner, ends_on=day(20))

    for role, may_renew in ((Role.ACCOUNT_MANAGER, True), (Role.ADMINISTRATOR, True), (Role.SUPPORT, False)):
        page = sign_in(partner, role).get(f"/orders/{order.pk}/")

        assert ("Renew now" in text(page)) == may_renew, role
        assert "Renew by 12 December 2026; no day is lost." in text(page)


def test_too_early_the_page_says_from_when(browser: Client, partner: Partner) -> None:
    order = make_order(partner, ends_on=day(100))

    words = text(browser.get(f"/orders/{order.pk}/"))

    assert "Nothing to do now. Renew from 2 December 2026 to 2 March 2027." in words
    assert "Renew now" not in words


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"ends_on": day(-10)}, "The order ended on 12 November 2026. It can still be renewed until 12 December 2026."),
        ({"ends_on": day(-60)}, "The renewal closed on 23 October 2026. Request a new certificate instead."),
        ({"renewal_mark": RenewalMark.ELSEWHERE}, "It was renewed elsewhere: nothing more is sent about it."),
        (
            {"renewal_mark": RenewalMark.RENEWED, "successor_number": "7200000"},
            "It was renewed by order 7200000: nothing more is sent about it.",
        ),
        ({"status": OrderStatus.REVOKED}, "It was revoked: request a new certificate instead."),
        ({"status": OrderStatus.PENDING}, "The authority has not issued it yet."),
        ({"end_is_inferred": True}, "Inferred: the source did not say when the order ends."),
        ({"remarks": ["unknown_product"], "product": None}, "The product is not in the catalogue."),
        (
            {"product": "ssl_ev_securesite_flex", "names": ["*.granit.example"]},
            "An EV certificate cannot hold a wildcard: renew it as OV, or with every name listed.",
        ),
    ],
)
def test_the_page_says_plainly_how_an_order_stands(
    browser: Client, partner: Partner, fields: dict[str, Any], sentence: str
) -> None:
    if isinstance(fields.get("product"), str):
        fields = {**fields, "product": product(fields["product"])}
    order = make_order(partner, **fields)

    assert sentence in text(browser.get(f"/orders/{order.pk}/"))


def test_after_the_window_a_new_certificate_is_offered_instead(browser: Client, partner: Partner) -> None:
    order = make_order(partner, ends_on=day(-60))

    page = content(browser.get(f"/orders/{order.pk}/"))

    assert f'href="/request/?customer={order.customer_id}&amp;after={order.pk}"' in page
    assert "Renew now" not in page


def test_an_order_without_any_date_has_a_page_too(browser: Client, partner: Partner) -> None:
    order = make_order(partner, status=OrderStatus.PENDING)
    dates = ("starts_at", "ends_at", "ends_on", "certificate_starts_at", "certificate_ends_at", "certificate_ends_on")
    Order.objects.filter(pk=order.pk).update(**dict.fromkeys(dates))

    assert browser.get(f"/orders/{order.pk}/").status_code == 200


def test_a_lapsed_validation_is_said_before_anybody_presses(browser: Client, partner: Partner) -> None:
    customer = make_customer(partner)
    organization = make_organization(customer, "Granit Phare SA", ov_validated_until=day(-3))
    order = make_order(partner, customer=customer, organization=organization)

    words = text(browser.get(f"/orders/{order.pk}/"))

    assert "The validation of Granit Phare SA is due (Lapsed 3 days ago): whatever is placed now waits for it." in words


def test_predecessor_and_successor_are_linked(browser: Client, partner: Partner) -> None:
    old = make_order(partner, number="OLD-1", ends_on=day(-300))
    order = make_order(partner, number="MID-1", predecessor=old, ends_on=day(60))
    new = make_order(partner, number="NEW-1", predecessor=order, ends_on=day(400))

    page = content(browser.get(f"/orders/{order.pk}/"))

    assert f'href="/orders/{old.pk}/">OLD-1' in page
    assert f'href="/orders/{new.pk}/">NEW-1' in page


def test_auto_renewal_without_its_user_is_loud(browser: Client, partner: Partner) -> None:
    gone = make_member(partner, is_active=False)
    order = make_order(partner, auto_renew=True, auto_renew_by=gone)
    running = make_order(partner, auto_renew=True, auto_renew_by=make_member(partner))

    assert "Automatic renewal has stopped" in text(browser.get(f"/orders/{order.pk}/"))
    assert "Automatic renewal has stopped" not in text(browser.get(f"/orders/{running.pk}/"))


def test_the_timeline_tells_everything_newest_first(browser: Client, partner: Partner) -> None:
    order = make_order(partner)
    make_certificate(order)
    write_note(
        order.customer,
        text="Asks for one more name.",
        author=make_member(partner).user,
        now=midnight(day(-1)),
        order=order,
    )
    browser.post(f"/orders/{order.pk}/auto-renew/", {"on": "1"})

    page = browser.get(f"/orders/{order.pk}/")

    titles = [str(event.title) for event in page.context["timeline"]]
    assert titles == ["Automatic renewal switched", f"Note about order {order.number}", "Certificate issued", "Ordered"]
    assert "Asks for one more name." in text(page)


def test_another_orders_events_stay_away(browser: Client, partner: Partner) -> None:
    order, other = make_order(partner), make_order(partner)
    write_note(other.customer, text="Not this one.", author=make_member(partner).user, now=midnight(TODAY), order=other)
    make_certificate(other, serial_number="FFFF0001")
    browser.post(f"/orders/{other.pk}/auto-renew/", {"on": "1"})

    page = browser.get(f"/orders/{order.pk}/")

    assert [str(event.title) for event in page.context["timeline"]] == ["Ordered"]
    assert "FFFF0001" not in content(page)


def test_the_page_costs_the_same_with_many_certificates_and_notes(browser: Client, partner: Partner) -> None:
    order = make_order(partner)
    author = make_member(partner).user

    def add(number: int) -> None:
        for _ in range(number):
            make_certificate(order, is_current=False)
            write_note(order.customer, text="Again.", author=author, now=midnight(TODAY), order=order)
            make_request(order, kind=RequestKind.RENEWAL, state="failed", requested_by=author)

    add(1)
    browser.get(f"/orders/{order.pk}/")
    one = page_queries(browser, f"/orders/{order.pk}/")
    add(29)

    assert len(page_queries(browser, f"/orders/{order.pk}/")) == len(one)


# What people do


def test_a_note_is_kept_with_its_author(browser: Client, partner: Partner) -> None:
    order = make_order(partner)

    browser.post(f"/orders/{order.pk}/note/", {"text": " Voicemail. ", "spoke": "on"})

    note = Note.objects.get()
    assert (note.text, note.order, note.author) == ("Voicemail.", order, browser.member.user)  # type: ignore[attr-defined]
    order.customer.refresh_from_db()
    assert order.customer.last_contacted_at == note.at
    assert [deed.actor for deed in activities("order.noted")] == [note.author]


def test_nothing_typed_into_a_note_is_lost(browser: Client, partner: Partner) -> None:
    order = make_order(partner)
    long = "x" * 4001

    answer = browser.post(f"/orders/{order.pk}/note/", {"text": long})

    assert answer.status_code == 422
    assert long in content(answer)
    assert not Note.objects.exists()


def test_an_empty_note_is_refused(partner: Partner) -> None:
    with pytest.raises(EmptyNote):
        write_note(make_customer(partner), text="  ", author=make_member(partner).user, now=midnight(TODAY))


def test_an_order_renewed_elsewhere_is_marked_and_taken_back(browser: Client, partner: Partner) -> None:
    order = make_order(partner)

    answer = browser.post(f"/orders/{order.pk}/renewed/", follow=True)

    order.refresh_from_db()
    assert order.renewal_mark == RenewalMark.ELSEWHERE
    assert f'action="/orders/{order.pk}/not-renewed/"' in content(answer)
    browser.post(f"/orders/{order.pk}/not-renewed/")
    order.refresh_from_db()
    assert order.renewal_mark == RenewalMark.NONE
    assert len(activities("order.renewal_marked")) == 2


def test_an_order_is_not_marked_before_its_window(browser: Client, partner: Partner) -> None:
    order = make_order(partner, ends_on=day(200))

    answer = browser.post(f"/orders/{order.pk}/renewed/", follow=True)

    order.refresh_from_db()
    assert order.renewal_mark == RenewalMark.NONE
    assert "An order can be marked from 12 March 2027 on" in text(answer)


def test_automatic_renewal_runs_in_the_name_of_who_switched_it_on(browser: Client, partner: Partner) -> None:
    order = make_order(partner)

    browser.post(f"/orders/{order.pk}/auto-renew/", {"on": "1"})

    order.refresh_from_db()
    assert (order.auto_renew, order.auto_renew_by) == (True, browser.member)  # type: ignore[attr-defined]
    browser.post(f"/orders/{order.pk}/auto-renew/", {"on": "0"})
    order.refresh_from_db()
    assert (order.auto_renew, order.auto_renew_by) == (False, None)


@pytest.mark.parametrize("deed", ["renewed", "not-renewed", "auto-renew"])
def test_support_marks_and_switches_nothing(partner: Partner, deed: str) -> None:
    order = make_order(partner)

    answer = sign_in(partner, Role.SUPPORT).post(f"/orders/{order.pk}/{deed}/", {"on": "1"})

    before = order.renewal_mark, order.auto_renew
    order.refresh_from_db()
    assert (answer.status_code, order.renewal_mark, order.auto_renew) == (403, *before)


@pytest.mark.parametrize("deed", ["note", "renewed", "not-renewed", "auto-renew"])
def test_reading_never_acts(browser: Client, partner: Partner, deed: str) -> None:
    order = make_order(partner)

    assert browser.get(f"/orders/{order.pk}/{deed}/").status_code == 405


@pytest.mark.parametrize("deed", ["", "note/", "renewed/", "not-renewed/", "auto-renew/"])
def test_another_partners_order_is_not_found(browser: Client, deed: str) -> None:
    stranger = make_order(make_partner())

    answer = browser.post(f"/orders/{stranger.pk}/{deed}") if deed else browser.get(f"/orders/{stranger.pk}/")

    assert answer.status_code == 404


# Downloads


@pytest.fixture
def certificate(partner: Partner) -> Certificate:
    from tests.certificates.authorities.desk import make_sandbox, make_spec  # it issues a real one

    desk = make_sandbox()
    issued = desk.status(desk.place(make_spec()).order_number).certificate
    assert issued is not None
    return make_certificate(make_order(partner), pem=issued.pem, chain="".join(issued.chain))


@pytest.mark.parametrize(
    ("form", "name"),
    [
        ("pem", "www.granit-phare.example.pem"),
        ("pem_noroot", "www.granit-phare.example-server.pem"),
        ("chain", "www.granit-phare.example-chain.pem"),
        ("p7b", "www.granit-phare.example.p7b"),
        ("der", "www.granit-phare.example.der"),
    ],
)
def test_a_certificate_is_downloaded_in_each_format(
    browser: Client, certificate: Certificate, form: str, name: str
) -> None:
    answer = browser.get(f"/certificates/{certificate.pk}/download/{form}/")

    assert answer.headers["Content-Disposition"] == f'attachment; filename="{name}"'
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert b"PRIVATE KEY" not in answer.content


def test_what_is_not_known_is_not_found(browser: Client, partner: Partner, certificate: Certificate) -> None:
    without_pem = make_certificate(make_order(partner))

    assert browser.get(f"/certificates/{without_pem.pk}/download/pem/").status_code == 404
    assert browser.get(f"/certificates/{certificate.pk}/download/p12/").status_code == 404
