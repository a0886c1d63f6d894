"""Price lists as files: what is shown goes out, and what comes in is foreseen line by line before it is taken."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Iterator
from itertools import islice
from typing import Any, NamedTuple

from django.contrib import messages
from django.core import signing
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from certificates.models import Customer, Product
from offers.forms.prices import PriceFileForm
from offers.models import Price, PriceLevel
from offers.services.prices import files, sample
from offers.services.prices.bulk import PlanChanged
from offers.services.prices.changing import PastFixed
from offers.services.prices.files import ColumnsMissing, ImportPlan, Line, LinesRejected, Outcome, Place
from offers.services.prices.reading import matrix
from offers.views.prices.costs import warn_of_costs
from offers.views.prices.lists import View, seen
from offers.views.prices.undo import to_undo
from offers.wording.prices import line_sentence, refusal_sentence
from portal import clock, csvio
from portal.access import PartnerRequest, requires
from portal.contributions import Figure

_EITHER = ["GET", "HEAD", "POST"]
# Lines of each kind that a preview shows; those that stay as they are need not be read.
SHOWN = 300
# A preview may be confirmed so long.
KEPT_SECONDS = 12 * 3600
_SALT = "offers.prices.import"


class Staged(NamedTuple):
    """An upload between its preview and its confirmation; it travels with the page, signed for one person."""

    name: str
    content: bytes
    digest: str


# Out


@requires("prices.export")
@require_safe
def price_export(request: PartnerRequest) -> HttpResponseBase:
    """What the table shows, or with `?all` everything there is, past and future."""
    view = seen(request)
    if "all" in request.GET:
        places: Iterator[Place] = files.every_place(request.partner)
        name = "price-list-complete.csv"
    else:
        places, name = _shown(request, view), f"price-list-{view.on.isoformat()}.csv"
    shows_costs = "prices.costs" in request.membership.permissions
    shown = [at for at, column in enumerate(files.COLUMNS) if shows_costs or not column.startswith("cost")]
    # Read before the answer begins, while the partner's scope is open.
    rows = [[row[at] for at in shown] for row in files.price_rows(request.partner, places)]
    return csvio.csv_response(name, [files.COLUMNS[at] for at in shown], rows)


def _shown(request: PartnerRequest, view: View) -> Iterator[Place]:
    table = matrix(request.partner, whose=view.whose, currency=view.currency, on=view.on)
    return ((cell.source, cell.span) for cell in table.cells if cell.source and cell.span)


# In


@requires("prices.edit")
@require_http_methods(_EITHER)
def price_import(request: PartnerRequest) -> HttpResponse:
    """Take a file, or the sample, and show what it would do; nothing is changed yet."""
    if "sample" in request.POST:
        return _preview(request, _("sample.csv"), sample.sample_file(request.partner))
    form = PriceFileForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        upload = form.cleaned_data["file"]
        try:
            return _preview(request, upload.name, upload.read(files.LIMITS.bytes + 1))
        except (csvio.FileRefused, ColumnsMissing) as refused:
            form.add_error("file", refusal_sentence(refused))
    status = 422 if form.errors else 200
    return render(request, "offers/prices/import.html", _upload_context(request, form), status=status)


def _upload_context(request: PartnerRequest, form: PriceFileForm) -> dict[str, Any]:
    return {
        "page_title": _("Import a price list"),
        "form": form,
        "columns": files.COLUMNS,
        "is_empty": not Price.objects.for_partner(request.partner).exists(),
    }


@requires("prices.edit")
@require_POST
def price_import_confirm(request: PartnerRequest) -> HttpResponse:
    """Let happen exactly what the preview showed; where that has changed meanwhile, show it anew."""
    staged = _unsealed(request)
    if staged is None:
        messages.warning(request, _("This preview is too old, or not yours. Choose the file again."))
        return redirect("offers:price_import")
    try:
        plan, done = files.import_prices(
            request.partner,
            staged.content,
            digest=staged.digest,
            file_name=staged.name,
            actor=request.user,
            today=clock.today(),
            now=clock.now(),
        )
    except (PlanChanged, PastFixed, LinesRejected):
        messages.info(request, _("Prices have changed since the preview. This is what would happen now."))
        return _preview(request, staged.name, staged.content, status=409)
    if not done.count:
        messages.info(request, _("The file brought nothing new: every price is as it was."))
    else:
        words = ngettext("%(count)s price is imported.", "%(count)s prices are imported.", plan.changes)
        messages.success(request, words % {"count": plan.changes}, extra_tags=to_undo(request, done))
        warn_of_costs(request, done, clock.today())
    return redirect("offers:prices")


def _preview(request: PartnerRequest, name: str, content: bytes, *, status: int = 200) -> HttpResponse:
    """Raises FileRefused and ColumnsMissing."""
    plan = files.plan_import(request.partner, content, today=clock.today())
    counts = plan.counts
    context = {
        "page_title": _("Import a price list"),
        "file_name": name,
        "plan": plan,
        "rejected": counts[Outcome.REJECTED],
        "kpis": list(_figures(plan)),
        "sections": list(_sections(request, plan)),
        "staged": _sealed(request, Staged(name, content, plan.digest)),
    }
    return render(request, "offers/prices/import_preview.html", context, status=status)


def _figures(plan: ImportPlan) -> Iterator[Figure]:
    words = {
        Outcome.CREATED: (_("New"), "good"),
        Outcome.CHANGED: (_("Changed"), ""),
        Outcome.UNCHANGED: (_("Unchanged"), ""),
        Outcome.REJECTED: (_("Rejected"), "bad"),
    }
    for outcome, (label, level) in words.items():
        number = plan.counts[outcome]
        note = ngettext("line", "lines", number)
        yield Figure(label, number_format(number, force_grouping=True), note, level=level if number else "")


def _sections(request: PartnerRequest, plan: ImportPlan) -> Iterator[dict[str, Any]]:
    """The lines that matter, rejected ones first, with names for what they hold."""
    titles = {
        Outcome.REJECTED: _("Rejected lines"),
        Outcome.CREATED: _("New prices"),
        Outcome.CHANGED: _("Changed prices"),
    }
    names = _Names(request)
    for outcome, title in titles.items():
        mine = [line for line in plan.lines if line.outcome is outcome]
        if mine:
            rows = [names.row(line) for line in islice(mine, SHOWN)]
            yield {"outcome": outcome.value, "title": title, "rows": rows, "more": max(len(mine) - SHOWN, 0)}


class _Names:
    """What lines are called, read once."""

    def __init__(self, request: PartnerRequest) -> None:
        self.partner = request.partner
        self.products = Product.objects.in_bulk()
        self.levels = dict(PriceLevel.objects.for_partner(request.partner).values_list("pk", "name"))
        self.customers: dict[int, str] = {}

    def row(self, line: Line) -> dict[str, Any]:
        """A line with its product's name, whose price it is, and why it is rejected."""
        product = self.products.get(line.key.product) if line.key else None
        return {"line": line, "product": product, "whose": self._whose(line), "why": line_sentence(line)}

    def _whose(self, line: Line) -> str:
        if line.key is None or line.key.is_listed:
            return ""
        if line.key.level:
            return self.levels.get(line.key.level, "")
        pk = line.key.customer or 0
        if pk not in self.customers:
            found = Customer.objects.for_partner(self.partner).filter(pk=pk).values_list("name", flat=True)
            self.customers[pk] = found.first() or ""
        return self.customers[pk]


# Between the two steps


def _sealed(request: PartnerRequest, staged: Staged) -> str:
    packed = base64.b64encode(zlib.compress(staged.content)).decode()
    kept = [request.partner.pk, request.user.pk, staged.name[:200], packed, staged.digest]
    return signing.TimestampSigner(salt=_SALT).sign_object(kept)


def _unsealed(request: PartnerRequest) -> Staged | None:
    """The upload of this very person and partner; None where the seal is broken, old, or another's."""
    try:
        kept = signing.TimestampSigner(salt=_SALT).unsign_object(request.POST.get("staged", ""), max_age=KEPT_SECONDS)
    except signing.BadSignature:
        return None
    partner, user, name, packed, digest = kept
    if (partner, user) != (request.partner.pk, request.user.pk):
        return None
    return Staged(name, zlib.decompress(base64.b64decode(packed)), digest)
