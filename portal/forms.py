"""What administrators and people type about their house, their colleagues and themselves; each names its fields."""

from __future__ import annotations

from typing import Any, ClassVar
from urllib.parse import urlsplit

from crispy_forms.helper import FormHelper
from crispy_forms.layout import HTML, Div, Fieldset, Layout
from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator
from django.utils.translation import gettext_lazy as _

from portal import pictures
from portal.models import Membership, Partner, User
from portal.models.partners import web_address
from portal.models.people import MembershipRole
from portal.texts import StraightForm
from portal.types import StrOrPromise

MAX_LINKS = 8
NOTICES = ("legal_en", "legal_fr", "privacy_en", "privacy_fr")
# In characters: some twenty pages.
LONGEST_NOTICE = 40_000
NETWORKS = {
    "linkedin.com": "LinkedIn",
    "facebook.com": "Facebook",
    "instagram.com": "Instagram",
    "x.com": "X",
    "twitter.com": "X",
    "youtube.com": "YouTube",
    "xing.com": "Xing",
    "mastodon.social": "Mastodon",
    "bsky.app": "Bluesky",
}
STAFF_ROLES = [choice for choice in MembershipRole.choices if choice[0] != MembershipRole.CUSTOMER]
_COLOUR_PREVIEW = {
    "hx-get": "colours/",
    "hx-trigger": "input changed delay:150ms",
    "hx-include": "[name=brand_colour],[name=accent_colour]",
    "hx-target": "#colour-preview",
    "hx-swap": "outerHTML",
}


def _fieldset(legend: StrOrPromise, *fields: Any) -> Fieldset:
    return Fieldset(legend, Div(*fields, css_class="form-grid"))


class _Crispy(StraightForm):
    """Fields in our layout; the template brings the form element and its buttons."""

    layout: ClassVar[tuple[Any, ...]] = ()

    @property
    def helper(self) -> FormHelper:
        helper = FormHelper()
        helper.form_tag = False
        helper.layout = Layout(*self.layout) if self.layout else Layout(*self.fields)  # type: ignore[attr-defined]
        return helper


class ColourField(forms.CharField):
    """A colour as "#rrggbb"; capitals are welcome."""

    def to_python(self, value: Any) -> str:
        return str(super().to_python(value)).lower()


class LinksField(forms.CharField):
    """Web addresses, one per line, kept as [{"network": "LinkedIn", "url": "https://…"}, …]."""

    widget = forms.Textarea(attrs={"rows": 3})

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(link["url"] for link in value) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[dict[str, str]]:
        lines = super().clean(value).split()
        if len(lines) > MAX_LINKS:
            raise ValidationError(_("At most %(number)s links are shown."), params={"number": MAX_LINKS})
        for line in lines:
            web_address(line)
        return [{"network": network_of(line), "url": line} for line in lines]


def network_of(url: str) -> str:
    """The name people know: "LinkedIn" for www.linkedin.com, else the host name itself."""
    host = (urlsplit(url).hostname or "").removeprefix("www.")
    return next((name for domain, name in NETWORKS.items() if f".{host}".endswith(f".{domain}")), host)


