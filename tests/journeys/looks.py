"""What must be true of how any page looks: readable by everyone, and never wider than its screen."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

GRAVE = {"serious", "critical"}
# What is in order stays in the browser: to hand it over takes longer than many a rule.
VIOLATIONS = "axe.run({ resultTypes: ['violations'] }).then(({ violations }) => violations)"
# Whatever sticks out of the screen, unless it may be scrolled inside its own box.
OVERHANGING = """
() => [...document.body.querySelectorAll("*")]
  .filter((element) => element.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
  .filter((element) => getComputedStyle(element).position !== "fixed")
  .map((element) => element.outerHTML.slice(0, 120))
"""


def barriers(page: Page) -> list[str]:
    """What axe holds to be serious or critical, with the elements it means."""
    page.evaluate(AXE_SCRIPT)
    found: list[dict[str, Any]] = page.evaluate(VIOLATIONS)
    return [_words(one) for one in found if one["impact"] in GRAVE]


def _words(violation: dict[str, Any]) -> str:
    places = "; ".join(f"{node['html'][:160]} {_why(node)}" for node in violation["nodes"][:4])
    return f"{violation['id']} ({violation['impact']}): {places}"


def _why(node: dict[str, Any]) -> str:
    return " ".join(check["message"] for check in [*node["any"], *node["all"], *node["none"]])


def overhang(page: Page, width: int) -> list[str]:
    """At this width in pixels: empty where nobody has to scroll sideways, else what sticks out."""
    page.set_viewport_size({"width": width, "height": 844})
    if page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"):
        return []
    return list(page.evaluate(OVERHANGING)) or ["something"]
