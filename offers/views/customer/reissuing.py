"""The reissue page at home: free, everything known is filled in, and one press asks for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from certificates.services.planning import ValidationFact
from certificates.visits import VisitRequest
from offers.views.checkout.desk import RELATED
from offers.views.checkout.reissuing import ReissueDesk
from offers.views.customer.doors import customer_doors
from offers.wording import renewal as wording


@sensitive_post_parameters("csr", "names")
@require_http_methods(["GET", "HEAD", "POST"])
def reissue(request: VisitRequest, pk: int) -> HttpResponseBase:
    """Show what a reissue gives; a POST asks for it, one at a time."""
    order = get_object_or_404(request.visit.orders().select_related(*RELATED), pk=pk)
    return _HomeDesk(request, order, customer_doors(request.visit, order)).serve()


class _HomeDesk(ReissueDesk):
    template = "offers/home/reissue.html"

    def asker(self) -> dict[str, Any]:
        visit = self.request.visit
        return {"actor": visit.actor, "source": visit.source, "asked_by": visit.asked_by}

    def context(self, facts: Sequence[ValidationFact]) -> dict[str, Any]:
        return {"checks": [(fact, wording.validation_for_customers(fact)) for fact in facts]}
