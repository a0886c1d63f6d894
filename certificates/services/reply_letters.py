"""The owner of a customer hears by letter that an order is no longer needed: there is money at risk."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from certificates.models import Order, Reply
from certificates.wording import day, host
from portal.mail import letters, outbox
from portal.models.mail import MailPurpose
from portal.money import money


def tell_owner(reply: Reply, *, now: datetime) -> None:
    """Queue the letter; nobody's customer tells nobody."""
    order: Order = reply.order
    member = order.customer.owner
    if member is None or not member.is_active or not member.user.is_active:
        return
    owner = member.user
    with translation.override(owner.language):
        facts = {
            "person": owner,
            "headline": _("%(customer)s no longer needs %(host)s")
            % {"customer": order.customer.name, "host": host(order)},
            "said_by": reply.said_by,
            "reason": str(Reply.Reason(reply.reason).label),
            "words": reply.words,
            "order": order,
            "ends_on": day(order.ends_on) if order.ends_on else "",
            "price": money(order.price, order.currency) if order.price is not None and order.currency else "",
            "url": f"{settings.PUBLIC_URL}{reverse('certificates:order', args=[order.pk])}",
        }
    words = letters.render("emails/not_needed", facts, language=owner.language, partner=order.partner)
    outbox.enqueue(
        key=_key(reply),
        partner=order.partner,
        purpose=MailPurpose.SERVICE,
        to_email=owner.email,
        to_name=owner.get_full_name(),
        subject=words.subject,
        text=words.text,
        html=words.html,
        now=now,
    )


def keep_home(reply: Reply) -> None:
    """It was taken back before the letter left."""
    outbox.withdraw(_key(reply))


def _key(reply: Reply) -> str:
    return f"not-needed:{reply.pk}"
