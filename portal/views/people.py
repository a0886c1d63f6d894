"""Who works for the partner: the list, an invitation, and one person's role and access."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from portal import clock
from portal.access import PartnerRequest, requires
from portal.forms import InvitationForm, RoleForm
from portal.lists import AnyOf, ListFilters, ListPage, Sort
from portal.models import Membership
from portal.models.people import MembershipRole
from portal.services import people as services
from portal.services.people import AlreadyMember, Invitation, LastAdministrator
from portal.tables import PeopleTable

_EITHER = ["GET", "HEAD", "POST"]


class PeopleFilters(ListFilters):
    role = AnyOf(label=gettext_lazy("Role"), choices=MembershipRole.choices)


@requires("people.view")
class People(ListPage):
    name: ClassVar = "people"
    title: ClassVar = gettext_lazy("People")
    table_class: ClassVar = PeopleTable
    filters_class: ClassVar = PeopleFilters
    sorts: ClassVar = {"email": Sort(("user__email",)), "role": Sort(("role", "user__email"))}
    default_sort: ClassVar = "email"
    template_name: ClassVar = "portal/people.html"

    def get_queryset(self) -> QuerySet[Membership]:
        return Membership.objects.for_partner(self.request.partner).select_related("user")


@requires("people.edit")
@require_http_methods(_EITHER)
def invite(request: PartnerRequest) -> HttpResponse:
    """Ask for an address and a role; POST invites."""
    form = InvitationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        invitation = Invitation(**form.cleaned_data)
        try:
            member = services.invite(invitation, partner=request.partner, actor=request.user, now=clock.now())
        except AlreadyMember as refusal:
            form.add_error("email", _("%(person)s works here already.") % {"person": refusal.membership})
        else:
            messages.success(request, _("An invitation is on its way to %(email)s.") % {"email": member.user.email})
            return redirect("portal:people")
    return render(request, "portal/invite.html", {"form": form}, status=422 if form.errors else 200)


@requires("people.view")
@require_http_methods(_EITHER)
def person(request: PartnerRequest, pk: int) -> HttpResponse:
    """One person's role and access; POST gives another role."""
    member = _member(request, pk)
    form = RoleForm(request.POST or None, initial={"role": member.role}) if member.is_staff else None
    if request.method == "POST" and form is not None and form.is_valid():
        return _try(request, member, _("The role is changed."), services.change_role, form.cleaned_data["role"])
    context = {"member": member, "form": form, "is_self": member.pk == request.membership.pk}
    return render(request, "portal/person.html", context, status=422 if form and form.errors else 200)


@requires("people.edit")
@require_POST
def deactivate(request: PartnerRequest, pk: int) -> HttpResponseRedirect:
    """End the person's access, and every session with it."""
    return _try(request, _member(request, pk), _("The access has ended."), services.deactivate)


@requires("people.edit")
@require_POST
def reactivate(request: PartnerRequest, pk: int) -> HttpResponseRedirect:
    """Give the access back, in the same role."""
    return _try(request, _member(request, pk), _("The person may sign in again."), services.reactivate)


@requires("people.edit")
@require_POST
def invite_again(request: PartnerRequest, pk: int) -> HttpResponseRedirect:
    """Send the invitation once more; the link before it stays good until one of them is used."""
    member = _member(request, pk)
    services.send_invitation(member, actor=request.user, now=clock.now())
    messages.success(request, _("An invitation is on its way to %(email)s.") % {"email": member.user.email})
    return redirect("portal:person", pk)


def _member(request: PartnerRequest, pk: int) -> Membership:
    members = Membership.objects.for_partner(request.partner).select_related("user", "partner", "customer")
    return get_object_or_404(members, pk=pk)


def _try(request: PartnerRequest, member: Membership, words: str, verb: Any, *args: Any) -> HttpResponseRedirect:
    try:
        verb(member, *args, actor=request.user, now=clock.now())
    except LastAdministrator:
        messages.error(request, _("The last administrator cannot go: give somebody else the role first."))
    else:
        messages.success(request, words)
    return redirect("portal:person", member.pk)
