"""The authorities a partner may be connected to; callers know the contract of `base` and nothing else."""

from certificates.authorities.base import Authority, NotConnected
from certificates.authorities.sandbox import Sandbox
from certificates.models import AuthorityConnection
from certificates.states import AuthorityKind


def authority_for(connection: AuthorityConnection) -> Authority:
    """The authority behind a partner's connection; raises NotConnected for a kind that leads nowhere yet."""
    if connection.kind == AuthorityKind.SANDBOX:
        return Sandbox(account=f"partner-{connection.partner_id}")
    raise NotConnected(f"{connection.get_kind_display()} cannot be reached from here")
