"""The root and the issuing CA of this installation: made at their first use, and only once."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from certificates.authorities.sandbox import signing
from certificates.authorities.sandbox.signing import Addresses, Signer
from certificates.models import SandboxAuthority
from portal import vault

_SLOT = "main"


class NoAuthorityYet(Exception):
    """Nothing was ever asked of the embedded authority, so it has no keys."""


@dataclass(frozen=True)
class Keyring:
    """The two signers, ready to sign."""

    root: Signer
    issuing: Signer

    @property
    def chain(self) -> tuple[str, str]:
        """PEM, issuing CA first, root last."""
        return (self.issuing.pem, self.root.pem)


def addresses() -> Addresses:
    """Where this installation publishes its lists and certificates."""
    return Addresses(settings.SANDBOX_PUBLIC_URL)


def open_keyring(*, now: datetime) -> Keyring:
    """The installation's keyring; of several processes that make one at once, one wins and all use it."""
    return _opened(_row() or _make(now))


def present_keyring() -> Keyring:
    """The installation's keyring, never made by asking for it. Raises NoAuthorityYet."""
    return _opened(_present())


def made_at() -> datetime:
    """When the installation's keys were made. Raises NoAuthorityYet."""
    return _present().created_at


def exists() -> bool:
    """Whether this installation has an authority of its own."""
    return SandboxAuthority.objects.filter(slot=_SLOT).exists()


def _present() -> SandboxAuthority:
    row = _row()
    if row is None:
        raise NoAuthorityYet
    return row


def _opened(row: SandboxAuthority) -> Keyring:
    return Keyring(
        root=signing.load(row.root_certificate, vault.decrypt(bytes(row.root_key))),
        issuing=signing.load(row.issuing_certificate, vault.decrypt(bytes(row.issuing_key))),
    )


def _row() -> SandboxAuthority | None:
    return SandboxAuthority.objects.filter(slot=_SLOT).first()


def _make(now: datetime) -> SandboxAuthority:
    root = signing.make_root()
    issuing = signing.make_issuing(root, addresses())
    row = SandboxAuthority(
        slot=_SLOT,
        root_certificate=root.pem,
        root_key=vault.encrypt(root.private_bytes()),
        issuing_certificate=issuing.pem,
        issuing_key=vault.encrypt(issuing.private_bytes()),
        created_at=now,
    )
    SandboxAuthority.objects.bulk_create([row], ignore_conflicts=True)
    return SandboxAuthority.objects.get(slot=_SLOT)
