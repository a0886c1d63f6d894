"""What pages of calls say with the facts of an order."""

from __future__ import annotations

from django import template
from django.utils.safestring import SafeString

from campaigns.models import Attempt
from campaigns.services.scripts import Topic
from campaigns.wording import calls, scripts
from certificates import wording
from certificates.models import Order, Reply
from portal.templatetags.portal_tags import pill

register = template.Library()

register.filter("days_in_words", scripts.days_in_words)
register.filter("new_end", scripts.new_end)
register.filter("offer_words", scripts.offer_words)
register.filter("more_words", scripts.more_words)
register.filter("order_end", scripts.order_end)
register.filter("reissue_words", scripts.reissue_words)
register.filter("likely_questions", scripts.likely_questions)


@register.filter
def host_of(order: Order) -> str:
    return wording.host(order)


@register.filter
def kept_in_words(topic: Topic) -> str:
    return scripts.kept_in_words(topic.plan) if topic.plan else ""


@register.filter
def end_words(topic: Topic) -> str:
    """How urgent the end is, where there is no colour."""
    return "" if topic.days_left is None else str(wording.ending(topic.days_left).words)


@register.simple_tag
def end_pill(topic: Topic) -> SafeString | str:
    """How urgent the end is."""
    return "" if topic.days_left is None else pill(*wording.ending(topic.days_left))


@register.simple_tag
def outcome_pill(attempt: Attempt) -> SafeString:
    return pill(*calls.outcome(attempt.outcome, promised_on=attempt.promised_on))


@register.simple_tag
def reply_pill(said: Reply) -> SafeString:
    return pill(*wording.reply(said))
