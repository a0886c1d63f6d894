"""Request a certificate: first for whom, then what; nothing is made before the press."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from certificates.models import Customer, Order, Organization, Product
from certificates.rules import RenewalPlan, utc_date
from certificates.services import planning
from certificates.services.refusals import AlreadyOrdered, NotConnected, WishRefused
from certificates.wording import days_of
from certificates.x509 import BadRequest
from offers.forms.renewal import NewOrderForm, names_as_typed, term_choices, without_private_keys
from offers.services.choices import benefits_of
from offers.services.offer_book import offer_book
from offers.services.price_book import price_book
from offers.services.pricing import OrderPrice, price_new
from offers.services.renewing import OfferRefused, PriceChanged, told_price
from offers.views.checkout.instead import not_connected
from offers.views.checkout.placing import order_new
from offers.views.checkout.price import price_context
from offers.views.checkout.shown import Prices, names_asked, pick_term
from offers.views.choosing import choose_customer
from offers.wording import renewal as wording
from offers.wording.sums import code_words, refused_code, tag
from portal import clock
from portal.access import PartnerRequest, requires


@requires("requests.place")
@sensitive_post_parameters("csr", "names")
@require_http_methods(["GET", "HEAD", "POST"])
def request_certificate(request: PartnerRequest) -> HttpResponseBase:
    """Ask for whom without `customer` (a primary key) or `new` in the address; with one, show the order or place it."""
    if not ("customer" in request.GET or "new" in request.GET):
        return choose_customer(request, "offers/choose_customer.html")
    try:
        page = _NewOrder(request)
        if request.method != "POST":
            return page.show()
        return page.look() if "look" in request.POST else page.press()
    except NotConnected as refusal:
        return not_connected(request, refusal)


class _NewOrder:
    """The page of one new order, as its address and its form say."""

    def __init__(self, request: PartnerRequest) -> None:
        self.request, self.partner = request, request.partner
        self.asked = request.POST if request.method == "POST" else request.GET
        self.customer = self._customer()
        self.after = self._order_before()
        self.products = list(Product.objects.filter(is_offered=True))
        self.product = self._product()
        self.term_years = pick_term(self.product, self.asked.get("term_years"))
        self.now = clock.now()
        self.plan: RenewalPlan = planning.new_order_plan(
            self.partner, self.product, start=self.now, term_years=self.term_years
        )
        self.prices = self._prices()

    def show(self) -> HttpResponse:
        names = self.after.names if self.after else []
        code = self.request.GET.get("code", "")
        return self._page(self._form(initial={"names": names_as_typed(names), "code": code}))

    def look(self) -> HttpResponse:
        """The page for what has been typed so far, which stays as it is; nothing is judged yet but the code."""
        typed, _keys = without_private_keys(self.request.POST)
        return self._page(self._form(initial=typed.dict() if typed else {}))

    def press(self) -> HttpResponseBase:
        form = self._form(self.request.POST, self.request.FILES)
        if form.is_valid() and (refused := refused_code(self.prices.chosen)):
            form.add_error("code", code_words(refused))
        if not form.is_valid():
            return self._page(form, status=422)
        told = told_price(self.prices.chosen)
        if form.cleaned_data["told"] != told:
            # What the person agreed to is not what would be ordered: show it, and ask again.
            return self._page(form, status=409)
        customer, actor = self.customer, self.request.user
        try:
            made = order_new(self.partner, form, customer=customer, actor=actor, now=self.now, told=told).request
        except AlreadyOrdered as already:
            made = already.request
        except (PriceChanged, OfferRefused):
            # It changed between reading and ordering: somebody else took the last use of an offer, for one.
            self.prices = self._prices()
            return self._page(form, status=409)
        except (WishRefused, BadRequest) as refusal:
            form.add_error(None, wording.refusal(refusal))
            return self._page(form, status=422)
        return redirect("certificates:request", pk=made.pk)

    def _customer(self) -> Customer | None:
        if "new" in self.request.GET:
            return None
        customers = Customer.objects.for_partner(self.partner).select_related("partner")
        return get_object_or_404(customers, pk=_number(self.request.GET.get("customer")))

    def _order_before(self) -> Order | None:
        """An order whose names and product are asked for again, as its renewal is over."""
        orders = Order.objects.for_partner(self.partner).filter(customer=self.customer)
        return orders.select_related("product").filter(pk=_number(self.request.GET.get("after"))).first()

    def _product(self) -> Product:
        wanted = self.asked.get("product") or (self.after.product.name_id if self.after and self.after.product else "")
        return next((one for one in self.products if one.name_id == wanted), self.products[0])

    def _prices(self) -> Prices:
        """Of every product for the term, and of every term of the one chosen."""
        book = price_book(self.partner, on=utc_date(self.now), customers=[self.customer.pk] if self.customer else [])
        offers = offer_book(self.partner, now=self.now)
        # Until one is typed, a price is that of a single name.
        names = names_asked(self.asked, self.after.names if self.after else ()) or ("www.example.org",)
        code = self.asked.get("code", "")

        def price(product: Product, years: int) -> OrderPrice | None:
            return price_new(
                self.partner,
                product=product,
                term_years=min(years, product.max_years),
                names=names,
                now=self.now,
                customer=self.customer,
                code=code,
                book=book,
                offers=offers,
            )

        return Prices(
            chosen=price(self.product, self.term_years),
            products={product.pk: price(product, self.term_years) for product in self.products},
            terms={years: price(self.product, years) for years in range(1, self.product.max_years + 1)},
            settings=book.settings,
        )

    def _form(self, *bound: Any, **options: Any) -> NewOrderForm:
        return NewOrderForm(*bound, chosen=self.product, products=self.products, customer=self.customer, **options)

    def _organization(self) -> Organization | None:
        if self.customer is None:
            return None
        return Organization.objects.for_partner(self.partner).filter(customer=self.customer).first()

    def _page(self, form: NewOrderForm, *, status: int = 200) -> HttpResponse:
        facts = planning.validation_facts(
            self.partner,
            self.product,
            self._organization(),
            names=form.wish_names or (self.after.names if self.after else ()),
            today=utc_date(self.now),
        )
        prices = self.prices
        context = {
            **price_context(prices, self.product, self.term_years),
            "told": told_price(prices.chosen),
            "has_changed": status == 409,
            "customer": self.customer,
            "form": form,
            "product": self.product,
            "products": [(one, tag(prices.products[one.pk])) for one in self.products],
            "benefits": benefits_of(self.product),
            "term_years": self.term_years,
            "terms": [(*term, tag(prices.terms[term[0]])) for term in term_choices(self.product)],
            "plan": self.plan,
            "plan_title": wording.renewal_title(self.plan),
            "plan_parts": days_of(self.plan),
            "plan_sentence": wording.renewal_sentence(self.plan),
            "calendar": self.plan.reissues,
            "checks": [(fact, wording.validation(fact)) for fact in facts if fact.name],
        }
        return render(self.request, "offers/request.html", context, status=status)


def _number(text: str | None) -> int:
    """A primary key from an address; anything else names no row."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 19 else 0
