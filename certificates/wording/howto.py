"""How to switch on what came with a certificate: what it is good for, and the steps, in the customer's words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from certificates.catalogue import Benefit
from portal.types import StrOrPromise


@dataclass(frozen=True, slots=True)
class HowTo:
    """What a benefit is good for, and the steps to it; without steps it works by itself."""

    good_for: StrOrPromise
    steps: Sequence[StrOrPromise] = ()


HOW_TO: Mapping[Benefit, HowTo] = {
    Benefit.ORGANIZATION_SHOWN: HowTo(_("Visitors find your organisation's verified name in the certificate.")),
    Benefit.EXTENDED_VALIDATION: HowTo(_("Your organisation was verified by the strictest rules there are.")),
    Benefit.SITE_SEAL: HowTo(
        _("A mark on your pages that visitors can press, to see who you are and that you were verified."),
        (
            _("Ask for the seal's snippet: it stands on the page of your last request, or we send it to you."),
            _("Paste it into the page where visitors decide: the basket, the sign-in, the foot of every page."),
            _("Open the page and press the seal: it names your organisation."),
        ),
    ),
    Benefit.PRIORITY_VALIDATION: HowTo(_("What has to be verified for you is taken up before other requests.")),
    Benefit.VULNERABILITY_ASSESSMENT: HowTo(
        _("Once a week your public pages are searched for known weaknesses, and you get a report."),
        (
            _("Tell us which host name is to be looked at, and who reads the reports."),
            _("We switch it on at the authority; the first report comes within a week."),
            _("Hand what it marks as critical to whoever looks after the server."),
        ),
    ),
    Benefit.CT_MONITORING: HowTo(
        _("You hear of every certificate that anybody gets for your domains, wanted or not."),
        (
            _("Tell us which domains are to be watched, and who is to be told."),
            _("We switch it on at the authority; it looks through the public logs from then on."),
            _("Call us when you hear of a certificate that nobody of yours has ordered."),
        ),
    ),
    Benefit.MALWARE_SCAN: HowTo(
        _("Your pages are searched for malware every day, and the seal bears the day of the last search."),
        (
            _("Put the site seal on your pages first: it shows the date."),
            _("Tell us to switch the search on for this certificate's host name."),
            _("Press the seal a day later: it tells when your pages were last searched."),
        ),
    ),
    Benefit.PRIORITY_SUPPORT: HowTo(_("Your questions to the authority are answered before others.")),
}
