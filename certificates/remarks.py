"""What an import kept although it needs a look: codes stored on the order, with a sentence for people."""

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
