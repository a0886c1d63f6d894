"""The blocks of a letter as facts and sentences in the active language; HTML and text are both made from these."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache

from django.utils.translation import get_language, ngettext, pgettext
from django.utils.translation import gettext as _

from campaigns.library import Action
from campaigns.rules.keys import Part
from certificates import rules, wording
from certificates.catalogue import Benefit
from certificates.models import Order, Product
from certificates.rules import RenewalPlan
from certificates.services.planning import ReissuePlan
from certificates.wording.guides import Guide
from certificates.wording.howto import HOW_TO
from offers.wording import renewal as renewal_wording
from portal.quantities import percentage

# A list names so many orders, and says how many more there are.
SHOWN = 50
# From so many days before the end, nobody is asked any more to be early.
LATE = 14
# Benefits that a letter names; the product has them all.
BENEFITS_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that is the same for every reader; width and height in CSS pixels."""

    url: str
    alt: str
    width: int
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One order of several: its host, its essentials as labels and values, a note, and perhaps its own address."""

    host: str
    rows: tuple[tuple[str, str], ...]
    note: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One part of a letter. What is empty is not shown."""

    part: Part
    title: str = ""
    words: tuple[str, ...] = ()
    rows: tuple[tuple[str, str], ...] = ()
    items: tuple[Item, ...] = ()
    steps: tuple[str, ...] = ()
    picture: Picture | None = None
    url: str = ""
    label: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a letter says of one order, as of a day: `days` to the end that it speaks of, negative after it.

    `old_end` is that of the certificate that is still in use while the order's own waits to be installed.
    """

    order: Order
    days: int
    is_reissue: bool = False
    plan: RenewalPlan | None = None
    reissue: ReissuePlan | None = None
    url: str = ""
    old_end: date | None = None
    # Benefits of its product that somebody has to switch on, and that are not known to be in use
    idle: tuple[Benefit, ...] = ()

    @property
    def host(self) -> str:
        return wording.host(self.order)

    @property
    def ends_on(self) -> date | None:
        """The end it speaks of."""
        return self.order.certificate_ends_on if self.is_reissue else self.order.ends_on

    @property
    def keeps(self) -> bool:
        """Whether days are kept that renewing later would not lose either."""
        return self.plan is not None and self.plan.loses_no_day and self.plan.carried_days > 0


@dataclass(frozen=True, slots=True)
class Saving:
    """Something that costs less: in words, and the share of the price in percent."""

    words: str
    share: int


@lru_cache(maxsize=4096)
def _written(when: date, _language: str) -> str:
    return wording.day(when)


def day(when: date | None) -> str:
    """The date in words, put together once for each language; empty for none."""
    return _written(when, get_language() or "en") if when else ""


# Banner


def banner(about: About, action: Action) -> str:
    """The heading: "60 days until expiration"."""
    if action is Action.QUOTE:
        return _("Your quote is waiting for you")
    if action is Action.INSTALL:
        return _("Issued, and not installed yet")
    if about.days < 0:
        return ngettext("Expired %(days)s day ago", "Expired %(days)s days ago", -about.days) % {"days": -about.days}
    if about.days == 0:
        return _("Expires today")
    return ngettext("%(days)s day until expiration", "%(days)s days until expiration", about.days) % {
        "days": about.days
    }


def banner_note(abouts: Sequence[About], action: Action, *, quoted_until: str = "") -> str:
    """The line below the heading; `quoted_until` is the last day of a quote, in words."""
    match action:
        case Action.REISSUE:
            return _("Reissue it free: it is included in your plan.")
        case Action.INSTALL:
            return _("Your certificate protects nobody until it is installed.")
        case Action.QUOTE:
            return _("It is valid until %(date)s.") % {"date": quoted_until} if quoted_until else ""
        case Action.VALIDATE:
            return _("Verify now, and nothing holds up the renewal.")
    return _note_of_end(abouts, renews_itself=action is Action.LOOK)


def _note_of_end(abouts: Sequence[About], *, renews_itself: bool) -> str:
    if abouts and abouts[0].days < 0:
        return _("It can still be renewed.") if abouts[0].plan else ""
    if not abouts or not all(one.keeps for one in abouts):
        return ""
    if renews_itself:
        return _("The renewal is automatic. You won't lose a second of validity.")
    if abouts[0].days <= LATE:
        return _("You won't lose a second of validity.")
    return _("Renew early. You won't lose a second of validity.")


# Essentials


def essentials(abouts: Sequence[About]) -> Block:
    """The table of one order, or the list of several."""
    if len(abouts) == 1:
        return Block(part=Part.ESSENTIALS, title=_("Your certificate"), rows=rows_of(abouts[0]))
    items = tuple(_item(one) for one in abouts[:SHOWN])
    further = len(abouts) - SHOWN
    note = ngettext("and %(further)s more certificate", "and %(further)s more certificates", further)
    return Block(
        part=Part.ESSENTIALS,
        title=_("Your certificates"),
        items=items,
        note=note % {"further": further} if further > 0 else "",
    )


def rows_of(about: About) -> tuple[tuple[str, str], ...]:
    """Label and value of each essential."""
    order = about.order
    rows = [
        (_("Order number"), order.number),
        (_("Product"), order.product_name),
        (_("Common name"), about.host),
        (pgettext("a date", "Issued"), issued(order)),
        (_("Expires"), day(order.ends_on)),
        (_("Validity"), wording.years(order.term_years)),
    ]
    if about.is_reissue and order.certificate_ends_on:
        rows.insert(4, (_("Certificate expires"), day(order.certificate_ends_on)))
        rows[5] = (_("Order ends"), rows[5][1])
    return tuple(row for row in rows if row[1])


def issued(order: Order) -> str:
    return day(rules.utc_date(order.starts_at)) if order.starts_at else ""


def _item(about: About) -> Item:
    own = [row for row in rows_of(about) if row[1] != about.host]
    # a list is read for its dates: the end that it speaks of stands first
    rows = tuple(sorted(own, key=lambda row: row[1] != day(about.ends_on)))
    note = ""
    if about.plan:
        note = _("The new order ends on %(date)s.") % {"date": day(rules.last_day(about.plan.order_end))}
    elif about.reissue:
        note = _reissued_to(about.reissue)
    return Item(host=about.host, rows=rows, note=note, url=about.url)


# No day lost


def no_day_lost(abouts: Sequence[About], *, lead_days: int | None = None) -> Block | None:
    """The customer's own figures, only where what is left is carried over.

    `lead_days` before the end, an order renews itself; None for one that waits for its customer.
    """
    reissues = [one.reissue for one in abouts if one.reissue]
    if len(reissues) == len(abouts) and reissues:
        return _reissue_keeps(reissues)
    kept = [one for one in abouts if one.keeps]
    if not kept or len(kept) < len([one for one in abouts if one.days >= 0]):
        return None
    title = _("You won't lose a second of validity")
    return Block(
        part=Part.NO_DAY_LOST, title=title, words=_kept(kept[0], lead_days) if len(abouts) == 1 else _kept_of_all()
    )


def _kept(about: About, lead_days: int | None) -> tuple[str, ...]:
    plan, order = about.plan, about.order
    if plan is None or order.ends_on is None:
        return ()
    waits = 0 if lead_days is None else max(0, plan.carried_days - lead_days)
    facts = {
        "kept": wording.time_kept(plan.carried_days - waits, wording.hours_kept(plan)),
        "term": plan.term_days,
        "all": renewal_wording.days(plan.order_days - waits),
        "old_end": day(order.ends_on),
        "end": day(rules.last_day(plan.order_end)),
    }
    own = _("What is left (%(kept)s) is added to the %(term)s days of the new order: %(all)s, to %(end)s.") % facts
    if lead_days is not None:
        return (own,)
    any_day = _("Renew on any day until %(old_end)s: the new order ends on %(end)s all the same.") % facts
    return own, any_day, renewal_wording.renewal_sentence(plan)


def _kept_of_all() -> tuple[str, ...]:
    return (
        _("What is left of each is added to its new order. On whatever day you renew, it ends on the date beside it."),
    )


def _reissue_keeps(reissues: Sequence[ReissuePlan]) -> Block:
    words = (renewal_wording.reissue_sentence(reissues[0]),) if len(reissues) == 1 else ()
    paid = _("Your plan is paid to its end: every certificate until then is included.")
    return Block(part=Part.NO_DAY_LOST, title=_("Nothing to pay, and no day lost"), words=(*words, paid))


def _reissued_to(plan: ReissuePlan) -> str:
    return _("The new certificate runs to %(date)s.") % {"date": day(rules.last_day(plan.ends_at))}


# Button


def button(action: Action, url: str, count: int) -> Block:
    """The one thing to press."""
    labels = {
        Action.RENEW: ngettext("Renew now", "Renew all %(count)s now", count) % {"count": count},
        Action.REISSUE: _("Reissue now, free"),
        Action.VALIDATE: _("See what is to be verified"),
        Action.LOOK: _("Look at my renewal"),
        Action.INSTALL: _("Fetch and install it"),
        Action.QUOTE: _("Read and accept the quote"),
    }
    note = _("One click: everything is filled in. On the same page you can get a quote.")
    return Block(part=Part.BUTTON, url=url, label=labels[action], note=note if action is Action.RENEW else "")


# Incentive and benefits


def savings(found: Sequence[Saving]) -> Block | None:
    """Only what the price rules give this very customer."""
    if not found:
        return None
    best = max(one.share for one in found)
    title = _("Save up to %(share)s") % {"share": percentage(Decimal(best))} if best else _("Worth a look")
    return Block(part=Part.SAVINGS, title=title, steps=tuple(one.words for one in found))


def benefits(product: Product | None, idle: Sequence[Benefit] = ()) -> Block | None:
    """What the product that they own brings, what it is good for, and what of it nobody has switched on yet."""
    if product is None:
        return None
    known = [Benefit(code) for code in product.benefits if code in Benefit.values]
    lines = [f"{one.label}. {HOW_TO[one].good_for}" for one in reversed(known)]
    if not lines:
        return None
    title = _("What %(product)s brings you") % {"product": product.name}
    note = _("Included, and perhaps not in use yet: %(benefits)s. Reply to this letter, and we help you switch it on.")
    unused = ", ".join(str(one.label) for one in idle)
    return Block(
        part=Part.BENEFITS,
        title=title,
        steps=tuple(lines[:BENEFITS_SHOWN]),
        note=note % {"benefits": unused} if unused else "",
    )


# Instructions, automation, warning


def instructions(guide: Guide, picture: Picture | None, *, is_issued: bool = False) -> Block:
    """How it comes onto the kind of server that the order runs on; nobody asks again for what is issued."""
    wanted = guide.install if is_issued else (*guide.request, *guide.install)
    steps = tuple(str(step.words).rstrip(" :\u00a0\u202f") for step in wanted)
    steps = tuple(step if step.endswith((".", "?")) else f"{step}." for step in steps)
    return Block(
        part=Part.INSTRUCTIONS,
        title=_("How it is done on %(server)s") % {"server": guide.name},
        steps=steps,
        picture=replace(picture, alt=" ".join(steps)) if picture else None,
        note=_("The page behind the button shows each step with your own names, for every kind of server."),
    )


def automation(about: About, lead_days: int) -> Block:
    """How not to think of it again."""
    order = about.order
    if about.is_reissue:
        words = _(
            "Certificates live ever shorter. Your server can fetch the next ones by itself: "
            "reply to this letter, and we tell you how."
        )
    elif order.auto_renew and order.ends_on:
        renews_on = day(order.ends_on - timedelta(days=lead_days))
        words = _("Automatic renewal is on: this order renews itself on %(day)s.") % {"day": renews_on}
    else:
        words = _(
            "Let the order renew itself %(days)s days before its end, and only install what is issued. "
            "Reply to this letter, and we switch it on."
        ) % {"days": lead_days}
    return Block(part=Part.AUTOMATION, title=_("Never think of it again"), words=(words,))


def warning(picture: Picture, last_day: date, *, is_over: bool = False) -> Block:
    """What visitors see from the day after the end."""
    words = _("Since %(day)s visitors have been seeing this.") if is_over else _("From %(day)s visitors see this.")
    caption = words % {"day": day(last_day + timedelta(days=1))}
    return Block(part=Part.WARNING, picture=picture, note=caption)
