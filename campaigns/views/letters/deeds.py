"""What is done to a letter with one press: used again, stopped, copied, put away and taken out."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from campaigns.forms.letters import CopyForm
from campaigns.services import letters as deeds
from campaigns.services.letters import wording_of
from campaigns.services.proofs import prove
from campaigns.views.letters.editor import say_in_use
from campaigns.views.letters.found import letter_of, version_of
from portal import clock
from portal.access import PartnerRequest, requires
from portal.choices import Language


@requires("letters.edit")
@require_POST
def letter_use(request: PartnerRequest, pk: int) -> HttpResponse:
    """Put an earlier version in use; one that lacks something is shown first, unless it was in use just before."""
    version, now = version_of(request, pk), clock.now()
    key, language = version.letter.key, version.language
    based_on = version.letter.based_on
    proof = prove(request.partner, key, language, wording_of(version), based_on=based_on, now=now)
    missing = [finding.code.value for finding in proof.missing]
    again = "again" in request.GET and deeds.was_in_use_before(version)
    editor = reverse("campaigns:letter", args=[key, language])
    if proof.words is None:
        messages.error(request, _("This version cannot be filled in any more. It is open below."))
        return redirect(f"{editor}?version={pk}")
    try:
        before = deeds.put_in_use(version, missing=missing, confirmed=again, actor=request.user, now=now)
    except deeds.NoPostalAddress:
        messages.warning(request, _("Without your postal address no letter of your own can go into use."))
    except deeds.EssentialsMissing:
        messages.warning(request, _("This version lacks something. It is open below: look at it, then put it in use."))
        return redirect(f"{editor}?version={pk}")
    else:
        say_in_use(request, version, before)
    return redirect(editor)


@requires("letters.edit")
@require_POST
def letter_stop(request: PartnerRequest, key: str, language: str) -> HttpResponse:
    """Let the built-in letter speak again."""
    found = letter_of(request, key, language)
    live = None
    if found.own:
        live = deeds.stop_using(found.own, language=language, actor=request.user, now=clock.now())
    if live:
        undo = f"{reverse('campaigns:letter_use', args=[live.pk])}?again=1"
        messages.success(request, _("Your own words are no longer in use."), extra_tags=f"undo:{undo}")
    return redirect("campaigns:letter", key=key, language=language)


@requires("letters.edit")
@require_http_methods(["GET", "HEAD", "POST"])
def letter_copy(request: PartnerRequest, key: str) -> HttpResponse:
    """A letter of the partner's own under another name, for a step of the calendar to send."""
    found = letter_of(request, key, Language.ENGLISH)
    form = CopyForm(request.POST or None, initial={"name": _("%(name)s, copy") % {"name": found.name}})
    if request.method == "POST" and form.is_valid():
        name = form.cleaned_data["name"]
        try:
            copy = deeds.copy_letter(request.partner, key, name, actor=request.user, now=clock.now())
        except deeds.NameTaken:
            form.add_error("name", _("Another letter is called so. Choose another name."))
        else:
            messages.success(request, _("This is a copy. Steps of the calendar can send it once it is in use."))
            return redirect("campaigns:letter", key=copy.key, language=request.partner.language)
    context = {"page_title": _("Copy “%(name)s”") % {"name": found.name}, "letter": found, "form": form}
    return render(request, "campaigns/letters/copy.html", context, status=422 if form.errors else 200)


@requires("letters.edit")
@require_POST
def letter_archive(request: PartnerRequest, key: str) -> HttpResponse:
    """Put the partner's own letter away."""
    found = letter_of(request, key, Language.ENGLISH)
    try:
        if found.own and deeds.archive(found.own, actor=request.user, now=clock.now()):
            undo = reverse("campaigns:letter_restore", args=[key])
            messages.success(request, _("Your letter is archived."), extra_tags=f"undo:{undo}")
    except deeds.InUse:
        messages.error(request, _("A step of the calendar sends this letter. Give the step another letter first."))
    return redirect("campaigns:letters")


@requires("letters.edit")
@require_POST
def letter_restore(request: PartnerRequest, key: str) -> HttpResponse:
    found = letter_of(request, key, Language.ENGLISH)
    if found.own and deeds.restore(found.own, actor=request.user, now=clock.now()):
        messages.success(request, _("Your letter is back, with the words that were in use."))
    return redirect("campaigns:letters")
