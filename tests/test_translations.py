"""French is complete, says what the source says now, and fills the same placeholders."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages import Catalog, Message
from babel.messages.pofile import read_po

pytestmark = pytest.mark.house

ROOT = Path(__file__).resolve().parents[1]
FRENCH = Path("locale/fr/LC_MESSAGES/django.po")
MARKS = {"_", "lazy", "gettext", "gettext_lazy", "ngettext", "ngettext_lazy", "pgettext", "pgettext_lazy"}
SOURCES = ("portal", "certificates", "offers", "campaigns", "templates", "locale")


@pytest.fixture(scope="module")
def french() -> Catalog:
    return read(ROOT / FRENCH)


def read(path: Path) -> Catalog:
    with path.open("rb") as text:
        return read_po(text, locale="fr", abort_invalid=True)


def messages(catalogue: Catalog) -> Iterator[Message]:
    """Every sentence, without the catalogue's header."""
    return (message for message in catalogue if message.id)


def sentence(message: Message) -> str:
    return message.id if isinstance(message.id, str) else message.id[0]


def is_complete(message: Message) -> bool:
    strings = message.string if isinstance(message.string, list | tuple) else [message.string]
    return all(strings)


def test_every_sentence_has_its_french(french: Catalog) -> None:
    assert [sentence(message) for message in messages(french) if not is_complete(message)] == []


def test_no_french_sentence_is_only_guessed(french: Catalog) -> None:
    assert [sentence(message) for message in messages(french) if message.fuzzy] == []


def test_the_french_sentences_fill_the_same_placeholders(french: Catalog) -> None:
    assert [(sentence(message), problems) for message, problems in french.check()] == []


@pytest.mark.services
def test_the_sentences_are_those_of_the_source(french: Catalog, tmp_path: Path) -> None:
    now = {(message.id, message.context) for message in messages(collected_again(tmp_path))}
    kept = {(message.id, message.context) for message in messages(french)}

    assert (now - kept, kept - now) == (set(), set())


def collected_again(folder: Path) -> Catalog:
    """What `make messages` would write now, made in a copy of the house."""
    for name in SOURCES:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "*.mo"))
    shutil.copy(ROOT / "manage.py", folder)
    command = [sys.executable, "manage.py", "makemessages", "--locale", "fr", "--no-obsolete", "--no-location"]
    variables = os.environ | {"PORTAL_DATA_DIR": str(folder / "var")}
    subprocess.run(command, cwd=folder, env=variables, check=True, capture_output=True)
    return read(folder / FRENCH)


def test_no_sentence_hides_in_an_f_string_where_it_would_not_be_collected() -> None:
    sources = [path for name in SOURCES for path in (ROOT / name).rglob("*.py")]

    assert [f"{path.relative_to(ROOT)}: {hidden}" for path in sources for hidden in hidden_sentences(path)] == []


def hidden_sentences(path: Path) -> Iterator[str]:
    strings = (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.JoinedStr))
    calls = (node for string in strings for node in ast.walk(string) if isinstance(node, ast.Call))
    return (ast.unparse(call) for call in calls if isinstance(call.func, ast.Name) and call.func.id in MARKS)


def test_no_sentence_hides_behind_a_name_that_is_not_collected() -> None:
    sources = [path for name in SOURCES for path in (ROOT / name).rglob("*.py")]

    assert [f"{path.relative_to(ROOT)}: {name}" for path in sources for name in strange_names(path)] == []


def strange_names(path: Path) -> Iterator[str]:
    """What a module calls gettext and its like, other than by their own names or _."""
    imports = (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ImportFrom))
    aliases = (alias for node in imports if node.module == "django.utils.translation" for alias in node.names)
    return (alias.asname for alias in aliases if alias.asname not in (None, "_") and alias.name in MARKS)
