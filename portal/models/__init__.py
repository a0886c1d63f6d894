"""Partners, the people who work for them, what they did, and the letters that leave the house."""

from portal.models.activity import Activity
from portal.models.base import PartnerOwned
from portal.models.links import Link
from portal.models.mail import OutgoingMail, SuppressedAddress
from portal.models.partners import Partner
from portal.models.people import Membership, User
from portal.models.sending import MailAlarm, MailReturn, SendingCount, SendingHold

__all__ = [
    "Activity",
    "Link",
    "MailAlarm",
    "MailReturn",
    "Membership",
    "OutgoingMail",
    "Partner",
    "PartnerOwned",
    "SendingCount",
    "SendingHold",
    "SuppressedAddress",
    "User",
]
