"""A bounced letter marks the contacts of its own partner under that address, once."""

from __future__ import annotations

from portal.mail import bounces
from portal.models import Activity, Partner
from tests.factories import make_contact, make_customer, make_partner
from tests.portal.mail.letters import NOW, post


def test_contact_whose_address_does_not_exist_is_marked_once(partner: Partner) -> None:
    contact = make_contact(make_customer(partner), email="IT@karst.example")
    same_elsewhere = make_contact(make_customer(make_partner()), email="it@karst.example")
    letter = post("notice:1", partner=partner, to_email="it@karst.example")

    for _ in range(2):
        bounces.switch_off(letter, detail="550 5.1.1 No such user", at=NOW)

    contact.refresh_from_db()
    same_elsewhere.refresh_from_db()
    assert (contact.email_state, contact.email_state_reason) == ("bounced", "550 5.1.1 No such user")
    assert (contact.email_state_at, same_elsewhere.email_state) == (NOW, "ok")
    assert list(Activity.objects.values_list("verb", "subject_id")) == [("contact.bounced", contact.pk)]
