"""Imports in the browser: an upload, its preview, its progress and its report."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.forms import Form
from django.http import HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, ngettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from certificates.forms.imports import ColumnsForm, HolderForm, UploadForm
from certificates.models import Customer, ImportLine, ImportRun
from certificates.services.imports import runs
from certificates.services.imports.columns import ORDER_REPORT
from certificates.services.imports.reasons import file_sentence, line_sentence
from certificates.services.imports.storing import NoRoom
from certificates.tables.imports import STATE_LEVELS, ImportLinesTable, ImportsTable
from certificates.tasks import run_import
from certificates.views.expiring import Link
from certificates.x509 import BadRequest
from portal import clock, csvio
from portal.access import PartnerRequest, requires
from portal.contributions import Figure
from portal.lists import Empty, ListPage, Sort, Total
from portal.quantities import percentage
from portal.types import StrOrPromise
from portal.wakeups import nudge

State, Outcome = ImportRun.State, ImportLine.Outcome
_EITHER = ["GET", "HEAD", "POST"]
_CUSTOMERS_SHOWN = 20
# Beside the outcomes: lines that were kept with a remark, and every line
REMARKED, ALL = "remarked", "all"


# All imports, and a new one


@requires("imports.view")
class ImportsPage(ListPage):
    """Earlier imports, and the place to begin a new one."""

    name = "imports"
    title = gettext_lazy("Imports")
    table_class = ImportsTable
    sorts = {"started": Sort(("created_at",))}
    default_sort = "-started"
    template_name = "certificates/imports/page.html"

    def get_queryset(self) -> QuerySet[ImportRun]:
        return ImportRun.objects.for_partner(self.request.partner)

    def get_rows(self, queryset: QuerySet[ImportRun]) -> QuerySet[ImportRun]:
        return queryset.select_related("started_by")

    def get_empty(self) -> Empty:
        return Empty(
            _("No imports yet"),
            _("Upload your authority's order report above. You see what will happen before anything is changed."),
            icon="upload",
        )

    def get_context_data(self) -> dict[str, Any]:
        customer = self.request.GET.get("customer", "")
        return {
            "form": _upload_form(self.request, initial={"customer": customer if customer.isdecimal() else None}),
            "report_columns": ORDER_REPORT.values(),
        }


@requires("imports.run")
@require_http_methods(_EITHER)
def import_upload(request: PartnerRequest) -> HttpResponse:
    """Take an upload in, or say in a sentence why not."""
    form = _upload_form(request, request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            run = _start(request, form)
        except (csvio.FileRefused, BadRequest, NoRoom) as refused:
            form.add_error("file", file_sentence({"code": refused.code, **getattr(refused, "facts", {})}))
        else:
            nudge(run_import, run.pk)
            return redirect("certificates:import", pk=run.pk)
    context = {"page_title": _("Import a file"), "form": form, "report_columns": ORDER_REPORT.values()}
    return render(request, "certificates/imports/upload.html", context, status=_status(form))


def _upload_form(request: PartnerRequest, *args: Any, **options: Any) -> UploadForm:
    return UploadForm(*args, customers=Customer.objects.for_partner(request.partner), **options)


def _start(request: PartnerRequest, form: UploadForm) -> ImportRun:
    upload = form.cleaned_data["file"]
    return runs.start_run(
        upload.chunks(),
        name=upload.name,
        partner=request.partner,
        authority=form.cleaned_data["authority"],
        customer=form.cleaned_data["customer"],
        actor=request.user,
        now=clock.now(),
    )


# One import


@requires("imports.view")
class ImportPage(ListPage):
    """Where an import stands: what it asks for, how far it is, what it would do, or what it has done."""

    name = "import_lines"
    table_class = ImportLinesTable
    sorts = {"line": Sort(("line",))}
    default_sort = "line"
    template_name = "certificates/imports/run.html"
    part_template_name = "certificates/imports/lines.html"

    def get(self, request: PartnerRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if self.run.state == State.MAPPING:
            return _ask(request, self.run)
        if self.run.state in runs.WORKING:
            return render(request, "certificates/imports/progress.html", _progress(self.run))
        return super().get(request, *args, **kwargs)

    @property
    def title(self) -> str:  # type: ignore[override]
        return self.run.file_name

    @cached_property
    def run(self) -> ImportRun:
        return _run(self.request, self.kwargs["pk"])

    @property
    def foreseen(self) -> bool:
        return self.run.state == State.PREVIEW

    @cached_property
    def outcome(self) -> str:
        """Which lines are shown: those asked for, else the rejected ones where there are some."""
        wanted = self.query.get("show", "")
        if wanted in (*self.counts, REMARKED, ALL):
            return wanted
        return Outcome.REJECTED if self.run.rejected else ALL

    @property
    def counts(self) -> dict[str, int]:
        return {outcome: getattr(self.run, outcome) for outcome in Outcome.values}

    def get_queryset(self) -> QuerySet[ImportLine]:
        lines = ImportLine.objects.filter(run=self.run)
        if self.outcome == REMARKED:
            return runs.remarked(self.run)
        return lines if self.outcome == ALL else lines.filter(outcome=self.outcome)

    def count(self) -> int:
        return {**self.counts, REMARKED: self.run.warnings, ALL: sum(self.counts.values())}[self.outcome]

    @cached_property
    def total(self) -> Total:
        number = self.count()
        return Total(number, limit=number)

    def get_table_options(self) -> dict[str, Any]:
        return {"foreseen": self.foreseen}

    def get_empty(self) -> Empty:
        if self.run.fault:
            return Empty(_("Nothing was imported"), file_sentence(self.run.fault), icon="exclamation-octagon")
        return Empty(_("No such lines"), _("Every line stands under another tab."), icon="check-circle")

    def get_context_data(self) -> dict[str, Any]:
        return {
            "run": self.run,
            "state": (STATE_LEVELS[self.run.state], self.run.get_state_display()),
            "fault": file_sentence(self.run.fault),
            "kpis": _kpis(self.run),
            "brought": _brought(self.run),
            "changes": self.run.created + self.run.updated,
            "tabs": list(self._tabs()),
            "tabs_label": _("Which lines"),
        }

    def _tabs(self) -> Iterator[Link]:
        words = {
            Outcome.REJECTED: _("Rejected"),
            Outcome.CREATED: _("New") if self.foreseen else _("Created"),
            Outcome.UPDATED: _("Changed") if self.foreseen else _("Updated"),
            Outcome.UNCHANGED: _("Unchanged"),
        }
        for outcome, label in words.items():
            yield self._tab(label, outcome, self.counts[outcome])
        if self.run.warnings:
            yield self._tab(_("To look at"), REMARKED, self.run.warnings)
        yield self._tab(_("All"), ALL, sum(self.counts.values()))

    def _tab(self, label: StrOrPromise, show: str, count: int) -> Link:
        current = self.outcome == show
        return Link(f"tab-{show}", label, self.address.but(show=show), current, Total(count, limit=count))


@requires("imports.view")
@require_safe
def import_progress(request: PartnerRequest, pk: int) -> HttpResponse:
    """The progress bar alone, asked for every second; once there is more to see, the page is loaded anew."""
    run = _run(request, pk)
    if run.state in runs.WORKING:
        return render(request, "partials/progress.html", _progress(run))
    response = HttpResponse()
    response.headers["HX-Redirect"] = reverse("certificates:import", args=[run.pk])
    return response


@requires("imports.run")
@require_POST
def import_columns(request: PartnerRequest, pk: int) -> HttpResponse:
    """Say which column is which."""
    run = _run(request, pk)
    form = ColumnsForm(_header(run), request.POST)
    if not form.is_valid():
        return _ask_columns(request, run, form)
    return _do(request, run, lambda: runs.map_columns(run, form.mapping))


@requires("imports.run")
@require_POST
def import_customer(request: PartnerRequest, pk: int) -> HttpResponse:
    """Say whose certificates a bundle holds."""
    run = _run(request, pk)
    form = HolderForm(Customer.objects.for_partner(request.partner), request.POST)
    if not form.is_valid():
        return _ask_customer(request, run, form)
    return _do(request, run, lambda: runs.choose_customer(run, form.cleaned_data["customer"]))


@requires("imports.run")
@require_POST
def import_confirm(request: PartnerRequest, pk: int) -> HttpResponse:
    """Let happen what the preview shows."""
    run = _run(request, pk)
    return _do(request, run, lambda: runs.confirm_run(run))


@requires("imports.run")
@require_POST
def import_cancel(request: PartnerRequest, pk: int) -> HttpResponse:
    """Stop here; what is imported already stays."""
    run = _run(request, pk)
    try:
        runs.cancel_run(run, actor=request.user, now=clock.now())
    except runs.NotNow:
        messages.info(request, _("This import has ended already."))
    else:
        messages.success(request, _("The import of %(file)s is cancelled.") % {"file": run.file_name})
    return redirect("certificates:import", pk=pk)


@requires("imports.view")
@require_safe
def import_rejections(request: PartnerRequest, pk: int) -> HttpResponseBase:
    """The rejected lines with their reasons, as a CSV file."""
    run = _run(request, pk)
    header = [_("Line"), _("Order number"), _("Common name"), _("Column"), _("Value"), _("Reason")]
    lines = ImportLine.objects.filter(run=run, outcome=Outcome.REJECTED).order_by("line")
    stem = run.file_name.rpartition(".")[0] or run.file_name
    language = translation.get_language() or "en"
    return csvio.csv_response(f"{stem}-rejected.csv", header, _rejections(lines, language))


def _rejections(lines: QuerySet[ImportLine], language: str) -> Iterator[list[object]]:
    """Read while the file is written, when the request has left the person's language."""
    for line in lines.iterator(chunk_size=2_000):
        with translation.override(language):
            sentence = line_sentence(line.reason)
        column, value = line.reason.get("column", ""), line.reason.get("value", "")
        yield [line.line, line.number, line.common_name, column, value, sentence]


