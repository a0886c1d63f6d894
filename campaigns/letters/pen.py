"""Puts facts, blocks and an author's words together to a whole letter; asks the database nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaigns import guides, liquid
from campaigns.drawing.lettering import FontsMissing
from campaigns.letters import blocks, layout
from campaigns.letters.blocks import About, Block, Picture, Saving
from campaigns.letters.body import Body, body, variables
from campaigns.letters.layout import Paper, Sheet, look_of
from campaigns.library import Action, LibraryLetter, Source
from campaigns.liquid import LetterRefused, Plain, plain
from campaigns.rules.keys import Part
from campaigns.states import Tone
from campaigns.warnings import BadHost, Browser, Device, picture_of
from certificates import rules, wording
from certificates.wording.guides import Guide, fillings, guide_for
from portal.mail.letters import Words
from portal.mail.outbox import one_line
from portal.models import Partner
from portal.quantities import percentage
from portal.typography import spaced

# From so many days before the end the band says that it cannot wait, whatever the tone.
HURRIES_FROM = 3
# Nobody has to ask for these certificates: they are issued, or will be without anybody.
_ONLY_INSTALLED = (Action.INSTALL, Action.LOOK)


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteFacts:
    """A quote as a letter speaks of it, in words of the reader's language."""

    number: str
    total: str
    valid_until: str
    days: int
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """All that one letter to a contact is written from; the first of `abouts` is the most urgent."""

    kind: LibraryLetter
    source: Source
    language: str
    tone: Tone
    name: str
    customer: str
    manager: str
    abouts: Sequence[About]
    savings: Sequence[Saving] = ()
    holds: Sequence[str] = ()
    quote: QuoteFacts | None = None
    code: str
    action_url: str
    preferences_url: str
    unsubscribe_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A letter, with what its author placed in it, and the blocks that had something to say.

    `own` is what the author wrote and placed, without what the layout adds; `said` without the blocks, too.
    """

    words: Words
    preheader: str
    body: str
    own: str
    said: str
    placed: frozenset[Part]
    shown: frozenset[Part]


class Pen:
    """Writes the letters of one partner; what they have in common is drawn once."""

    def __init__(self, partner: Partner) -> None:
        self.partner = partner
        self._papers: dict[str, Paper] = {}
        self._drawn: dict[tuple[str, Part, object], tuple[str, str]] = {}

    def write(self, draft: Draft) -> Drawn:
        """The whole letter; the reader's language is active. Raises LetterRefused."""
        paper = self._paper(draft.language)
        shown = {part: drawn for part in draft.kind.parts if (drawn := self._part(part, draft, paper))}
        facts = {name: plain(value) for name, value in facts_of(draft, self.partner).items()}
        with _standing_in("body"):
            filled = liquid.read(draft.source.body, is_html=True).fill({**facts, **variables(frozenset(shown))})
        written = _completed(draft, shown, filled)
        sheet = self._sheet(draft, facts)
        words = Words(
            subject=sheet.subject,
            text=paper.text(sheet, written),
            html=paper.html(sheet, written, is_urgent=_hurries(draft)),
            code=draft.code,
        )
        return Drawn(
            words=words,
            preheader=sheet.preheader,
            body=written.text,
            own=written.own,
            said=written.said,
            placed=written.placed,
            shown=frozenset(shown),
        )

    def _sheet(self, draft: Draft, facts: Mapping[str, Plain]) -> Sheet:
        first, action = draft.abouts[0], draft.kind.action
        return Sheet(
            subject=_line("subject", draft, facts)[:200],
            preheader=_line("preheader", draft, facts),
            label=_label(draft),
            banner=blocks.banner(first, action),
            note=blocks.banner_note(draft.abouts, action, quoted_until=draft.quote.valid_until if draft.quote else ""),
            closing=", ".join(filter(None, (draft.manager, self.partner.name))),
            code=draft.code,
            why=_why(draft),
            preferences_url=draft.preferences_url,
            unsubscribe_url=draft.unsubscribe_url,
        )

    def _paper(self, language: str) -> Paper:
        if language not in self._papers:
            self._papers[language] = Paper(look_of(self.partner, language))
        return self._papers[language]

    def _part(self, part: Part, draft: Draft, paper: Paper) -> tuple[str, str] | None:
        """HTML and text of a block; those that many letters share are drawn once."""
        shared = _shared_by(part, draft)
        key = (draft.language, part, shared)
        if shared is not None and key in self._drawn:
            return self._drawn[key]
        block = self._block(part, draft)
        if block is None:
            return None
        drawn = layout.html_of(block, paper.look), layout.text_of(block)
        if shared is not None:
            self._drawn[key] = drawn
        return drawn

    def _block(self, part: Part, draft: Draft) -> Block | None:
        first = draft.abouts[0]
        match part:
            case Part.ESSENTIALS:
                return blocks.essentials(draft.abouts)
            case Part.BUTTON:
                return blocks.button(draft.kind.action, draft.action_url, len(draft.abouts))
            case Part.NO_DAY_LOST:
                by_itself = draft.kind.action is Action.LOOK
                return blocks.no_day_lost(draft.abouts, lead_days=settings.AUTO_RENEW_DAYS if by_itself else None)
            case Part.WARNING:
                return self._warning(first, draft)
            case Part.SAVINGS:
                return blocks.savings(draft.savings)
            case Part.BENEFITS:
                return blocks.benefits(first.order.product, first.idle)
            case Part.INSTRUCTIONS:
                guide, is_issued = guide_for(first.order.server_platform), draft.kind.action in _ONLY_INSTALLED
                picture = guide_picture(self.partner, guide, draft.language, is_issued=is_issued)
                return blocks.instructions(guide, picture, is_issued=is_issued)
        return blocks.automation(first, settings.AUTO_RENEW_DAYS)

    def _warning(self, about: About, draft: Draft) -> Block | None:
        """What visitors see after the last day of what is in use: the one before, while a new certificate waits."""
        waits = draft.kind.action is Action.INSTALL
        day = about.old_end if waits else about.ends_on
        if day is None:
            return None
        host, language = fillings([about.order.common_name]).host, draft.language
        try:
            found = picture_of(
                self.partner, host=host, day=day, browser=Browser.CHROME, device=Device.DESKTOP, language=language
            )
        except BadHost:
            return None
        picture = Picture(found.url, found.alt, found.width, found.height)
        return blocks.warning(picture, day, is_over=about.days < 0 and not waits)


