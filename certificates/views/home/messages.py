"""What was written to the reader: a list, and each letter to read again."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from certificates.services.messages import letters_to, readable
from certificates.tables.home import MessagesTable
from certificates.views.orders import panels_of
from certificates.visits import VisitRequest
from portal.lists import Empty, ListPage, Sort
from portal.models import OutgoingMail
from portal.models.mail import MailPurpose

KINDS = {
    MailPurpose.SERVICE.value: gettext_lazy("What you ordered"),
    MailPurpose.QUOTE.value: gettext_lazy("Quotes"),
    MailPurpose.NOTICE.value: gettext_lazy("Reminders"),
    MailPurpose.OFFER.value: gettext_lazy("Offers"),
}


class MessagesPage(ListPage):
    """The letters to the reader's own address, the newest first."""

    name = "home_messages"
    title = gettext_lazy("Messages")
    table_class = MessagesTable
    sorts = {"sent": Sort(("sent_at",))}
    default_sort = "-sent"
    default_size = 25
    template_name = "certificates/home/messages.html"
    part_template_name = "certificates/home/list.html"

    request: VisitRequest  # type: ignore[assignment]  # the visit stands on it

    def get_queryset(self) -> QuerySet[OutgoingMail]:
        return letters_to(self.request.visit.email, partner=self.request.partner)

    def get_rows(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.only("pk", "subject", "purpose", "sent_at")

    def get_context_data(self) -> dict[str, Any]:
        request: Any = self.request
        return {} if request.htmx else {"panels": panels_of(request, "home_messages", self.request.visit.customer)}

    def get_table_options(self) -> dict[str, Any]:
        return {"kinds": KINDS}

    def get_empty(self) -> Empty:
        return Empty(_("No letters yet"), _("What we write to you stands here, to be read again."), icon="envelope")


@require_safe
def home_message(request: VisitRequest, pk: int) -> HttpResponse:
    """One letter; another reader's is not found."""
    letter = get_object_or_404(letters_to(request.visit.email, partner=request.partner), pk=pk)
    context = {
        "page_title": letter.subject,
        "letter": letter,
        "words": readable(letter),
        "kind": KINDS.get(letter.purpose, ""),
    }
    return render(request, "certificates/home/message.html", context)
