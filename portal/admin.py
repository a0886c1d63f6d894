"""The back office of whoever runs the installation: partners, people, and letters that did not leave."""

from __future__ import annotations

import re
from typing import Any

from allauth.account.decorators import secure_admin_login
from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from portal import clock
from portal.models import Membership, OutgoingMail, Partner, User
from portal.models.mail import SECRET_PURPOSES, MailState

# Labels of letters, digits and inner hyphens, two at least (RFC 1123).
HOST_NAME = re.compile(r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)+")


class BackOffice(admin.AdminSite):
    """A site of its own: other apps' tables are not shown, and only superusers enter."""

    site_header = site_title = _("Renewal portal")
    index_title = _("Back office")
    enable_nav_sidebar = False

    def has_permission(self, request: HttpRequest) -> bool:
        return _is_operator(request)


site = BackOffice()
# One door for everybody, with limits and a second factor.
site.login = secure_admin_login(site.login)  # type: ignore[method-assign]


class OperatorsOnly(admin.ModelAdmin):  # type: ignore[type-arg]
    """For superusers; nothing is ever deleted here, because what people did refers to it."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return _is_operator(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _is_operator(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return _is_operator(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _is_operator(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def _is_operator(request: HttpRequest) -> bool:
    return bool(request.user.is_active and request.user.is_superuser)


class MembershipInline(admin.TabularInline):  # type: ignore[type-arg]
    model = Membership
    extra = 0
    fields = ("partner", "role", "is_active")
    readonly_fields = ("partner", "role")
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _is_operator(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class PartnerForm(forms.ModelForm):  # type: ignore[type-arg]
    """A partner as its operator sets it up."""

    def clean_host(self) -> str:
        host: str = self.cleaned_data["host"].strip().lower()
        if host and not HOST_NAME.fullmatch(host):
            raise ValidationError(
                _("Write the name alone, such as certificates.example.com: without https://, port or path.")
            )
        return host


@admin.register(Partner, site=site)
class PartnerAdmin(OperatorsOnly):
    form = PartnerForm
    list_display = ("name", "slug", "host", "is_active", "created_at")
    search_fields = ("name", "slug", "host")
    prepopulated_fields = {"slug": ("name",)}
    fields = ("name", "slug", "host", "is_active", "currency", "language", "time_zone")


@admin.register(User, site=site)
class UserAdmin(OperatorsOnly):
    list_display = ("email", "first_name", "last_name", "is_active", "is_superuser", "last_login")
    search_fields = ("email", "first_name", "last_name")
    list_filter = ("is_active", "is_superuser")
    fields = ("email", "first_name", "last_name", "language", "time_zone", "is_active", "last_login", "date_joined")
    readonly_fields = ("last_login", "date_joined")
    inlines = [MembershipInline]

    def has_add_permission(self, request: HttpRequest) -> bool:
        # administrators of partners invite, and createsuperuser makes operators
        return False


@admin.register(OutgoingMail, site=site)
class OutgoingMailAdmin(OperatorsOnly):
    list_display = ("subject", "to_email", "partner", "purpose", "state", "due_at", "attempts", "sent_at")
    list_filter = ("state", "purpose", "partner")
    search_fields = ("to_email", "subject", "key", "message_id")
    date_hierarchy = "due_at"
    show_full_result_count = False
    actions = ["send_again"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_fields(self, request: HttpRequest, obj: OutgoingMail | None = None) -> Any:
        shown = [field.name for field in OutgoingMail._meta.concrete_fields if field.name not in {"id", "claim"}]
        if obj and obj.purpose in SECRET_PURPOSES:
            # codes and links are between the portal and the person
            return [name for name in shown if name not in {"text", "html"}]
        return shown

    @admin.action(description=_("Send again what was set aside"), permissions=["view"])
    def send_again(self, request: HttpRequest, queryset: QuerySet[OutgoingMail]) -> None:
        """Queue letters that were set aside, whatever it was; the rest of the selection stays as it is."""
        count = queryset.filter(state=MailState.PARKED).update(
            state=MailState.QUEUED, due_at=clock.now(), attempts=0, unanswered=0
        )
        words = ngettext("%(count)d letter waits to be sent.", "%(count)d letters wait to be sent.", count)
        self.message_user(request, words % {"count": count}, messages.SUCCESS)
