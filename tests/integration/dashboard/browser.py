"""A real browser before the real page server: Debian's chromium, steered by playwright."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

import httpx
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright

from tests.tied import tied

CHROMIUM: Final = Path("/usr/bin/chromium")
PATIENCE_MS: Final = 60_000
SCREENSHOTS: Final = Path(__file__).parents[3] / "build" / "screenshots"
WIDTHS: Final = (1400, 800)

DEEP_LINK_PROBE: Final = "/_stcore/"
"""Opened below its root, the page first looks for its server under that very path, and finds it one above: a 404 that
the browser puts on the console and nobody can take away."""

Scheme = Literal["light", "dark"]


@dataclass
class Opened:
    """A page and what went wrong on it."""

    page: Page
    errors: list[str] = field(default_factory=list)

    def note(self, message: ConsoleMessage) -> None:
        """Keep errors of the console."""
        if message.type == "error" and DEEP_LINK_PROBE not in message.location.get("url", ""):
            self.errors.append(f"{message.text} {message.location.get('url', '')}")

    def settle(self, selector: str) -> None:
        """Wait until something is there and Streamlit does not run."""
        self.page.wait_for_selector(selector, timeout=PATIENCE_MS)
        self.page.wait_for_function(
            "() => !document.querySelector('[data-testid=stStatusWidget]')", timeout=PATIENCE_MS
        )


@contextmanager
def dashboard_process(api_url: str, home: Path) -> Iterator[str]:
    """Run `telltale dashboard` as people do; yield its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    call = "from infra.cli.main import main; main()"
    services = {"TELLTALE_API_URL": api_url, "TELLTALE_COMMANDS_URL": f"{api_url}/commands"}
    environment = {**os.environ, **services, "TELLTALE_HOME": str(home)}
    log = (home / "dashboard.log").open("wb")
    process = subprocess.Popen(
        [sys.executable, "-c", call, "dashboard", "--port", str(port)],
        env=environment,
        stdout=log,
        stderr=log,
        preexec_fn=tied,  # noqa: PLW1509 - it calls the system once and nothing else
    )
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_for(f"{address}/_stcore/health", process, home / "dashboard.log")
        yield address
    finally:
        process.terminate()
        process.wait(30)
        log.close()


def _wait_for(health: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            if httpx.get(health, timeout=2, trust_env=False).is_success:
                return
        except httpx.HTTPError:
            time.sleep(0.2)
    raise TimeoutError(f"telltale dashboard does not answer: {log.read_text()}")


@dataclass
class Windows:
    """The browser: one context per scheme for all pages, so that the page's scripts are fetched and compiled once."""

    browser: Browser
    contexts: dict[Scheme, BrowserContext] = field(default_factory=dict)

    def context(self, scheme: Scheme) -> BrowserContext:
        """Return the scheme's context."""
        if scheme not in self.contexts:
            self.contexts[scheme] = self.browser.new_context(
                viewport={"width": 1400, "height": 900}, color_scheme=scheme
            )
            self.contexts[scheme].set_default_timeout(PATIENCE_MS)
        return self.contexts[scheme]


@contextmanager
def chromium() -> Iterator[Windows]:
    """Start the browser."""
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu"])
        try:
            yield Windows(browser)
        finally:
            browser.close()


@contextmanager
def opened(windows: Windows, address: str, *, scheme: Scheme = "light") -> Iterator[Opened]:
    """Open an address in a page of its own."""
    seen = Opened(windows.context(scheme).new_page())
    seen.page.on("console", seen.note)
    seen.page.on("pageerror", lambda error: seen.errors.append(str(error)))
    try:
        seen.page.goto(address)
        yield seen
    finally:
        seen.page.close()


def take_screenshot(seen: Opened, name: str, *, width: int = WIDTHS[0]) -> None:
    """Take the whole page, once it has settled; it must fit its window and have no error on its console."""
    page = seen.page
    seen.settle(".tt-fresh b")
    page.wait_for_selector("svg.marks:visible, table.tt:visible, .tt-empty:visible, .tt-quiet:visible")
    page.set_viewport_size({"width": width, "height": 900})
    if page.locator(".st-key-rows").count():
        page.wait_for_selector(".tt-time")
    main = page.locator(".stMainBlockContainer")
    page.wait_for_timeout(1000)  # charts follow the new width; nothing tells when
    seen.settle(".tt-fresh b")
    height = int(main.evaluate("element => element.scrollHeight")) + 20
    page.set_viewport_size({"width": width, "height": max(600, min(height, 3000))})
    seen.settle(".tt-fresh b")
    page.wait_for_timeout(500)
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}.png")
    assert main.evaluate("element => element.scrollWidth <= element.clientWidth + 1")
    assert page.locator(".stException").count() == 0
    assert seen.errors == []
