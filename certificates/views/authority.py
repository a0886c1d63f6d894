"""The certificate authority: how it is reached, and its rules as a partner may change them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib import messages
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from certificates import rules
from certificates.authorities.sandbox import keyring
from certificates.forms.authority import NewRuleForm, RuleForm
from certificates.models import AuthorityConnection, AuthorityRule
from certificates.services import authority_checks, authority_rules
from certificates.states import AuthorityKind
from portal import clock
from portal.access import PartnerRequest, requires
from portal.models import Partner

PLAN_DAYS = 365
_EITHER = ["GET", "HEAD", "POST"]


@dataclass(frozen=True, slots=True)
class RuleRow:
    """A rule of the table: whether it is the partner's own, and whether what is issued today follows it."""

    rule: AuthorityRule
    is_own: bool
    is_in_force: bool
    has_house: bool


@requires("authority.view")
@require_safe
def authority(request: PartnerRequest) -> HttpResponse:
    """The connections, and the rules of one authority: `?of=` names another than that of new orders."""
    connections = list(AuthorityConnection.objects.for_partner(request.partner).order_by("-is_default", "pk"))
    kind = _chosen(request, connections)
    context = {
        "page_title": _("Certificate authority"),
        "connections": connections,
        "has_root": keyring.exists(),
        "can_connect": AuthorityKind.SANDBOX not in {one.kind for one in connections},
        "rows": rule_rows(request.partner, kind, today=clock.today()),
        "segments": [
            {"label": label, "url": f"?of={value}", "current": value == kind} for value, label in AuthorityKind.choices
        ],
        "segments_label": _("Rules of"),
    }
    return render(request, "certificates/authority/authority.html", context)


def _chosen(request: PartnerRequest, connections: Sequence[AuthorityConnection]) -> str:
    wanted = request.GET.get("of", "")
    if wanted in AuthorityKind:
        return wanted
    return connections[0].kind if connections else AuthorityKind.SANDBOX


def rule_rows(partner: Partner, kind: str, *, today: date) -> list[RuleRow]:
    """The rules the partner follows, oldest first within brand and level."""
    effective = AuthorityRule.objects.effective_for(partner, kind).order_by("family", "level", "effective_from")
    house = set(
        AuthorityRule.objects.filter(partner=None, authority=kind).values_list("family", "level", "effective_from")
    )
    found = list(effective)
    in_force = {(rule.family, rule.level): rule.pk for rule in found if rule.effective_from <= today}
    return [
        RuleRow(
            rule,
            is_own=rule.partner_id is not None,
            is_in_force=in_force.get((rule.family, rule.level)) == rule.pk,
            has_house=(rule.family, rule.level, rule.effective_from) in house,
        )
        for rule in found
    ]


# Connections


@requires("authority.edit")
@require_POST
def authority_connect(request: PartnerRequest) -> HttpResponse:
    try:
        authority_checks.connect(request.partner, actor=request.user, now=clock.now())
    except authority_checks.AlreadyConnected:
        messages.info(request, _("This authority is connected already."))
    else:
        messages.success(request, _("The embedded authority is connected."))
    return redirect("certificates:authority")


@requires("authority.edit")
@require_POST
def authority_check(request: PartnerRequest, pk: int) -> HttpResponse:
    """Ask the authority now whether the connection works."""
    rows = AuthorityConnection.objects.for_partner(request.partner).select_related("partner")
    connection = get_object_or_404(rows, pk=pk)
    if authority_checks.check_connection(connection, actor=request.user, now=clock.now()):
        messages.success(request, _("%(authority)s answers: the connection works.") % {"authority": connection.name})
    else:
        words = _("%(authority)s did not answer as it should. What it said stands with the connection.")
        messages.error(request, words % {"authority": connection.name})
    return redirect("certificates:authority")


# Rules


