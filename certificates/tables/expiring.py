"""The table of what expires: urgent first, each row with what can be done about it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from functools import cache
from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from certificates import rules
from certificates.models import Reply
from certificates.states import OrderStatus, ValidationLevel
from certificates.tables.actions import Adviser, Offer
from certificates.tables.pieces import Pieces, host, sub, urgency_pill
from portal.dates import date_format
from portal.lists import Column, Exported, ListTable, SelectColumn

# What the list reads of an order, its answer, customer, product and organisation, and nothing more.
FIELDS = (
    "pk",
    "number",
    "authority",
    "status",
    "common_name",
    "names",
    "customer_id",
    "customer__name",
    "customer__notices_enabled",
    "product_name",
    "product__family",
    "product__level",
    "organization__ov_validated_until",
    "organization__ev_validated_until",
    "term_years",
    "ends_at",
    "ends_on",
    "end_is_inferred",
    "certificate_ends_at",
    "certificate_ends_on",
    "notices_enabled",
    "auto_renew",
    "said__kind",
    "said__until",
)


class ExpiringTable(ListTable):
    """Rows are named tuples of FIELDS, of orders `with_answer`."""

    select = SelectColumn()
    order = Column(_("Order #"))
    name = Column(_("Common name"), css="col-main")
    customer = Column(_("Customer"))
    expires = Column(_("Expires"))
    product = Column(_("Product"))
    notices = Column(_("Renewal notices"))
    action = Column("", css="col-actions")

    exported = (
        Exported(_("Order #"), "number"),
        Exported(_("Status"), "status", dict(OrderStatus.choices)),
        Exported(_("Common name"), "common_name"),
        Exported(_("Customer"), "customer__name"),
        Exported(_("Order expires"), "ends_on"),
        Exported(_("Certificate expires"), "certificate_ends_on"),
        Exported(_("Product"), "product_name"),
        Exported(_("Brand"), "product__family"),
        Exported(_("Level"), "product__level", dict(ValidationLevel.choices)),
        Exported(_("Validity in years"), "term_years"),
        Exported(_("Renewal notices"), "notices_enabled", {True: _("On"), False: _("Off")}),
        Exported(_("Customer's reference"), "customer_reference"),
        Exported(_("Owner"), "customer__owner__user__email"),
        Exported(_("Customer's answer"), "said__kind", dict(Reply.Kind.choices)),
        Exported(_("Put off until"), "said__until"),
    )

    class Meta(ListTable.Meta):
        sequence = ("select", "order", "name", "customer", "expires", "product", "notices", "...", "action")

    def __init__(
        self,
        rows: Sequence[Any],
        *,
        today: date,
        adviser: Adviser,
        lapsed: Mapping[int, Collection[str]],
        by_certificate: bool,
        allowed: Collection[str],
        **options: Any,
    ) -> None:
        self.today, self.adviser, self.lapsed = today, adviser, lapsed
        self.by_certificate = by_certificate
        self.may_switch, self.may_renew = "orders.notices" in allowed, "orders.renew" in allowed
        self.short_date = cache(lambda day: date_format(day, "SHORT_DATE_FORMAT"))
        self.ending = cache(self._ending)
        self.pieces = Pieces()
        super().__init__(rows, **options)

    def row_name(self, record: Any) -> str:
        return str(record.number)

    def cell_order(self, row: Any) -> str:
        return self.pieces.order(row.pk, row.number)

    def cell_name(self, row: Any) -> str:
        shown, more = host(row.common_name), len(row.names) - 1
        if more > 0:
            shown += self.pieces.more_names(more)
        if row.product__level == ValidationLevel.EV and rules.holds_wildcard(row.names):
            shown += self.pieces.no_wildcard
        return SafeString(shown)

    def cell_customer(self, row: Any) -> str:
        return self.pieces.customer(row.customer_id, row.customer__name)

    def cell_expires(self, row: Any) -> str:
        if self.by_certificate:
            return self.ending(row.certificate_ends_on, order_end=row.ends_on)
        return self.ending(row.ends_on, inferred=row.end_is_inferred)

    def cell_product(self, row: Any) -> str:
        return self.pieces.product(row.product_name, row.term_years)

    def cell_notices(self, row: Any) -> str:
        if not row.customer__notices_enabled:
            return self.pieces.off_for_customer
        if not self.may_switch:
            return self.pieces.on if row.notices_enabled else self.pieces.off
        return self.pieces.notices(row.pk, row.number, on=row.notices_enabled)

    def cell_action(self, row: Any) -> str:
        find = self.adviser.replacement if self.by_certificate else self.adviser.renewal
        action = find(row, held=self._is_held(row))
        shown = self.pieces.action(row.pk, row.number, action) if self.may_renew else self.pieces.said(action)
        if row.auto_renew and action.offer in (Offer.RENEW, Offer.OPENS):
            shown = SafeString(shown + self.pieces.renews_itself)
        return SafeString(shown + self.pieces.answer(row.said__until)) if row.said__kind else shown

    def _ending(self, end: date, *, order_end: date | None = None, inferred: bool = False) -> SafeString:
        """Days left, the date, and the order's own end where the certificate's is meant and comes first."""
        day = self.short_date(end)
        words = " · ".join((day, gettext("inferred"))) if inferred else day
        shown = urgency_pill((end - self.today).days) + sub(words)
        if order_end not in (None, end):
            shown += sub(gettext("order to %(date)s") % {"date": self.short_date(order_end)})
        return SafeString(shown)

    def _is_held(self, row: Any) -> bool:
        """Whether a validation that the order needs has lapsed."""
        level = row.product__level
        if level in (ValidationLevel.OV, ValidationLevel.EV):
            ev = level == ValidationLevel.EV
            until = row.organization__ev_validated_until if ev else row.organization__ov_validated_until
            if until is not None and until < self.today:
                return True
        lapsed = self.lapsed.get(row.customer_id, ())
        return bool(lapsed) and any(_lies_in(name, lapsed) for name in row.names or (row.common_name,))


def _lies_in(name: str, domains: Collection[str]) -> bool:
    host = name.removeprefix("*.")
    return any(host == domain or host.endswith(f".{domain}") for domain in domains)
