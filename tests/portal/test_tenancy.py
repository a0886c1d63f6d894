"""Tenants never meet: scopes fail closed, and the database refuses links between partners."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.db.models import CharField
from django_scopes import scope, scopes_disabled
from django_scopes.exceptions import ScopeError

from certificates.models import Contact, Order
from portal import activities, sql
from portal.models import Activity, Partner
from tests.factories import make_customer, make_order, make_partner


def test_partner_rows_cannot_be_read_without_a_scope(db: None) -> None:
    make_order(make_partner())

    with pytest.raises(ScopeError):
        Order.objects.all()


def test_scope_shows_the_own_partners_rows_only(db: None) -> None:
    own, foreign = make_partner(), make_partner()
    own_order = make_order(own)
    make_order(foreign)

    with scope(partner=own):
        assert list(Order.objects.all()) == [own_order]
        assert list(Order.objects.for_partner(own)) == [own_order]


def test_every_link_between_partner_rows_has_its_guard(db: None) -> None:
    assert sql.installed_guards(connection) == {link.name for link in sql.tenant_links()}


def test_database_refuses_an_order_of_another_partners_customer(db: None) -> None:
    stranger = make_customer(make_partner())

    with pytest.raises(IntegrityError), transaction.atomic():
        make_order(make_partner(), customer=stranger)


def test_database_refuses_the_bulk_road_too(db: None) -> None:
    own = make_partner()
    stranger = make_customer(make_partner())

    with scopes_disabled(), pytest.raises(IntegrityError), transaction.atomic():
        Contact.objects.bulk_create([Contact(partner=own, customer=stranger, name="Wrong")])


def test_database_refuses_to_move_a_row_to_another_partners_customer(db: None) -> None:
    order = make_order(make_partner())
    stranger = make_customer(make_partner())

    with scopes_disabled(), pytest.raises(IntegrityError), transaction.atomic():
        Order.objects.filter(pk=order.pk).update(customer=stranger)


@pytest.mark.parametrize("change", ["update", "delete"])
def test_activities_are_never_changed(partner: Partner, change: str) -> None:
    deed = activities.record("customer.noted", make_customer(partner), partner=partner)
    row = Activity.objects.filter(pk=deed.pk)

    with pytest.raises(IntegrityError), transaction.atomic():
        row.update(verb="nothing") if change == "update" else row.delete()

    assert row.get().verb == "customer.noted"


@pytest.mark.django_db(transaction=True)
def test_guards_stand_again_after_a_flush() -> None:
    partner = make_partner()
    with scope(partner=partner):
        deed = activities.record("customer.noted", make_customer(partner), partner=partner)
        with pytest.raises(IntegrityError):
            Activity.objects.filter(pk=deed.pk).delete()


@pytest.mark.django_db(transaction=True)
def test_table_can_be_remade_under_its_guards() -> None:
    """SQLite remakes a table to change a column, and refuses while a trigger names it."""
    call_command("migrate", verbosity=0)
    guards = sql.installed_guards(connection)

    sql.lift_before_migrate(app_config=apps.get_app_config("portal"), using="default")
    with connection.schema_editor() as editor:
        field = Contact._meta.get_field("job_title")
        longer = CharField(max_length=121, blank=True)
        longer.set_attributes_from_name("job_title")
        editor.alter_field(Contact, field, longer)
        editor.alter_field(Contact, longer, field)
    call_command("migrate", verbosity=0)

    assert sql.installed_guards(connection) == guards
