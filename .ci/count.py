"""Add up the reports of several suites, and fail when one of them ran nothing or something failed."""

from __future__ import annotations

import sys
from pathlib import Path
from xml.etree import ElementTree


def count(report: Path) -> tuple[int, int]:
    """How many tests of this report passed, and how many did not."""
    suite = next(ElementTree.parse(report).iter("testsuite"))  # noqa: S314 - written by our own run
    total, bad = int(suite.get("tests", 0)), sum(int(suite.get(word, 0)) for word in ("failures", "errors", "skipped"))
    return total - bad, bad


def main(reports: list[Path]) -> int:
    counts = [count(report) if report.exists() else (0, 1) for report in reports]
    passed, failed = (sum(column) for column in zip(*counts, strict=True))
    print(f"{passed} passed, {failed} failed")  # noqa: T201 - the closing line
    return int(failed > 0 or any(ran == 0 for ran, _ in counts))


if __name__ == "__main__":
    sys.exit(main([Path(name) for name in sys.argv[1:]]))
