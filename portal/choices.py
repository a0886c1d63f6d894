"""The short lists people choose from: languages, currencies, time zones."""

from __future__ import annotations

import zoneinfo
from functools import cache

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _


class Language(models.TextChoices):
    ENGLISH = "en", "English"
    FRENCH = "fr", "Français"


class Currency(models.TextChoices):
    EUR = "EUR", _("Euro")
    USD = "USD", _("US dollar")
    GBP = "GBP", _("Pound sterling")
    CHF = "CHF", _("Swiss franc")
    CAD = "CAD", _("Canadian dollar")
    SEK = "SEK", _("Swedish krona")
    JPY = "JPY", _("Japanese yen")


class Theme(models.TextChoices):
    SYSTEM = "system", _("As the system")
    LIGHT = "light", _("Light")
    DARK = "dark", _("Dark")


@cache
def _zone_names() -> tuple[str, ...]:
    return tuple(sorted(name for name in zoneinfo.available_timezones() if "/" in name or name == "UTC"))


def time_zones() -> list[tuple[str, str]]:
    """Every zone by its IANA name, for a select box."""
    return [(name, name.replace("_", " ")) for name in _zone_names()]


def validate_time_zone(name: str) -> None:
    """Raise ValidationError for a name that the IANA database does not hold."""
    if name not in _zone_names():
        raise ValidationError(_("“%(name)s” is not a time zone."), params={"name": name})
