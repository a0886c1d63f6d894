"""One letter in one language: written, looked at as its readers will, held against the five keys, and put in use."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast

from csp.constants import NONE, SELF
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from campaigns.forms.letters import LetterForm
from campaigns.library import Source
from campaigns.models import LetterVersion
from campaigns.previews import Look, framed, picture_sources, style_hashes
from campaigns.rules.changes import Line, changes
from campaigns.services import letters as deeds
from campaigns.services.proofs import Proof, prove
from campaigns.services.sample_letters import send_test
from campaigns.services.shelf import Shelved
from campaigns.views.letters.found import letter_of, version_of, wanted_source
from campaigns.wording.keys import by_key, said
from campaigns.wording.letters import BLOCKS, PARTS
from campaigns.wording.refusals import refusal_words
from portal import clock
from portal.access import PartnerRequest, requires
from portal.choices import Language
from portal.models import Partner

UNSAFE_INLINE = "'unsafe-inline'"


@requires("letters.view")
@require_http_methods(["GET", "HEAD", "POST"])
def letter(request: PartnerRequest, key: str, language: str) -> HttpResponse:
    """The editor; support reads along. A POST saves, puts in use, sends a test, or only looks."""
    found, now = letter_of(request, key, language), clock.now()
    if request.method != "POST":
        source = wanted_source(request, found, language)
        return _page(request, found, language, _form_of(source, request), _proof(request, found, language, source, now))
    if "letters.edit" not in request.membership.permissions:
        raise PermissionDenied("letters.edit")
    form = LetterForm(request.POST)
    proof = _checked(request, found, language, form, now)
    if form.errors or proof is None:
        return _page(request, found, language, form, proof)
    if "save" in request.POST or "use" in request.POST:
        return _saved(request, found, language, form, proof, now)
    if "test" in request.POST:
        _test(request, proof, now)
    return _page(request, found, language, form, proof)


@requires("letters.edit")
@require_POST
def letter_check(request: PartnerRequest, key: str, language: str) -> HttpResponse:
    """What was typed so far, as it would read; nothing is stored."""
    found = letter_of(request, key, language)
    form = LetterForm(request.POST)
    proof = _checked(request, found, language, form, clock.now())
    return render(request, "campaigns/letters/proof.html", _proof_context(request.partner, form, proof))


def _checked(request: PartnerRequest, found: Shelved, language: str, form: LetterForm, now: datetime) -> Proof | None:
    """The proof of what was typed; what is wrong with a part stands on its field."""
    if not form.is_valid():
        return None
    proof = _proof(request, found, language, form.source, now)
    if proof.words is None:
        form.add_error(proof.refused.part if proof.refused else "body", _problem(proof))
    return proof


def _proof(request: PartnerRequest, found: Shelved, language: str, source: Source, now: datetime) -> Proof:
    return prove(request.partner, found.key, language, source, based_on=found.based_on, now=now)


def _problem(proof: Proof) -> str:
    if proof.refused:
        return refusal_words(proof.refused)
    return _("Filling this in took too long. It repeats more than a letter may.")


def _form_of(source: Source, request: PartnerRequest) -> LetterForm:
    initial = {"subject": source.subject, "preheader": source.preheader, "body": source.body}
    form = LetterForm(initial=initial)
    if "letters.edit" not in request.membership.permissions:
        for field in form.fields.values():
            field.widget.attrs["readonly"] = True
    return form


# What a press does


def _saved(
    request: PartnerRequest, found: Shelved, language: str, form: LetterForm, proof: Proof, now: datetime
) -> HttpResponse:
    version = deeds.save_version(
        request.partner, found.key, form.source, language=language, actor=request.user, now=now
    )
    if "use" in request.POST:
        try:
            _put_in_use(request, version, proof, now)
        except deeds.NoPostalAddress:
            messages.warning(request, _("It is saved as a draft: without your postal address it cannot go into use."))
        except deeds.EssentialsMissing:
            return _page(request, found, language, form, proof, asks=True)
    else:
        messages.success(request, _("The draft is saved. Readers still get what was in use."))
    return redirect("campaigns:letter", key=found.key, language=language)


def _put_in_use(request: PartnerRequest, version: LetterVersion, proof: Proof, now: datetime) -> None:
    confirmed = request.POST.get("use") == "confirmed"
    missing = [finding.code.value for finding in proof.missing]
    before = deeds.put_in_use(version, missing=missing, confirmed=confirmed, actor=request.user, now=now)
    say_in_use(request, version, before)


def say_in_use(request: PartnerRequest, version: LetterVersion, before: LetterVersion | None) -> None:
    """Say it, with the way back."""
    if before == version:
        messages.info(request, _("This version was in use already."))
        return
    if before:
        undo = f"{reverse('campaigns:letter_use', args=[before.pk])}?again=1"
    else:
        undo = reverse("campaigns:letter_stop", args=[version.letter.key, version.language])
    words = _("Version %(number)s is in use: readers get it from the next letter on.") % {"number": version.number}
    messages.success(request, words, extra_tags=f"undo:{undo}")


def _test(request: PartnerRequest, proof: Proof, now: datetime) -> None:
    if proof.words:
        send_test(request.partner, proof.words, reader=request.user, now=now)
        messages.success(request, _("A test is on its way to %(email)s.") % {"email": request.user.email})


# The page


def _page(
    request: PartnerRequest, found: Shelved, language: str, form: LetterForm, proof: Proof | None, *, asks: bool = False
) -> HttpResponse:
    partner = request.partner
    context = {
        "page_title": found.name,
        "letter": found,
        "letter_language": language,
        "form": form,
        "spoken": next(one for one in found.spoken if one.language == language),
        "segments": [(one, Language(one.language).label) for one in found.spoken],
        "versions": _versions(found, language),
        "blocks": BLOCKS.items(),
        "facts": (proof or _proof(request, found, language, Source("-", "", "-"), clock.now())).facts,
        "compared": _compared(request, found, language, form),
        "asks": asks,
        "has_address": bool(partner.postal_address.strip()),
        "check_url": reverse("campaigns:letter_check", args=[found.key, language]),
        **_proof_context(partner, form, proof),
    }
    response = render(request, "campaigns/letters/editor.html", context, status=422 if form.errors else 200)
    cast(Any, response)._csp_update = _frame_policy(partner, context["frames"])
    return response


def _frame_policy(partner: Partner, frames: Sequence[tuple[str, str]]) -> dict[str, list[str]]:
    """A frame inherits the page's policy: let the style sheets of our layout be, by their hash, and its attributes."""
    hashes = style_hashes(document for _look, document in frames)
    return {
        "style-src-elem": [SELF, *hashes],
        "style-src-attr": [UNSAFE_INLINE],
        "img-src": picture_sources(partner),
        "frame-src": [NONE],
    }


