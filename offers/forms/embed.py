"""Which websites may show the selector, one origin per line, and whether prices are told there."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from offers.services.origins import BadOrigin, read_origin

# A policy is sent with every page; more websites than these are no list any more.
MOST = 20


class OriginsField(forms.CharField):
    """Websites, one per line, as a list of origins; what is none is named in the answer."""

    widget = forms.Textarea(attrs={"rows": 4, "class": "mono", "spellcheck": "false", "autocapitalize": "off"})

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, max_length=6000, **options)

    def clean(self, value: Any) -> list[str]:
        lines = super().clean(value).split()
        if len(lines) > MOST:
            raise forms.ValidationError(
                _("These are more than %(most)s websites. Nothing was saved."), params={"most": MOST}
            )
        return list(dict.fromkeys(map(_origin, lines)))


def _origin(line: str) -> str:
    try:
        return read_origin(line)
    except BadOrigin:
        raise forms.ValidationError(
            _(
                "%(line)s is no website that can be allowed. Write the beginning of its address: https:// and "
                "the host name, nothing behind it."
            ),
            params={"line": line[:120]},
        ) from None


class EmbedForm(forms.Form):
    origins = OriginsField(
        label=_("Websites that may show it"),
        help_text=_("One per line, such as https://www.relais.example. With an empty list the page is switched off."),
    )
    prices = forms.BooleanField(
        label=_("Show prices there"),
        required=False,
        help_text=_("Your list prices for one year, tax excluded, for everybody to see."),
    )
