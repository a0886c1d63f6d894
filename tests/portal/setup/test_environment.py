from __future__ import annotations

from pathlib import Path

import pytest

from portal.setup import environment
from portal.setup.messages import compile_all

FRENCH = """
msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\\n"
"Plural-Forms: nplurals=2; plural=(n > 1);\\n"

msgid "Renew"
msgstr "Renouveler"

#, fuzzy
msgid "Reissue"
msgstr "Refaire"
"""


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(environment, "ROOT", tmp_path)
    return tmp_path


def test_work_is_done_once_for_the_same_contents_and_again_when_they_change(root: Path) -> None:
    done: list[str] = []
    source, stamp = root / "lock", root / "made" / ".stamp"

    for contents in ("one", "one", "two", "two"):
        source.write_text(contents)
        environment.when_stale(stamp, [source], lambda: done.append(source.read_text()))

    assert done == ["one", "two"]


def test_work_that_failed_is_tried_again(root: Path) -> None:
    source, stamp = root / "lock", root / ".stamp"
    source.write_text("one")

    def fail() -> None:
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        environment.when_stale(stamp, [source], fail)

    assert not stamp.exists()


def test_a_moved_file_changes_the_fingerprint(root: Path) -> None:
    (root / "a").write_text("same")
    (root / "b").write_text("same")

    assert environment.fingerprint([root / "a"]) != environment.fingerprint([root / "b"])


def test_translations_are_compiled_without_gettext(tmp_path: Path) -> None:
    import gettext  # the standard library's reader, which Django uses too

    folder = tmp_path / "fr" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "django.po").write_text(FRENCH)

    made = compile_all(tmp_path)

    french = gettext.translation("django", tmp_path, ["fr"])
    assert made == [folder / "django.mo"]
    assert french.gettext("Renew") == "Renouveler"
    assert french.gettext("Reissue") == "Reissue"
