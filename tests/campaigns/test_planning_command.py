"""`manage.py plan_touchpoints`: what an operator types, and what a script reads."""

from __future__ import annotations

import json
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from campaigns.models import Notice
from portal.models import Partner
from tests.campaigns.factories import make_calendar, make_step
from tests.factories import TODAY, make_contact, make_order, make_partner


@pytest.fixture
def order(partner: Partner) -> Any:
    make_step(make_calendar(partner), -30)
    found = make_order(partner, ends_on=TODAY + timedelta(days=30))
    make_contact(found.customer)
    return found


def said(*words: str) -> str:
    out = StringIO()
    call_command("plan_touchpoints", *words, stdout=out)
    return out.getvalue()


def test_the_command_plans_for_all_partners_at_the_clock_s_moment(order: Any) -> None:
    assert said() == "1 planned\n"
    assert said() == "Nothing to change\n"
    assert Notice.objects.count() == 1


def test_a_dry_run_says_what_would_happen(order: Any) -> None:
    assert said("--dry-run") == "Would be: 1 planned\n"
    assert Notice.objects.count() == 0


def test_a_script_reads_json(partner: Partner, order: Any) -> None:
    report = json.loads(said("--json", "--now", "2026-11-22T06:00:00Z", "--partner", partner.slug))

    assert report == {
        "now": "2026-11-22T06:00:00+00:00",
        "dry_run": False,
        "planned": 1,
        "missed": 0,
        "unreadable": 0,
        "retimed": 0,
        "revived": 0,
        "moved": 0,
        "silenced": 0,
        "late": 0,
        "failed": 0,
    }


def test_another_moment_and_another_partner_plan_other_things(order: Any) -> None:
    other = make_partner("Another")

    assert said("--now", "2026-10-01") == "Nothing to change\n"
    assert said("--partner", other.slug) == "Nothing to change\n"
    assert said("--now", "2026-11-16T08:00:00+02:00") == "1 planned\n"


def test_what_cannot_be_understood_is_refused(partner: Partner) -> None:
    with pytest.raises(CommandError, match="no partner"):
        said("--partner", "nobody")
    with pytest.raises(CommandError, match="not a moment"):
        said("--now", "tomorrow")


def test_the_exit_status_tells_of_a_plan_that_could_not_be_made(partner: Partner) -> None:
    make_step(make_calendar(partner, days_off=["no day"]), -30)

    with pytest.raises(SystemExit) as ended:
        said()

    assert ended.value.code == 1
