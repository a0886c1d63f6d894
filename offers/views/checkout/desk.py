"""The renew page of one order before whoever may press: looking at it, the press, and what is said instead."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import urlencode

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render

from certificates.models import Order
from certificates.rules import RenewalWindowClosed, last_day
from certificates.services.refusals import AlreadyRenewed, OrderNotRenewable, WishRefused
from certificates.services.renewals import check_renewable, renewals_of
from certificates.wording import day, days_of, host
from certificates.x509 import BadRequest, display_name
from offers.forms.renewal import RenewForm, names_as_typed, without_private_keys
from offers.services.renewing import OfferRefused, PriceChanged
from offers.views.checkout.instead import Doors, in_hand, not_renewable, outside_window
from offers.views.checkout.price import price_context
from offers.views.checkout.shown import RenewalOffer, renewal_offer
from offers.wording import renewal as wording
from offers.wording.sums import code_words, refused_code, tag
from portal import clock

RELATED = ("partner", "customer", "organization", "product", "predecessor")


class RenewDesk(ABC):
    """One request for the renew page of an order, whose `RELATED` rows are at hand."""

    template: ClassVar[str]
    form_class: type[RenewForm] = RenewForm

    def __init__(self, request: Any, order: Order, doors: Doors) -> None:
        self.request, self.order, self.doors = request, order, doors
        self.now = clock.now()

    @abstractmethod
    def act(self, offer: RenewalOffer, form: RenewForm) -> HttpResponseBase:
        """Do what was pressed, on the terms that were told. Raises what `renew_at_price` raises."""

    def serve(self) -> HttpResponseBase:
        """The page, the press, or why there is nothing to press."""
        try:
            self._refuse_twice()
            check_renewable(self.order)
            return self._answer()
        except AlreadyRenewed as already:
            status = 409 if self.request.method == "POST" else 200
            return in_hand(self.request, self.order, already.request, doors=self.doors, status=status)
        except RenewalWindowClosed as closed:
            return outside_window(self.request, self.order, closed, doors=self.doors)
        except OrderNotRenewable as refusal:
            return not_renewable(self.request, self.order, refusal, doors=self.doors)

    def context(self, offer: RenewalOffer) -> Mapping[str, Any]:
        """What this reader's page says beside what every reader's does."""
        return price_context(offer.prices, offer.product, offer.term_years)

    def page(self, offer: RenewalOffer, form: RenewForm, *, status: int = 200, **more: Any) -> HttpResponse:
        shown = {**_shown(offer, form), **self.context(offer), "has_changed": status == 409, **more}
        return render(self.request, self.template, shown, status=status)

    def form(self, offer: RenewalOffer, *, bound: bool = False, **options: Any) -> RenewForm:
        return self.form_class(
            self.request.POST if bound else None,
            self.request.FILES if bound else None,
            chosen=offer.product,
            present=offer.key,
            products=[choice.product for choice in offer.choices],
            **options,
        )

    def _refuse_twice(self) -> None:
        if existing := renewals_of(self.order).select_related("requested_by").first():
            raise AlreadyRenewed(existing)

    def _answer(self) -> HttpResponseBase:
        if self.request.method != "POST":
            return self._show()
        return self._look() if "look" in self.request.POST else self._press()

    def _offer(self, asked: Mapping[str, Any]) -> RenewalOffer:
        return renewal_offer(self.order, asked, now=self.now)

    def _show(self) -> HttpResponse:
        asked = self.request.GET.dict()
        offer = self._offer({**asked, "names": ""})
        known = {"names": names_as_typed(self.order.names), "code": asked.get("code", "")}
        return self.page(offer, self.form(offer, initial=known))

    def _look(self) -> HttpResponse:
        """The page for what has been typed so far, which stays as it is; nothing is judged yet but the code."""
        typed, _keys = without_private_keys(self.request.POST)
        offer = self._offer(typed or {})
        response = self.page(offer, self.form(offer, initial=typed.dict() if typed else {}))
        if self.request.htmx:
            chosen = {"product": offer.product.name_id, "term_years": offer.term_years}
            response["HX-Replace-Url"] = f"{self.request.path}?{urlencode(chosen)}"
        return response

    def _press(self) -> HttpResponseBase:
        offer = self._offer(self.request.POST)
        form = self.form(offer, bound=True)
        if form.is_valid() and (refused := refused_code(offer.price)):
            form.add_error("code", code_words(refused))
        if not form.is_valid():
            return self.page(offer, form, status=422)
        if form.cleaned_data["told"] != offer.told:
            # What the person agreed to is not what would be ordered: show it, and ask again.
            return self.page(offer, form, status=409)
        try:
            return self.act(offer, form)
        except (PriceChanged, OfferRefused):
            # It changed between reading and ordering: somebody else took the last use of an offer, for one.
            return self.page(self._offer(self.request.POST), form, status=409)
        except (WishRefused, BadRequest) as refusal:
            form.add_error(None, self.doors.refusal(refusal))
            return self.page(offer, form, status=422)


def _shown(offer: RenewalOffer, form: RenewForm) -> dict[str, Any]:
    order, plan, prices = offer.order, offer.plan, offer.prices
    return {
        "order": order,
        "host": host(order),
        "offer": offer,
        "form": form,
        "lead": wording.renewal_lead(order.ends_on, plan, today=offer.today) if order.ends_on else "",
        "plan_title": wording.renewal_title(plan),
        "plan_parts": days_of(plan),
        "plan_sentence": wording.renewal_sentence(plan),
        "calendar": plan.reissues,
        "checks": [(fact, wording.validation(fact)) for fact in offer.checks],
        "choices": [(choice, tag(prices.products[choice.product.pk], offer.present_price)) for choice in offer.choices],
        "terms": [(*term, tag(prices.terms[term[0]])) for term in form.fields["term_years"].choices],  # type: ignore[attr-defined]
        "key_words": wording.key_words(offer.key, today=offer.today) if offer.key else "",
        "flagged": [display_name(name) for name in order.names if name.startswith("*.")]
        if order.has_flagged_wildcard
        else [],
        "new_end": day(last_day(plan.order_end)),
    }