def guide_picture(partner: Partner, guide: Guide, language: str, *, is_issued: bool = False) -> Picture | None:
    """The steps of a guide as a picture; None where set-up has made no fonts to draw it with."""
    try:
        drawn = guides.draw(guide, language, is_issued=is_issued)
    except FontsMissing:
        return None
    address = guides.address(partner, guide, language, is_issued=is_issued)
    return Picture(address, "", guides.WIDTH, drawn.height)


def _shared_by(part: Part, draft: Draft) -> object:
    """What decides a block that many letters share; None for one of each letter's own."""
    order = draft.abouts[0].order
    if part is Part.BENEFITS:
        return order.product_id or 0, draft.abouts[0].idle
    if part is Part.INSTRUCTIONS:
        return guide_for(order.server_platform).server, draft.kind.action in _ONLY_INSTALLED
    if part is Part.AUTOMATION and not order.auto_renew:
        return draft.abouts[0].is_reissue
    return None


def _completed(draft: Draft, shown: Mapping[Part, tuple[str, str]], filled: str) -> Body:
    """The author's words, and behind them the blocks that were left out."""
    addresses = {
        "renew_url": draft.action_url,
        "unsubscribe_url": draft.unsubscribe_url,
        "preferences_url": draft.preferences_url,
    }
    written = body(
        filled,
        html_of=lambda part: shown[part][0],
        text_of=lambda part: shown[part][1],
        addresses=addresses,
        language=draft.language,
    )
    added = [drawn for part, drawn in shown.items() if part not in written.placed]
    htmls = [written.html, *(html for html, _text in added)]
    texts = [written.text, *(text for _html, text in added)]
    return replace(written, html="\n".join(htmls), text="\n\n".join(filter(None, texts)))