def _proof_context(partner: Partner, form: LetterForm, proof: Proof | None) -> dict[str, Any]:
    words = proof.words if proof else None
    return {
        "proof": proof,
        "words": words,
        "keys": by_key(proof.findings) if proof else [],
        "missing": [said(finding) for finding in proof.missing] if proof else [],
        "frames": [(look, framed(words.html, look, partner=partner)) for look in Look] if words else [],
        "problems": [(PARTS.get(name, ""), error) for name, errors in form.errors.items() for error in errors],
    }


def _versions(found: Shelved, language: str) -> list[LetterVersion]:
    if found.own is None:
        return []
    rows = found.own.versions.filter(language=language).select_related("created_by")
    return list(rows.defer("subject", "preheader", "body"))


def _compared(
    request: PartnerRequest, found: Shelved, language: str, form: LetterForm
) -> tuple[LetterVersion, list[Line]] | None:
    """A version beside what stands in the editor, where the address asks for it."""
    asked = request.GET.get("compare", "")
    if not asked.isdecimal():
        return None
    version = version_of(request, int(asked[:18]))
    if version.letter.key != found.key or version.language != language:
        return None
    return version, changes(_lines(deeds.wording_of(version)), _lines(_typed(form)))


def _typed(form: LetterForm) -> Source:
    return Source(*(str(form[name].value() or "") for name in ("subject", "preheader", "body")))


def _lines(source: Source) -> list[str]:
    body = source.body.replace("\r\n", "\n").split("\n")
    return [f"{PARTS['subject']}: {source.subject}", f"{PARTS['preheader']}: {source.preheader}", "", *body]