# What they share


def _run(request: PartnerRequest, pk: int) -> ImportRun:
    runs_of_partner = ImportRun.objects.for_partner(request.partner).select_related("started_by", "customer")
    found: ImportRun = get_object_or_404(runs_of_partner, pk=pk)
    return found


def _do(request: PartnerRequest, run: ImportRun, deed: Any) -> HttpResponseRedirect:
    try:
        deed()
    except runs.NotNow:
        messages.info(request, _("This import has gone on meanwhile. Here is where it stands."))
    else:
        nudge(run_import, run.pk)
    return redirect("certificates:import", pk=run.pk)


def _ask(request: PartnerRequest, run: ImportRun) -> HttpResponse:
    if run.format == ImportRun.Format.PEM:
        return _ask_customer(request, run, None)
    header = _header(run)
    return _ask_columns(request, run, ColumnsForm(header, initial=runs.suggest_mapping(run, header)))


def _ask_columns(request: PartnerRequest, run: ImportRun, form: ColumnsForm) -> HttpResponse:
    context = {"page_title": run.file_name, "run": run, "form": form}
    return render(request, "certificates/imports/columns.html", context, status=_status(form))


def _ask_customer(request: PartnerRequest, run: ImportRun, form: HolderForm | None) -> HttpResponse:
    text = request.GET.get("q", "")
    found = Customer.objects.for_partner(request.partner).matching(text)[:_CUSTOMERS_SHOWN]
    context = {"page_title": run.file_name, "run": run, "form": form, "text": text, "customers": found}
    return render(request, "certificates/imports/customer.html", context, status=_status(form))


