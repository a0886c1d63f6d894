"""How allauth speaks for us: letters go through our outbox, limits do not lock people out, secrets are encrypted."""

from __future__ import annotations

import secrets
from typing import Any, ClassVar

import structlog
from allauth.account import signals
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.models import Login
from allauth.core import context
from allauth.core.internal import ratelimit
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.contrib.auth import logout
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _

from portal import clock, devices, links, signing_in, vault
from portal.mail import letters, outbox
from portal.models import Partner, User
from portal.models.mail import MailPurpose
from portal.types import StrOrPromise

log = structlog.get_logger(__name__)


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Nobody signs up by themselves: partners invite."""

    # One letter for all of them: what happened, when, from where, and what to do if it was somebody else.
    notices: ClassVar[dict[str, StrOrPromise]] = {
        "account/email/password_changed": _("The password of your account was changed."),
        "account/email/password_reset": _("The password of your account was reset."),
        "account/email/password_set": _("A password was set for your account."),
        "mfa/email/totp_activated": _("An authenticator app was added to your account."),
        "mfa/email/totp_deactivated": _("The authenticator app was removed from your account."),
        "mfa/email/webauthn_added": _("A security key or passkey was added to your account."),
        "mfa/email/webauthn_removed": _("A security key or passkey was removed from your account."),
        "mfa/email/recovery_codes_generated": _("New recovery codes were made for your account."),
    }

    _anywhere: ratelimit.RateLimitUsage | None = None

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def is_safe_url(self, url: str) -> bool:
        """Only addresses of the very host that is asked."""
        request = context.request
        return url_has_allowed_host_and_scheme(
            url, allowed_hosts={request.get_host()}, require_https=request.is_secure()
        )

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Queue the letter in the language of the person, or of the page where the address is nobody's."""
        user = User.objects.filter(email=email.lower()).first()
        facts = {"email": email, "person": user, **context}
        if template_prefix in self.notices:
            facts["notice"] = self.notices[template_prefix]
            template_prefix = "emails/security_notice"
        if template_prefix == "account/email/login_code" and user:
            facts["url"] = signing_in.make_own_link(user, house=_house(), now=clock.now())
        post(template_prefix, facts, to_email=email, user=user, house=_house())

    def get_reset_password_from_key_url(self, key: str) -> str:
        """Under the address of the house that was asked, else the portal's, whatever host name the request bore."""
        return reset_url(key, house=_house())

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        super().pre_authenticate(request, **credentials)
        email = credentials.get("email", "").lower()
        if devices.is_known(request, email=email):
            return
        self._anywhere = ratelimit.consume(request, app="allauth.account", action="login_failed_anywhere", key=email)
        if not self._anywhere:
            raise self.validation_error("too_many_login_attempts")

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        user: User | None = super().authenticate(request, **credentials)
        if user and self._anywhere:
            self._anywhere.rollback()
        return user

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        log.warning("sign_in_failed", address=self.get_client_ip(request))

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Count failures by account and by where they come from: a network, or a device known to be the person's."""
        email = credentials.get("email", "").lower()
        known = devices.is_known(request, email=email)
        return f"{email}:{'device' if known else ratelimit.get_ip(request)}"


class MFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Secrets of second factors are of no use to whoever copies the database."""

    def encrypt(self, text: str) -> str:
        return vault.encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return vault.decrypt(encrypted_text.encode()).decode()


def _house() -> Partner | None:
    """The partner on whose own host name the page was asked for; not one that is suspended, which writes no letters."""
    house: Partner | None = getattr(context.request, "house", None)
    return house if house and house.is_active else None


def post(template: str, facts: dict[str, Any], *, to_email: str, user: User | None, house: Partner | None) -> None:
    """Queue one letter about signing in, of the house that was asked; each is its own, since no two codes are alike."""
    language = user.language if user else translation.get_language() or settings.LANGUAGE_CODE
    words = letters.render(template, facts, language=language, partner=house)
    outbox.enqueue(
        key=f"sign-in:{secrets.token_hex(16)}",
        partner=house,
        purpose=MailPurpose.SIGN_IN,
        to_email=to_email,
        to_name=user.get_full_name() if user else "",
        words=words,
        now=clock.now(),
    )


def reset_url(key: str, *, house: Partner | None) -> str:
    """Where a person sets a new password; `key` is "<person>-<token>"."""
    person, _dash, token = key.partition("-")
    path = reverse("account_reset_password_from_key", kwargs={"uidb36": person, "key": token})
    return links.address(house, path)


def let_in(request: HttpRequest, user: User) -> HttpResponse:
    """Sign in whoever has proved to read the person's letters, as a code does: a second factor is still asked for."""
    if request.user.is_authenticated:
        logout(request)
    record_authentication(request, user, method="code", email=user.email)
    response: HttpResponse = perform_login(request, Login(user=user, email=user.email))
    return response


@receiver(signals.user_logged_in)
def remember_device(request: HttpRequest, response: HttpResponse, user: User, **_: Any) -> None:
    devices.remember(response, email=user.email)


@receiver(signals.user_logged_in)
def end_links_asked_for(user: User, **_: Any) -> None:
    """Of a letter's code and its link, one lets in."""
    signing_in.end_own_links(user, now=clock.now())


@receiver(signals.password_reset)
def forget_failures(request: HttpRequest, user: User, **_: Any) -> None:
    """Who has proved to own the address may try the new password at once."""
    AccountAdapter(request)._delete_login_attempts_cached_email(request, email=user.email)
