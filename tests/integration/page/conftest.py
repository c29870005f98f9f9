"""What the tests of the page share: the real server over a real library, with stand-ins for the models, in Chromium."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from assistant.protocols import Embedder, LanguageModel
from assistant.settings import Settings
from assistant.types import Message
from assistant.workspace import Workspace
from tests.fakes import HashingEmbedder, ScriptedModel, TrustingJudge
from tests.page_server import page_served

CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
LOOM = "The loom weaves patterns from punched cards."
PAPERS = r"""
@article{loom, title={LoomNet: Weaving with Punched Cards}, author={Ada Lovelace and Charles Babbage}, year={1843},
  url={https://example.org/loom},
  abstract={The loom weaves patterns from punched cards. We propose LoomNet, a loom that weaves.
    A thread costs \$5 and \$6 at most, and $\alpha_i \le 3$ holds.}}
@article{engine, title={The Engine and its Gears}, author={Charles Babbage}, year={1837},
  abstract={Gears of brass carry each number of the engine to the next column.}}
"""

expect.set_options(timeout=20_000)  # a busy machine takes its time


class WatchedModel(ScriptedModel):
    """A scripted model that shows the signal by which it is stopped."""

    stop = threading.Event()

    def generate(self, messages: Sequence[Message], *, max_new_tokens: int, stop: threading.Event) -> Iterator[str]:
        self.stop = stop
        yield from super().generate(messages, max_new_tokens=max_new_tokens, stop=stop)

    def will_say(self, *replies: str, delay: float = 0.0) -> None:
        self.replies[:] = replies
        self.delay = delay


class OfflineWorkspace(Workspace):
    """A real library and a real index, with stand-ins for the models."""

    def __init__(self, folder: Path, model: ScriptedModel) -> None:
        super().__init__(Settings(library=folder / "library", models=folder / "models"))
        self.assistant = replace(self.assistant, judge=TrustingJudge("thick"))
        self._scripted = model

    def _load_embedder(self) -> Embedder:
        return HashingEmbedder()

    def _load_language_model(self) -> LanguageModel:
        return self._scripted


@dataclass(frozen=True)
class Running:
    url: str
    workspace: OfflineWorkspace
    model: WatchedModel


def running(folder: Path, papers: str) -> Iterator[Running]:
    model = WatchedModel()
    with pytest.MonkeyPatch.context() as patched, OfflineWorkspace(folder, model) as workspace:
        patched.setattr("assistant.answering.assistant._NEAR_SCORE", 0.0)  # hashed words tell little of what is near
        if papers:
            (folder / "papers.bib").write_text(papers, encoding="utf-8")
            workspace.add([folder / "papers.bib"])
        with page_served(workspace) as address:
            yield Running(address, workspace, model)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    yield from running(tmp_path_factory.mktemp("page"), PAPERS)


@pytest.fixture
def empty_app(tmp_path: Path, index_in_memory: None) -> Iterator[Running]:
    yield from running(tmp_path, "")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not Path(CHROMIUM).exists():
        if os.environ.get("CI"):
            pytest.fail(f"{CHROMIUM} is missing; CI must have a browser.")
        pytest.skip(f"{CHROMIUM} is not installed")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield launched
        launched.close()


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Open pages in tabs of their own; at the end nothing was asked of another host and nothing was complained of."""
    requests: list[str] = []
    complaints: list[str] = []
    contexts = []

    def said(message: ConsoleMessage) -> str:
        return f"{message.text} {message.location.get('url', '')}"

    def opened(url: str, **options: Any) -> Page:
        contexts.append(browser.new_context(**{"reduced_motion": "reduce", **options}))
        page = contexts[-1].new_page()
        page.set_default_timeout(20_000)
        page.on("request", lambda request: requests.append(request.url))
        page.on("console", lambda message: complaints.append(said(message)) if message.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(url)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert [url for url in requests if not url.startswith(("http://127.0.0.1:", "data:"))] == []
    refused = re.compile(r"status of 40[034] (?!.*/static/)")  # Chromium's own remark on what a test asks for
    assert [complaint for complaint in complaints if not refused.search(complaint)] == []


def assert_accessible(page: Page) -> None:
    """Assert that axe-core finds nothing against WCAG 2.2 AA in the page as it stands."""
    page.wait_for_load_state("load")  # its style sheets too
    levels = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": levels}})
    assert found.violations_count == 0, found.generate_report()
