"""Every address, every role, a foreign tenant: refused or not found, and no canary in any answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from http.cookies import SimpleCookie

import pytest
from django.http import HttpResponseBase
from django.test import Client, override_settings
from pytest_django import DjangoDbBlocker
from pytest_django.fixtures import Settings

from portal import clock
from portal.roles import MATRIX, Role, may
from tests.factories import TODAY
from tests.keeping import empty_database
from tests.walk import CANARY, PLACES, Address, Neighbour, Tenant, addresses

pytestmark = pytest.mark.ci_services

OURS = [address for address in addresses() if not address.is_foreign]
GUARDED = [address for address in OURS if address.permission not in ("public", "signed_in")]
WITH_ROWS = [address for address in GUARDED if address.names_rows]
WITHOUT_ROWS = [address for address in GUARDED if not address.names_rows]
BEHIND_LINKS = [address for address in OURS if "handle" in PLACES[address.name]]
OF_CUSTOMERS = [address for address in GUARDED if may(Role.CUSTOMER, address.permission)]
METHODS = ("get", "post", "put", "delete")
STRANGER = "stranger"
NEIGHBOUR = "NEIGHBOUR-CANARY"
LISTS = ("", f"?q={CANARY[:8]}", "?export=csv", "?export=xlsx")
OF_A_CUSTOMER = ("", f"?q={NEIGHBOUR[:8]}", "?tab=earlier")


@dataclass(frozen=True)
class World:
    """Two partners and, beside the customer of the first, a neighbour: a row of everything for each of them."""

    own: Tenant
    foreign: Tenant
    neighbour: Neighbour
    # The session of each role of the first partner
    sessions: dict[str, SimpleCookie]


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[World]:
    """Made once, since every test takes back what it did."""
    with django_db_blocker.unblock(), override_settings(PORTAL_TODAY=TODAY.isoformat()):
        clock._first_asked.cache_clear()
        own = Tenant("OWN-TENANT")
        yield World(own, Tenant(CANARY), Neighbour(NEIGHBOUR, beside=own), {role: _session(own, role) for role in Role})
        empty_database()


def _session(tenant: Tenant, role: Role) -> SimpleCookie:
    client = Client()
    client.force_login(tenant.members[role].user)
    return client.cookies


@pytest.fixture
def own(db: None, world: World) -> Tenant:
    return world.own


@pytest.fixture
def foreign(db: None, world: World) -> Tenant:
    return world.foreign


@pytest.fixture
def neighbour(db: None, world: World) -> Tenant:
    return world.neighbour


@pytest.fixture
def clients(world: World, settings: Settings) -> dict[str, Client]:
    """A signed-in client for each role of the own tenant, and a stranger."""
    settings.MFA_REQUIRED = False
    visitors: dict[str, Client] = {name: Client() for name in (*Role, STRANGER)}
    for role, cookies in world.sessions.items():
        visitors[role].cookies = SimpleCookie(cookies.output(header=""))
    return visitors


def _body(response: HttpResponseBase) -> str:
    """All that the browser gets to read, headers included, in lower case."""
    content = b"".join(response) if response.streaming else response.content  # type: ignore[attr-defined]
    return f"{content.decode('utf-8', 'replace')} {response.headers}".lower()


def _answers(clients: dict[str, Client], url: str) -> Iterator[tuple[str, str, HttpResponseBase]]:
    for role, client in clients.items():
        for method in METHODS:
            yield role, method, getattr(client, method)(url)


def _expected(role: str, permission: str) -> tuple[int, ...]:
    """What a foreign row may be answered with: sign in, refused, not found, or no such method."""
    if role == STRANGER:
        return (302, 405)
    return (404, 405) if may(role, permission) else (403, 405)


def test_every_address_is_on_the_map() -> None:
    assert {address.name for address in OURS} == set(PLACES)


def test_every_view_says_who_may_use_it() -> None:
    known = {f"{resource}.{action}" for resource, actions in MATRIX.items() for action in actions}

    assert {address.name: address.permission for address in GUARDED if address.permission not in known} == {}


@pytest.mark.parametrize("address", WITH_ROWS, ids=str)
def test_foreign_rows_are_not_found(address: Address, clients: dict[str, Client], foreign: Tenant) -> None:
    url = foreign.url(address.name)

    for role, method, response in _answers(clients, url):
        assert response.status_code in _expected(role, address.permission), f"{method} {url} as {role}"
        assert CANARY.lower() not in _body(response), f"{method} {url} as {role}"


@pytest.mark.parametrize("address", BEHIND_LINKS, ids=str)
def test_pages_behind_links_are_not_found_without_the_link(
    address: Address, clients: dict[str, Client], own: Tenant, foreign: Tenant
) -> None:
    for url in (own.url(address.name), foreign.url(address.name)):
        for role, method, response in _answers(clients, url):
            assert response.status_code in (404, 405), f"{method} {url} as {role}"
            assert CANARY.lower() not in _body(response), f"{method} {url} as {role}"


@pytest.mark.parametrize("address", WITHOUT_ROWS, ids=str)
def test_lists_hold_no_foreign_row(address: Address, clients: dict[str, Client], own: Tenant, foreign: Tenant) -> None:
    for role, client in clients.items():
        queries = LISTS if may(role, address.permission) else ("",)
        for url in (own.url(address.name) + query for query in queries):
            assert CANARY.lower() not in _body(client.get(url)), f"{url} as {role}"


@pytest.mark.parametrize("address", GUARDED, ids=str)
def test_own_rows_open_for_the_roles_of_the_matrix_only(
    address: Address, clients: dict[str, Client], own: Tenant
) -> None:
    url = own.url(address.name)

    for role, client in clients.items():
        status = client.get(url).status_code

        if role == STRANGER:
            assert status in (302, 405), f"{url} as {role}: {status}"
        elif may(role, address.permission):
            assert status in (200, 302, 405), f"{url} as {role}: {status}"
        else:
            assert status in (403, 405), f"{url} as {role}: {status}"


# Customers of one partner


@pytest.mark.parametrize("address", [one for one in OF_CUSTOMERS if one.names_rows], ids=str)
def test_a_neighbours_rows_are_not_found(address: Address, clients: dict[str, Client], neighbour: Neighbour) -> None:
    url = neighbour.url(address.name)

    for method in METHODS:
        response = getattr(clients[Role.CUSTOMER], method)(url)
        assert response.status_code in (404, 405), f"{method} {url}"
        assert NEIGHBOUR.lower() not in _body(response), f"{method} {url}"


@pytest.mark.parametrize("address", OF_CUSTOMERS, ids=str)
def test_no_page_of_a_customer_holds_a_neighbours_row(
    address: Address, clients: dict[str, Client], own: Tenant, neighbour: Neighbour
) -> None:
    for url in (own.url(address.name) + query for query in OF_A_CUSTOMER):
        assert NEIGHBOUR.lower() not in _body(clients[Role.CUSTOMER].get(url)), url
