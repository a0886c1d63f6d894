"""What one browser says about one host after one day, in the active language and in words of our own.

Nothing here is copied from a browser but the short names of its errors, which are facts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db import models
from django.utils.translation import get_language, gettext_lazy, pgettext_lazy
from django.utils.translation import gettext as _

from campaigns.drawing.lettering import can_set
from certificates.x509.errors import BadRequest
from certificates.x509.names import display_name, normalise_name
from portal.dates import date_format
from portal.types import StrOrPromise

# What an address bar has room for; of a longer name its end says most.
LONGEST_SHOWN = 48


class BadHost(ValueError):
    """Not the name of a host, so that no browser could warn of it."""


class Browser(models.TextChoices):
    CHROME = "chrome", "Chrome"
    FIREFOX = "firefox", "Firefox"
    SAFARI = "safari", "Safari"


class Device(models.TextChoices):
    DESKTOP = "desktop", pgettext_lazy("device", "Computer")
    PHONE = "phone", pgettext_lazy("device", "Phone")


@dataclass(frozen=True, slots=True)
class Scene:
    """A warning as it is drawn. `host` is the name as people read it; `text` names it once, `code` may be empty."""

    browser: Browser
    device: Device
    language: str
    host: str
    day: date
    chip: str
    title: str
    text: str
    ended: str
    code: str
    leave: str
    more: str

    @property
    def caption(self) -> str:
        """What is drawn, in one sentence, for whoever does not see it."""
        values = {"browser": self.browser.label, "host": self.host, "date": date_format(self.day, "DATE_FORMAT")}
        return _("%(browser)s warns of %(host)s, whose certificate ended on %(date)s.") % values

    @property
    def text_parts(self) -> tuple[str, str, str]:
        """The text before the host, the host, and the text behind it, so that the host can stand out."""
        return self.text.partition(self.host)


@dataclass(frozen=True, slots=True)
class Manner:
    """How a browser speaks; `text` has room for %(host)s."""

    title: StrOrPromise
    text: StrOrPromise
    code: str = ""


_MANNERS = {
    Browser.CHROME: Manner(
        gettext_lazy("Your connection is not protected"),
        gettext_lazy("Somebody could read what you send to %(host)s: passwords, messages or card numbers."),
        "NET::ERR_CERT_DATE_INVALID",
    ),
    Browser.FIREFOX: Manner(
        gettext_lazy("Caution: this site may be unsafe"),
        gettext_lazy(
            "Firefox met a problem and did not go on to %(host)s. Passwords or card numbers could be stolen there."
        ),
        "SEC_ERROR_EXPIRED_CERTIFICATE",
    ),
    Browser.SAFARI: Manner(
        gettext_lazy("Safari cannot keep this connection private"),
        gettext_lazy("Somebody may be posing as %(host)s to get at what you type there. You had better go back."),
    ),
}


def scene_of(host: str, day: date, browser: Browser, device: Device) -> Scene:
    """The warning after `day`, the last on which the certificate held. Raises BadHost."""
    shown = shortened(readable(named(host)))
    # a date stays on one line
    ended = date_format(day, "DATE_FORMAT").replace(" ", "\N{NO-BREAK SPACE}")
    manner = _MANNERS[browser]
    return Scene(
        browser=browser,
        device=device,
        language=get_language() or "en",
        host=shown,
        day=day,
        chip=_("Not secure"),
        title=str(manner.title),
        text=str(manner.text) % {"host": shown},
        ended=_("Its certificate ended on %(date)s.") % {"date": ended},
        code=manner.code,
        leave=_("Leave this site"),
        more=_("Show more"),
    )


def named(host: str) -> str:
    """The host as a certificate carries it; a wildcard stands for the name it hangs on. Raises BadHost."""
    try:
        return normalise_name(host).removeprefix("*.")
    except BadRequest as error:
        raise BadHost(host[:LONGEST_SHOWN]) from error


def readable(host: str) -> str:
    """The name as people read it, each part that our typeface cannot write as the certificate carries it."""
    pairs = zip(host.split("."), display_name(host).split("."), strict=True)
    return ".".join(written if can_set(written) else carried for carried, written in pairs)


def shortened(host: str) -> str:
    """A long name without its beginning: "…long.example"."""
    return host if len(host) <= LONGEST_SHOWN else f"…{host[1 - LONGEST_SHOWN :]}"
