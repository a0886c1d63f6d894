"""Visitors with browsers of their own, and a watch on everything that a visitor should never meet."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, Response, WebError

from portal.models import User

DESK = (1440, 900)
PHONE = (390, 844)
TELL_VIOLATIONS = """
addEventListener("securitypolicyviolation", (event) =>
  console.error(`policy violation: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`));
"""


@dataclass
class Watch:
    """Collects errors of scripts and console, violations of the policy, failing answers and foreign requests."""

    origin: str
    faults: list[str] = field(default_factory=list)
    # Refusals that a test provokes on purpose; a browser logs each as an error.
    expected: set[int] = field(default_factory=set)

    def over(self, context: BrowserContext) -> None:
        context.add_init_script(TELL_VIOLATIONS)
        context.on("console", self._console)
        context.on("weberror", self._script)
        context.on("request", self._request)
        context.on("response", self._response)

    def _console(self, message: ConsoleMessage) -> None:
        provoked = any(f"with a status of {status} " in message.text for status in self.expected)
        # htmx also says this of a request that was under way when its page was left; of one that failed, browsers do.
        left = message.text.startswith(("htmx:afterRequest", "htmx:sendError"))
        if message.type == "error" and not provoked and not left:
            self.faults.append(f"console: {message.text} ({message.location.get('url')})")

    def _script(self, error: WebError) -> None:
        self.faults.append(f"script: {error.error}")

    def _request(self, request: Request) -> None:
        if not request.url.startswith((self.origin, "data:", "blob:", "about:")):
            self.faults.append(f"foreign host: {request.url}")

    def _response(self, response: Response) -> None:
        if response.status >= 500:
            self.faults.append(f"{response.status}: {response.request.method} {response.url}")

    def told(self) -> list[str]:
        """What went wrong since this was asked last."""
        told, self.faults = self.faults, []
        return told


@dataclass
class Visits:
    """Opens browsers for people; all of them are watched and closed together."""

    browser: Browser
    origin: str
    watch: Watch
    contexts: list[BrowserContext] = field(default_factory=list)
    # The pages that each of the people signed in keeps open, by their sizes
    kept: dict[tuple[str, tuple[int, int]], Page] = field(default_factory=dict)

    def open(self, email: str = "", *, size: tuple[int, int] = DESK, javascript: bool = True, **more: Any) -> Page:
        """A fresh page of a browser of its own: of the person signed in with this address, else of a stranger."""
        context = self.browser.new_context(
            base_url=self.origin,
            viewport={"width": size[0], "height": size[1]},
            java_script_enabled=javascript,
            locale=more.pop("locale", "en-GB"),
            reduced_motion="reduce",
            **more,
        )
        context.set_default_timeout(15_000)
        self.watch.over(context)
        self.contexts.append(context)
        if email:
            context.add_cookies([self.session_of(email)])
        return context.new_page()

    def again(self, email: str, *, size: tuple[int, int] = DESK) -> Page:
        """The page of this size that this person keeps open, dark on a phone; a stranger has a fresh one."""
        page = self.kept.get((email, size)) or self.open(
            email, size=size, color_scheme="dark" if size == PHONE else "light"
        )
        if email:
            self.kept[email, size] = page
        page.set_viewport_size({"width": size[0], "height": size[1]})
        return page

    def session_of(self, email: str) -> Any:
        """The cookie of a person who has signed in; the journey through the door itself has its own tests."""
        client = Client()
        client.force_login(User.objects.get(email=email))
        return {"name": settings.SESSION_COOKIE_NAME, "value": client.cookies[settings.SESSION_COOKIE_NAME].value} | {
            "url": self.origin
        }

    def close(self) -> None:
        self.kept.clear()
        self.close_others()

    def close_others(self) -> None:
        """All but what people keep open."""
        kept = [page.context for page in self.kept.values()]
        for context in self.contexts:
            if context not in kept:
                context.close()
        self.contexts = kept