def _line(part: str, draft: Draft, facts: Mapping[str, Plain]) -> str:
    """The subject or the preheader: one line of text."""
    with _standing_in(part):
        filled = liquid.read(getattr(draft.source, part)).fill(facts)
    return spaced(one_line(filled), draft.language)


@contextmanager
def _standing_in(part: str) -> Iterator[None]:
    """Say in which part of a letter stands what is refused."""
    try:
        yield
    except LetterRefused as refused:
        refused.part = part
        raise


def _hurries(draft: Draft) -> bool:
    if draft.kind.action is Action.QUOTE:
        return False
    return draft.tone == Tone.URGENT or 0 <= draft.abouts[0].days <= HURRIES_FROM


def _label(draft: Draft) -> str:
    """What stands beside the partner's name."""
    if draft.quote:
        return _("Quote %(number)s") % {"number": draft.quote.number}
    if len(draft.abouts) > 1:
        count = len(draft.abouts)
        return ngettext("%(count)s certificate", "%(count)s certificates", count) % {"count": count}
    return _("Order %(number)s") % {"number": draft.abouts[0].order.number}


def _why(draft: Draft) -> str:
    return _("You get this letter because you look after certificates of %(customer)s.") % {"customer": draft.customer}


# What authors may name


def facts_of(draft: Draft, partner: Partner) -> dict[str, object]:
    """Every variable of a letter but its blocks and addresses; what is not known is empty."""
    first = draft.abouts[0]
    best = max((one.share for one in draft.savings), default=0)
    orders = [order_facts(one) for one in draft.abouts[: blocks.SHOWN]]
    quote = draft.quote or QuoteFacts(number="", total="", valid_until="", days=0, count=0)
    return {
        "name": draft.name,
        "customer": draft.customer,
        "partner": partner.name,
        "manager": draft.manager,
        "support_phone": layout.together(partner.support_phone),
        "support_email": partner.support_email,
        "tone": str(draft.tone),
        "days": first.days,
        "count": len(draft.abouts),
        "has_offers": bool(draft.savings),
        "saving": percentage(best) if best else "",
        "order": orders[0],
        "orders": orders,
        "holds": list(draft.holds),
        "quote": {
            "number": quote.number,
            "total": quote.total,
            "valid_until": quote.valid_until,
            "days": quote.days,
            "count": quote.count,
        },
    }


def order_facts(about: About) -> dict[str, object]:
    """One order as authors may name it: texts in the reader's language, and numbers."""
    order, plan = about.order, about.plan
    new_end = plan.order_end if plan else about.reissue.ends_at if about.reissue else None
    renews_on = order.ends_on - timedelta(days=settings.AUTO_RENEW_DAYS) if order.ends_on else None
    starts = order.certificate_starts_at
    return {
        "number": order.number,
        "host": about.host,
        "product": order.product_name,
        "brand": order.family,
        "issued": blocks.issued(order),
        "expires": blocks.day(order.ends_on),
        "validity": wording.years(order.term_years),
        "days": about.days,
        "kept": wording.time_kept(plan.carried_days, wording.hours_kept(plan)) if plan and about.keeps else "",
        "new_end": blocks.day(rules.last_day(new_end)) if new_end else "",
        "certificate_issued": blocks.day(rules.utc_date(starts)) if starts else "",
        "certificate_expires": blocks.day(order.certificate_ends_on),
        "renews_on": blocks.day(renews_on),
        "server": guide_for(order.server_platform).name if order.server_platform else "",
    }
