"""The words that campaigns store: channels, states of a notice, and why one stayed home."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Basis(models.TextChoices):
    """What a step hangs on: the order's end asks for a renewal, the certificate's life for a reissue."""

    ORDER = "order", _("The order's end")
    CERTIFICATE = "certificate", _("The certificate's life")


class Channel(models.TextChoices):
    EMAIL = "email", _("E-mail")
    CONSOLE = "console", _("Console message")
    BANNER = "banner", _("Banner")
    TELEPHONE = "telephone", _("Telephone")


# What is only shown is gone with the step that showed it; on these it has been said.
SAID_ONCE = (Channel.EMAIL, Channel.TELEPHONE)


class Tone(models.TextChoices):
    FRIENDLY = "friendly", _("Friendly")
    PLAIN = "plain", _("Plain")
    URGENT = "urgent", _("Urgent")


class Recipient(models.TextChoices):
    """Whom a stage reaches; `owner` is the customer's account manager, one of the partner's own people."""

    TECHNICAL = "technical", _("Technical contact")
    BUYER = "buyer", _("Buyer")
    OWNER = "owner", _("Account manager")
    MANAGER = "manager", _("Manager")


class NoticeState(models.TextChoices):
    """planned ⇄ held; planned → queued → sent; the others are ends. A queued one may come back to planned."""

    PLANNED = "planned", pgettext_lazy("notice", "Planned")
    HELD = "held", pgettext_lazy("notice", "Held")
    QUEUED = "queued", pgettext_lazy("notice", "Being sent")
    SENT = "sent", pgettext_lazy("notice", "Sent")
    FAILED = "failed", pgettext_lazy("notice", "Failed")
    MISSED = "missed", pgettext_lazy("notice", "Missed")
    SUPPRESSED = "suppressed", pgettext_lazy("notice", "Not sent")
    SILENT = "silent", pgettext_lazy("notice", "No longer needed")


# Still to come, so that a change of the world may yet silence them.
OPEN_NOTICE_STATES = (NoticeState.PLANNED, NoticeState.HELD, NoticeState.QUEUED)


class Reason(models.TextChoices):
    """Why a notice is not, or no longer, on its way; stored with it, and said in a sentence by `wording`."""

    # silent: the world has moved on
    RENEWED = "renewed", _("The order is renewed")
    NOTICES_OFF = "notices_off", _("Notices are switched off for the order")
    CUSTOMER_OFF = "customer_off", _("Notices are switched off for the customer")
    NOT_LIVE = "not_live", _("The order is cancelled or revoked")
    END_MOVED = "end_moved", _("The end has moved")
    STEP_REMOVED = "step_removed", _("The step is no longer in the calendar")
    CALENDAR_CHANGED = "calendar_changed", _("Another calendar applies now")
    PUT_OFF = "put_off", _("The customer has put it off")
    NOT_NEEDED = "not_needed", _("The customer no longer needs it")
    PROMISED = "promised", _("The customer has promised to renew")
    REISSUING = "reissuing", _("A reissue is under way")
    RENEWS_ITSELF = "renews_itself", _("The order renews itself")
    READER_CHANGED = "reader_changed", _("Somebody else is written to now")
    # suppressed: this reader may not or cannot be written to
    OPTED_OUT = "opted_out", _("The contact does not want it")
    BAD_ADDRESS = "bad_address", _("The address is switched off")
    NOBODY = "nobody", _("There is nobody to reach")
    REFUSED_BY_US = "refused_by_us", _("An administrator has stopped it")
    # missed: it came too late
    GRACE_OVER = "grace_over", _("Its time had passed")
    OVERTAKEN = "overtaken", _("A later step has taken its place")
    # failed
    SERVER = "server", _("The mail server refused it")
    TEMPLATE = "template", _("The letter could not be written")
