"""One process of a drill: `python -m tests.drills.actor press PK` or `… work SECONDS`; says as JSON what it found."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import django

django.setup()

from certificates.models import Certificate, Order, Request, SandboxOrder  # noqa: E402 - once Django is set up
from certificates.services.downloads import chain_of  # noqa: E402
from certificates.services.renewals import AlreadyRenewed, request_renewal  # noqa: E402
from certificates.tasks import sweep_requests  # noqa: E402
from portal import clock  # noqa: E402
from portal.access import across_partners, on_behalf_of  # noqa: E402


def wait_for_the_others() -> None:
    """Tell that this process is ready, and wait for the sign to begin."""
    folder = Path(os.environ["DRILL_FOLDER"])
    (folder / f"ready-{os.getpid()}").touch()
    while not (folder / "go").exists():
        time.sleep(0.005)


def press(pk: int) -> dict[str, Any]:
    with across_partners():
        order = Order.objects.select_related("partner", "product").get(pk=pk)
    wait_for_the_others()
    with on_behalf_of(order.partner):
        wish = {"product": order.product, "term_years": 1, "names": order.names, "csr": order.csr}
        try:
            request = request_renewal(order, **wish, actor=None, now=clock.now())
        except AlreadyRenewed as already:
            return {"request": already.request.pk, "stored": False}
    return {"request": request.pk, "stored": True}


def work(seconds: int) -> dict[str, Any]:
    """Sweep until nothing is open any more, or the seconds are over."""
    wait_for_the_others()
    patience = time.monotonic() + seconds
    with across_partners():
        while Request.objects.open().exists() and time.monotonic() < patience:
            sweep_requests()
            time.sleep(0.05)
        states = list(Request.objects.order_by("pk").values_list("state", flat=True))
        certificates = [_parts(one) for one in Certificate.objects.current()]
    return {"states": states, "at_the_authority": SandboxOrder.objects.count(), "certificates": certificates}


def _parts(certificate: Certificate) -> dict[str, str]:
    issuing, root = chain_of(certificate)
    return {"leaf": certificate.pem, "issuing": issuing, "root": root}


if __name__ == "__main__":
    deed, number = sys.argv[1:]
    sys.stdout.write(json.dumps({"press": press, "work": work}[deed](int(number))))
