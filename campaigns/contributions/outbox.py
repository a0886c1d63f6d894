"""What the outbox, and why something was or was not sent add to the portal's pages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from html import escape
from typing import Any

from django.core.cache import caches
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from campaigns.deeds import outbox as deeds
from campaigns.models import Notice
from campaigns.services import copies, settling
from campaigns.services.demo_history import seed_history
from campaigns.services.explaining import Explained, Outcome, explain
from campaigns.services.upcoming import next_touchpoints
from campaigns.states import Channel, NoticeState
from campaigns.wording import why
from campaigns.wording.notices import ICONS, reader_name, state_pill, step_words
from certificates.models import Customer, Order
from certificates.services import messages
from certificates.views.saved_views import PAGES
from certificates.wording import Pill
from certificates.x509.names import display_name
from portal import clock
from portal.contributions import (
    ActivityWords,
    DashboardCard,
    DemoPart,
    LoadedColumn,
    NavigationEntry,
    Panel,
    TimelineEvent,
    TimelineSource,
    activity_words,
    dashboard_cards,
    demo_parts,
    loaded_columns,
    navigation,
    panels,
    timelines,
)
from portal.dates import date_format
from portal.lists import Total
from portal.lists.links import row_urls
from portal.models import Membership, Partner
from portal.templatetags.portal_tags import icon

# No badge says more than this.
MOST = 99
SHOWN = 5
_EVENTS = 50
# What went wrong is on the dashboard for so long, or until somebody has seen to it.
_FRESH = timedelta(days=2)
_WRONG = (NoticeState.FAILED, NoticeState.MISSED)


def register() -> None:
    """Hang everything in its slot."""
    settling.register()
    messages.copies.add(copies.words_of)
    activity_words.add(ActivityWords(deeds.VERBS, deeds.describe))
    navigation.add(
        NavigationEntry("campaigns", _("Outbox"), "campaigns:outbox", "outbox.view", "send", 60, badge=failed)
    )
    PAGES["outbox"] = "campaigns:outbox"
    for page in ("expiring", "orders"):
        loaded_columns.add(LoadedColumn(page, "next_touchpoint", _("Next touchpoint"), 60, next_words))
    panels.add(
        Panel("order", "notices", "campaigns/outbox/on_order.html", 40, order_panel, "outbox.view"),
        Panel("quick_view", "notices", "campaigns/outbox/on_order.html", 40, order_panel, "outbox.view"),
        Panel("customer", "notices", "campaigns/outbox/on_customer.html", 40, customer_panel, "outbox.view"),
    )
    timelines.add(
        TimelineSource("order", "notices", order_events), TimelineSource("customer", "notices", customer_events)
    )
    demo_parts.add(DemoPart("history", 50, seed_history))
    dashboard_cards.add(DashboardCard("notices", "campaigns/outbox/dashboard.html", 50, dashboard, "outbox.view"))


def failed(membership: Membership) -> int:
    """How many notices have failed, as of a minute ago."""
    key = f"notices-failed:{membership.partner_id}"
    return int(caches["minute"].get_or_set(key, lambda: _count_failed(membership)) or 0)


def _count_failed(membership: Membership) -> int:
    rows = Notice.objects.for_partner(membership.partner).filter(state=NoticeState.FAILED).order_by()
    return rows.values("pk")[:MOST].count()


# Lists of orders


@dataclass(frozen=True, slots=True)
class Cell:
    """The next word about an order: its day and channel; on a page the channel is a symbol."""

    day: date
    channel: Channel
    url: str

    def __str__(self) -> str:
        return f"{self.day.isoformat()} {self.channel.label}"

    def __html__(self) -> str:
        words = f"{icon(ICONS[self.channel], self.channel.label)} {escape(date_format(self.day, 'j M'))}"
        return SafeString(f'<a class="next-touchpoint" href="{self.url}">{words}</a>')


def next_words(partner: Partner, orders: Sequence[int]) -> Mapping[int, Cell]:
    """The column "Next touchpoint" for the rows shown."""
    url = row_urls("campaigns:why")
    found = next_touchpoints(partner, orders, now=clock.now())
    return {pk: Cell(one.day, one.channel, url(pk)) for pk, one in found.items()}


# One order, one customer


def order_panel(_request: HttpRequest, order: Order) -> Mapping[str, Any]:
    """What was said lately about the order, and what comes next, each in a sentence."""
    found = explain(order, now=clock.now())
    steps = [*found.earlier, *found.steps]
    coming = [one for one in steps if one.outcome in (Outcome.PLANNED, Outcome.WILL, Outcome.DUE, Outcome.HELD)]
    past = [one for one in steps if one.notice and one not in coming]
    return {
        "order": order,
        "lines": [_told(one) for one in (*past[-2:], *coming[:2])],
        "quiet": "" if coming or not found.steps else why.told(found.steps[-1]),
    }


def _told(one: Explained) -> tuple[str, Any, str, str, str]:
    """The symbol of its channel and its words, the step, the sentence, and the colour of its mark."""
    channel = one.step.channel
    return ICONS[channel], one.step.get_channel_display(), why.step_of(one), why.told(one), why.level(one) or "calm"


def customer_panel(_request: HttpRequest, customer: Customer) -> Mapping[str, Any] | None:
    """What goes to the customer next, and what went lately, forty orders of one letter in one line."""
    rows = Notice.objects.for_partner(customer.partner).filter(customer=customer)
    ahead = _lines(rows.open().order_by("due_at", "pk"))
    behind = _lines(rows.exclude(pk__in=rows.open().values("pk")).order_by("-due_at", "-pk"))
    return {"ahead": ahead, "behind": behind, "customer": customer} if ahead or behind else None


@dataclass(frozen=True, slots=True)
class Line:
    """Notices that belong together, in one line: the first of them, and how many more orders it is about."""

    notice: Notice
    words: str
    reader: str
    more: str
    pill: Pill


def _lines(rows: QuerySet[Notice]) -> list[Line]:
    found: dict[tuple[Any, ...], list[Notice]] = {}
    for one in rows.select_related("step", "order", "contact", "member__user")[: 20 * SHOWN]:
        about = (one.mail_id,) if one.mail_id else (one.contact_id, one.member_id, one.channel, one.due_at, one.state)
        found.setdefault(about, []).append(one)
    return [_line(group) for group in list(found.values())[:SHOWN]]


def _line(group: Sequence[Notice]) -> Line:
    first, others = group[0], len({one.order_id for one in group}) - 1
    more = ngettext("and %(count)s more order", "and %(count)s more orders", others) % {"count": others}
    words = step_words(first.step.basis, first.step.days, first.step.share)
    return Line(first, words, reader_name(first), more if others else "", state_pill(first.state, first.channel))


_TOLD_OF = (NoticeState.SENT, NoticeState.FAILED, NoticeState.MISSED, NoticeState.SUPPRESSED, NoticeState.PLANNED)


def order_events(order: Order) -> Iterator[TimelineEvent]:
    """What was sent, missed or is planned about it, with whom it reached."""
    rows = Notice.objects.for_partner(order.partner).filter(order=order, state__in=_TOLD_OF)
    for one in rows.select_related("step", "contact", "member__user").order_by("-due_at", "-pk")[:_EVENTS]:
        yield _event(one, step_words(one.step.basis, one.step.days, one.step.share))


def customer_events(customer: Customer) -> Iterator[TimelineEvent]:
    """What was sent to it: one event for each letter, however many orders it was about."""
    rows = Notice.objects.for_partner(customer.partner).filter(customer=customer, state__in=_TOLD_OF[:3])
    seen: set[tuple[Any, ...]] = set()
    for one in rows.select_related("step", "order", "contact", "member__user").order_by("-due_at", "-pk")[:_EVENTS]:
        about = (one.mail_id,) if one.mail_id else (one.call_id, one.channel, one.due_at)
        if about not in seen:
            seen.add(about)
            yield _event(one, display_name(one.order.common_name))


def _event(notice: Notice, detail: str) -> TimelineEvent:
    level, words = state_pill(notice.state, notice.channel)
    return TimelineEvent(
        notice.decided_at or notice.due_at,
        f"{notice.get_channel_display()}: {words}",
        " · ".join(filter(None, (detail, reader_name(notice)))),
        level="planned" if notice.state == NoticeState.PLANNED else level,
        url=reverse("campaigns:notice", args=[notice.pk]),
    )


# The dashboard


def dashboard(request: Any) -> Mapping[str, Any] | None:
    """What failed or was missed since yesterday; nothing where nothing did."""
    rows = Notice.objects.for_partner(request.partner).filter(
        state__in=_WRONG, decided_at__gte=clock.now() - _FRESH, due_at__gte=clock.now() - timedelta(days=30)
    )
    found = list(rows.select_related("order", "customer", "step").order_by("-decided_at", "-pk")[: MOST + 1])
    if not found:
        return None
    url, counts = reverse("campaigns:outbox"), Counter(one.state for one in found)
    return {
        "counts": [(Total(counts[state], MOST), state_pill(state), f"{url}?tab={state}") for state in counts],
        "rows": [(one, state_pill(one.state), one.get_reason_display()) for one in found[:SHOWN]],
    }
