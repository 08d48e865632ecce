"""A real headless Chromium for tests; a missing one is an error in CI and a skip elsewhere."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Page, async_playwright, expect

CHROMIUM = shutil.which("chromium")
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update",
]  # fmt: skip
IN_CI = bool(os.environ.get("CI"))  # noqa: TID251 -- no settings exist yet
needs_chromium = pytest.mark.skipif(
    CHROMIUM is None and not IN_CI, reason="chromium is not installed"
)


LONG = 60_000  # ms; the usual five seconds are few for a browser on a busy machine
expect.set_options(timeout=LONG)


@asynccontextmanager
async def opened(address: str, *, width: int = 1440, height: int = 900) -> AsyncIterator[Page]:
    """A page at this address. An error in the page or on its console fails the test."""
    problems: list[str] = []
    async with async_playwright() as player:
        browser = await player.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = await browser.new_page(viewport={"width": width, "height": height})
        page.set_default_timeout(LONG)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda line: problems.append(line.text))
        await page.goto(address)
        yield page
        await browser.close()
    assert problems == []
