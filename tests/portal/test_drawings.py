"""Bars are drawn to scale, and the figures of their attributes read the same in every language."""

from __future__ import annotations

from datetime import date

import pytest
from django.utils import translation

from portal.drawings import Mark, Part, Period, Row, Scale, Shape, parts_to_scale, percent
from portal.templatetags.portal_tags import days_bar, ends_bar

KEPT = Part("kept", 31, "31 days", "kept from today's order")
REST = Part("order", 365)


def test_parts_stand_side_by_side_in_proportion_to_their_days() -> None:
    assert parts_to_scale([KEPT, Part("certificate", 0), REST]) == [
        Shape("kept", "0%", "7.83%"),
        Shape("order", "7.83%", "92.17%"),
    ]


def test_only_parts_with_words_have_a_line_in_the_legend() -> None:
    assert days_bar([KEPT, REST], "The new order lasts 396 days.")["legend"] == [KEPT]


def test_periods_and_marks_share_one_scale_of_days() -> None:
    period = Period("certificate", date(2026, 1, 11), date(2026, 1, 21), "second certificate")
    row = Row("Certificates", [Period("gone", date(2026, 1, 1), date(2026, 1, 11)), period])
    today = Mark("today", date(2026, 1, 16), "today")

    scale = Scale.around([row], [today])

    assert scale == Scale(date(2026, 1, 1), date(2026, 1, 21))
    assert scale.shape(period) == Shape("certificate", "50%", "50%", "second certificate")
    assert scale.line(today) == Shape("today", "75%", "0%", "today")


def test_a_bar_of_a_single_day_can_be_drawn() -> None:
    day = date(2026, 1, 1)

    assert ends_bar([Row("Order", [Period("order", day, day)])], [], "Nothing is left.")["first"] == day


def test_nothing_to_draw_is_an_error() -> None:
    with pytest.raises(ValueError, match="empty"):
        Scale.around([], [])


def test_percentages_keep_their_point_in_french() -> None:
    with translation.override("fr"):
        assert percent(0.12345) == "12.35%"
