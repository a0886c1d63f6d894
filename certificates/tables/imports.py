"""The tables of imports: earlier runs, and the lines of one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from certificates.models import ImportLine, ImportRun
from certificates.services.imports.reasons import file_sentence, line_sentence
from certificates.x509.names import display_name
from portal.dates import date_format
from portal.lists import Column, ListTable
from portal.lists.links import row_urls
from portal.templatetags.portal_tags import pill
from portal.types import StrOrPromise

State, Outcome = ImportRun.State, ImportLine.Outcome

STATE_LEVELS: Mapping[str, str] = {
    State.MAPPING: "warn",
    State.READING: "note",
    State.PREVIEW: "warn",
    State.RUNNING: "note",
    State.DONE: "good",
    State.FAILED: "bad",
    State.CANCELED: "plain",
}
OUTCOME_LEVELS: Mapping[str, str] = {
    Outcome.CREATED: "good",
    Outcome.UPDATED: "note",
    Outcome.UNCHANGED: "plain",
    Outcome.REJECTED: "bad",
}
OUTCOME_ICONS: Mapping[str, str] = {Outcome.CREATED: "plus-lg", Outcome.UPDATED: "pencil", Outcome.UNCHANGED: ""}
FORESEEN: Mapping[str, StrOrPromise] = {
    Outcome.CREATED: _("New"),
    Outcome.UPDATED: _("Will be updated"),
    Outcome.UNCHANGED: _("Nothing new"),
    Outcome.REJECTED: _("Cannot be imported"),
}


class ImportsTable(ListTable):
    file = Column(_("File"), css="col-main")
    started = Column(_("Uploaded"), css="col-nowrap")
    created = Column(_("Created"), css="num")
    updated = Column(_("Updated"), css="num")
    unchanged = Column(_("Unchanged"), css="num col-low")
    rejected = Column(_("Rejected"), css="num")
    state = Column(_("State"))

    def __init__(self, *args: Any, **options: Any) -> None:
        self.url = row_urls("certificates:import")
        super().__init__(*args, **options)

    def cell_file(self, run: ImportRun) -> str:
        link = format_html('<a href="{}">{}</a>', self.url(run.pk), run.file_name)
        return format_html('{}<span class="sub">{}</span>', link, run.get_format_display())

    def cell_started(self, run: ImportRun) -> str:
        when = date_format(localtime(run.created_at), "SHORT_DATETIME_FORMAT")
        return format_html('{}<span class="sub">{}</span>', when, run.started_by or "")

    def cell_created(self, run: ImportRun) -> str:
        return _number(run, run.created)

    def cell_updated(self, run: ImportRun) -> str:
        return _number(run, run.updated)

    def cell_unchanged(self, run: ImportRun) -> str:
        return _number(run, run.unchanged)

    def cell_rejected(self, run: ImportRun) -> str:
        return _number(run, run.rejected)

    def cell_state(self, run: ImportRun) -> str:
        shown = pill(STATE_LEVELS[run.state], state_words(run))
        return (
            format_html('{}<span class="sub import-fault">{}</span>', shown, file_sentence(run.fault))
            if run.fault
            else shown
        )


def state_words(run: ImportRun) -> StrOrPromise:
    """Where the import stands; a bundle waits for its customer where a table waits for its columns."""
    waits_for_customer = run.state == State.MAPPING and run.format == ImportRun.Format.PEM
    return _("Customer needed") if waits_for_customer else run.get_state_display()


def _number(run: ImportRun, number: int) -> str:
    """A count of what was done; nothing where nothing was."""
    return number_format(number, force_grouping=True) if run.state in (State.DONE, State.CANCELED) else ""


class ImportLinesTable(ListTable):
    """The lines of a run; before it is applied, `foreseen`, in words that say so."""

    line = Column(_("Line"), css="num")
    order = Column(_("Order #"))
    name = Column(_("Common name"), css="col-main")
    outcome = Column(_("Outcome"))
    reason = Column(_("Remark"), css="wraps")

    def __init__(self, *args: Any, foreseen: bool, **options: Any) -> None:
        self.words = FORESEEN if foreseen else dict(Outcome.choices)
        super().__init__(*args, **options)

    def cell_line(self, line: ImportLine) -> str:
        return number_format(line.line, force_grouping=True)

    def cell_order(self, line: ImportLine) -> str:
        return line.number

    def cell_name(self, line: ImportLine) -> str:
        return format_html('<span class="host">{}</span>', display_name(line.common_name))

    def cell_outcome(self, line: ImportLine) -> str:
        return pill(OUTCOME_LEVELS[line.outcome], self.words[line.outcome], OUTCOME_ICONS.get(line.outcome, ""))

    def cell_reason(self, line: ImportLine) -> str:
        return line_sentence(line.reason)
