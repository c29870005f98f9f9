"""The page's frame: every view answers, looks right everywhere, and complains of nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.integration.page.conftest import Running, assert_accessible

VIEWS = ("", "papers", "authors", "trends", "add", "status")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("view", VIEWS)
def test_every_view_is_accessible(app: Running, open_page: Callable[..., Page], view: str, theme: str) -> None:
    page = open_page(app.url + view, color_scheme=theme)
    expect(page.locator("h1")).to_be_visible()
    assert_accessible(page)


@pytest.mark.parametrize("width", [360, 1280, 3840])
@pytest.mark.parametrize("view", VIEWS)
def test_every_view_fits_the_screen(app: Running, open_page: Callable[..., Page], view: str, width: int) -> None:
    page = open_page(app.url + view, viewport={"width": width, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
