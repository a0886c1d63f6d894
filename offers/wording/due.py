"""What the page of all that is due says: each row in words, and the sums of those that are ticked."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from django.utils.translation import get_language, gettext, ngettext

from certificates import wording
from certificates.models import Order, Request
from certificates.rules import RenewalPlan, last_day
from certificates.wording import Pill
from offers.models import SalesSettings
from offers.services.quotes.refusals import LineProblem, Reason
from offers.services.renewing_many import Due, DueLine
from offers.wording import quotes as quote_wording
from offers.wording.renewal import validation
from offers.wording.sums import Tag, tag, tax_label
from portal.dates import date_format
from portal.money import money


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One order of the page; with `why_not` it has no tick, and nothing after the product."""

    pk: int
    number: str
    host: str
    further_names: str
    ends_on: date | None
    end: Pill | None
    answer: Pill | None  # given instead of renewing
    product: str
    term: str
    address: str  # of its own page
    why_not: str = ""
    new_end: str = ""
    kept: str = ""
    held_by: Sequence[str] = ()
    has_key: bool = False
    tag: Tag | None = None
    told: str = ""
    is_ticked: bool = False
    is_changed: bool = False


@dataclass(frozen=True, slots=True)
class SumsInWords:
    """What the ticked ones come to; `saving` is empty where nothing is saved."""

    count: int
    net: str
    saving: str
    tax_label: str
    tax: str
    total: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A renewal that is in hand or done."""

    pk: int
    host: str
    number: str
    state: Pill
    asked: str
    net: str
    address: str


def row_of(line: DueLine, *, address: str, ticked: Collection[int], changed: Collection[int] = (), today: date) -> Row:
    order = line.order
    row = Row(
        pk=order.pk,
        number=order.number,
        host=wording.host(order),
        further_names=_further(order),
        ends_on=order.ends_on,
        end=wording.order_end(order, today=today),
        answer=wording.answer(line.rests_until) if line.rests else None,
        product=order.product_name,
        term=wording.years(order.term_years),
        address=address,
        is_changed=order.pk in changed,
    )
    if line.problem or line.line is None or line.plan is None:
        return replace(row, why_not=problem_words(line.problem) if line.problem else "")
    return replace(
        row,
        product=line.line.product.name,
        term=wording.years(line.line.term_years),
        new_end=wording.short_day(last_day(line.plan.order_end)),
        kept=_kept(line.plan),
        held_by=[validation(fact) for fact in line.checks if fact.holds],
        has_key=line.csr is not None,
        tag=tag(line.price),
        told=line.told,
        is_ticked=order.pk in ticked,
    )


def problem_words(problem: LineProblem) -> str:
    """Why it cannot be ordered together with others."""
    if problem.reason is Reason.NO_PRICE:
        return gettext("Its price is on request: look at its own page.")
    return quote_wording.sentence(problem)


def _further(order: Order) -> str:
    number = len(order.names) - 1
    if number < 1:
        return ""
    return ngettext("and %(count)s more name", "and %(count)s more names", number) % {"count": number}


def _kept(plan: RenewalPlan) -> str:
    """How much of the present order is kept, or given up."""
    if plan.lost_days:
        words = ngettext("%(days)s day is given up", "%(days)s days are given up", plan.lost_days)
        return words % {"days": plan.lost_days}
    hours = wording.hours_kept(plan)
    if not (plan.carried_days or hours):
        return ""
    return gettext("%(time)s kept") % {"time": wording.time_kept(plan.carried_days, hours)}


def sums_of(due: Due, ticked: Collection[int], settings: SalesSettings) -> SumsInWords:
    sums = due.sums(ticked)
    return SumsInWords(
        count=sums.count,
        net=money(sums.totals.net, due.currency),
        saving=money(sums.saved, due.currency) if sums.saved else "",
        tax_label=tax_label(due.tax, settings.tax_name(get_language() or "en")),
        tax=money(sums.totals.tax, due.currency),
        total=money(sums.totals.gross, due.currency),
    )


def asked_of(request: Request, *, address: str) -> Asked:
    facts: Mapping[str, str] = {"person": request.person, "date": date_format(request.requested_at, "DATE_FORMAT")}
    asked = gettext("asked for by %(person)s on %(date)s") if request.person else gettext("asked for on %(date)s")
    return Asked(
        pk=request.pk,
        host=wording.readable(request.common_name),
        number=request.order.number if request.order else "",
        state=wording.request_state(request),
        asked=asked % facts,
        net=money(request.price, request.currency) if request.price is not None else "",
        address=address,
    )
