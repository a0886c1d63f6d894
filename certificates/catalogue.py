"""The sample catalogue and the authorities' published limits: data that an installation starts with and then edits."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from certificates import rules
from certificates.states import AuthorityKind


class Benefit(models.TextChoices):
    """What a product brings beside encryption (confirmed on DigiCert's product pages, 2026-11)."""

    ORGANIZATION_SHOWN = "organization_shown", _("Organisation verified and named in the certificate")
    EXTENDED_VALIDATION = "extended_validation", _("Extended validation of the organisation")
    SITE_SEAL = "site_seal", _("Site seal")
    PRIORITY_VALIDATION = "priority_validation", _("Priority validation")
    VULNERABILITY_ASSESSMENT = "vulnerability_assessment", _("Weekly vulnerability assessment")
    CT_MONITORING = "ct_monitoring", _("CT log monitoring")
    MALWARE_SCAN = "malware_scan", _("Malware scan, dated on the seal")
    PRIORITY_SUPPORT = "priority_support", _("Priority support")


@dataclass(frozen=True, slots=True)
class Entry:
    name_id: str
    name: str
    level: str
    family: str
    benefits: tuple[str, ...] = ()
    upgrades: tuple[str, ...] = field(default=())
    wildcard: bool = True


_OV = (Benefit.ORGANIZATION_SHOWN,)
_EV = (Benefit.ORGANIZATION_SHOWN, Benefit.EXTENDED_VALIDATION)
_SITE = (Benefit.SITE_SEAL, Benefit.PRIORITY_VALIDATION)
_PRO = (
    *_SITE,
    Benefit.VULNERABILITY_ASSESSMENT,
    Benefit.CT_MONITORING,
    Benefit.MALWARE_SCAN,
    Benefit.PRIORITY_SUPPORT,
)
_SITE_EV, _PRO_EV = "ssl_ev_securesite_flex", "ssl_ev_securesite_pro"
_SITE_OV, _PRO_OV = "ssl_securesite_flex", "ssl_securesite_pro"

CATALOGUE: tuple[Entry, ...] = (
    Entry("ssl_basic", "Basic OV", "ov", "DigiCert Basic", _OV, (_SITE_OV, _PRO_OV)),
    Entry("ssl_ev_basic", "Basic EV", "ev", "DigiCert Basic", _EV, (_SITE_EV, _PRO_EV)),
    Entry(_SITE_OV, "Secure Site OV", "ov", "Secure Site", (*_OV, *_SITE), (_PRO_OV,)),
    Entry(
        _SITE_EV,
        "Secure Site EV",
        "ev",
        "Secure Site",
        (*_EV, *_SITE, Benefit.VULNERABILITY_ASSESSMENT),
        (_PRO_EV,),
    ),
    Entry(_PRO_OV, "Secure Site Pro", "ov", "Secure Site Pro", (*_OV, *_PRO), (_PRO_EV,)),
    Entry(_PRO_EV, "Secure Site Pro EV", "ev", "Secure Site Pro", (*_EV, *_PRO)),
    Entry("ssl_dv_geotrust_flex", "GeoTrust DV", "dv", "GeoTrust"),
    Entry("ssl_geotrust_truebizid", "GeoTrust TrueBusiness ID OV", "ov", "GeoTrust", _OV, (_SITE_OV, _PRO_OV)),
    Entry("ssl_ev_geotrust_truebizid", "GeoTrust TrueBusiness ID EV", "ev", "GeoTrust", _EV, (_SITE_EV, _PRO_EV)),
    Entry("ssl_dv_thawte", "Thawte SSL123", "dv", "Thawte", wildcard=False),
    Entry("ssl_thawte_webserver", "Thawte Webserver OV", "ov", "Thawte", _OV, (_SITE_OV, _PRO_OV)),
    Entry("ssl_ev_thawte_webserver", "Thawte Webserver EV", "ev", "Thawte", _EV, (_SITE_EV, _PRO_EV)),
    Entry(
        "ssl_dv_rapidssl",
        "RapidSSL Standard DV",
        "dv",
        "RapidSSL",
        (),
        ("ssl_dv_geotrust_flex",),
        wildcard=False,
    ),
    Entry("wildcard_dv_rapidssl", "RapidSSL Wildcard DV", "dv", "RapidSSL", (), ("ssl_dv_geotrust_flex",)),
)


def load_catalogue() -> None:
    """Add the products and house rules that are missing; what exists, edited or not, stays as it is."""
    from certificates.models import AuthorityRule, Product  # models are ready once migrations have run

    _add_products(Product)
    for authority in (AuthorityKind.SANDBOX, AuthorityKind.CERTCENTRAL):
        _add_rules(AuthorityRule, authority, rules.DIGICERT)
    _add_rules(AuthorityRule, AuthorityKind.OTHER, rules.CA_B_FORUM)


def _add_products(product: Any) -> None:
    known = dict(product.objects.values_list("name_id", "pk"))
    missing = [(rank, entry) for rank, entry in enumerate(CATALOGUE) if entry.name_id not in known]
    made = {
        entry.name_id: product.objects.create(
            name_id=entry.name_id,
            name=entry.name,
            level=entry.level,
            family=entry.family,
            benefits=list(entry.benefits),
            allows_wildcard=entry.wildcard and entry.level != "ev",
            rank=rank,
        )
        for rank, entry in missing
    }
    by_name_id = {one.name_id: one for one in product.objects.all()}
    for _rank, entry in missing:
        made[entry.name_id].upgrades.set(by_name_id[name_id] for name_id in entry.upgrades)


def _add_rules(authority_rule: Any, authority: str, published: Iterable[rules.Rule]) -> None:
    for rule in published:
        authority_rule.objects.get_or_create(
            partner=None,
            authority=authority,
            family=rule.family,
            level=rule.level or "",
            effective_from=rule.effective_from,
            defaults={
                "certificate_days": rule.certificate_days,
                "dcv_days": rule.dcv_days,
                "organization_days": rule.organization_days,
                "window_days": rule.window_days,
                "grace_days": rule.grace_days,
                "carry_over": rule.carry_over,
                "source": rule.source,
            },
        )


def load_after_migrate(**_: Any) -> None:
    """Signal handler: a fresh database starts with the catalogue."""
    load_catalogue()
