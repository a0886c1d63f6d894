"""Which column of a file holds which of our fields: CertCentral's two layouts by heart, any other by mapping."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from django.utils.translation import gettext_lazy as _

from certificates.models import ImportRun
from portal.types import StrOrPromise

Columns = Mapping[str, str]
Format = ImportRun.Format

# What every layout must bring.
REQUIRED = ("number", "common_name")

# `GET /report/order` (CertCentral Services API).
ORDER_REPORT: Columns = MappingProxyType(
    {
        "number": "order_id",
        "customer_reference": "customer_order_id",
        "placed": "date_created",
        "division": "container_name",
        "status": "status",
        "organization_number": "organization_id",
        "organization_name": "organization_name",
        "address": "organization_address_1",
        "address_2": "organization_address_2",
        "city": "organization_city",
        "state": "organization_state",
        "country": "organization_country",
        "contact_first_name": "tech_first_name",
        "contact_last_name": "tech_last_name",
        "contact_email": "tech_email",
        "contact_title": "tech_title",
        "contact_phone": "tech_telephone",
        "server_platform": "server_type",
        "term_years": "validity_years",
        "dcv_method": "dcv_method",
        "common_name": "common_name",
        "names": "dns_names",
        "product_name_id": "product_name_id",
        "product_name": "product_name",
        "csr": "csr",
        "certificate_start": "valid_from",
        "certificate_end": "valid_till",
        "renewed": "is_renewed",
        "successor_number": "renewed_order_id",
        "notices_off": "disable_renewal_notifications",
        "additional_emails": "additional_emails",
        "auto_renew": "auto_renew",
        "thumbprint": "thumbprint",
        "serial_number": "serial_number",
        # Not in the published header; read where an account's report has them.
        "order_start": "order_valid_from",
        "order_end": "order_valid_till",
    }
)

# The Orders page's CSV and `GET /order/certificate`: dotted paths of the JSON.
ORDERS_PAGE: Columns = MappingProxyType(
    {
        "number": "id",
        "customer_reference": "alternative_order_id",
        "placed": "date_created",
        "division": "container.name",
        "status": "status",
        "organization_number": "organization.id",
        "organization_name": "organization.name",
        "city": "organization.city",
        "state": "organization.state",
        "country": "organization.country",
        "contact_first_name": "technical_contact.first_name",
        "contact_last_name": "technical_contact.last_name",
        "contact_email": "technical_contact.email",
        "contact_title": "technical_contact.job_title",
        "contact_phone": "technical_contact.telephone",
        "server_platform": "certificate.server_platform.name",
        "term_years": "validity_years",
        "dcv_method": "dcv_method",
        "common_name": "certificate.common_name",
        "names": "certificate.dns_names",
        "product_name_id": "product.name_id",
        "product_name": "product.name",
        "csr": "certificate.csr",
        "certificate_number": "certificate.id",
        "certificate_start": "certificate.valid_from",
        "certificate_end": "certificate.valid_till",
        "order_start": "order_valid_from",
        "order_end": "order_valid_till",
        "renewed": "is_renewed",
        "successor_number": "renewed_order_id",
        "notices_off": "disable_renewal_notifications",
        "additional_emails": "additional_emails",
        "auto_renew": "auto_renew",
        "thumbprint": "certificate.thumbprint",
        "serial_number": "certificate.serial_number",
    }
)

# What a person may map, in the order of the page.
FIELDS: Mapping[str, StrOrPromise] = MappingProxyType(
    {
        "number": _("Order number"),
        "common_name": _("Common name"),
        "names": _("Further host names"),
        "status": _("Status"),
        "product_name": _("Product"),
        "product_name_id": _("Product (name id)"),
        "term_years": _("Validity in years"),
        "placed": _("Ordered on"),
        "order_start": _("Order starts"),
        "order_end": _("Order ends"),
        "certificate_start": _("Certificate valid from"),
        "certificate_end": _("Certificate valid until"),
        "serial_number": _("Serial number"),
        "thumbprint": _("Thumbprint"),
        "organization_name": _("Organisation"),
        "organization_number": _("Organisation number"),
        "address": _("Address"),
        "city": _("City"),
        "country": _("Country"),
        "contact_name": _("Contact"),
        "contact_email": _("Contact's e-mail"),
        "contact_phone": _("Contact's telephone"),
        "additional_emails": _("Further e-mail addresses"),
        "customer_reference": _("Customer's reference"),
        "division": _("Division"),
        "server_platform": _("Server"),
        "renewed": _("Renewed (yes or no)"),
        "successor_number": _("Renewed by order"),
        "notices_off": _("Renewal notices off (yes or no)"),
        "auto_renew": _("Automatic renewal (yes or no)"),
        "csr": _("CSR"),
    }
)

# Headings that other lists use, in lower case without anything but letters, digits and single spaces.
_HEADINGS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "number": ("order", "order number", "order no", "order nr", "commande", "numéro de commande", "n de commande"),
        "common_name": ("certificate name", "cn", "host", "hostname", "domain", "nom commun", "nom du certificat"),
        "names": ("sans", "san", "alternative names", "subject alternative names", "autres noms", "names"),
        "status": ("order status", "state", "statut", "état"),
        "product_name": ("product", "produit", "certificate type", "type"),
        "term_years": ("validity", "years", "term", "validité", "durée"),
        "placed": ("order date", "ordered", "created", "date created", "date de commande", "commandé le"),
        "order_start": ("order start date", "début de la commande"),
        "order_end": ("order end date", "order end", "order expires", "fin de la commande"),
        "certificate_start": ("valid from", "issued", "issue date", "valide du", "émis le", "not before"),
        "certificate_end": (
            "valid to",
            "valid till",
            "valid until",
            "expires",
            "expiry",
            "expiry date",
            "expiration date",
            "expiration",
            "expire le",
            "not after",
        ),
        "serial_number": ("serial", "serial no", "numéro de série"),
        "thumbprint": ("sha1", "sha 1", "fingerprint", "empreinte"),
        "organization_name": ("organization", "company", "customer", "client", "société", "entreprise"),
        "organization_number": ("organization id", "customer id", "customer number", "numéro de client"),
        "contact_name": ("contact name", "nom du contact"),
        "contact_email": ("email", "e mail", "mail", "contact email", "courriel"),
        "contact_phone": ("phone", "telephone", "téléphone"),
        "additional_emails": ("additional emails", "cc"),
        "customer_reference": ("reference", "po", "purchase order", "référence", "bon de commande"),
        "server_platform": ("server type", "platform", "serveur"),
        "country": ("pays",),
        "city": ("ville",),
        "address": ("street", "adresse"),
    }
)


def recognised(header: Sequence[str]) -> tuple[Format, Columns] | None:
    """CertCentral's layout that the header belongs to, or None where a person has to map the columns."""
    present = {column.casefold() for column in header}
    for known, layout in ((Format.ORDER_REPORT, ORDER_REPORT), (Format.ORDERS_PAGE, ORDERS_PAGE)):
        if all(layout[name] in present for name in REQUIRED):
            return known, layout
    return None


def suggested(header: Sequence[str], earlier: Iterable[Columns] = ()) -> dict[str, str]:
    """The likeliest mapping: an earlier one whose columns are all there, else by what the columns are called."""
    present = set(header)
    for mapping in earlier:
        if mapping and set(mapping.values()) <= present:
            return dict(mapping)
    by_name = {_plain(column): column for column in reversed(header) if column}
    found: dict[str, str] = {}
    for name in FIELDS:
        taken = set(found.values())
        candidates = (by_name.get(heading) for heading in _names_of(name))
        column = next((one for one in candidates if one and one not in taken), None)
        if column:
            found[name] = column
    return found


def _names_of(field: str) -> tuple[str, ...]:
    layouts = (_plain(layout[field]) for layout in (ORDER_REPORT, ORDERS_PAGE) if field in layout)
    return (_plain(field), *layouts, *_HEADINGS.get(field, ()))


def _plain(heading: str) -> str:
    """ "Order #" -> "order", "certificate.common_name" -> "certificate common name"."""
    return " ".join("".join(letter if letter.isalnum() else " " for letter in heading.casefold()).split())
