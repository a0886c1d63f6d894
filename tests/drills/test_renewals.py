"""Two tabs, and a worker killed in the middle: still exactly one order at the authority, issued and verified."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from certificates.models import Order
from certificates.services.renewals import request_renewal
from portal import clock
from portal.access import on_behalf_of
from portal.models import Partner
from tests import factories
from tests.certificates.certs import make_csr
from tests.drills.stage import Stage

# Before the claim, after it, after the mark that a call may follow, and after the authority has accepted.
POINTS = ("request_unclaimed", "request_claimed", "request_sent", "request_accepted")


@pytest.fixture
def partner(transactional_db: None) -> Iterator[Partner]:
    """Its rows are committed, so that other processes see them."""
    relais = factories.make_partner()
    factories.make_connection(relais)
    with on_behalf_of(relais):
        yield relais


def make_renewable(partner: Partner) -> Order:
    return factories.make_order(
        partner, product=factories.product("ssl_dv_geotrust_flex"), csr=make_csr("www.granit-phare.example")
    )


def press(order: Order) -> None:
    product = order.product
    assert product is not None
    request_renewal(order, product=product, term_years=1, names=order.names, csr=order.csr, actor=None, now=clock.now())


def test_two_tabs_and_workers_killed_at_every_point_in_turn_give_one_verified_order(
    partner: Partner, tmp_path: Path
) -> None:
    order = make_renewable(partner)
    stage = Stage.in_folder(tmp_path)

    pressed = stage.together(("press", order.pk), ("press", order.pk))
    killed = [stage.together(("work", 20), PORTAL_CRASH_AT=point) for point in POINTS]
    (done,) = stage.together(("work", 20))

    assert sorted(one["stored"] for one in pressed) == [False, True]
    assert len({one["request"] for one in pressed}) == 1
    assert killed == [[{"killed": True}]] * 4
    assert (done["states"], done["at_the_authority"]) == (["issued"], 1)
    assert verified(done["certificates"], tmp_path) == ["leaf-0.pem: OK"]


def verified(certificates: list[dict[str, str]], folder: Path) -> list[str]:
    """What openssl says of each certificate and its chain."""
    said = []
    for number, one in enumerate(certificates):
        for name, text in one.items():
            (folder / f"{name}-{number}.pem").write_text(text)
        command = ["openssl", "verify", "-no_check_time", "-CAfile", f"root-{number}.pem"]
        command += ["-untrusted", f"issuing-{number}.pem", f"leaf-{number}.pem"]
        run = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        said.append((run.stdout or run.stderr).strip())
    return said


def test_two_workers_at_once_place_everything_once(partner: Partner, tmp_path: Path) -> None:
    for _ in range(5):
        press(make_renewable(partner))
    stage = Stage.in_folder(tmp_path)

    both = stage.together(("work", 30), ("work", 30))

    assert [(one["states"], one["at_the_authority"]) for one in both] == [(["issued"] * 5, 5)] * 2
