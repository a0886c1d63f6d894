"""The certificate authority's page: the connection is checked, rules become the partner's own and give way again."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from certificates.authorities.base import AuthorityUnavailable
from certificates.authorities.sandbox import Sandbox
from certificates.models import AuthorityConnection, AuthorityRule, SandboxAuthority
from certificates.services import authority_checks, planning
from certificates.states import AuthorityKind
from portal.models import Activity, Partner
from portal.roles import Role
from tests.certificates.expiring import sign_in, text
from tests.factories import TODAY, make_connection, make_member, make_partner, midnight

LIMITS = {
    "certificate_days": "90",
    "dcv_days": "90",
    "organization_days": "398",
    "window_days": "60",
    "grace_days": "10",
    "carry_over": "on",
    "source": "Contract of 2026",
}


@pytest.fixture(autouse=True)
def _one_factor(settings: pytest.FixtureRequest) -> None:
    settings.MFA_REQUIRED = False  # type: ignore[attr-defined]


@pytest.fixture
def browser(partner: Partner) -> Client:
    return sign_in(partner, Role.ADMINISTRATOR)


@pytest.fixture
def house_rule(db: None) -> AuthorityRule:
    """The rule of the embedded authority that is in force on the tests' day."""
    return AuthorityRule.objects.get(
        partner=None, authority=AuthorityKind.SANDBOX, family="", level="", effective_from="2026-02-24"
    )


def rows(browser: Client, query: str = "") -> list[Any]:
    found: list[Any] = browser.get(f"/authority/{query}").context["rows"]
    return found


# Connections


def test_a_partner_without_connection_connects_once(browser: Client, partner: Partner) -> None:
    assert "No authority is connected" in text(browser.get("/authority/"))

    browser.post("/authority/connect/")
    browser.post("/authority/connect/")

    connection = AuthorityConnection.objects.get()
    assert (connection.partner, connection.kind, connection.is_default) == (partner, AuthorityKind.SANDBOX, True)


def test_a_working_connection_says_so(browser: Client, partner: Partner) -> None:
    connection = make_connection(partner, last_error="Something old")

    answer = browser.post(f"/authority/{connection.pk}/check/", follow=True)

    connection.refresh_from_db()
    assert (connection.last_error, connection.account_number) == ("", f"partner-{partner.pk}")
    assert connection.last_checked_at is not None
    assert "answers: the connection works" in text(answer)


def test_an_authority_out_of_reach_leaves_its_words_on_the_connection(
    browser: Client, partner: Partner, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(_self: Sandbox) -> None:
        raise AuthorityUnavailable("no route to the authority")

    monkeypatch.setattr(Sandbox, "check", silent)
    connection = make_connection(partner)

    answer = browser.post(f"/authority/{connection.pk}/check/", follow=True)

    assert "no route to the authority" in text(answer)
    assert Activity.objects.get(verb="connection.checked").facts == {"error": "no route to the authority"}


def test_connecting_twice_is_refused(partner: Partner) -> None:
    actor = make_member(partner).user
    authority_checks.connect(partner, actor=actor, now=midnight(TODAY))

    with pytest.raises(authority_checks.AlreadyConnected):
        authority_checks.connect(partner, actor=actor, now=midnight(TODAY))


def test_the_root_certificate_is_offered(browser: Client, partner: Partner) -> None:
    browser.post(f"/authority/{make_connection(partner).pk}/check/")

    assert 'href="/sandbox-ca/root.cer"' in browser.get("/authority/").content.decode()
    assert browser.get("/sandbox-ca/root.cer").status_code == 200


@pytest.mark.parametrize("name", ["root.cer", "issuing.cer", "issuing.crl", "root.crl"])
def test_reading_what_is_published_makes_no_keys(browser: Client, partner: Partner, name: str) -> None:
    make_connection(partner)

    assert browser.get(f"/sandbox-ca/{name}").status_code == 404
    assert "/sandbox-ca/" not in browser.get("/authority/").content.decode()
    assert not SandboxAuthority.objects.exists()


# Rules


def test_the_rule_in_force_today_is_marked(browser: Client, house_rule: AuthorityRule) -> None:
    in_force = [row.rule for row in rows(browser) if row.is_in_force]

    assert house_rule in in_force
    assert {(rule.family, rule.level) for rule in in_force} == {("", ""), ("", "ev")}
    assert len(in_force) == 2


def test_a_changed_house_rule_becomes_the_partners_own(
    browser: Client, partner: Partner, house_rule: AuthorityRule
) -> None:
    answer = browser.post(f"/authority/rules/{house_rule.pk}/", LIMITS, follow=True)

    own = AuthorityRule.objects.get(partner=partner)
    assert (own.certificate_days, own.window_days, own.effective_from) == (90, 60, house_rule.effective_from)
    house_rule.refresh_from_db()
    assert house_rule.certificate_days == 199
    assert "An annual plan then needs 4 reissues, with 85 days to spare." in text(answer)
    assert [row.is_own for row in rows(browser) if row.rule.effective_from == house_rule.effective_from] == [True]
    facts = Activity.objects.get(verb="authority_rule.changed").facts
    assert (facts["before"]["certificate_days"], facts["after"]["certificate_days"]) == (199, 90)


def test_plans_follow_the_partners_own_rule_and_another_partners_do_not(
    browser: Client, partner: Partner, house_rule: AuthorityRule
) -> None:
    other = make_partner()

    browser.post(f"/authority/rules/{house_rule.pk}/", LIMITS)

    def limit(whose: Partner) -> int:
        book = planning.rules_for(whose, AuthorityKind.SANDBOX)
        return next(rule.certificate_days for rule in book if rule.effective_from == house_rule.effective_from)

    assert (limit(partner), limit(other)) == (90, 199)


def test_the_house_rule_is_restored(browser: Client, partner: Partner, house_rule: AuthorityRule) -> None:
    browser.post(f"/authority/rules/{house_rule.pk}/", LIMITS)
    own = AuthorityRule.objects.get(partner=partner)

    answer = browser.post(f"/authority/rules/{own.pk}/drop/", follow=True)

    assert not AuthorityRule.objects.filter(partner=partner).exists()
    assert "The house rule holds again." in text(answer)
    assert [deed.verb for deed in Activity.objects.order_by("pk")] == [
        "authority_rule.changed",
        "authority_rule.restored",
    ]


def test_a_house_rule_cannot_be_dropped(browser: Client, house_rule: AuthorityRule) -> None:
    answer = browser.post(f"/authority/rules/{house_rule.pk}/drop/", follow=True)

    assert "only your own can be taken back" in text(answer)
    assert AuthorityRule.objects.filter(pk=house_rule.pk).exists()


def test_saving_without_a_change_makes_no_rule(browser: Client, house_rule: AuthorityRule) -> None:
    same = {name: getattr(house_rule, name) for name in LIMITS}

    browser.post(f"/authority/rules/{house_rule.pk}/", same)

    assert not AuthorityRule.objects.filter(partner__isnull=False).exists()
    assert not Activity.objects.exists()


def test_a_rule_is_added_once(browser: Client, partner: Partner) -> None:
    new = LIMITS | {"authority": "sandbox", "family": "GeoTrust", "level": "dv", "effective_from": "2028-01-01"}

    browser.post("/authority/rules/new/", new)
    again = browser.post("/authority/rules/new/", new)

    own = AuthorityRule.objects.get(partner=partner)
    assert (own.family, own.level, own.effective_from.isoformat()) == ("GeoTrust", "dv", "2028-01-01")
    assert again.status_code == 422
    assert "There is a rule of this date, brand and level. Change that one." in text(again)


def test_a_rule_of_the_house_is_changed_and_not_added(browser: Client, house_rule: AuthorityRule) -> None:
    new = LIMITS | {"authority": "sandbox", "family": "", "level": "", "effective_from": house_rule.effective_from}

    assert browser.post("/authority/rules/new/", new).status_code == 422
    assert not AuthorityRule.objects.filter(partner__isnull=False).exists()


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("certificate_days", "0", "A certificate lives at least one day."),
        ("window_days", "0", "A renewal opens at least one day before the order ends."),
        ("certificate_days", "", "This field is required."),
    ],
)
def test_what_makes_no_rule_is_refused_in_a_sentence(
    browser: Client, house_rule: AuthorityRule, field: str, value: str, sentence: str
) -> None:
    answer = browser.post(f"/authority/rules/{house_rule.pk}/", LIMITS | {field: value})

    assert answer.status_code == 422
    assert sentence in text(answer)


