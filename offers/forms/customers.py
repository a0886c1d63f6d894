"""What customers type on their own renew page; nothing that is known already is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from offers.forms.renewal import RenewForm

LATER = "later"


class CustomerRenewForm(RenewForm):
    """A renewal by the customer, in the customer's words; where no key is known yet, it can be handed in later."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if self.present is None:
            self.fields["key"].choices = [(LATER, _("Hand it in later")), *self.fields["key"].choices]  # type: ignore[attr-defined]
            self.fields["key"].initial = LATER
        self.fields["purchase_order"].label = _("Purchase order, if you need one")
        self.fields["purchase_order"].help_text = _("It will stand on the invoice. Without one you renew on account.")

    def _read_csr(self, values: Mapping[str, Any]) -> None:
        if values.get("key") != LATER:
            super()._read_csr(values)


class CustomerQuoteForm(CustomerRenewForm):
    """The same for a quote, which needs no key: whoever orders later has it made then."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["key"].required = False

    def _read_csr(self, values: Mapping[str, Any]) -> None:
        """Whatever was chosen for the key is left alone."""
