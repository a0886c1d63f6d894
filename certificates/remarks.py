"""What of an order needs a look: codes stored with it, with a sentence for people."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Remark(models.TextChoices):
    EV_WILDCARD = (
        "ev_wildcard",
        _("An EV certificate cannot hold a wildcard: renew it as OV, or with every name listed."),
    )
    UNKNOWN_PRODUCT = "unknown_product", _("The product is not in the catalogue.")
    UNKNOWN_STATUS = "unknown_status", _("The authority uses a status that is not known here.")
    AUTO_RENEW_REFUSED = (
        "auto_renew_refused",
        _("The order could not renew itself. Its timeline says why; a person has to renew it."),
    )
    END_DIFFERS = (
        "end_differs",
        _("The authority ends this order on another day than was promised. Its timeline names both."),
    )


# What an import finds, and takes back when it no longer finds it
IMPORTED = (Remark.EV_WILDCARD, Remark.UNKNOWN_PRODUCT, Remark.UNKNOWN_STATUS)
