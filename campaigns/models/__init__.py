"""What campaigns store: the calendar, what was planned by it, and the letters, calls, messages and banners."""

from campaigns.models.banners import Banner
from campaigns.models.calendars import Calendar, Step
from campaigns.models.calls import Attempt, Call, CallItem
from campaigns.models.copies import LetterCopy
from campaigns.models.events import EventLetter
from campaigns.models.letters import Letter, LetterVersion
from campaigns.models.messages import Message, MessageMark
from campaigns.models.notices import Notice
from campaigns.models.teams import TeamChannel, TeamMessage

__all__ = [
    "Attempt",
    "Banner",
    "Calendar",
    "Call",
    "CallItem",
    "EventLetter",
    "Letter",
    "LetterCopy",
    "LetterVersion",
    "Message",
    "MessageMark",
    "Notice",
    "Step",
    "TeamChannel",
    "TeamMessage",
]
