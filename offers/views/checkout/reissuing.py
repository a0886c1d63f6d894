"""Reissue: a new certificate under the same order, free, with the days of the order that are left."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from certificates.models import Order
from certificates.rules import utc_date
from certificates.services import planning
from certificates.services.keys import present_key
from certificates.services.planning import ValidationFact
from certificates.services.refusals import AlreadyReissuing, OrderNotRenewable, WishRefused
from certificates.services.renewals import check_reissuable, reissues_of, request_reissue
from certificates.wording import host
from certificates.x509 import BadRequest
from offers.forms.renewal import ReissueForm, names_as_typed
from offers.views.checkout.desk import RELATED
from offers.views.checkout.instead import Doors, in_hand, not_renewable, staff_doors
from offers.wording import renewal as wording
from portal import clock
from portal.access import PartnerRequest, requires


@requires("orders.renew")
@sensitive_post_parameters("csr", "names")
@require_http_methods(["GET", "HEAD", "POST"])
def reissue(request: PartnerRequest, pk: int) -> HttpResponseBase:
    """Show what a reissue gives and leaves to collect; a POST asks for it, one at a time."""
    order = get_object_or_404(Order.objects.for_partner(request.partner).select_related(*RELATED), pk=pk)
    return ReissueDesk(request, order, staff_doors(order)).serve()


class ReissueDesk:
    """One request for the reissue page of an order, whose `RELATED` rows are at hand, by whoever may press."""

    template = "offers/reissue.html"

    def __init__(self, request: Any, order: Order, doors: Doors) -> None:
        self.request, self.order, self.doors, self.now = request, order, doors, clock.now()
        self.key = present_key(order)

    def asker(self) -> dict[str, Any]:
        """Who asks and from where, as `request_reissue` takes it."""
        return {"actor": self.request.user}

    def context(self, facts: Sequence[ValidationFact]) -> dict[str, Any]:
        """What this reader's page says beside what every reader's does."""
        return {"checks": [(fact, wording.validation(fact)) for fact in facts]}

    def serve(self) -> HttpResponseBase:
        """The page, the press, or why there is nothing to press."""
        try:
            self._refuse_twice()
            check_reissuable(self.order)
            return self._press() if self.request.method == "POST" else self._show()
        except AlreadyReissuing as already:
            status = 409 if self.request.method == "POST" else 200
            return in_hand(self.request, self.order, already.request, doors=self.doors, status=status)
        except OrderNotRenewable as refusal:
            return not_renewable(self.request, self.order, refusal, doors=self.doors, reissue=True)

    def _refuse_twice(self) -> None:
        if existing := reissues_of(self.order).select_related("requested_by").first():
            raise AlreadyReissuing(existing)

    def _show(self) -> HttpResponse:
        names = names_as_typed(self.order.names)
        return self._page(ReissueForm(chosen=self.order.product, present=self.key, initial={"names": names}))

    def _press(self) -> HttpResponseBase:
        form = ReissueForm(self.request.POST, self.request.FILES, chosen=self.order.product, present=self.key)
        if not form.is_valid():
            return self._page(form, status=422)
        try:
            made = request_reissue(
                self.order, names=form.wish_names, csr=form.wish_csr_pem, now=self.now, **self.asker()
            )
        except (WishRefused, BadRequest) as refusal:
            form.add_error(None, self.doors.refusal(refusal))
            return self._page(form, status=422)
        return redirect(self.doors.asked(made))

    def _page(self, form: ReissueForm, *, status: int = 200) -> HttpResponse:
        today, plan = utc_date(self.now), planning.reissue_plan(self.order, start=self.now)
        facts = planning.validation_state(self.order, today=today)
        context = {
            "order": self.order,
            "host": host(self.order),
            "form": form,
            "plan": plan,
            "plan_parts": wording.reissue_parts(plan),
            "plan_sentence": wording.reissue_sentence(plan),
            "calendar": plan.reissues,
            "will_wait": any(fact.holds for fact in facts),
            "key_words": wording.key_words(self.key, today=today) if self.key else "",
            **self.context(facts),
        }
        return render(self.request, self.template, context, status=status)
