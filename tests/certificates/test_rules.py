"""The rules, by example: every worked figure of the field is a row here."""

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from certificates import rules
from certificates.rules import (
    CA_B_FORUM,
    DIGICERT,
    ActionKind,
    Bucket,
    CustomerStep,
    InvalidRule,
    InvalidTerm,
    Level,
    NaiveTime,
    NextAction,
    NoRule,
    Reason,
    Reissue,
    RenewalWindowClosed,
    Rule,
    Slack,
    Tab,
    Term,
    Underway,
    Urgency,
    WindowState,
)

PARIS = ZoneInfo("Europe/Paris")
ONE_YEAR = Term(years=1)
DAYS_365 = Term(days=365)


def utc(text: str) -> datetime:
    """A moment in UTC from "2026-11-22" (its midnight) or "2026-11-22T10:30:00"."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def a_rule(certificate_days: int = 199, *, since: date = date(2018, 3, 1), carry_over: bool = True) -> Rule:
    return Rule(since, certificate_days, 199, 398, carry_over=carry_over)


# Time


def test_a_moment_without_a_time_zone_is_refused() -> None:
    with pytest.raises(NaiveTime):
        rules.in_utc(datetime(2026, 11, 22))  # noqa: DTZ001 - a naive moment is what is refused


def test_a_date_alone_stands_for_the_end_of_its_day() -> None:
    assert rules.end_of_day(date(2027, 6, 8)) == utc("2027-06-09")


def test_the_date_that_means_no_end_has_no_end_of_day() -> None:
    with pytest.raises(OverflowError):
        rules.end_of_day(date.max)


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        (utc("2027-06-09"), date(2027, 6, 8)),
        (utc("2027-06-09T00:00:01"), date(2027, 6, 9)),
        (utc("2027-06-08T12:00:00"), date(2027, 6, 8)),
        (datetime(2027, 1, 1, 0, 30, tzinfo=PARIS), date(2026, 12, 31)),
        (datetime(2026, 12, 31, 23, 30, tzinfo=timezone(-timedelta(hours=5))), date(2027, 1, 1)),
    ],
)
def test_the_last_day_is_the_utc_date_of_the_last_valid_second(end: datetime, expected: date) -> None:
    assert rules.last_day(end) == expected


def test_the_last_day_has_no_day_left_and_the_day_after_is_one_too_late() -> None:
    end = utc("2027-06-09")

    assert [rules.days_left(end, date(2027, 6, day)) for day in (7, 8, 9)] == [1, 0, -1]


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("2020-12-01", "2021-01-01", 31),
        ("2020-12-01T00:00:01", "2021-01-01", 30),
        ("2021-01-01", "2021-01-01", 0),
        ("2021-01-02", "2021-01-01", 0),
    ],
)
def test_whole_days_drop_a_remainder_and_are_never_negative(start: str, end: str, expected: int) -> None:
    assert rules.whole_days(utc(start), utc(end)) == expected


@pytest.mark.parametrize(
    ("not_after", "expected"),
    [("2027-06-08T23:59:59", 199), ("2027-06-09T00:00:00", 200), ("2026-11-22T00:00:00", 1)],
)
def test_any_excess_over_a_day_of_validity_counts_as_another(not_after: str, expected: int) -> None:
    end = utc(not_after) + timedelta(seconds=1)

    assert rules.length_in_days(utc("2026-11-22"), end) == expected


def test_days_are_counted_in_utc_across_a_change_of_the_clock() -> None:
    before, after = datetime(2027, 3, 28, tzinfo=PARIS), datetime(2027, 3, 29, tzinfo=PARIS)

    assert rules.whole_days(before, after) == 0
    assert rules.length_in_days(before, after) == 1


@pytest.mark.parametrize(
    ("when", "years", "expected"),
    [
        ("2021-01-01", 1, "2022-01-01"),
        ("2024-02-29", 1, "2025-02-28"),
        ("2024-02-29", 2, "2026-02-28"),
        ("2024-02-29", 4, "2028-02-29"),
        ("2023-02-28", 1, "2024-02-28"),
        ("2024-02-29T13:14:15", 3, "2027-02-28T13:14:15"),
    ],
)
def test_years_are_calendar_years_and_a_leap_day_becomes_the_28th(when: str, years: int, expected: str) -> None:
    assert rules.add_years(utc(when), years) == utc(expected)


# Limits by the date of issuance


@pytest.mark.parametrize(
    ("issued_on", "expected"),
    [
        (date(2018, 3, 1), (825, 825, 825)),
        (date(2020, 8, 31), (825, 825, 825)),
        (date(2020, 9, 1), (398, 825, 825)),
        (date(2021, 9, 30), (398, 825, 825)),
        (date(2021, 10, 1), (398, 398, 825)),
        (date(2026, 3, 14), (398, 398, 825)),
        (date(2026, 3, 15), (200, 200, 398)),
        (date(2027, 3, 14), (200, 200, 398)),
        (date(2027, 3, 15), (100, 100, 398)),
        (date(2029, 3, 14), (100, 100, 398)),
        (date(2029, 3, 15), (47, 10, 398)),
    ],
)
def test_the_baseline_requirements_limit_by_date_of_issuance(issued_on: date, expected: tuple[int, int, int]) -> None:
    assert days_of(rules.rule_for(CA_B_FORUM, issued_on, level=Level.OV)) == expected


@pytest.mark.parametrize(
    ("issued_on", "expected"),
    [
        (date(2018, 3, 1), (825, 825, 825)),
        (date(2020, 8, 26), (825, 825, 825)),
        (date(2020, 8, 27), (397, 825, 825)),
        (date(2021, 10, 1), (397, 398, 825)),
        (date(2026, 2, 23), (397, 398, 825)),
        (date(2026, 2, 24), (199, 199, 398)),
        (date(2027, 3, 14), (199, 199, 398)),
        (date(2027, 3, 15), (99, 100, 398)),
        (date(2029, 3, 15), (46, 10, 398)),
    ],
)
def test_digicert_has_limits_of_its_own(issued_on: date, expected: tuple[int, int, int]) -> None:
    assert days_of(rules.rule_for(DIGICERT, issued_on)) == expected


@pytest.mark.parametrize(
    ("issued_on", "expected"),
    [
        (date(2019, 1, 1), (398, 398, 398)),
        (date(2021, 1, 1), (397, 398, 398)),
        (date(2026, 11, 22), (199, 199, 398)),
        (date(2029, 3, 15), (46, 10, 398)),
    ],
)
def test_ev_is_held_to_398_days_and_the_stricter_rule_wins(issued_on: date, expected: tuple[int, int, int]) -> None:
    assert days_of(rules.rule_for(DIGICERT, issued_on, level=Level.EV)) == expected


def days_of(rule: Rule) -> tuple[int, int, int]:
    return rule.certificate_days, rule.dcv_days, rule.organization_days


@pytest.mark.parametrize("authority", [CA_B_FORUM, DIGICERT])
def test_every_rule_names_its_source_and_opens_the_window_90_days_before(authority: tuple[Rule, ...]) -> None:
    assert all(rule.source and len(rule.source) <= 255 for rule in authority)
    assert {(rule.window_days, rule.grace_days, rule.carry_over) for rule in authority} == {(90, 30, True)}


def test_digicert_is_never_laxer_than_the_baseline_requirements() -> None:
    days = [date(2018, 3, 1) + n * rules.DAY for n in range(4400)]

    assert all(
        own.certificate_days <= common.certificate_days and own.dcv_days <= common.dcv_days
        for own, common in ((rules.rule_for(DIGICERT, day), rules.rule_for(CA_B_FORUM, day)) for day in days)
    )


def test_nothing_is_issued_before_the_first_rule() -> None:
    with pytest.raises(NoRule):
        rules.rule_for(DIGICERT, date(2018, 2, 28))


def test_a_rule_of_a_family_binds_that_family_alone_and_only_makes_it_stricter() -> None:
    of_thawte = Rule(date(2026, 1, 1), 90, 365, 398, window_days=30, carry_over=False, family="Thawte")
    everywhere = a_rule(199)

    thawte = rules.rule_for([everywhere, of_thawte], date(2026, 11, 22), family="Thawte")

    assert (thawte.certificate_days, thawte.dcv_days, thawte.window_days) == (90, 199, 30)
    assert (thawte.carry_over, thawte.family) == (False, "Thawte")
    assert rules.rule_for([everywhere, of_thawte], date(2026, 11, 22), family="GeoTrust") == everywhere
    assert rules.rule_for([everywhere, of_thawte], date(2025, 12, 31), family="Thawte") == everywhere


def test_rules_may_stand_in_any_order() -> None:
    assert rules.rule_for(DIGICERT[::-1], date(2026, 11, 22)) == rules.rule_for(DIGICERT, date(2026, 11, 22))


def test_a_rule_without_a_day_of_life_is_refused() -> None:
    with pytest.raises(InvalidRule):
        a_rule(0)


# What "expiring" means


@pytest.mark.parametrize(
    ("days", "bucket", "urgency"),
    [
        (-8, Bucket.OLDER, Urgency.EXPIRED),
        (-7, Bucket.EXPIRED, Urgency.EXPIRED),
        (-1, Bucket.EXPIRED, Urgency.EXPIRED),
        (0, Bucket.EXPIRED, Urgency.TODAY),
        (1, Bucket.WITHIN_30, Urgency.WEEK),
        (7, Bucket.WITHIN_30, Urgency.WEEK),
        (8, Bucket.WITHIN_30, Urgency.MONTH),
        (29, Bucket.WITHIN_30, Urgency.MONTH),
        (30, Bucket.WITHIN_60, Urgency.MONTH),
        (31, Bucket.WITHIN_60, Urgency.LATER),
        (59, Bucket.WITHIN_60, Urgency.LATER),
        (60, Bucket.WITHIN_90, Urgency.LATER),
        (90, Bucket.WITHIN_90, Urgency.LATER),
        (91, Bucket.LATER, Urgency.LATER),
    ],
)
def test_days_left_fall_into_one_bucket_and_one_urgency(days: int, bucket: Bucket, urgency: Urgency) -> None:
    assert (rules.bucket(days), rules.urgency(days)) == (bucket, urgency)


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (-8, {Tab.OLDER}),
        (-7, {Tab.NOW}),
        (0, {Tab.NOW}),
        (1, {Tab.NOW, Tab.DAYS_30, Tab.DAYS_60, Tab.DAYS_90}),
        (7, {Tab.NOW, Tab.DAYS_30, Tab.DAYS_60, Tab.DAYS_90}),
        (8, {Tab.DAYS_30, Tab.DAYS_60, Tab.DAYS_90}),
        (30, {Tab.DAYS_30, Tab.DAYS_60, Tab.DAYS_90}),
        (31, {Tab.DAYS_60, Tab.DAYS_90}),
        (61, {Tab.DAYS_90}),
        (90, {Tab.DAYS_90}),
        (91, {Tab.LATER}),
    ],
)
def test_the_tabs_of_the_expiring_page_are_cumulative(days: int, expected: set[Tab]) -> None:
    assert {tab for tab, bounds in rules.TAB_DAYS.items() if rules.within(days, bounds)} == expected


def test_bounds_in_days_become_dates_for_a_query() -> None:
    today = date(2026, 11, 22)

    assert rules.end_dates(rules.TAB_DAYS[Tab.NOW], today=today) == (date(2026, 11, 15), date(2026, 11, 29))
    assert rules.end_dates(rules.TAB_DAYS[Tab.OLDER], today=today) == (None, date(2026, 11, 14))
    assert rules.end_dates(rules.TAB_DAYS[Tab.LATER], today=today) == (date(2027, 2, 21), None)


# When a renewal may be placed


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2020-10-01T23:59:59", WindowState.EARLY),
        ("2020-10-02T00:00:00", WindowState.OPEN),
        ("2020-12-31T23:59:59", WindowState.OPEN),
        ("2021-01-01T00:00:00", WindowState.LATE),
        ("2021-01-30T23:59:59", WindowState.LATE),
        ("2021-01-31T00:00:00", WindowState.CLOSED),
    ],
)
def test_the_window_opens_90_days_before_the_last_day_and_closes_30_after(now: str, expected: WindowState) -> None:
    assert rules.window(utc("2021-01-01"), a_rule()).state(utc(now)) == expected


def test_the_window_of_an_order_that_ends_at_noon_still_opens_at_midnight() -> None:
    renewable = rules.window(utc("2020-12-31T12:00:00"), a_rule())

    assert (renewable.opens_at, renewable.closes_at) == (utc("2020-10-02"), utc("2021-01-31"))
    assert renewable.state(utc("2020-12-31T12:00:00")) == WindowState.LATE


# No lost days


@pytest.mark.parametrize(
    ("renewed", "cap", "order_days", "carried", "certificate_days", "collected_later"),
    [
        ("2021-01-01", 397, 365, 0, 365, 0),
        ("2020-12-01", 397, 396, 31, 396, 0),
        ("2020-10-03", 397, 455, 90, 397, 58),
        ("2020-12-01", 199, 396, 31, 199, 197),
        ("2021-01-11", 397, 365, 0, 365, 0),
    ],
)
def test_an_order_that_ends_2021_01_01_is_renewed_for_365_days(
    renewed: str, cap: int, order_days: int, carried: int, certificate_days: int, collected_later: int
) -> None:
    plan = rules.plan_renewal(old_end=utc("2021-01-01"), start=utc(renewed), term=DAYS_365, rules=[a_rule(cap)])

    assert (plan.order_days, plan.carried_days) == (order_days, carried)
    assert (plan.certificate_days, plan.collected_later_days) == (certificate_days, collected_later)
    assert plan.term_days == 365
    assert plan.loses_no_day


def test_digicerts_own_rules_give_the_figures_of_the_guide() -> None:
    plan = rules.plan_renewal(old_end=utc("2021-01-01"), start=utc("2020-12-01"), term=DAYS_365, rules=DIGICERT)

    assert (plan.order_days, plan.certificate_days, plan.collected_later_days) == (396, 396, 0)
    assert plan.reissues == ()


def test_under_todays_limit_the_order_keeps_every_day_and_reissues_collect_them() -> None:
    plan = rules.plan_renewal(old_end=utc("2026-12-23"), start=utc("2026-11-22"), term=ONE_YEAR, rules=DIGICERT)

    assert (plan.order_end, plan.order_days, plan.carried_days) == (utc("2027-12-23"), 396, 31)
    assert (plan.certificate_end, plan.certificate_days) == (utc("2027-06-09"), 199)
    assert plan.collected_later_days == 197
    assert [(r.due_on, r.days, r.days_left_to_collect) for r in plan.reissues] == [
        (date(2027, 6, 8), 99, 98),
        (date(2027, 9, 15), 98, 0),
    ]


def test_less_than_a_day_is_kept_as_time_and_not_shown_as_a_day() -> None:
    plan = rules.plan_renewal(
        old_end=utc("2021-01-01"), start=utc("2020-12-01T10:30:00"), term=DAYS_365, rules=[a_rule(397)]
    )

    assert (plan.carried_days, plan.order_days) == (30, 395)
    assert plan.order_end == utc("2022-01-01")


def test_an_authority_that_does_not_carry_over_loses_the_days_left_and_the_plan_says_so() -> None:
    plan = rules.plan_renewal(
        old_end=utc("2021-01-01"),
        start=utc("2020-12-01"),
        term=DAYS_365,
        rules=[a_rule(397, carry_over=False)],
    )

    assert (plan.order_days, plan.carried_days, plan.lost_days) == (365, 0, 31)
    assert not plan.loses_no_day


def test_an_order_that_ends_on_a_leap_day_is_renewed_to_the_28th() -> None:
    plan = rules.plan_renewal(old_end=utc("2024-02-29"), start=utc("2024-02-01"), term=ONE_YEAR, rules=DIGICERT)

    assert (plan.order_end, plan.order_days, plan.carried_days) == (utc("2025-02-28"), 393, 28)


@pytest.mark.parametrize("start", ["2020-10-01T23:59:59", "2021-01-31T00:00:00"])
def test_a_renewal_outside_the_window_is_refused_with_the_dates_of_the_window(start: str) -> None:
    with pytest.raises(RenewalWindowClosed) as refusal:
        rules.plan_renewal(old_end=utc("2021-01-01"), start=utc(start), term=ONE_YEAR, rules=DIGICERT)

    assert refusal.value.opens_at == utc("2020-10-02")
    assert refusal.value.closes_at == utc("2021-01-31")


def test_a_new_order_counts_from_its_start() -> None:
    plan = rules.plan_order(start=utc("2026-11-22"), term=ONE_YEAR, rules=DIGICERT)

    assert (plan.order_end, plan.order_days, plan.carried_days) == (utc("2027-11-22"), 365, 0)
    assert (plan.certificate_start, plan.certificate_end) == (utc("2026-11-22"), utc("2027-06-09"))
    assert [reissue.days for reissue in plan.reissues] == [99, 67]


@pytest.mark.parametrize(("years", "days"), [(None, None), (1, 365), (0, None), (None, 0), (-1, None), (0, 365)])
def test_a_term_is_years_or_days_and_at_least_one(years: int | None, days: int | None) -> None:
    with pytest.raises(InvalidTerm):
        Term(years=years, days=days)


def test_a_term_of_years_ends_by_the_calendar_and_one_of_days_by_the_day() -> None:
    assert Term(years=2).end(utc("2027-03-01")) == utc("2029-03-01")
    assert Term(days=730).end(utc("2027-03-01")) == utc("2029-02-28")


# Reissues


@pytest.mark.parametrize(("days_before", "left"), [(90, 57), (60, 27), (33, 0), (32, 0)])
def test_reissuing_an_annual_plan_early_leaves_days_to_collect(days_before: int, left: int) -> None:
    start = utc("2026-03-01")
    reissued = start + (199 - days_before) * rules.DAY

    assert rules.days_left_to_collect(order_end=start + 365 * rules.DAY, certificate_start=reissued, cap=199) == left


@pytest.mark.parametrize(("cap", "spare", "reissues"), [(199, 33, 1), (99, 31, 3), (46, 3, 7), (397, 32, 0)])
def test_the_slack_of_a_365_day_plan(cap: int, spare: int, reissues: int) -> None:
    assert rules.slack(365, cap) == Slack(days=spare, reissues=reissues)


def test_each_reissue_has_the_limit_of_its_own_day_of_issuance() -> None:
    calendar = rules.reissue_calendar(certificate_end=utc("2027-06-09"), order_end=utc("2027-11-22"), rules=DIGICERT)

    assert calendar == (
        Reissue(date(2027, 6, 8), utc("2027-06-09"), utc("2027-09-16"), days=99, days_left_to_collect=67),
        Reissue(date(2027, 9, 15), utc("2027-09-16"), utc("2027-11-22"), days=67, days_left_to_collect=0),
    )


def test_a_reissue_the_day_before_a_limit_falls_still_gets_the_longer_life() -> None:
    calendar = rules.reissue_calendar(
        certificate_end=utc("2027-03-24"), order_end=utc("2027-09-01"), rules=DIGICERT, lead_days=10
    )

    assert [(reissue.starts_at, reissue.days) for reissue in calendar] == [(utc("2027-03-14"), 171)]


def test_reissues_are_planned_ahead_by_the_lead_and_due_on_the_last_day() -> None:
    first, *_ = rules.reissue_calendar(
        certificate_end=utc("2026-12-01"), order_end=utc("2027-02-01"), rules=DIGICERT, lead_days=30
    )

    assert (first.starts_at, first.due_on) == (utc("2026-11-01"), date(2026, 11, 30))


def test_a_long_lead_gives_up_no_more_than_a_third_of_a_short_certificate() -> None:
    start = utc("2030-01-01")

    calendar = rules.reissue_calendar(
        certificate_end=start + 46 * rules.DAY,
        order_end=start + 100 * rules.DAY,
        rules=DIGICERT,
        lead_days=60,
    )

    assert [(r.starts_at - start).days for r in calendar] == [31, 62]


def test_a_calendar_comes_to_its_end_even_where_limits_rise_again() -> None:
    limits = [a_rule(5), a_rule(300, since=date(2026, 12, 1))]

    calendar = rules.reissue_calendar(
        certificate_end=utc("2026-12-10"), order_end=utc("2027-02-01"), rules=limits, lead_days=30
    )

    assert [(reissue.starts_at, reissue.ends_at) for reissue in calendar] == [(utc("2026-12-10"), utc("2027-02-01"))]


def test_a_certificate_that_lasts_as_long_as_its_order_needs_no_reissue() -> None:
    end = utc("2027-02-01")

    assert rules.reissue_calendar(certificate_end=end, order_end=end, rules=DIGICERT) == ()


# What to do next: an annual plan from 2026-03-01, its certificate until 2026-09-16 or until the end

START = utc("2026-03-01")
ORDER_END = utc("2027-03-01")
FIRST_END = utc("2026-09-16")


def action_on(
    now: str, *, certificate_end: datetime | None = FIRST_END, renewed: bool = False, carry_over: bool = True
) -> NextAction:
    return rules.next_action(
        order_end=ORDER_END,
        certificate_end=certificate_end,
        now=utc(now),
        rules=[a_rule(199, carry_over=carry_over)],
        renewed=renewed,
    )


@pytest.mark.parametrize(
    ("now", "kind"),
    [
        ("2026-03-02", ActionKind.WAIT),
        ("2026-08-15T23:59:59", ActionKind.WAIT),
        ("2026-08-16", ActionKind.REISSUE),
        ("2026-09-20", ActionKind.REISSUE),
    ],
)
def test_a_certificate_that_ends_before_its_order_is_reissued_free(now: str, kind: ActionKind) -> None:
    assert action_on(now) == NextAction(
        kind=kind,
        reason=Reason.CERTIFICATE_ENDS_FIRST,
        free=True,
        opens_at=utc("2026-08-16"),
        no_loss_from=date(2026, 8, 14),
        due_on=date(2026, 9, 15),
    )


@pytest.mark.parametrize(
    ("now", "kind", "reason"),
    [
        ("2026-11-29T23:59:59", ActionKind.WAIT, Reason.TOO_EARLY),
        ("2026-11-30", ActionKind.RENEW, Reason.ORDER_ENDS),
        ("2027-02-28T23:59:59", ActionKind.RENEW, Reason.ORDER_ENDS),
        ("2027-03-01", ActionKind.RENEW, Reason.ORDER_ENDED),
        ("2027-03-30T23:59:59", ActionKind.RENEW, Reason.ORDER_ENDED),
    ],
)
def test_an_order_whose_certificate_lasts_is_renewed_at_a_price(now: str, kind: ActionKind, reason: Reason) -> None:
    assert action_on(now, certificate_end=ORDER_END) == NextAction(
        kind=kind,
        reason=reason,
        free=False,
        opens_at=utc("2026-11-30"),
        no_loss_from=date(2026, 11, 30),
        due_on=date(2027, 2, 28),
    )


@pytest.mark.parametrize(
    ("now", "certificate_end", "renewed", "reason"),
    [
        ("2027-03-31", ORDER_END, False, Reason.WINDOW_CLOSED),
        ("2027-03-31", FIRST_END, False, Reason.WINDOW_CLOSED),
        ("2027-01-01", ORDER_END, True, Reason.RENEWED),
        ("2027-01-01", None, False, Reason.NOT_ISSUED),
    ],
)
def test_nothing_is_to_be_done_and_the_reason_is_named(
    now: str, certificate_end: datetime | None, renewed: bool, reason: Reason
) -> None:
    action = action_on(now, certificate_end=certificate_end, renewed=renewed)

    assert action == NextAction(ActionKind.NONE, reason)


@pytest.mark.parametrize(("days_short", "free"), [(0, False), (27, False), (30, False), (31, True), (57, True)])
def test_a_certificate_ending_shortly_before_its_order_is_replaced_by_the_renewal(days_short: int, free: bool) -> None:
    certificate_end = ORDER_END - days_short * rules.DAY

    action = action_on("2026-12-24", certificate_end=certificate_end)

    assert (action.free, action.due_on) == (free, rules.last_day(certificate_end))


def test_without_carry_over_a_renewal_costs_no_day_only_on_the_last_one() -> None:
    action = action_on("2027-01-15", certificate_end=ORDER_END, carry_over=False)

    assert (action.kind, action.no_loss_from) == (ActionKind.RENEW, date(2027, 2, 28))


def test_without_carry_over_even_a_week_of_the_order_is_reissued_rather_than_lost() -> None:
    action = action_on("2027-02-20", certificate_end=ORDER_END - 7 * rules.DAY, carry_over=False)

    assert (action.kind, action.free) == (ActionKind.REISSUE, True)


def test_an_order_that_ended_is_renewed_although_its_certificate_ended_long_before() -> None:
    action = action_on("2027-03-10", certificate_end=FIRST_END)

    assert (action.kind, action.reason) == (ActionKind.RENEW, Reason.ORDER_ENDED)


def test_a_certificate_older_than_every_rule_is_reissued_under_the_rule_of_today() -> None:
    action = action_on("2026-12-01", certificate_end=utc("2015-01-01"))

    assert (action.kind, action.due_on) == (ActionKind.REISSUE, date(2014, 12, 31))


def test_a_reissue_of_a_46_day_certificate_is_proposed_a_third_of_its_life_before() -> None:
    action = rules.next_action(
        order_end=utc("2031-01-01"), certificate_end=utc("2030-03-01"), now=utc("2030-02-01"), rules=DIGICERT
    )

    assert (action.kind, action.opens_at) == (ActionKind.WAIT, utc("2030-02-13"))


def test_a_window_shorter_than_the_lead_leaves_no_gap_between_certificate_and_renewal() -> None:
    short = Rule(date(2018, 3, 1), 199, 199, 398, window_days=14)

    action = rules.next_action(
        order_end=ORDER_END, certificate_end=ORDER_END - 20 * rules.DAY, now=utc("2027-02-01"), rules=[short]
    )

    assert action.kind == ActionKind.REISSUE


def test_no_loss_is_promised_by_the_due_day_even_where_nothing_is_to_spare() -> None:
    action = rules.next_action(
        order_end=FIRST_END + 199 * rules.DAY, certificate_end=FIRST_END, now=START, rules=[a_rule(199)]
    )

    assert action.no_loss_from == action.due_on == date(2026, 9, 15)


# What its customer does next


def needs(kind: ActionKind, reason: Reason, *, free: bool = False) -> NextAction:
    return NextAction(kind, reason, free=free)


RENEWAL = needs(ActionKind.RENEW, Reason.ORDER_ENDS)
RENEWAL_LATE = needs(ActionKind.RENEW, Reason.ORDER_ENDED)
REISSUE = needs(ActionKind.REISSUE, Reason.CERTIFICATE_ENDS_FIRST, free=True)
REISSUE_LATER = needs(ActionKind.WAIT, Reason.CERTIFICATE_ENDS_FIRST, free=True)
RENEWAL_LATER = needs(ActionKind.WAIT, Reason.TOO_EARLY)
RENEWED = needs(ActionKind.NONE, Reason.RENEWED)
CLOSED = needs(ActionKind.NONE, Reason.WINDOW_CLOSED)
NOT_ISSUED = needs(ActionKind.NONE, Reason.NOT_ISSUED)


@pytest.mark.parametrize(
    ("action", "underway", "to_install", "is_unneeded", "step"),
    [
        (RENEWAL, None, False, False, CustomerStep.RENEW),
        (RENEWAL_LATE, None, False, False, CustomerStep.RENEW),
        (RENEWAL, Underway.OURS, False, False, CustomerStep.RENEW),  # a reissue is on its way
        (RENEWAL, Underway.KEY, False, False, CustomerStep.GIVE_KEY),  # and this one waits for its key
        (RENEWAL, None, True, False, CustomerStep.RENEW),
        (RENEWAL, None, False, True, CustomerStep.NOTHING),
        (REISSUE, None, False, False, CustomerStep.REISSUE),
        (REISSUE, Underway.OURS, False, False, CustomerStep.FOLLOW),
        (REISSUE, None, False, True, CustomerStep.NOTHING),
        (RENEWED, Underway.KEY, False, False, CustomerStep.GIVE_KEY),
        (RENEWED, Underway.PROOF, False, False, CustomerStep.PROVE),
        (RENEWED, Underway.OURS, False, False, CustomerStep.FOLLOW),
        (RENEWED, None, False, False, CustomerStep.NOTHING),
        (RENEWAL_LATER, None, True, False, CustomerStep.INSTALL),
        (RENEWAL_LATER, None, False, False, CustomerStep.RENEWAL_OPENS),
        (REISSUE_LATER, None, False, False, CustomerStep.REISSUE_OPENS),
        (REISSUE_LATER, None, False, True, CustomerStep.NOTHING),
        (CLOSED, None, False, False, CustomerStep.CLOSED),
        (NOT_ISSUED, None, False, False, CustomerStep.FOLLOW),
        (NOT_ISSUED, Underway.PROOF, False, False, CustomerStep.PROVE),
    ],
)
def test_a_customer_does_one_thing_next(
    action: NextAction, underway: Underway | None, to_install: bool, is_unneeded: bool, step: CustomerStep
) -> None:
    found = rules.customer_step(action, underway=underway, to_install=to_install, is_unneeded=is_unneeded)

    assert found is step


# Names


@pytest.mark.parametrize(
    ("name", "domain"),
    [
        ("*.example.com", "example.com"),
        (" *.example.com ", "example.com"),
        ("www.example.com", None),
        ("w*.example.com", None),
        ("*", None),
        ("*.", None),
        ("", None),
    ],
)
def test_a_wildcard_is_a_star_alone_before_a_domain(name: str, domain: str | None) -> None:
    assert rules.parse_wildcard(name) == domain


def test_one_wildcard_among_the_names_is_enough() -> None:
    assert rules.holds_wildcard(["www.example.com", "*.example.com"])
    assert not rules.holds_wildcard(["www.example.com", "example.com"])


@pytest.mark.parametrize(("level", "refuses"), [(Level.DV, False), (Level.OV, False), (Level.EV, True), (None, False)])
def test_ev_alone_holds_no_wildcard(level: Level | None, refuses: bool) -> None:
    assert rules.refuses_wildcard(level) is refuses
