from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command
from django_scopes import scopes_disabled

from portal.models import Membership, OutgoingMail, Partner, User
from portal.roles import Role

NADIA = "nadia@relais.example"


@pytest.fixture
def operator(db: None) -> User:
    return User.objects.create_superuser("ops@house.example", "a long pass phrase")


def members() -> list[tuple[str, str, str]]:
    with scopes_disabled():
        return list(Membership.objects.values_list("partner__slug", "user__email", "role"))


def letters() -> list[OutgoingMail]:
    with scopes_disabled():
        return list(OutgoingMail.objects.all())


@pytest.mark.usefixtures("operator")
def test_partner_is_added_and_its_administrator_invited_by_letter() -> None:
    call_command("add_partner", "Relais Partner", administrator=NADIA)

    assert members() == [("relais-partner", NADIA, Role.ADMINISTRATOR)]
    [letter] = letters()
    assert letter.to_email == NADIA
    assert "/accounts/password/reset/key/" in letter.text


@pytest.mark.usefixtures("operator")
def test_second_administrator_of_a_known_partner_is_invited() -> None:
    call_command("add_partner", "Relais Partner", administrator=NADIA)
    call_command("add_partner", "Relais", administrator="claire@relais.example", slug="relais-partner")

    assert Partner.objects.get().name == "Relais Partner"
    assert [email for _, email, _ in members()] == [NADIA, "claire@relais.example"]


@pytest.mark.usefixtures("operator")
def test_nobody_is_invited_twice() -> None:
    call_command("add_partner", "Relais Partner", administrator=NADIA)

    with pytest.raises(CommandError, match="works for Relais Partner already"):
        call_command("add_partner", "Relais Partner", administrator=NADIA)

    assert len(letters()) == 1


@pytest.mark.usefixtures("operator")
def test_what_is_no_address_leaves_no_partner_behind() -> None:
    with pytest.raises(CommandError, match="is no e-mail address"):
        call_command("add_partner", "Relais Partner", administrator="nadia")

    assert not Partner.objects.exists()


@pytest.mark.django_db
def test_an_operator_is_needed_first() -> None:
    with pytest.raises(CommandError, match="createsuperuser"):
        call_command("add_partner", "Relais Partner", administrator=NADIA)
