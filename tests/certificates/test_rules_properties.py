"""The rules, whatever the dates: what holds on every day, in every time zone and under any limits."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta, timezone
from itertools import pairwise
from random import Random
from zoneinfo import ZoneInfo

from hypothesis import assume, given
from hypothesis import strategies as st

from certificates import rules
from certificates.rules import CA_B_FORUM, DAY, DIGICERT, ActionKind, Level, Reason, Rule, Term, WindowState

SECOND = timedelta(seconds=1)
FIRST_RULE = date(2018, 3, 1)

moments = st.datetimes(datetime(2018, 9, 1), datetime(2034, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - made aware
leap_days = st.builds(
    lambda year, clock: datetime.combine(date(year, 2, 29), clock, UTC),
    st.sampled_from([2020, 2024, 2028, 2032]),
    st.times(),
)
ends = moments | leap_days
shares = st.floats(0, 1, exclude_max=True)
zones = st.sampled_from([ZoneInfo(name) for name in ("Europe/Paris", "America/New_York", "Pacific/Kiritimati")])
offsets = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
terms = st.builds(Term, years=st.integers(1, 3)) | st.builds(Term, days=st.integers(1, 1100))
levels = st.sampled_from([None, *Level])


@st.composite
def rule_books(draw: st.DrawFn) -> Sequence[Rule]:
    """Limits that fall and rise on any dates; the first is early enough for every moment drawn."""
    days = st.lists(st.integers(1, 900), min_size=1, max_size=5)
    dates = st.dates(FIRST_RULE, date(2036, 1, 1))
    return [
        Rule(FIRST_RULE if first else draw(dates), limit, 200, 398, window_days=draw(st.integers(0, 120)))
        for first, limit in ((n == 0, limit) for n, limit in enumerate(draw(days)))
    ]


authorities = st.sampled_from([DIGICERT, CA_B_FORUM]) | rule_books()
carrying = st.sampled_from([DIGICERT, CA_B_FORUM])


def steady(certificate_days: int) -> Rule:
    """One limit for all time."""
    return Rule(date(2000, 1, 1), certificate_days, 200, 398)


def in_window(old_end: datetime, share: float) -> datetime:
    """The moment so far into the renewal window, whose whole is the time before the old end."""
    opens_at = rules.window(old_end, DIGICERT[0]).opens_at
    return opens_at + share * (old_end - opens_at)


# No day is lost


@given(ends, shares, terms, carrying, levels)
def test_no_day_is_lost_by_renewing_inside_the_window(
    old_end: datetime, share: float, term: Term, authority: Sequence[Rule], level: Level | None
) -> None:
    start = in_window(old_end, share)

    plan = rules.plan_renewal(old_end=old_end, start=start, term=term, rules=authority, level=level)

    assert plan.loses_no_day
    assert plan.carried_days == rules.whole_days(start, old_end)
    assert plan.term_days == rules.whole_days(old_end, term.end(old_end))
    # Of 28 and 29 February a calendar year makes the same day: only there may hours, never a day, fall away.
    assert plan.order_end >= term.end(start) or old_end.date().replace(day=28) == start.date()
    assert term.end(start) - plan.order_end < timedelta(days=1)


@given(ends, shares, shares, terms, carrying)
def test_the_new_order_ends_on_the_same_date_on_whatever_day_one_renews(
    old_end: datetime, one: float, other: float, term: Term, authority: Sequence[Rule]
) -> None:
    plans = [
        rules.plan_renewal(old_end=old_end, start=in_window(old_end, share), term=term, rules=authority)
        for share in (one, other)
    ]

    assert {plan.order_end for plan in plans} == {term.end(old_end)}


@given(ends, shares, terms)
def test_what_is_not_carried_over_is_counted_as_lost(old_end: datetime, share: float, term: Term) -> None:
    start = in_window(old_end, share)
    harsh = [Rule(FIRST_RULE, 199, 199, 398, carry_over=False)]

    plan = rules.plan_renewal(old_end=old_end, start=start, term=term, rules=harsh)

    assert plan.order_end == term.end(start)
    assert (plan.carried_days, plan.lost_days) == (0, rules.whole_days(start, old_end))


@given(ends, st.integers(0, 30 * 86_400 - 1), terms)
def test_after_the_old_end_the_term_counts_from_the_start(old_end: datetime, seconds: int, term: Term) -> None:
    start = old_end + seconds * SECOND
    assume(start < rules.window(old_end, DIGICERT[0]).closes_at)

    plan = rules.plan_renewal(old_end=old_end, start=start, term=term, rules=DIGICERT)

    assert plan.order_end == term.end(start)
    assert (plan.carried_days, plan.lost_days) == (0, 0)


# Limits


@given(moments, terms, authorities, levels)
def test_no_certificate_exceeds_the_limit_of_its_own_issuance_to_the_second(
    start: datetime, term: Term, authority: Sequence[Rule], level: Level | None
) -> None:
    plan = rules.plan_order(start=start, term=term, rules=authority, level=level)

    certificates = [(plan.certificate_start, plan.certificate_end)]
    certificates += [(reissue.starts_at, reissue.ends_at) for reissue in plan.reissues]
    for starts_at, ends_at in certificates:
        limit = rules.rule_for(authority, starts_at.date(), level=level).certificate_days
        assert rules.length_in_days(starts_at, ends_at) <= limit
        assert ends_at == plan.order_end or rules.length_in_days(starts_at, ends_at + SECOND) == limit + 1


@given(moments, terms, authorities)
def test_the_certificates_of_an_order_add_up_to_the_order(
    start: datetime, term: Term, authority: Sequence[Rule]
) -> None:
    plan = rules.plan_order(start=start, term=term, rules=authority)

    assert plan.collected_later_days == sum(reissue.days for reissue in plan.reissues)
    assert plan.certificate_days + plan.collected_later_days == plan.order_days


@given(st.dates(FIRST_RULE, date(2036, 1, 1)), st.sampled_from([DIGICERT, CA_B_FORUM]))
def test_ev_is_never_laxer_than_the_other_levels(day: date, authority: Sequence[Rule]) -> None:
    strict, general = rules.rule_for(authority, day, level=Level.EV), rules.rule_for(authority, day)

    assert strict.certificate_days <= general.certificate_days
    assert strict.dcv_days <= general.dcv_days
    assert max(strict.certificate_days, strict.dcv_days, strict.organization_days) <= 398


@given(rule_books(), st.randoms(use_true_random=False), st.dates(FIRST_RULE, date(2036, 1, 1)))
def test_the_order_in_which_rules_of_different_dates_stand_is_nothing(
    authority: list[Rule], chance: Random, day: date
) -> None:
    assume(len({rule.effective_from for rule in authority}) == len(authority))
    shuffled = authority.copy()
    chance.shuffle(shuffled)

    assert rules.rule_for(shuffled, day) == rules.rule_for(authority, day)


# Reissues


@given(moments, st.integers(0, 1100), authorities, st.integers(0, 120))
def test_the_calendar_covers_the_order_without_a_gap(
    certificate_end: datetime, days: int, authority: Sequence[Rule], lead_days: int
) -> None:
    order_end = certificate_end + days * DAY

    calendar = rules.reissue_calendar(
        certificate_end=certificate_end, order_end=order_end, rules=authority, lead_days=lead_days
    )

    ends = [certificate_end, *(reissue.ends_at for reissue in calendar)]
    assert ends[-1] == order_end
    assert all(earlier < later for earlier, later in pairwise(ends))
    for old_end, reissue in zip(ends, calendar, strict=False):
        assert old_end - lead_days * DAY <= reissue.starts_at <= old_end
        assert reissue.due_on == rules.last_day(old_end)
        assert reissue.days_left_to_collect == rules.whole_days(reissue.ends_at, order_end)


@given(moments, st.integers(1, 1100), st.integers(1, 900))
def test_slack_is_what_the_calendar_leaves_before_one_more_reissue_is_needed(
    start: datetime, plan_days: int, cap: int
) -> None:
    spare = rules.slack(plan_days, cap)
    assume(spare.reissues > 0)
    order_end = start + plan_days * DAY

    def reissues_when_early_by(days: int) -> int:
        early = start + (cap - days) * DAY
        calendar = rules.reissue_calendar(certificate_end=early, order_end=order_end, rules=[steady(cap)])
        return len(calendar)

    assert reissues_when_early_by(0) == spare.reissues
    assert reissues_when_early_by(spare.days) == spare.reissues
    assert reissues_when_early_by(spare.days + 1) == spare.reissues + 1


# Days, windows, buckets


@given(moments, moments)
def test_days_counted_down_and_up_differ_by_the_remainder(start: datetime, end: datetime) -> None:
    assume(start <= end)
    full, counted = rules.whole_days(start, end), rules.length_in_days(start, end)

    assert full * DAY <= end - start <= counted * DAY
    assert counted - full == (0 if (end - start) % DAY == timedelta() else 1)


@given(st.dates(FIRST_RULE, date(2036, 1, 1)))
def test_a_date_alone_has_itself_as_its_last_day(day: date) -> None:
    assert rules.last_day(rules.end_of_day(day)) == day
    assert rules.end_of_day(day) - SECOND == datetime(day.year, day.month, day.day, 23, 59, 59, tzinfo=UTC)


@given(ends, ends, st.integers(1, 6))
def test_years_keep_the_order_of_moments_and_their_time_of_day(one: datetime, other: datetime, years: int) -> None:
    earlier, later = sorted((one, other))
    moved = rules.add_years(earlier, years)

    assert moved <= rules.add_years(later, years)
    assert (moved.year, moved.month, moved.timetz()) == (
        earlier.year + years,
        earlier.month,
        earlier.timetz(),
    )
    assert moved.day == earlier.day or (earlier.day, moved.day) == (29, 28)


@given(ends, st.integers(-200, 200), st.times(), st.integers(0, 200), st.integers(0, 60))
def test_the_window_agrees_with_the_days_left_that_people_read(
    old_end: datetime, days: int, clock: time, window_days: int, grace_days: int
) -> None:
    now = datetime.combine(rules.last_day(old_end) - days * DAY, clock, UTC)
    rule = Rule(FIRST_RULE, 199, 199, 398, window_days=window_days, grace_days=grace_days)

    state = rules.window(old_end, rule).state(now)

    assert rules.days_left(old_end, now.date()) == days
    assert (state is WindowState.EARLY) == (days > window_days)
    assert (state is WindowState.CLOSED) == (days < -grace_days)
    assert (state is WindowState.LATE) == (now >= old_end and days >= -grace_days)


@given(st.integers(-4000, 4000), st.dates(date(2020, 1, 1), date(2034, 1, 1)))
def test_every_number_of_days_has_one_bucket_one_urgency_and_a_tab(days: int, today: date) -> None:
    for kinds in (rules.BUCKET_DAYS, rules.URGENCY_DAYS):
        assert sum(rules.within(days, bounds) for bounds in kinds.values()) == 1
    assert any(rules.within(days, bounds) for bounds in rules.TAB_DAYS.values())
    for bounds in rules.TAB_DAYS.values():
        first, last = rules.end_dates(bounds, today=today)
        ends_on = today + days * DAY
        inside = (first or date.min) <= ends_on <= (last or date.max)
        assert inside == rules.within(days, bounds)


# What to do next


@given(moments, st.integers(0, 1100), st.integers(-1200, 200), carrying, levels)
def test_what_is_proposed_can_be_done_in_time_and_costs_no_day(
    order_end: datetime, days_short: int, days_on: int, authority: Sequence[Rule], level: Level | None
) -> None:
    now = order_end + days_on * DAY
    assume(now.date() >= FIRST_RULE)
    certificate_end = order_end - days_short * DAY
    assume(certificate_end.date() >= FIRST_RULE)

    action = rules.next_action(
        order_end=order_end, certificate_end=certificate_end, now=now, rules=authority, level=level
    )

    if action.kind is ActionKind.NONE:
        assert (action.opens_at, action.no_loss_from, action.due_on) == (None, None, None)
        return
    assert action.opens_at is not None
    assert action.no_loss_from is not None
    assert action.due_on == rules.last_day(min(certificate_end, order_end))
    assert (action.kind is ActionKind.WAIT) == (now < action.opens_at)
    assert action.opens_at < rules.end_of_day(action.due_on) or action.reason is Reason.ORDER_ENDED
    if action.kind is ActionKind.RENEW:
        assert rules.plan_renewal(
            old_end=order_end, start=now, term=Term(years=1), rules=authority, level=level
        ).loses_no_day


@given(moments, st.integers(31, 1100), st.integers(1, 900), st.integers(0, 200))
def test_a_reissue_from_the_day_of_no_loss_needs_no_more_to_follow_and_before_it_one_more(
    certificate_end: datetime, days_short: int, cap: int, days_before: int
) -> None:
    authority = [steady(cap)]
    order_end = certificate_end + days_short * DAY
    action = rules.next_action(
        order_end=order_end,
        certificate_end=certificate_end,
        now=certificate_end - days_before * DAY,
        rules=authority,
    )
    assert action.no_loss_from is not None
    assert action.due_on is not None
    assume(action.no_loss_from < action.due_on)
    from_then, a_day_before = (rules.start_of_day(action.no_loss_from - days * DAY) for days in (0, 1))

    def reissues_after(moment: datetime) -> int:
        return len(rules.reissue_calendar(certificate_end=moment, order_end=order_end, rules=authority))

    assert reissues_after(from_then) == reissues_after(certificate_end)
    assert reissues_after(a_day_before) == reissues_after(certificate_end) + 1


# Time zones


@given(ends, shares, terms, zones | offsets, zones | offsets)
def test_every_time_zone_gives_the_same_answer(
    old_end: datetime, share: float, term: Term, zone: ZoneInfo | timezone, other: ZoneInfo | timezone
) -> None:
    start = in_window(old_end, share)
    abroad, away = old_end.astimezone(zone), start.astimezone(other)
    rule = DIGICERT[0]

    assert rules.plan_renewal(old_end=abroad, start=away, term=term, rules=DIGICERT) == rules.plan_renewal(
        old_end=old_end, start=start, term=term, rules=DIGICERT
    )
    assert rules.next_action(order_end=abroad, certificate_end=abroad, now=away, rules=DIGICERT) == rules.next_action(
        order_end=old_end, certificate_end=old_end, now=start, rules=DIGICERT
    )
    assert rules.window(abroad, rule).state(away) == rules.window(old_end, rule).state(start)
    assert rules.length_in_days(away, abroad) == rules.length_in_days(start, old_end)
    assert rules.last_day(abroad) == rules.last_day(old_end)


@given(moments, moments, zones)
def test_two_moments_of_one_zone_are_compared_as_moments_and_not_by_the_clock(
    start: datetime, end: datetime, zone: ZoneInfo
) -> None:
    here, there = start.astimezone(zone), end.astimezone(zone)

    assert rules.whole_days(here, there) == rules.whole_days(start, end)
    assert rules.length_in_days(here, there) == rules.length_in_days(start, end)
    assert rules.reissue_calendar(certificate_end=here, order_end=there, rules=DIGICERT) == rules.reissue_calendar(
        certificate_end=start, order_end=end, rules=DIGICERT
    )
