"""What is typed to renew, reissue or order: names and a key request, checked where they were typed, and never a key."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from certificates.models import Customer, Organization, Product
from certificates.rules import Level
from certificates.services.keys import PresentKey
from certificates.services.refusals import NamesNotHeld
from certificates.services.wishes import check_names
from certificates.wording import years
from certificates.x509 import MAX_BYTES, BadRequest, Code, CsrFacts, display_name, normalise_names, read_csr
from certificates.x509.keys import ECDSA
from certificates.x509.pem import refuse_private_der, refuse_private_key, unwrapped
from offers.wording import renewal as wording
from portal.texts import StraightForm

PRESENT, PASTE, UPLOAD, BROWSER = "present", "paste", "upload", "browser"
_KEY_CHOICES = {
    PRESENT: _("Keep the present key"),
    PASTE: _("Paste a request"),
    UPLOAD: _("Upload a request"),
    BROWSER: _("Make one in this browser"),
}
# What static/js/keys.js makes; the first suits everybody whose present key is none of these.
KEY_KINDS = ("RSA 2048", "RSA 3072", "RSA 4096", "ECDSA P-256", "ECDSA P-384")


class KeyForm(StraightForm, forms.Form):
    """The request whose key a certificate will hold: pasted, uploaded, made in the browser, or the present one again.

    A private key typed anywhere is refused and shown to nobody again. `wish_csr` holds what was understood once the
    form is valid.
    """

    key = forms.ChoiceField(label=_("Key"), widget=forms.RadioSelect)
    csr = forms.CharField(
        label=_("Certificate request (CSR)"),
        required=False,
        max_length=MAX_BYTES,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 6, "class": "mono", "spellcheck": "false", "autocomplete": "off"}),
        help_text=_("Made on your server; the key stays there."),
    )
    csr_file = forms.FileField(label=_("File with the request"), required=False)
    accept_names = forms.BooleanField(label=_("Yes, use this request"), required=False)

    asks_about_names = False
    key_kinds = KEY_KINDS
    # The names, separated by spaces, where they are no field of the form.
    agreed_names = ""
    wish_names: tuple[str, ...] = ()
    wish_csr: CsrFacts | None = None

    def __init__(
        self, data: QueryDict | None = None, files: Any = None, *, present: PresentKey | None = None, **options: Any
    ) -> None:
        self.present = present
        data, self.fields_with_keys = without_private_keys(data)
        super().__init__(data, files, **options)
        kept = [choice for choice in _KEY_CHOICES.items() if present or choice[0] != PRESENT]
        self.fields["key"].choices = kept  # type: ignore[attr-defined]
        self.fields["key"].initial = kept[0][0]

    @property
    def wish_csr_pem(self) -> str:
        return self.wish_csr.pem if self.wish_csr else ""

    @property
    def recommended_kind(self) -> str:
        """The kind of the present key, where it can be made here."""
        if self.present is None:
            return KEY_KINDS[0]
        csr = self.present.csr
        kind = f"{csr.key_type} {'P-' if csr.key_type == ECDSA else ''}{csr.key_size}"
        return kind if kind in KEY_KINDS else KEY_KINDS[0]

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        for name in self.fields_with_keys:
            self.errors.pop(name, None)
            self.add_error(name if name in self.fields else None, _refused(BadRequest(Code.PRIVATE_KEY, "")))
        self._read_names(values)
        self._read_csr(values)
        if self.wish_csr and self.wish_names and not self.errors:
            self._compare_names(self.wish_csr)
        return values

    def _read_names(self, values: Mapping[str, Any]) -> None:
        """The names the certificate will hold are `wish_names`."""

    def _read_csr(self, values: Mapping[str, Any]) -> None:
        if values.get("key") == PRESENT and self.present:
            self.wish_csr = self.present.csr
            return
        field = "csr_file" if values.get("key") == UPLOAD else "csr"
        if field in self.errors:
            return
        try:
            self.wish_csr = read_csr(self._given(values, field))
        except BadRequest as error:
            self.add_error(field, _refused(error))

    @staticmethod
    def _given(values: Mapping[str, Any], field: str) -> str | bytes:
        given = values.get(field)
        if not given:
            return ""
        if isinstance(given, str):
            return given
        # One byte too many is enough to see that it is too much.
        read: bytes = given.read(MAX_BYTES + 1)
        return read

    def _compare_names(self, csr: CsrFacts) -> None:
        """Ask once where the request was made for hosts the certificate will not hold: it may be the wrong one.

        One made in the browser was made for the names beside it; where these have changed since, it is made again.
        """
        if self.cleaned_data.get("key") == BROWSER:
            if set(csr.names) != set(self.wish_names):
                self.add_error("csr", wording.OUTDATED)
            return
        others = [name for name in csr.names if name not in self.wish_names]
        if others and not self.cleaned_data.get("accept_names") and self.cleaned_data.get("key") != PRESENT:
            self.asks_about_names = True
            self.add_error("accept_names", wording.strangers(others))


class LateKeyForm(KeyForm):
    """The key of a request whose names have been agreed already."""

    def __init__(self, *args: Any, names: Iterable[str], **options: Any) -> None:
        super().__init__(*args, **options)
        self.wish_names = tuple(names)
        self.agreed_names = " ".join(self.wish_names)


class WishForm(KeyForm):
    """Names, one per line, and the request whose key the certificate will hold; `wish_names` are those understood."""

    names = forms.CharField(
        label=_("Names"),
        help_text=_("One host name per line; the first is the common name."),
        widget=forms.Textarea(attrs={"rows": 3, "class": "mono", "spellcheck": "false", "autocapitalize": "off"}),
    )
    field_order = ("names", "key", "csr", "csr_file", "accept_names")

    def __init__(self, *args: Any, chosen: Product | None, **options: Any) -> None:
        self.chosen = chosen
        super().__init__(*args, **options)

    def _read_names(self, values: Mapping[str, Any]) -> None:
        if "names" in self.errors:
            return
        try:
            self.wish_names = normalise_names(values.get("names", "").replace(",", " ").split())
            if self.chosen:
                check_names(self.chosen, self.wish_names)
        except (BadRequest, NamesNotHeld) as error:
            self.add_error("names", _refused(error))


class RenewForm(WishForm):
    """A renewal: product and term beside the wish; `told` is what the page said the order would give."""

    product = forms.ModelChoiceField(
        label=_("Product"), queryset=Product.objects.none(), to_field_name="name_id", widget=forms.RadioSelect
    )
    term_years = forms.TypedChoiceField(label=_("Validity"), coerce=int, widget=forms.RadioSelect)
    purchase_order = forms.CharField(
        label=_("Purchase order"),
        required=False,
        max_length=60,
        help_text=_("The number your customer orders under, if there is one."),
    )
    code = forms.CharField(label=_("Offer code"), required=False, max_length=40)
    told = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, products: Iterable[Product], **options: Any) -> None:
        super().__init__(*args, **options)
        chosen = Product.objects.filter(pk__in=[product.pk for product in products])
        self.fields["product"].queryset = chosen  # type: ignore[attr-defined]
        self.fields["term_years"].choices = term_choices(self.chosen)  # type: ignore[attr-defined]


class ReissueForm(WishForm):
    """A free reissue: names and key, nothing else."""


class NewOrderForm(RenewForm):
    """A new order: also for whom, and whose organisation it names."""

    organization = forms.ModelChoiceField(
        label=_("Organisation"),
        queryset=Organization.objects.none(),
        required=False,
        empty_label=_("Another organisation"),
    )
    organization_name = forms.CharField(label=_("Legal name"), required=False, max_length=64)
    organization_city = forms.CharField(label=_("City"), required=False, max_length=120)
    organization_country = forms.CharField(
        label=_("Country"), required=False, max_length=2, help_text=_("Two letters, such as FR.")
    )
    customer_name = forms.CharField(label=_("Name of the new customer"), required=False, max_length=200)

    def __init__(self, *args: Any, customer: Customer | None, **options: Any) -> None:
        super().__init__(*args, **options)
        self.customer = customer
        if customer is None:
            self.fields["customer_name"].required = True
            del self.fields["organization"]
            return
        del self.fields["customer_name"]
        organizations = Organization.objects.for_partner(customer.partner).filter(customer=customer)
        self.fields["organization"].queryset = organizations  # type: ignore[attr-defined]
        self.fields["organization"].initial = organizations.first()

    def clean_organization_country(self) -> str:
        country: str = self.cleaned_data["organization_country"].strip().upper()
        if country and not (len(country) == 2 and country.isascii() and country.isalpha()):
            raise forms.ValidationError(_("Write the country as two letters, such as FR for France."))
        return country

    def clean(self) -> dict[str, Any]:
        values = super().clean()
        if self.names_organization and not values.get("organization"):
            for name in ("organization_name", "organization_country"):
                if not values.get(name) and name not in self.errors:
                    self.add_error(name, _("This product names the organisation in the certificate."))
        return values

    @property
    def names_organization(self) -> bool:
        return self.chosen is not None and self.chosen.level != Level.DV


def term_choices(product: Product | None) -> list[tuple[int, str]]:
    """1 year, 2 years … as long as the product is sold."""
    return [(number, years(number)) for number in range(1, (product.max_years if product else 1) + 1)]


def names_as_typed(names: Iterable[str]) -> str:
    """One name per line, as people read it."""
    return "\n".join(display_name(name) for name in names)


def without_private_keys(data: QueryDict | None) -> tuple[QueryDict | None, list[str]]:
    """The form as it came, but for fields that hold a private key: those are emptied, and named."""
    if data is None:
        return None, []
    found = [name for name, values in data.lists() if any(map(_holds_key, values))]
    if not found:
        return data, []
    data = data.copy()
    for name in found:
        data[name] = ""
    return data, found


def _holds_key(value: Any) -> bool:
    data = str(value).encode("utf-8", errors="replace")
    try:
        refuse_private_key(data)
        refuse_private_der(unwrapped(data) or b"")
    except BadRequest:
        return True
    return False


def _refused(error: Exception) -> forms.ValidationError:
    return forms.ValidationError(wording.refusal(error), code=getattr(error, "code", type(error).__name__))