@pytest.mark.parametrize(
    ("limits", "sentence"),
    [
        ({"certificate_days": "199"}, "An annual plan then needs 1 reissue, with 33 days to spare."),
        ({"certificate_days": "99"}, "An annual plan then needs 3 reissues, with 31 days to spare."),
        ({"certificate_days": "46"}, "An annual plan then needs 7 reissues, with 3 days to spare."),
        ({"certificate_days": "397"}, "An annual plan then needs no reissue."),
        ({"carry_over": ""}, "Days left are not added: pages no longer promise that no day is lost."),
    ],
)
def test_the_form_says_what_the_limits_would_do(browser: Client, limits: dict[str, str], sentence: str) -> None:
    asked = {name: value for name, value in (LIMITS | limits).items() if value}

    assert sentence in text(browser.get("/authority/rules/effect/", asked))


def test_limits_half_typed_do_nothing_yet(browser: Client) -> None:
    assert text(browser.get("/authority/rules/effect/", {"certificate_days": "9"})) == ""


@pytest.mark.parametrize("role", [Role.SUPPORT, Role.ACCOUNT_MANAGER])
def test_others_read_and_change_nothing(partner: Partner, house_rule: AuthorityRule, role: str) -> None:
    reader, connection = sign_in(partner, role), make_connection(partner)

    assert reader.get("/authority/").status_code == 200
    assert reader.get("/authority/rules/new/").status_code == 403
    for url in (f"rules/{house_rule.pk}/", f"rules/{house_rule.pk}/drop/", "connect/", f"{connection.pk}/check/"):
        assert reader.post(f"/authority/{url}", LIMITS).status_code == 403
    assert not AuthorityRule.objects.filter(partner__isnull=False).exists()


def test_another_partners_rule_and_connection_are_not_found(browser: Client, house_rule: AuthorityRule) -> None:
    stranger = make_partner()
    connection = make_connection(stranger)
    foreign = AuthorityRule.objects.create(
        partner=stranger,
        authority="sandbox",
        effective_from="2030-01-01",
        certificate_days=40,
        dcv_days=10,
        organization_days=10,
    )

    assert foreign not in [row.rule for row in rows(browser)]
    for url in (f"rules/{foreign.pk}/", f"rules/{foreign.pk}/drop/", f"{connection.pk}/check/"):
        assert browser.post(f"/authority/{url}", LIMITS).status_code == 404


def test_another_authoritys_rules_can_be_looked_at(browser: Client) -> None:
    assert {row.rule.authority for row in rows(browser, "?of=other")} == {"other"}
    assert {row.rule.authority for row in rows(browser, "?of=nonsense")} == {"sandbox"}
