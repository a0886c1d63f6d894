"""The settings of the house: only what the form names changes, logos are made anew, colours can be read."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import models
from django.forms import ModelForm
from django.test import Client
from django.urls import reverse
from PIL import Image
from pytest_django.fixtures import DjangoCaptureOnCommitCallbacks, Settings

from portal.access import across_partners
from portal.forms import PartnerForm, PersonForm, RoleForm
from portal.models import Activity, Membership, Partner, User
from tests.factories import make_customer, make_member, make_partner

pytestmark = pytest.mark.django_db


@pytest.fixture
def administrator(settings: Settings, tmp_path: Path) -> Membership:
    settings.MFA_REQUIRED = False
    settings.MEDIA_ROOT = tmp_path
    return make_member(make_partner(name="Relais"), "administrator")


@pytest.fixture
def client(administrator: Membership) -> Client:
    client = Client()
    client.force_login(administrator.user)
    return client


def fields_of(form: type[ModelForm]) -> set[str]:  # type: ignore[type-arg]
    """The columns that a form names."""
    options: Any = vars(form)["_meta"]
    return set(options.fields)


def filled_in(form: Any, **changes: Any) -> dict[str, Any]:
    """What a browser would send back, unchanged but for `changes`."""
    values = {name: form[name].value() for name in form.fields}
    return {name: value for name, value in values.items() if value not in (None, False)} | changes


def save(client: Client, **changes: Any) -> Any:
    page = client.get(reverse("portal:settings"))
    return client.post(reverse("portal:settings"), filled_in(page.context["form"], **changes))


def picture(kind: str = "PNG", size: tuple[int, int] = (1200, 300)) -> SimpleUploadedFile:
    out = BytesIO()
    Image.new("RGB", size, "#0b5cad").save(out, kind)
    return SimpleUploadedFile(f"logo.{kind.lower()}", out.getvalue())


def values_of(row: models.Model) -> dict[str, Any]:
    """Every column of the row, as it is stored now."""
    return type(row)._default_manager.filter(pk=row.pk).values().get()


def hostile(row: models.Model) -> dict[str, Any]:
    """A value for every column, each different from what is stored, by every name a form could take."""
    post: dict[str, Any] = {}
    for field in row._meta.concrete_fields:
        value = {"BooleanField": "on", "BigAutoField": "999999", "ForeignKey": "1", "EmailField": "evil@example.com"}
        post[field.name] = post[field.attname] = value.get(field.get_internal_type(), "evil")
    return post


def test_what_is_typed_is_stored_and_written_down(client: Client, administrator: Membership) -> None:
    response = save(client, name="Relais SA", brand_colour="#AA0000", approval_required="on")

    partner = Partner.objects.get(pk=administrator.partner_id)
    assert response.status_code == 302
    assert (partner.name, partner.brand_colour, partner.approval_required) == ("Relais SA", "#aa0000", True)
    with across_partners():
        deed = Activity.objects.get()
    assert (deed.verb, deed.actor_id) == ("settings.changed", administrator.user_id)
    assert deed.facts["before"] == {"name": "Relais", "brand_colour": "#0b5cad", "approval_required": False}


def test_saving_without_a_change_writes_nothing_down(client: Client) -> None:
    save(client)

    with across_partners():
        assert not Activity.objects.exists()


def test_only_named_fields_change_whatever_is_posted(client: Client, administrator: Membership) -> None:
    before = values_of(administrator.partner)

    save(client, **hostile(administrator.partner) | {"language": "en", "time_zone": "UTC", "currency": "EUR"})
    save(client, slug="evil", host="evil.example", is_active="", logo="evil.png", id="999999")

    after = values_of(administrator.partner)
    changed = {name for name in after if after[name] != before[name]}
    assert changed <= fields_of(PartnerForm)
    assert (after["slug"], after["host"], after["is_active"], after["logo"]) == (before["slug"], "", True, "")


def test_form_names_what_administrators_may_change_and_no_more() -> None:
    columns = {field.name for field in Partner._meta.concrete_fields}

    assert columns - fields_of(PartnerForm) == {"id", "slug", "host", "is_active", "logo", "created_at"}


def test_nobody_makes_themselves_more_than_they_are(settings: Settings) -> None:
    settings.MFA_REQUIRED = False
    member = make_member(make_partner(), "support")
    client = Client()
    client.force_login(member.user)
    before = values_of(member.user)

    post = hostile(member.user) | {
        "role": "administrator",
        "language": "fr",
        "time_zone": "Europe/Paris",
        "theme": "dark",
        "keyboard_shortcuts": "",
    }
    client.post(reverse("portal:me"), post | {"first_name": "Sam", "last_name": "Okafor"})

    after = values_of(member.user)
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {"first_name", "last_name", "language", "time_zone", "theme", "keyboard_shortcuts"}
    assert changed == fields_of(PersonForm)
    with across_partners():
        assert Membership.objects.get(pk=member.pk).role == "support"


def test_role_form_changes_the_role_and_nothing_else(client: Client, administrator: Membership) -> None:
    partner = administrator.partner
    member, stranger = make_member(partner, "support"), make_member(make_partner(), "support")
    customer = make_customer(partner)
    with across_partners():
        before = values_of(member)

    post = {"role": "account_manager", "user": administrator.user_id, "partner": stranger.partner_id}
    client.post(
        reverse("portal:person", args=[member.pk]),
        post | {"customer": customer.pk, "is_active": "", "id": stranger.pk, "user_id": stranger.user_id},
    )

    with across_partners():
        after = values_of(member)
        assert values_of(stranger)["role"] == "support"
    assert {name for name in after if after[name] != before[name]} == {"role"} == fields_of(RoleForm)


def test_refused_form_shows_what_was_typed_and_leaves_the_frame_alone(client: Client) -> None:
    response = save(client, name="", support_phone="+33 1 00 00 00 00", website="javascript:alert(1)")

    body = response.content.decode()
    assert response.status_code == 422
    assert 'value="+33 1 00 00 00 00"' in body
    assert response.context["partner"].name == "Relais"
    assert set(response.context["form"].errors) == {"name", "website"}


def test_social_links_are_web_addresses_with_the_names_people_know(client: Client, administrator: Membership) -> None:
    save(client, social_links="https://www.linkedin.com/company/relais\nhttps://blog.relais.example/")

    assert Partner.objects.get(pk=administrator.partner_id).social_links == [
        {"network": "LinkedIn", "url": "https://www.linkedin.com/company/relais"},
        {"network": "blog.relais.example", "url": "https://blog.relais.example/"},
    ]


@pytest.mark.parametrize("link", ["javascript:alert(1)", "data:text/html,x", "//evil.example", "not a link"])
def test_other_links_are_refused(client: Client, link: str) -> None:
    assert "social_links" in save(client, social_links=link).context["form"].errors


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_logo_is_made_anew_as_a_small_png(client: Client, administrator: Membership, kind: str) -> None:
    save(client, logo_file=picture(kind))

    partner = Partner.objects.get(pk=administrator.partner_id)
    with Image.open(partner.logo) as kept:
        assert (kept.format, kept.size) == ("PNG", (512, 128))


def test_nothing_hidden_in_a_picture_is_kept(client: Client, administrator: Membership) -> None:
    upload = picture()
    payload = upload.read() + b"<script>alert(1)</script>"

    save(client, logo_file=SimpleUploadedFile("logo.png", payload))

    assert b"<script>" not in Partner.objects.get(pk=administrator.partner_id).logo.read()


@pytest.mark.parametrize(
    "content",
    [
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 1 1\n",
        b"GIF89a",
        b"not a picture",
        b"",
    ],
)
def test_other_files_are_refused(client: Client, administrator: Membership, content: bytes) -> None:
    response = save(client, logo_file=SimpleUploadedFile("logo.png", content, content_type="image/png"))

    assert "logo_file" in response.context["form"].errors
    assert not Partner.objects.get(pk=administrator.partner_id).logo


def test_picture_with_too_many_pixels_is_refused(client: Client) -> None:
    assert "logo_file" in save(client, logo_file=picture(size=(6000, 5000))).context["form"].errors


def test_logo_is_served_as_a_picture_at_an_address_of_its_own(
    client: Client, administrator: Membership, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    save(client, logo_file=picture())
    first = Partner.objects.get(pk=administrator.partner_id)
    with django_capture_on_commit_callbacks(execute=True):
        save(client, logo_file=picture(size=(50, 50)))
    second = Partner.objects.get(pk=administrator.partner_id)

    response = Client().get(second.logo_url)

    assert first.logo_url != second.logo_url
    assert not first.logo.storage.exists(str(first.logo.name))
    assert response.headers["Content-Type"] == "image/png"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert second.logo_url in client.get(reverse("portal:settings")).content.decode()


def test_logo_can_be_taken_away(client: Client, administrator: Membership) -> None:
    save(client, logo_file=picture())
    save(client, remove_logo="on")

    partner = Partner.objects.get(pk=administrator.partner_id)
    assert not partner.logo
    assert Client().get(reverse("portal:logo", args=[partner.slug])).status_code == 404


def test_suspended_partner_shows_no_logo(client: Client, administrator: Membership) -> None:
    save(client, logo_file=picture())
    Partner.objects.update(is_active=False)

    assert Client().get(reverse("portal:logo", args=[administrator.partner.slug])).status_code == 404


def test_pale_colours_are_corrected_before_they_are_saved(client: Client) -> None:
    pale = {"brand_colour": "#ffee88", "accent_colour": "#ffffff"}

    response = client.get(reverse("portal:colour_preview"), pale)

    body = response.content.decode()
    assert body.count("so that") == 2
    assert 'fill="#ffee88"' in body  # on dark pages it can be read as it is


@pytest.mark.parametrize("colour", ["", "red", "#12", '"><script>'])
def test_what_is_no_colour_is_not_drawn(client: Client, colour: str) -> None:
    response = client.get(reverse("portal:colour_preview"), {"brand_colour": colour, "accent_colour": "#000000"})

    assert response.status_code == 200
    assert "<svg" not in response.content.decode()


def test_own_page_speaks_the_language_just_chosen(client: Client, administrator: Membership) -> None:
    post = {"first_name": "Élise", "last_name": "Roy", "language": "fr", "time_zone": "Europe/Paris", "theme": "dark"}

    response = client.post(reverse("portal:me"), post, follow=True)

    assert '<html lang="fr" data-bs-theme="dark"' in response.content.decode()
    assert User.objects.get(pk=administrator.user_id).time_zone == "Europe/Paris"
