"""Deeds on many rows: those ticked, or all of the list, asked once more before the whole list changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, TypeAlias

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpResponseBase, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views import View

from portal import contributions
from portal.access import PartnerRequest
from portal.contributions import BulkAction
from portal.lists.pages import ListPage, Total
from portal.types import StrOrPromise

BULK_LIMIT = 10_000
Choices: TypeAlias = Sequence[tuple[Any, StrOrPromise]]


class BulkView(View):
    """POST `action`, and either `ids` or `everything` with the list's `query`. Foreign ids select nothing."""

    page_class: ClassVar[type[ListPage]]
    list_url: ClassVar[str]
    http_method_names = ["post"]

    def post(self, request: PartnerRequest, *_args: Any, **_kwargs: Any) -> HttpResponseBase:
        page = self.page_class()
        page.setup(request)
        page.query = QueryDict(request.POST.get("query", "")[:2000])
        action = self._action(page, request.POST.get("action", ""))
        rows, count = self._selected(page, request.POST)
        back = redirect(f"{redirect(self.list_url).url}?{page.address.query}".removesuffix("?"))
        if count.number == 0:
            messages.warning(request, _("Nothing was selected, so nothing has changed."))
            return back
        if not count.is_exact and not action.reads_only:
            messages.warning(request, self._too_many(count))
            return back
        choices = list(action.choices(request)) if action.choices else []
        if self._must_ask(action, request.POST, choices):
            return self._ask(request, page, action, count, choices)
        return self._answer(action.run(request, rows), back)

    @staticmethod
    def _action(page: ListPage, key: str) -> BulkAction:
        action = next((one for one in page.all_bulk_actions if one.key == key), None)
        if action is None:
            raise Http404(key)
        if action.permission not in page.request.membership.permissions:
            raise PermissionDenied(action.permission)
        return action

    @staticmethod
    def _selected(page: ListPage, post: QueryDict) -> tuple[QuerySet[Any], Total]:
        if post.get("everything"):
            rows = page.spanned
        else:
            ids = [int(value) for value in post.getlist("ids")[:BULK_LIMIT] if _is_id(value)]
            rows = page.unfiltered().filter(pk__in=ids)
        rows = rows.order_by(*page.ordering.expressions())
        return rows, Total(rows.order_by()[: BULK_LIMIT + 1].count(), BULK_LIMIT)

    @staticmethod
    def _too_many(count: Total) -> str:
        return _("More than %(limit)s rows at once are too many: narrow the list with a filter.") % {
            "limit": str(count).removesuffix("+")
        }

    @staticmethod
    def _must_ask(action: BulkAction, post: QueryDict, choices: Choices) -> bool:
        if action.choices is not None and post.get("choice") not in [str(key) for key, _words in choices]:
            return True
        return bool(post.get("everything")) and not action.reads_only and not post.get("confirmed")

    def _ask(
        self, request: PartnerRequest, page: ListPage, action: BulkAction, count: Total, choices: Choices
    ) -> HttpResponseBase:
        context = {
            "page_title": action.label,
            "action": action,
            "choices": choices,
            "count": count,
            "kept": [
                (key, value) for key in ("query", "action", "everything", "ids") for value in request.POST.getlist(key)
            ],
            "back_url": f"{redirect(self.list_url).url}?{page.address.query}",
        }
        return render(request, "partials/bulk_question.html", context)

    def _answer(self, done: contributions.Done | HttpResponseBase, back: HttpResponseBase) -> HttpResponseBase:
        if isinstance(done, HttpResponseBase):
            return done
        messages.success(self.request, str(done.words), extra_tags=f"undo:{done.undo}" if done.undo else "")
        return back


def _is_id(value: str) -> bool:
    return value.isascii() and value.isdigit() and len(value) < 19
