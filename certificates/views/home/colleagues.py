"""The customer's own people: who they are, what they do, and who of them may sign in."""

from __future__ import annotations

from copy import copy

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from certificates import wording
from certificates.forms.home import ColleagueForm
from certificates.models import Contact
from certificates.services import colleagues, customers
from certificates.services.customers import AddressTaken
from certificates.visits import VisitRequest
from portal import clock
from portal.limits import Limit
from portal.models import Membership
from portal.services.people import AlreadyMember, BelongsElsewhere

_EITHER = ["GET", "HEAD", "POST"]
# An invitation is a letter to any address: a customer sends so many in a day.
INVITATIONS = Limit("colleague", amount=20, seconds=24 * 60 * 60)


@require_safe
def home_colleagues(request: VisitRequest) -> HttpResponse:
    """Everybody at the customer, oneself included."""
    people = colleagues.colleagues_of(request.visit.customer)
    context = {
        "page_title": _("Colleagues"),
        "customer": request.visit.customer,
        "people": [(one, wording.reachability(one.contact) if one.contact else None) for one in people],
    }
    return render(request, "certificates/home/colleagues.html", context)


@require_http_methods(_EITHER)
def home_colleague_new(request: VisitRequest) -> HttpResponse:
    """Ask who it is; POST adds them, and lets them in where that is wished."""
    customer = request.visit.customer
    form = ColleagueForm(request.POST or None, initial={"language": customer.language})
    if request.method == "POST" and form.is_valid():
        values = dict(form.cleaned_data)
        may_sign_in = values.pop("may_sign_in")
        refusal = _refusal_of_more(request) if may_sign_in else None
        if refusal is None:
            refusal = _add(request, values, may_sign_in=may_sign_in)
        if refusal is None:
            return redirect("certificates:home_colleagues")
        form.add_error("email", refusal)
    return _form(request, form, _("Add a colleague"))


def _add(request: VisitRequest, values: dict[str, object], *, may_sign_in: bool) -> str | None:
    """Add the colleague; the refusal in words, or nothing."""
    visit = request.visit
    values["time_zone"] = visit.actor.time_zone if visit.actor else visit.partner.time_zone
    try:
        added = colleagues.add_colleague(
            visit.customer, values=values, may_sign_in=may_sign_in, actor=_own(request).user, now=clock.now()
        )
    except AddressTaken:
        return _("A colleague with this address is known already.")
    except (AlreadyMember, BelongsElsewhere):
        return _elsewhere(request)
    words = _("%(contact)s is added.")
    if may_sign_in:
        words = _("%(contact)s is added, and an invitation is on its way.")
    messages.success(request, words % {"contact": added})
    return None


@require_http_methods(_EITHER)
def home_colleague(request: VisitRequest, pk: int) -> HttpResponse:
    """Correct a name, a role or a language; the form writes on a copy until it is valid."""
    contact = _contact(request, pk)
    form = ColleagueForm(request.POST or None, instance=copy(contact))
    if request.method == "POST" and form.is_valid():
        customers.correct_contact(contact, values=form.cleaned_data, actor=_own(request).user, now=clock.now())
        messages.success(request, _("%(contact)s is saved.") % {"contact": contact})
        return redirect("certificates:home_colleagues")
    return _form(request, form, str(contact))


@require_POST
def home_colleague_invite(request: VisitRequest, pk: int) -> HttpResponseRedirect:
    """Let a colleague sign in."""
    contact = _contact(request, pk)
    refusal = _refusal_of_more(request)
    if refusal is None:
        try:
            colleagues.let_in(contact, actor=_own(request).user, now=clock.now())
        except AlreadyMember:
            refusal = _("%(contact)s may sign in already.") % {"contact": contact}
        except colleagues.NobodyToWrite:
            refusal = _("Without an e-mail address nobody can sign in.")
        except BelongsElsewhere:
            refusal = _elsewhere(request)
    if refusal is None:
        messages.success(request, _("An invitation is on its way to %(email)s.") % {"email": contact.email})
    else:
        messages.error(request, refusal)
    return redirect("certificates:home_colleagues")


@require_POST
def home_colleague_end(request: VisitRequest, pk: int) -> HttpResponseRedirect:
    """Take a colleague's way in; nobody takes away their own."""
    member = next((one for one in colleagues.members_of(request.visit.customer) if one.pk == pk), None)
    if member is None:
        raise Http404
    try:
        colleagues.shut_out(member, by=_own(request), now=clock.now())
    except colleagues.Oneself:
        messages.error(request, _("You cannot take away your own way in: ask a colleague to do it."))
    else:
        messages.success(request, _("%(person)s can no longer sign in.") % {"person": member})
    return redirect("certificates:home_colleagues")


def _own(request: VisitRequest) -> Membership:
    """As whom the person is signed in: at home there is always somebody."""
    if request.membership is None:
        raise PermissionDenied
    return request.membership


def _refusal_of_more(request: VisitRequest) -> str | None:
    """Why no further invitation goes out today; each one that may is counted."""
    key = str(request.visit.customer.pk)
    if INVITATIONS.is_reached(key):
        return _("So many invitations have gone out today that no more are sent. Try again tomorrow.")
    INVITATIONS.count(key)
    return None


def _elsewhere(request: VisitRequest) -> str:
    """Says nothing about where the address belongs."""
    words = _("This address cannot be let in here. %(partner)s can tell you more.")
    return words % {"partner": request.partner.name}


def _contact(request: VisitRequest, pk: int) -> Contact:
    own = Contact.objects.for_partner(request.partner).filter(customer=request.visit.customer)
    return get_object_or_404(own.select_related("partner", "customer__partner"), pk=pk)


def _form(request: VisitRequest, form: ColleagueForm, title: str) -> HttpResponse:
    context = {"form": form, "page_title": title}
    return render(request, "certificates/home/colleague.html", context, status=422 if form.errors else 200)