def _status(form: Form | None) -> int:
    return 422 if form is not None and form.errors else 200


def _header(run: ImportRun) -> list[str]:
    """The columns of its file; none where the file is gone, and then nothing can be chosen."""
    try:
        return runs.header_of(run)
    except runs.NotNow:
        return []


def _progress(run: ImportRun) -> dict[str, Any]:
    reading = run.state == State.READING
    words = _("%(done)s orders so far") if reading or not run.rows_total else _("%(done)s of %(total)s orders")
    counts = {"done": _grouped(run.rows_done), "total": _grouped(run.rows_total)}
    return {
        "page_title": run.file_name,
        "run": run,
        "progress": {
            "key": "import-progress",
            "label": _("Reading the file") if reading else _("Importing"),
            "words": words % counts if run.rows_done else percentage(run.percent),
            "total": 100,
            "done": run.percent,
            "finished": False,
            "url": reverse("certificates:import_progress", args=[run.pk]),
            "page_url": reverse("certificates:import", args=[run.pk]),
        },
    }


def _grouped(number: int) -> str:
    return number_format(number, force_grouping=True)


def _kpis(run: ImportRun) -> list[Figure]:
    if run.state not in (State.PREVIEW, State.DONE):
        return []
    foreseen = run.state == State.PREVIEW
    rejected = Figure(
        _("Rejected"),
        _grouped(run.rejected),
        ngettext("line", "lines", run.rejected),
        level="bad" if run.rejected else "",
    )
    warned = Figure(
        _("To look at"),
        _grouped(run.warnings),
        ngettext("line", "lines", run.warnings),
        level="warn" if run.warnings else "",
    )
    return [
        Figure(_("New") if foreseen else _("Created"), _grouped(run.created), _lines(run, run.created), level="good"),
        Figure(_("To be updated") if foreseen else _("Updated"), _grouped(run.updated), _lines(run, run.updated)),
        Figure(_("Unchanged"), _grouped(run.unchanged), _lines(run, run.unchanged)),
        rejected,
        warned,
    ]


def _lines(run: ImportRun, count: int) -> str:
    if run.format == ImportRun.Format.PEM:
        return ngettext("certificate", "certificates", count)
    return ngettext("order", "orders", count)


def _brought(run: ImportRun) -> list[str]:
    """What came along with the orders, in words: "40 customers"."""
    words = {
        "customers": ngettext_lazy("%(count)s customer", "%(count)s customers", "number"),
        "organizations": ngettext_lazy("%(count)s organisation", "%(count)s organisations", "number"),
        "contacts": ngettext_lazy("%(count)s contact", "%(count)s contacts", "number"),
        "domains": ngettext_lazy("%(count)s domain", "%(count)s domains", "number"),
        "certificates": ngettext_lazy("%(count)s certificate", "%(count)s certificates", "number"),
    }
    numbers = {name: int(run.brought.get(name, 0)) for name in words}
    return [words[name] % {"number": number, "count": _grouped(number)} for name, number in numbers.items() if number]
