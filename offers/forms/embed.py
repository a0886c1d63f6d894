"""Which websites may show the selector, one origin per line, and whether prices are told there."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from offers.services.origins import BadOrigin, read_origin

# A policy is sent with every page; more websites than these are no list any more.
MOST = 20


class EmbedForm(forms.Form):
    origins = forms.CharField(
        label=_("Websites that may show it"),
        required=False,
        max_length=6000,
        widget=forms.Textarea(attrs={"rows": 4, "class": "mono", "spellcheck": "false", "autocapitalize": "off"}),
        help_text=_("One per line, such as https://www.relais.example. With an empty list the page is switched off."),
    )
    prices = forms.BooleanField(
        label=_("Show prices there"),
        required=False,
        help_text=_("Your list prices for one year, tax excluded, for everybody to see."),
    )

    def clean_origins(self) -> list[str]:
        lines = [line for line in self.cleaned_data["origins"].split() if line]
        if len(lines) > MOST:
            raise forms.ValidationError(
                _("These are more than %(most)s websites. Nothing was saved."), params={"most": MOST}
            )
        return list(dict.fromkeys(map(self._origin, lines)))

    @staticmethod
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
