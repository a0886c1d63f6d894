"""The house stays as it was drawn: who may import whom, what is pure, and where the sharp tools are kept."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

pytestmark = pytest.mark.house

ROOT = Path(__file__).resolve().parents[1]
# From the ground up: each may import those before it.
APPS = ("portal", "certificates", "offers", "campaigns")
# Views that programs ask without a CSRF token, as "module.view", each with what makes that harmless.
CSRF_EXEMPT = {
    # what a signed token of the letter may stop, mail programs stop without a cookie (RFC 8058)
    "campaigns.views.unsubscribing.unsubscribe",
    "certificates.views.publishing.ocsp",  # changes nothing and answers only signed public facts (RFC 6960)
}
# What would make a rule depend on more than its arguments.
WORLD = {
    "os",
    "sys",
    "io",
    "pathlib",
    "socket",
    "subprocess",
    "random",
    "secrets",
    "time",
    "threading",
    "logging",
}
CLOCKS = {f"{owner}.{word}" for owner in ("date", "datetime", "timezone") for word in ("now", "today", "utcnow")}
RAW_SQL = {"cursor", "execute", "executemany", "executescript", "raw", "extra", "RawSQL", "RunSQL"}


@dataclass(frozen=True)
class Module:
    path: Path
    tree: ast.Module

    @property
    def name(self) -> str:
        return ".".join(self.path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")

    @property
    def app(self) -> str:
        return self.name.partition(".")[0]

    @property
    def room(self) -> str:
        return room_of(self.name)

    @property
    def is_rules(self) -> bool:
        return self.room == "rules"

    @property
    def is_migration(self) -> bool:
        return "migrations" in self.path.parts

    def imports(self) -> Iterator[str]:
        """Every module imported, wherever in the file; of `from a import b` also `a.b`, a module perhaps."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                yield node.module
                yield from (f"{node.module}.{alias.name}" for alias in node.names)

    def nodes(self, wanted: Callable[[ast.AST], bool]) -> Iterator[str]:
        """Where such a node stands, as "path:line"."""
        for node in ast.walk(self.tree):
            if wanted(node):
                yield f"{self.path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}"


def room_of(name: str) -> str:
    """The second word of a dotted name: "services" of "offers.services.pricing"."""
    return ".".join(name.split(".")[1:2])


@cache
def modules() -> list[Module]:
    paths = sorted(path for app in APPS for path in (ROOT / app).rglob("*.py"))
    return [Module(path, ast.parse(path.read_bytes(), str(path))) for path in paths]


def found(wanted: Callable[[ast.AST], bool], *, outside: Callable[[Module], bool]) -> list[str]:
    return [place for module in modules() if not outside(module) for place in module.nodes(wanted)]


def nowhere(_module: Module) -> bool:
    return False


def name_of(node: ast.AST) -> str:
    """The last word of a name or of a dotted name, such as `raw` of `Order.objects.raw`."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def calls_of(names: set[str]) -> Callable[[ast.AST], bool]:
    return lambda node: isinstance(node, ast.Call) and name_of(node.func) in names


def is_under(imported: str, package: str) -> bool:
    return imported == package or imported.startswith(f"{package}.")


def test_imports_run_down_only() -> None:
    upwards = [
        f"{module.name} imports {imported}"
        for module in modules()
        for imported in module.imports()
        for above in APPS[APPS.index(module.app) + 1 :]
        if is_under(imported, above)
    ]

    assert upwards == []


# What people see and type stands above the services of its own app, which never know of it. A task is named where it is
# nudged; portal.contributions holds the types of the slots.
ABOVE_SERVICES = {"admin", "contributions", "deeds", "filters", "forms", "tables", "urls", "views", "wording"}
# Papers are drawn from what was kept, by whoever has it: of their own app they know the rules.
BELOW_DOCUMENTS = {"documents", "rules"}


def test_services_know_nothing_of_what_people_see() -> None:
    upwards = [
        f"{module.name} imports {imported}"
        for module in modules()
        if module.room == "services" and module.app != "portal"
        for imported in module.imports()
        if imported.startswith(f"{module.app}.") and room_of(imported) in ABOVE_SERVICES
    ]

    assert upwards == []


def test_documents_are_drawn_from_what_they_are_given() -> None:
    upwards = [
        f"{module.name} imports {imported}"
        for module in modules()
        if module.room == "documents"
        for imported in module.imports()
        if imported.startswith(f"{module.app}.") and room_of(imported) not in BELOW_DOCUMENTS
    ]

    assert upwards == []
    assert any(module.room == "documents" for module in modules())


def test_rules_import_only_the_standard_library_and_lower_rules() -> None:
    impure = [
        f"{module.name} imports {imported}"
        for module in modules()
        if module.is_rules
        for imported in module.imports()
        if not may_stand_in_rules(imported, of=module.app)
    ]

    assert impure == []


def may_stand_in_rules(imported: str, *, of: str) -> bool:
    top = imported.partition(".")[0]
    if top in APPS:
        # Which of the lower apps' rules, the test of directions says.
        return is_under(imported, f"{top}.rules") or imported == top
    return top in sys.stdlib_module_names - WORLD


def test_every_app_with_rules_is_seen_by_the_test_of_purity() -> None:
    assert {module.app for module in modules() if module.is_rules} >= {"certificates", "offers"}


def test_only_the_clock_module_looks_at_the_clock() -> None:
    assert found(looks_at_the_clock, outside=lambda module: module.name == "portal.clock" or module.is_migration) == []


def looks_at_the_clock(node: ast.AST) -> bool:
    if not isinstance(node, ast.Attribute):
        return False
    return f"{name_of(node.value)}.{node.attr}" in CLOCKS


def test_nothing_reads_past_the_scoped_managers() -> None:
    assert found(lambda node: name_of(node) == "_base_manager", outside=nowhere) == []


def test_raw_sql_stands_only_in_modules_named_sql() -> None:
    assert found(calls_of(RAW_SQL), outside=lambda module: module.path.name == "sql.py") == []


def test_no_letter_fails_silently() -> None:
    assert found(lambda node: isinstance(node, ast.keyword) and node.arg == "fail_silently", outside=nowhere) == []


def test_every_view_without_csrf_protection_is_listed() -> None:
    exempt = {
        f"{module.name}.{node.name}"
        for module in modules()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
        and any("csrf_exempt" in ast.unparse(decorator) for decorator in node.decorator_list)
    }
    mentions = found(lambda node: name_of(node) == "csrf_exempt", outside=nowhere)

    assert exempt == CSRF_EXEMPT
    assert len(mentions) == len(exempt)


def test_set_up_needs_nothing_installed() -> None:
    # Babel compiles the translations and fontTools cuts the fonts once the packages are there.
    later = {"portal.setup.messages", "portal.setup.fonts"}
    early = [module for module in modules() if is_under(module.name, "portal.setup")]
    needed = {
        imported.partition(".")[0]
        for module in [*early, *(each for each in modules() if each.name == "portal")]
        if module.name not in later
        for imported in module.imports()
        if not is_under(imported, "portal.setup") and imported != "portal"
    }

    assert needed - sys.stdlib_module_names == set()
