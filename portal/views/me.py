"""A person's own page: name, language, time zone, theme, and the way to what protects the sign-in."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from portal.access import PartnerRequest, signed_in
from portal.forms import PersonForm
from portal.models import Membership, User


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def me(request: PartnerRequest) -> HttpResponse:
    """Show what the person says about themselves; POST stores it."""
    form = PersonForm(
        request.POST or None,
        instance=User.objects.get(pk=request.user.pk),
        has_shortcuts=_works_in_lists(request),
    )
    if request.method == "POST" and form.is_valid():
        person = form.instance
        person.save(update_fields=list(form.cleaned_data))
        with translation.override(person.language):
            messages.success(request, _("Your settings are saved."))
        return redirect("portal:me")
    return render(request, "portal/me.html", {"form": form}, status=422 if form.errors else 200)


def _works_in_lists(request: PartnerRequest) -> bool:
    """Only the frame of the staff has lists and a search box, and so keys of its own."""
    membership: Membership | None = request.membership
    return membership is not None and membership.is_staff