class PartnerForm(_Crispy, forms.ModelForm):  # type: ignore[type-arg]
    """The settings of the house. What operators decide (short name, host, being active) is not among them."""

    social_links = LinksField(
        label=_("Social links"), required=False, help_text=_("One web address per line, in the order of the letters.")
    )
    logo_file = forms.FileField(
        label=_("New logo"),
        required=False,
        widget=forms.FileInput(attrs={"accept": "image/png,image/jpeg,image/webp,image/gif"}),
        help_text=_("PNG, JPEG, WebP or GIF up to 4 MB; kept no larger than 512 pixels."),
    )
    remove_logo = forms.BooleanField(label=_("Remove the logo"), required=False)

    layout = (
        _fieldset(_("The house"), "name", "website", "language", "time_zone", "currency"),
        Fieldset(_("Own host name"), HTML("{% include 'portal/host_now.html' %}")),
        Fieldset(_("Logo"), HTML("{% include 'portal/logo_now.html' %}"), "logo_file", "remove_logo"),
        Fieldset(
            _("Colours"),
            Div("brand_colour", "accent_colour", css_class="form-grid"),
            HTML("{% include 'portal/colours.html' %}"),
        ),
        _fieldset(_("Sender of letters"), "sender_name", "sender_email"),
        _fieldset(_("Support line"), "support_email", "support_phone"),
        Fieldset(_("On every letter"), "postal_address", "social_links"),
        Fieldset(
            _("What the law wants said"),
            HTML("{% include 'portal/notices_now.html' %}"),
            Div(*NOTICES, css_class="form-grid"),
        ),
        _fieldset(
            _("Your people at the certificate authority"),
            "authority_manager_name",
            "authority_manager_email",
            "authority_manager_phone",
            "authority_marketing_name",
            "authority_marketing_email",
        ),
        Fieldset(_("Approval"), "approval_required"),
        Fieldset(_("After the issue"), "checks_live_hosts"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in NOTICES:
            self.fields[name].validators.append(MaxLengthValidator(LONGEST_NOTICE))
        if not self.instance.logo:
            self.fields["remove_logo"].widget = forms.HiddenInput()

    class Meta:
        model = Partner
        fields = (
            "name",
            "website",
            "language",
            "time_zone",
            "currency",
            "brand_colour",
            "accent_colour",
            "sender_name",
            "sender_email",
            "support_email",
            "support_phone",
            "postal_address",
            "social_links",
            *NOTICES,
            "authority_manager_name",
            "authority_manager_email",
            "authority_manager_phone",
            "authority_marketing_name",
            "authority_marketing_email",
            "approval_required",
            "checks_live_hosts",
        )
        widgets = {
            "brand_colour": forms.TextInput(attrs={"type": "color", **_COLOUR_PREVIEW}),
            "accent_colour": forms.TextInput(attrs={"type": "color", **_COLOUR_PREVIEW}),
            "postal_address": forms.Textarea(attrs={"rows": 3}),
            **{name: forms.Textarea(attrs={"rows": 6}) for name in NOTICES},
        }
        field_classes = {"brand_colour": ColourField, "accent_colour": ColourField}
        help_texts = {
            "sender_email": _("Its domain must allow the portal's mail server to send in its name."),
            "postal_address": _("Letters with offers must carry one by law."),
            "approval_required": _("What account managers ask for goes to the authority once you have approved it."),
            "checks_live_hosts": _(
                "Once a certificate is issued, the portal opens a connection to its host, as a browser does, for "
                "30 days at most, and sees which certificate it shows."
            ),
        }

    def clean_logo_file(self) -> bytes | None:
        upload: Any = self.cleaned_data["logo_file"]
        if upload is None:
            return None
        if (upload.size or 0) > pictures.MAX_BYTES:
            raise ValidationError(_("The file is larger than 4 MB."))
        try:
            return pictures.logo(upload)
        except pictures.NotAPicture as error:
            raise ValidationError(_("This is not a PNG, JPEG, WebP or GIF picture that can be read.")) from error

    @property
    def settings(self) -> dict[str, Any]:
        """The cleaned values that are columns of the partner."""
        return {name: self.cleaned_data[name] for name in self._meta.fields or ()}


class InvitationForm(_Crispy, forms.Form):
    email = forms.EmailField(label=_("E-mail"), max_length=254)
    first_name = forms.CharField(label=_("First name"), max_length=150, required=False)
    last_name = forms.CharField(label=_("Last name"), max_length=150, required=False)
    role = forms.ChoiceField(label=_("Role"), choices=STAFF_ROLES, initial=MembershipRole.ACCOUNT_MANAGER)


class RoleForm(_Crispy, forms.ModelForm):  # type: ignore[type-arg]
    """Another role among the staff."""

    role = forms.ChoiceField(label=_("Role"), choices=STAFF_ROLES)

    class Meta:
        model = Membership
        fields = ("role",)


class PersonForm(_Crispy, forms.ModelForm):  # type: ignore[type-arg]
    """What people say about themselves. The address they sign in with is not theirs to change here."""

    layout = (
        _fieldset(_("Your name"), "first_name", "last_name"),
        _fieldset(_("How pages speak to you"), "language", "time_zone", "theme"),
        "keyboard_shortcuts",
    )

    def __init__(self, *args: Any, has_shortcuts: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not has_shortcuts:
            self.fields["keyboard_shortcuts"].widget = forms.HiddenInput()

    class Meta:
        model = User
        fields = ("first_name", "last_name", "language", "time_zone", "theme", "keyboard_shortcuts")
