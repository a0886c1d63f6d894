"""What is deleted goes with all that is its own, alike on both databases; whoever was written to is kept."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from campaigns.models import MessageMark, Notice
from certificates.models import Certificate, Contact, Order
from portal.access import on_behalf_of
from portal.models import Partner
from tests import factories
from tests.campaigns.factories import make_calendar, make_notice, make_step


@pytest.fixture
def partner(db: None) -> Iterator[Partner]:
    relais = factories.make_partner()
    with on_behalf_of(relais):
        yield relais


def make_told(partner: Partner) -> Notice:
    """A notice about a certificate of an order, to a contact, which a colleague has read."""
    order = factories.make_order(partner)
    step = make_step(make_calendar(partner, order.number), share=20)
    notice = make_notice(order, step, certificate=factories.make_certificate(order))
    MessageMark.objects.create(partner=partner, notice=notice, user=factories.make_user())
    return notice


@pytest.mark.parametrize("at_once", [False, True])
def test_a_contact_who_was_written_to_is_kept_with_what_was_said(partner: Partner, at_once: bool) -> None:
    notice = make_told(partner)
    stranger = factories.make_contact(notice.customer, "Nobody wrote")
    assert notice.contact

    with pytest.raises(ProtectedError, match=r"Notice\.contact"), transaction.atomic():
        Contact.objects.filter(pk=notice.contact.pk).delete() if at_once else notice.contact.delete()
    stranger.delete()

    assert list(Contact.objects.all()) == [notice.contact]
    assert Notice.objects.get().contact == notice.contact


def test_a_colleague_who_was_written_to_is_kept(partner: Partner) -> None:
    member = factories.make_member(partner)
    make_notice(factories.make_order(partner), member=member)

    with pytest.raises(ProtectedError, match=r"Notice\.member"):
        member.delete()


@pytest.mark.parametrize("at_once", [False, True])
def test_an_order_goes_with_its_certificates_and_their_notices(partner: Partner, at_once: bool) -> None:
    own, other = make_told(partner), make_told(partner)

    Order.objects.filter(pk=own.order_id).delete() if at_once else own.order.delete()

    assert list(Notice.objects.all()) == [other]
    assert list(Certificate.objects.all()) == [other.certificate]
    assert list(MessageMark.objects.values_list("notice", flat=True)) == [other.pk]


def test_a_certificate_goes_with_its_notices(partner: Partner) -> None:
    notice = make_told(partner)
    assert notice.certificate

    notice.certificate.delete()

    assert (Notice.objects.count(), Order.objects.count()) == (0, 1)


def test_after_a_deletion_the_guards_ask_at_once_again(partner: Partner) -> None:
    stranger = make_told(factories.make_partner())
    order = make_told(partner).order

    with transaction.atomic():
        factories.make_order(partner).delete()
        with pytest.raises(IntegrityError), transaction.atomic():
            Notice.objects.filter(order=order).update(step=stranger.step)