@requires("authority.edit")
@require_http_methods(_EITHER)
def authority_rule(request: PartnerRequest, pk: int) -> HttpResponse:
    """Change a rule for this partner alone; a rule of the house stays as it is for everybody else."""
    rule = _rule(request, pk)
    form = RuleForm.of(rule, request.POST or None)
    if form.is_valid():
        values = form.cleaned_data
        authority_rules.change_rule(rule, partner=request.partner, values=values, actor=request.user, now=clock.now())
        messages.success(request, " ".join((_("The rule is saved."), *effects(values))))
        return _to_rules(rule.authority)
    return _form(request, form, title=_("Change a rule"), rule=rule)


@requires("authority.edit")
@require_http_methods(_EITHER)
def authority_rule_new(request: PartnerRequest) -> HttpResponse:
    defaults = {"window_days": 90, "grace_days": 30, "carry_over": True, "authority": request.GET.get("of", "")}
    form = NewRuleForm(request.POST or None, initial=defaults)
    if form.is_valid():
        values = form.cleaned_data
        try:
            authority_rules.add_rule(request.partner, values=values, actor=request.user, now=clock.now())
        except authority_rules.RuleExists:
            form.add_error("effective_from", _("There is a rule of this date, brand and level. Change that one."))
        else:
            messages.success(request, " ".join((_("The rule is added."), *effects(values))))
            return _to_rules(values["authority"])
    return _form(request, form, title=_("Add a rule"))


@requires("authority.edit")
@require_POST
def authority_rule_drop(request: PartnerRequest, pk: int) -> HttpResponse:
    """Let the house's rule hold again, or none where the house has none."""
    rule = _rule(request, pk)
    try:
        house = authority_rules.drop_rule(rule, actor=request.user, now=clock.now())
    except authority_rules.NotTheirRule:
        messages.error(request, _("This is a rule of the house; only your own can be taken back."))
    else:
        messages.success(request, _("The house rule holds again.") if house else _("Your rule is removed."))
    return _to_rules(rule.authority)


@requires("authority.edit")
@require_safe
def authority_rule_effect(request: PartnerRequest) -> HttpResponse:
    """What the limits typed so far would do, for the form to show; silent while they make no rule."""
    form = RuleForm(request.GET)
    sentences = effects(form.cleaned_data) if form.is_valid() else []
    return render(request, "certificates/authority/effect.html", {"effects": sentences})


def effects(limits: Mapping[str, Any]) -> list[str]:
    """What a rule means for an annual plan, a sentence each."""
    days = limits["certificate_days"]
    spare = rules.slack(PLAN_DAYS, days)
    needs = ngettext(
        "An annual plan then needs %(reissues)s reissue, with %(days)s days to spare.",
        "An annual plan then needs %(reissues)s reissues, with %(days)s days to spare.",
        spare.reissues,
    )
    if not spare.reissues:
        needs = _("An annual plan then needs no reissue.")
    window = _("It is renewed from %(before)s days before its end to %(after)s days after.")
    carried = _("Days left are added, so renewing early loses none.")
    if not limits["carry_over"]:
        carried = _("Days left are not added: pages no longer promise that no day is lost.")
    return [
        needs % {"reissues": spare.reissues, "days": spare.days},
        window % {"before": limits["window_days"], "after": limits["grace_days"]},
        carried,
    ]


def _rule(request: PartnerRequest, pk: int) -> AuthorityRule:
    """A rule of the house or the partner's own; another partner's is not found."""
    seen = AuthorityRule.objects.filter(Q(partner=request.partner) | Q(partner__isnull=True))
    return get_object_or_404(seen.select_related("partner"), pk=pk)


def _to_rules(authority: str) -> HttpResponse:
    return redirect(f"{reverse('certificates:authority')}?of={authority}#rules")


def _form(request: PartnerRequest, form: RuleForm, *, title: str, rule: AuthorityRule | None = None) -> HttpResponse:
    shown = form.cleaned_data if form.is_bound and form.is_valid() else form.initial
    complete = all(shown.get(name) not in (None, "") for name in ("certificate_days", "window_days", "grace_days"))
    context = {
        "page_title": title,
        "form": form,
        "rule": rule,
        "effects": effects(shown) if complete else [],
    }
    status = 422 if form.is_bound else 200
    return render(request, "certificates/authority/rule_form.html", context, status=status)
