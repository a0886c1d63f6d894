"""A person is one `User`; a `Membership` says for which partner, as what, and for whom."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser, UserManager
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from portal.access import PartnerManager, PartnerQuerySet
from portal.choices import Language, Theme, time_zones, validate_time_zone
from portal.models.base import PartnerOwned
from portal.roles import Role, permissions_of


class PeopleManager(UserManager["User"]):
    """Users are made with an e-mail address, not with a user name."""

    def create_user(  # type: ignore[override]
        self, email: str, password: str | None = None, **fields: Any
    ) -> User:
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(  # type: ignore[override]
        self, email: str, password: str | None = None, **fields: Any
    ) -> User:
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class User(AbstractUser):
    """A person, known by an e-mail address, with a language, a time zone and a theme of their own."""

    username = None  # type: ignore[assignment]
    email = models.EmailField(_("e-mail"), unique=True)
    language = models.CharField(_("language"), max_length=2, choices=Language, default=Language.ENGLISH)
    time_zone = models.CharField(
        _("time zone"), max_length=64, default="UTC", choices=time_zones, validators=[validate_time_zone]
    )
    theme = models.CharField(_("theme"), max_length=6, choices=Theme, default=Theme.SYSTEM)
    keyboard_shortcuts = models.BooleanField(
        _("keyboard shortcuts"),
        default=True,
        help_text=_("One key acts at once: / searches, j and k move in a list, x selects a row."),
    )
    # Part of every session's fingerprint: one more, and all sessions of the person have ended.
    session_version = models.PositiveIntegerField(default=0, editable=False)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects: ClassVar[PeopleManager] = PeopleManager()

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        constraints = [models.UniqueConstraint(Lower("email"), name="user_email_once")]

    def __str__(self) -> str:
        return self.get_full_name() or self.email

    def get_session_auth_hash(self) -> str:
        return self._of_version(super().get_session_auth_hash())

    def get_session_auth_fallback_hash(self) -> Iterator[str]:
        yield from map(self._of_version, super().get_session_auth_fallback_hash())

    def _of_version(self, fingerprint: str) -> str:
        return f"{fingerprint}.{self.session_version}"

    @property
    def initials(self) -> str:
        """Two letters for the round mark: CM for Claire Martin."""
        letters = f"{self.first_name[:1]}{self.last_name[:1]}" or self.email[:2]
        return letters.upper()


# An account that is made to be invited is no older than this.
_SAME_MOMENT = timedelta(minutes=5)


class MembershipRole(models.TextChoices):
    ADMINISTRATOR = Role.ADMINISTRATOR, _("Administrator")
    ACCOUNT_MANAGER = Role.ACCOUNT_MANAGER, _("Account manager")
    SUPPORT = Role.SUPPORT, _("Support")
    CUSTOMER = Role.CUSTOMER, _("Customer contact")


class MembershipQuerySet(PartnerQuerySet["Membership"]):
    def active(self) -> MembershipQuerySet:
        return self.filter(is_active=True, user__is_active=True, partner__is_active=True)

    def staff(self) -> MembershipQuerySet:
        return self.exclude(role=MembershipRole.CUSTOMER)


class Membership(PartnerOwned):
    """One person in one partner, in one role; a customer contact also belongs to one customer."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships", verbose_name=_("person"))
    role = models.CharField(_("role"), max_length=16, choices=MembershipRole)
    customer = models.ForeignKey(
        "certificates.Customer", on_delete=models.CASCADE, null=True, blank=True, related_name="memberships"
    )
    is_active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = PartnerManager.from_queryset(MembershipQuerySet)()

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        constraints = [
            models.UniqueConstraint(fields=["partner", "user"], name="membership_once_per_partner"),
            models.CheckConstraint(
                name="membership_customer_has_customer",
                condition=models.Q(role=MembershipRole.CUSTOMER, customer__isnull=False)
                | (~models.Q(role=MembershipRole.CUSTOMER) & models.Q(customer__isnull=True)),
            ),
        ]

    def __str__(self) -> str:
        return str(self.user) if self.is_introduced else self.user.email

    @property
    def is_introduced(self) -> bool:
        """Whether the partner may read the person's name.

        It gave the name itself, or the person has signed in since being invited; somebody with an account from
        elsewhere is an address until then.
        """
        seen = self.user.last_login
        came_with_invitation = self.created_at - self.user.date_joined < _SAME_MOMENT
        return came_with_invitation or (seen is not None and seen >= self.created_at)

    @property
    def is_pending(self) -> bool:
        """Invited, and neither signed in nor given a password yet."""
        return not self.is_introduced or (self.user.last_login is None and not self.user.has_usable_password())

    @property
    def is_staff(self) -> bool:
        """Whether the person works for the partner, and not for one of its customers."""
        return self.role != MembershipRole.CUSTOMER

    @property
    def permissions(self) -> frozenset[str]:
        return permissions_of(self.role)
