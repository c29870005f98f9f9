"""The web page, in the real server, through Gradio's client and in headless Chromium."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError
from playwright.sync_api import Browser, Page, expect, sync_playwright

from assistant.analysis import trends
from assistant.analysis.charts import plots
from assistant.answering.model_queue import Ticket
from assistant.errors import AssistantError, QuestionError, UsageError
from assistant.export.bundles import verification
from assistant.library import Conversations, Library
from assistant.protocols import Embedder, LanguageModel
from assistant.settings import Settings
from assistant.types import Message, PaperFilter, Turn
from assistant.ui import serve
from assistant.ui.app import server
from assistant.ui.chat import Chat
from assistant.ui.hardening import seal_environment
from assistant.workspace import Workspace
from tests.fakes import HashingEmbedder, ScriptedModel, TrustingJudge

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
HOSTILE = r"""
@article{hostile, title={Zebra <img src="http://evil.example/t.png" onerror="window.hacked=1">}, year={2020},
  author={Mallory <script>window.hacked=2</script>}, url={javascript:window.hacked=3},
  abstract={A zebra has stripes. ![stripes](http://evil.example/z.png) [read](http://evil.example/)
    <script>window.hacked=4</script>
    <iframe src="http://evil.example/"></iframe> $\href{javascript:window.hacked=5}{x}$
    $\includegraphics{http://evil.example/k.png}$}}
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
        addresses: list[str] = []
        answering = threading.Event()
        page_server = server(workspace, "127.0.0.1", 0, lambda url: (addresses.append(url), answering.set()))
        thread = threading.Thread(target=page_server.run, daemon=True)
        thread.start()
        assert answering.wait(30)
        yield Running(addresses[0], workspace, model)
        page_server.should_exit = True
        thread.join(10)
        assert not thread.is_alive()


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    yield from running(tmp_path_factory.mktemp("page"), PAPERS)


@pytest.fixture
def empty_app(tmp_path: Path) -> Iterator[Running]:
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

    def opened(url: str, **options: Any) -> Page:
        contexts.append(browser.new_context(**options))
        page = contexts[-1].new_page()
        page.set_default_timeout(20_000)
        page.on("request", lambda request: requests.append(request.url))
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(url)
        expect(page.locator("#heading")).to_contain_text("Research assistant")
        expect(page.locator("#heading")).to_contain_text("library")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert [url for url in requests if not url.startswith(("http://127.0.0.1:", "data:"))] == []
    left = ("AbortError", "Connection errored out")  # what a page says that is left while an answer's end still comes
    assert [complaint for complaint in complaints if not any(word in complaint for word in left)] == []


def ask(page: Page, question: str) -> None:
    page.fill("#question textarea", question)
    page.keyboard.press("Enter")


def expect_idle(page: Page, after: int = 1) -> None:
    """Wait until that many answers are there, the last one finished."""
    expect(page.locator("#chat .message.bot")).to_have_count(after)
    expect(page.locator("#question .submit-button")).to_be_visible(timeout=20_000)


def answers(page: Page) -> list[str]:
    return [text.strip() for text in page.locator("#chat .message.bot").all_inner_texts()]


def open_library(page: Page) -> None:
    page.get_by_role("tab", name="Library").click()


def upload(page: Page, *files: Path) -> None:
    page.set_input_files("#adding input[type=file]", [str(file) for file in files])
    expect(page.locator("#adding .file-preview")).to_be_visible()
    page.get_by_role("button", name="Add to the library").click()


def test_answer_streams_then_shows_citations_and_cards(app: Running, open_page: Callable[..., Page]) -> None:
    app.model.will_say(f"{LOOM} So it is said of looms everywhere in the whole wide world.", delay=0.15)
    page = open_page(app.url)
    ask(page, "What does the loom weave from punched cards?")
    expect(page.locator("#chat .message.bot")).to_contain_text("The loom weaves")
    expect(page.locator("#question .stop-button")).to_be_visible()
    assert page.locator(".card").count() == 1
    assert page.locator(".card.cited").count() == 0
    expect_idle(page)
    number = page.locator(".card.cited .number").inner_text()
    assert f"{LOOM} [{number}]" in answers(page)[0]
    cited = page.locator(".card.cited")
    expect(cited).to_have_count(1)
    expect(cited).to_contain_text("LoomNet")
    expect(cited).to_contain_text("Ada Lovelace, Charles Babbage")
    assert cited.locator("a").get_attribute("href") == "https://example.org/loom"
    assert cited.locator("a").get_attribute("rel") == "noopener noreferrer"
    cited.locator("summary").click()
    assert cited.locator("details mark").all_inner_texts() == [LOOM]
    assert "costs $5 and $6 at most" in cited.locator("details").inner_text()
    expect(cited.locator("details .katex")).to_have_count(1)


def test_stop_ends_the_answer_and_keeps_what_was_written(app: Running, open_page: Callable[..., Page]) -> None:
    app.model.will_say(f"{LOOM} " + "thread " * 200, delay=0.1)
    page = open_page(app.url)
    ask(page, "What does the loom weave?")
    expect(page.locator("#chat .message.bot")).to_contain_text("The loom")
    page.click("#question .stop-button")
    expect_idle(page)
    assert app.model.stop.is_set()
    assert "The loom" in answers(page)[0]
    assert "Stopped by the reader." in answers(page)[0]


def test_a_question_is_read_in_words_and_can_be_read_otherwise(app: Running, open_page: Callable[..., Page]) -> None:
    page = open_page(app.url)
    ask(page, "How many records are there all in all?")
    expect_idle(page)
    assert "Look up how many papers there are." in answers(page)[0]
    page.locator("#reading button").first.click()
    expect(page.get_by_label("What to look up")).not_to_have_value("")  # the fields are filled after the answer
    page.get_by_label("Words in title or abstract").fill("punched cards")
    page.get_by_role("button", name="Ask again like this").click()
    expect(page.locator("#chat .message.bot")).to_contain_text("that mention “punched cards”")
    expect_idle(page)
    assert len(answers(page)) == 1


def test_what_is_withheld_can_be_opened(app: Running, open_page: Callable[..., Page]) -> None:
    app.model.will_say(f"{LOOM} It has 512 threads.")
    page = open_page(app.url)
    ask(page, "What does the loom weave from punched cards?")
    expect_idle(page)
    assert "1 sentence withheld" in answers(page)[0]
    page.locator(".withheld summary").click()
    expect(page.locator(".withheld li")).to_have_text("It has 512 threads.")


def test_retry_asks_the_last_question_again(app: Running, open_page: Callable[..., Page]) -> None:
    app.model.will_say("The loom weaves.", "Punched cards are woven.")
    page = open_page(app.url)
    ask(page, "What does the loom weave?")
    expect_idle(page)
    page.get_by_role("button", name="Retry").click()
    expect(page.locator("#chat .message.bot")).to_contain_text("Punched cards are woven.")
    expect_idle(page)
    assert len(answers(page)) == 1


def test_what_is_refused_is_answered_anyway_with_a_mark(app: Running, open_page: Callable[..., Page]) -> None:
    app.model.will_say(f"{LOOM} They are 2 mm thick.")
    page = open_page(app.url)
    expect(page.locator("#anyway")).to_be_hidden()
    ask(page, "How thick are the punched cards that the loom weaves from?")
    expect_idle(page)
    assert "The closest passage says: “The loom weaves patterns from punched cards.”" in answers(page)[0]
    page.click("#anyway")
    expect(page.locator("#chat .message.bot")).to_contain_text("They are 2 mm thick. (not in the abstracts)")
    expect_idle(page)
    assert "Not assured" in answers(page)[0]
    expect(page.locator("#anyway")).to_be_hidden()


def test_a_conversation_is_there_after_a_reload_until_it_is_deleted(
    app: Running, open_page: Callable[..., Page]
) -> None:
    app.model.will_say("The loom weaves.", "Gears carry numbers.")
    page = open_page(app.url)
    ask(page, "What does the loom weave with?")
    expect_idle(page)
    page.reload()
    expect(page.locator("#chat .message.bot")).to_have_count(0)
    page.click("#earlier-list input")
    page.get_by_role("option", name="What does the loom weave with?").click()
    expect(page.locator("#chat .message.bot")).to_contain_text("The loom weaves. [1]")
    expect(page.locator(".card.cited")).to_have_count(1)
    ask(page, "And what do the gears carry?")
    expect_idle(page, 2)
    page.click("#forget")
    expect(page.locator("#chat .message.bot")).to_have_count(0)
    page.reload()
    expect(page.locator("#question textarea")).to_be_visible()
    expect(page.get_by_role("option", name="What does the loom weave with?")).to_have_count(0)
    assert "What does the loom weave with?" not in [
        chat.title for chat in Conversations(app.workspace.library).latest(99)
    ]


def test_edit_of_an_earlier_question_drops_the_turns_after_it(app: Running, open_page: Callable[..., Page]) -> None:
    app.model.will_say("The loom weaves.", "Gears carry numbers.", "Brass gears.")
    page = open_page(app.url)
    ask(page, "What does the loom weave?")
    expect_idle(page)
    ask(page, "What do gears of brass carry?")
    expect_idle(page, after=2)
    page.get_by_role("button", name="Edit").first.click()
    page.locator("#chat textarea").fill("Which gears has the engine?")
    page.get_by_role("button", name="Submit").click()
    expect(page.locator("#chat .message.bot")).to_have_count(1)
    expect(page.locator("#chat .message.bot")).to_contain_text("Brass gears.")
    expect_idle(page)
    assert page.locator("#chat .message.user").all_inner_texts() == ["Which gears has the engine?"]
    assert "loom" not in " ".join(message.content for message in app.model.prompts[-1] if message.role != "user")


def test_new_chat_forgets_the_conversation(app: Running, open_page: Callable[..., Page]) -> None:
    app.model.will_say("The loom weaves.")
    page = open_page(app.url)
    ask(page, "What does the loom weave?")
    expect_idle(page)
    page.get_by_role("button", name="Clear", exact=True).click()
    expect(page.locator("#chat .example").first).to_be_visible()
    expect(page.locator(".card")).to_have_count(0)


def test_refusal_names_what_was_looked_for(app: Running, open_page: Callable[..., Page]) -> None:
    page = open_page(app.url)
    ask(page, "Football championship winners?")
    expect(page.locator("#chat .note.refusal")).to_contain_text("Football championship")
    expect(page.locator("#sources")).to_contain_text("No paper in the library")


def test_error_is_a_message_and_the_question_stays(app: Running, open_page: Callable[..., Page]) -> None:
    page = open_page(app.url)
    ask(page, "loom " * 1000)
    expect(page.locator("#chat .note.error")).to_contain_text("characters; at most")
    expect(page.locator("#chat .message.user")).to_contain_text("loom loom")
    expect_idle(page)


def test_example_question_is_asked_by_a_click(app: Running, open_page: Callable[..., Page]) -> None:
    app.model.will_say(LOOM)
    page = open_page(app.url)
    page.get_by_text("What does LoomNet propose?").click()
    expect(page.locator("#chat .message.bot")).to_contain_text(LOOM)


def test_leaving_the_page_stops_the_model(app: Running, open_page: Callable[..., Page]) -> None:
    app.model.will_say("thread " * 300, delay=0.2)
    page = open_page(app.url)
    ask(page, "What does the loom weave?")
    expect(page.locator("#chat .message.bot")).to_contain_text("thread")
    stop = app.model.stop
    assert not stop.is_set()
    page.close()
    assert stop.wait(10)


def test_two_tabs_keep_their_conversations_apart(app: Running, open_page: Callable[..., Page]) -> None:
    app.model.will_say("The loom weaves.", "Gears carry numbers.")
    first, second = open_page(app.url), open_page(app.url)
    ask(first, "What does the loom weave?")
    expect_idle(first)
    ask(second, "What do gears of brass carry?")
    expect(second.locator("#chat .message.bot")).to_contain_text("Gears carry numbers.")
    assert len(answers(first)) == len(answers(second)) == 1
    assert "loom weave" not in app.model.prompts[-1][-1].content.casefold().split("question:")[-1]
    expect(first.locator(".card.cited")).to_contain_text("LoomNet")
    expect(second.locator(".card.cited")).to_contain_text("Engine")


def test_upload_says_what_became_of_each_record(
    empty_app: Running, open_page: Callable[..., Page], tmp_path: Path
) -> None:
    file = tmp_path / "my papers.bib"
    file.write_text(PAPERS + "@article{bare, title={Nothing but a Title}, year={2001}}", encoding="utf-8")
    page = open_page(empty_app.url)
    open_library(page)
    upload(page, file)
    report = page.locator("#report")
    expect(report.locator(".figures")).to_have_text(re.compile(r"2\s*added\s*0\s*updated\s*0\s*unchanged\s*1\s*failed"))
    cells = report.locator(".problems tbody td").all_inner_texts()
    assert cells[0] == "my papers.bib"
    assert int(cells[1]) > 1
    assert "Nothing but a Title" in cells[2]
    expect(page.locator("#heading")).to_contain_text("2 papers")
    expect(page.locator(".papers tbody tr")).to_have_count(2)
    upload(page, file)
    expect(report.locator(".figures")).to_have_text(re.compile(r"0\s*added\s*0\s*updated\s*2\s*unchanged\s*1\s*failed"))
    assert not list((empty_app.workspace.library.folder / "uploads").rglob("*.bib"))
    page.fill("#listing textarea", "babbage 1837")
    expect(page.locator(".papers tbody tr")).to_have_count(1)
    page.get_by_role("tab", name="Ask").click()
    expect(page.get_by_text("What does LoomNet propose?")).to_be_visible()


def test_empty_library_offers_the_sample(empty_app: Running, open_page: Callable[..., Page]) -> None:
    page = open_page(empty_app.url)
    expect(page.locator("#chat")).to_contain_text("The library is empty")
    assert page.locator("#chat .example").count() == 0
    page.get_by_role("button", name="Add the sample library").click()
    expect(page.locator("#chat .example").first).to_be_visible()
    expect(page.locator("#offer")).to_be_hidden()
    assert empty_app.workspace.library.count() > 10


def test_hostile_papers_files_and_models_reach_nobody(
    empty_app: Running, open_page: Callable[..., Page], tmp_path: Path
) -> None:
    file = tmp_path / "x<img src=http:evil onerror=window.hacked=6>\u202egnp.bib"
    file.write_text(
        HOSTILE + "@article{bare, title={<b onclick=window.hacked=7>Bare</b>}, year={2001}}", encoding="utf-8"
    )
    empty_app.model.will_say(
        "A zebra has stripes ![s](http://evil.example/a.png) [link](http://evil.example/) "
        "<img src=http://evil.example/b.png> <script>window.hacked=8</script> http://evil.example/c [ref][x]\n\n[x]: http://evil.example/d\n\n"
        "```mermaid\ngraph LR; A[<img src=http://evil.example/e.png>]\n``` **bold**"
    )
    page = open_page(empty_app.url)
    open_library(page)
    upload(page, file)
    expect(page.locator(".papers tbody tr")).to_have_count(1)
    assert "\u202e" not in page.locator("#report").inner_text()
    page.get_by_role("tab", name="Ask").click()
    ask(page, "Has a zebra stripes? ![q](http://evil.example/q.png) <b>")
    expect(page.locator("#chat .message.bot")).to_contain_text("has stripes")
    expect_idle(page)
    page.locator(".card summary").first.click()
    expect(page.locator(".card details p")).to_contain_text(
        "A zebra has stripes. ![stripes](http://evil.example/z.png)"
    )
    assert page.evaluate("window.hacked") is None
    places = ":is(#chat .message, #sources, #report, #listing .prose)"
    assert page.locator(f"{places} :is(img, iframe, script, a, .mermaid)").count() == 0
    assert "![q](http://evil.example/q.png) <b>" in page.locator("#chat .message.user").inner_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [(1280, 800), (390, 844)])
def test_page_fits_the_screen_in_light_and_dark(
    app: Running, open_page: Callable[..., Page], scheme: str, size: tuple[int, int]
) -> None:
    page = open_page(app.url, color_scheme=scheme, viewport={"width": size[0], "height": size[1]})
    expect(page.locator("#chat .example").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    shade = page.evaluate("getComputedStyle(document.querySelector('gradio-app')).backgroundColor")
    brightness = sum(int(part) for part in re.findall(r"\d+", shade)[:3])
    assert brightness > 600 if scheme == "light" else brightness < 150
    assert len(page.screenshot()) > 10_000


def fetch(url: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], bytes]:
    request = urllib.request.Request(url, method=method, headers={"Accept-Encoding": "identity", **headers})
    try:
        with urllib.request.urlopen(request) as response:
            return response.status, {name.lower(): value for name, value in response.headers.items()}, response.read()
    except urllib.error.HTTPError as error:
        return error.code, {name.lower(): value for name, value in error.headers.items()}, error.read()


@pytest.mark.parametrize("path", ["", "config", "theme.css", "gradio_api/info", "no/such/thing"])
def test_every_answer_carries_the_security_headers(app: Running, path: str) -> None:
    _, headers, _ = fetch(app.url + path)
    policy = headers["content-security-policy"]
    scripts = next(part for part in policy.split("; ") if part.startswith("script-src"))
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in scripts
    assert not re.search(r"https?:|\*", policy)
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-frame-options"] == "DENY"


def test_running_configuration_opens_nothing(app: Running) -> None:
    config = json.loads(fetch(app.url + "config")[2])
    expected = {
        "analytics_enabled": False,
        "show_error": False,
        "run_history": False,
        "mcp_server": False,
        "pwa": False,
        "vibe_mode": False,
        "dev_mode": False,
        "max_file_size": 200 * 1024 * 1024,
        "footer_links": [],
        "title": "Research assistant",
    }
    assert {name: config[name] for name in expected} == expected
    chatbot = next(part["props"] for part in config["components"] if part["type"] == "chatbot")
    assert chatbot["allow_tags"] is False
    assert chatbot["sanitize_html"] is True
    markdowns = [part["props"] for part in config["components"] if part["type"] == "markdown"]
    assert markdowns
    assert all(props["sanitize_html"] for props in markdowns)
    public = [d["api_name"] for d in config["dependencies"] if d["api_visibility"] == "public"]
    assert public == ["ask"]
    assert str(app.workspace.library.folder) not in json.dumps(config)


@pytest.mark.parametrize(
    "path",
    [
        "gradio_api/file=/etc/hostname",
        "gradio_api/file=http://evil.example/",
        "gradio_api/proxy=http://evil.example/",
        "gradio_api/vibe-code/",
        "gradio_api/deep_link",
        "monitoring/summary",
        "docs",
        "openapi.json",
        "static/../../../etc/hostname",
    ],
)
def test_no_address_serves_a_file_or_fetches_one(app: Running, path: str) -> None:
    assert fetch(app.url + path)[0] in (403, 404)


def test_library_files_are_not_served(app: Running) -> None:
    assert fetch(f"{app.url}gradio_api/file={app.workspace.library.folder / 'library.sqlite3'}")[0] == 404


@pytest.mark.parametrize("headers", [{"Host": "evil.example"}, {"Origin": "http://evil.example"}, {"Origin": "null"}])
def test_requests_of_other_pages_are_refused(app: Running, headers: dict[str, str]) -> None:
    assert fetch(app.url + "config", **headers)[0] == 403
    assert fetch(app.url + "gradio_api/upload", method="POST", **headers)[0] == 403


def test_client_asks_by_name(app: Running) -> None:
    app.model.will_say(LOOM)
    client = Client(app.url, verbose=False, analytics_enabled=False)
    answer = client.predict("What does the loom weave?", api_name="/ask")
    number = next(source["number"] for source in answer["sources"] if source["title"].startswith("LoomNet"))
    assert answer["text"] == f"{LOOM} [{number}]"
    with pytest.raises(AppError, match="question is empty"):
        client.predict(" ", api_name="/ask")


@pytest.mark.parametrize("name", ["ask", "predict"])
def test_queue_is_the_only_way_to_an_answer(app: Running, name: str) -> None:
    config = json.loads(fetch(app.url + "config")[2])
    ask_index = next(d["id"] for d in config["dependencies"] if d["api_name"] == "ask")
    body = json.dumps({"data": ["What does the loom weave?"], "fn_index": ask_index, "session_hash": "x"}).encode()
    request = urllib.request.Request(f"{app.url}gradio_api/run/{name}", body, {"Content-Type": "application/json"})
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(request)


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "example.org", "::"])
def test_address_that_others_reach_is_refused(app: Running, host: str) -> None:
    with pytest.raises(UsageError, match=r"no login.*--host 127\.0\.0\.1"):
        serve(app.workspace, host, 0, on_ready=lambda _: None)


def test_port_in_use_is_named(app: Running) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(AssistantError, match=f"Port {port} .* in use"):
            serve(app.workspace, "127.0.0.1", port, on_ready=lambda _: None)


def test_environment_of_gradio_is_dropped(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("GRADIO_SHARE", "GRADIO_ALLOWED_PATHS", "GRADIO_MCP_SERVER", "GRADIO_VIBE_MODE", "GRADIO_NEW_DOOR"):
        monkeypatch.setenv(name, "True")
    for name in ("GRADIO_ANALYTICS_ENABLED", "GRADIO_TEMP_DIR", "GRADIO_EXAMPLES_CACHE"):
        monkeypatch.setenv(name, os.environ.get(name, "x"))
    seal_environment(tmp_path)
    kept = {name: value for name, value in os.environ.items() if name.startswith("GRADIO_")}
    assert set(kept) == {"GRADIO_ANALYTICS_ENABLED", "GRADIO_TEMP_DIR", "GRADIO_EXAMPLES_CACHE"}
    assert kept["GRADIO_ANALYTICS_ENABLED"] == "False"


def request_of(session: str) -> Any:
    return SimpleNamespace(session_hash=session)


def shown(outputs: tuple[Any, ...]) -> str:
    return str(outputs[1][-1]["content"])


def test_waiting_for_the_models_is_said_and_can_be_stopped(library: Library) -> None:
    loaded = threading.Event()

    def ask_slowly(question: str, history: Sequence[Turn], **_: object) -> Any:
        assert loaded.wait(20)
        raise QuestionError("too late")

    chat = Chat(ask_slowly, library, is_ready=lambda: False, called=str)
    steps = chat.send("What is a loom?", (), request_of("a"))
    assert "Searching" in shown(next(steps))
    assert "Loading the models" in shown(next(steps))
    chat.stop(request_of("another"))
    assert "Loading the models" in shown(next(steps))
    chat.stop(request_of("a"))
    *_, last = steps
    assert "Stopped before anything was written." in shown(last)
    assert last[2][0].question == "What is a loom?"
    loaded.set()


def test_question_while_an_answer_is_written_is_not_mixed_in(library: Library) -> None:
    loaded = threading.Event()

    def ask_slowly(question: str, history: Sequence[Turn], **_: object) -> Any:
        assert loaded.wait(20)
        raise QuestionError("too late")

    chat = Chat(ask_slowly, library, is_ready=lambda: False, called=str)
    first = chat.send("What is a loom?", (), request_of("a"))
    next(first)
    (skipped,) = chat.send("And a gear?", (), request_of("a"))
    assert not isinstance(skipped[1], list)
    first.close()
    again = chat.send("And a gear?", (), request_of("a"))
    assert isinstance(next(again)[1], list)
    again.close()
    loaded.set()
    time.sleep(0)


def test_plots_as_a_page_run_nothing_and_ask_for_nothing(empty_app: Running, browser: Browser, tmp_path: Path) -> None:
    (tmp_path / "hostile.bib").write_text(HOSTILE, encoding="utf-8")
    empty_app.workspace.add([tmp_path / "hostile.bib"])
    library = empty_app.workspace.library
    found = trends.find(library, PaperFilter(), "year", "papers </title><script>window.hacked=9</script>")
    plots.write(found, library, tmp_path / "plots.html", PaperFilter())
    page = browser.new_context().new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"file://{tmp_path / 'plots.html'}")
    expect(page.locator("svg")).to_have_count(4)
    assert "<script>" in page.locator("h1").inner_text()
    assert page.evaluate("[window.hacked, document.scripts.length, document.images.length]") == [None, 0, 0]
    assert asked == [f"file://{tmp_path / 'plots.html'}"]
    page.context.close()


def test_trends_are_shown_with_four_pictures(app: Running, open_page: Callable[..., Page]) -> None:
    page = open_page(app.url)
    page.get_by_role("tab", name="Trends").click()
    page.get_by_label("By", exact=True).fill("Babbage")
    page.get_by_role("button", name="Show trends").click()
    expect(page.locator("#trends-text .lead")).to_contain_text("2 of 2 papers by Charles Babbage, 1837 to 1843.")
    expect(page.locator("#trends-plots img")).to_have_count(4, timeout=60_000)
    widths = page.evaluate("[...document.querySelectorAll('#trends-plots img')].map(image => image.naturalWidth)")
    assert all(width > 500 for width in widths)
    page.get_by_label("From year").last.fill("soon")
    page.get_by_role("button", name="Show trends").click()
    expect(page.locator("#trends-text .note.error")).to_contain_text("“soon” is not a year")
    expect(page.locator("#trends-plots img")).to_have_count(0)


def test_trends_of_hostile_papers_run_nothing(
    empty_app: Running, open_page: Callable[..., Page], tmp_path: Path
) -> None:
    (tmp_path / "hostile.bib").write_text(HOSTILE, encoding="utf-8")
    empty_app.workspace.add([tmp_path / "hostile.bib"])
    page = open_page(empty_app.url)
    page.get_by_role("tab", name="Trends").click()
    page.get_by_label("By", exact=True).fill("Nobody <img src=x onerror=window.hacked=8>")
    page.get_by_role("button", name="Show trends").click()
    expect(page.locator("#trends-text .note").first).to_contain_text("<img src=x")
    page.get_by_label("By", exact=True).fill("Mallory")
    page.get_by_role("button", name="Show trends").click()
    expect(page.locator("#trends-plots img")).to_have_count(4, timeout=60_000)
    assert page.evaluate("window.hacked") is None
    assert page.locator("#trends :is(iframe, script)").count() == 0


def test_trends_can_be_taken_away_as_files(app: Running, open_page: Callable[..., Page], tmp_path: Path) -> None:
    page = open_page(app.url)
    page.get_by_role("tab", name="Trends").click()
    page.get_by_role("button", name="Show trends").click()
    expect(page.locator("#trends-files a")).to_have_count(3, timeout=60_000)
    kept = {}
    for link in page.locator("#trends-files a").all():
        with page.expect_download() as download:
            link.click()
        download.value.save_as(tmp_path / download.value.suggested_filename)
        kept[download.value.suggested_filename] = (tmp_path / download.value.suggested_filename).read_bytes()
    assert kept["trends.png"].startswith(b"\x89PNG")
    assert kept["trends.html"].startswith(b"<!doctype html>")
    assert json.loads(kept["trends.json"])["total"] == app.workspace.library.count()
    assert fetch(f"{app.url}downloads/{'0' * 32}/trends.png")[0] == 404
    assert not list((app.workspace.library.folder / "uploads").rglob("trends*"))


def test_an_answer_can_be_taken_away_with_its_evidence(
    app: Running, open_page: Callable[..., Page], tmp_path: Path
) -> None:
    page = open_page(app.url)
    expect(page.get_by_role("button", name="Files of this answer")).to_be_hidden()
    ask(page, "How many records are there all in all?")
    page.get_by_role("button", name="Files of this answer").click()
    expect(page.locator("#answer-files a")).to_have_count(3, timeout=30_000)
    kept = {}
    for link in page.locator("#answer-files a").all():
        with page.expect_download() as download:
            link.click()
        kept[download.value.suggested_filename] = tmp_path / download.value.suggested_filename
        download.value.save_as(kept[download.value.suggested_filename])
    assert sorted(kept) == ["answer.zip", "sources.bib", "sources.ris"]
    assert kept["sources.bib"].read_text(encoding="utf-8").count("@") >= app.workspace.library.count()
    shutil.unpack_archive(kept["answer.zip"], tmp_path / "unpacked")
    assert verification.verify(tmp_path / "unpacked" / "answer", app.workspace.library).holds


def test_an_overview_shows_how_far_it_is_and_what_it_covers(app: Running, open_page: Callable[..., Page]) -> None:
    app.model.will_say(*["The weather was nice in Paris."] * 12)
    page = open_page(app.url)
    ask(page, "Give me an overview of the library")
    expect(page.locator("#chat")).to_contain_text(f"{app.workspace.library.count()} of", timeout=60_000)
    expect(page.locator("#chat")).to_contain_text("read")


@pytest.fixture
def somebody(app: Running) -> Iterator[Ticket]:
    """Somebody has the model until the ticket is closed."""
    with closing(app.workspace.assistant.queue.ticket(stop=threading.Event())) as ticket:
        for _ in ticket.wait():  # the answer of the test before may still be ending
            pass
        yield ticket


def test_two_tabs_see_their_place_and_one_leaves_the_queue(
    app: Running, open_page: Callable[..., Page], somebody: Ticket
) -> None:
    app.model.will_say("Gears carry numbers.")
    first, second = open_page(app.url), open_page(app.url)
    ask(first, "What does the loom weave?")
    expect(first.locator("#chat .message.bot")).to_contain_text("1 answer before yours")
    ask(second, "What do gears of brass carry?")
    expect(second.locator("#chat .message.bot")).to_contain_text("2 answers before yours")
    third = open_page(app.url)
    ask(third, "How many papers are there?")
    expect(third.locator("#chat .message.bot")).to_contain_text("2 papers")  # which does not wait
    first.click("#question .stop-button")
    expect_idle(first)
    assert "Stopped" in answers(first)[0]
    expect(second.locator("#chat .message.bot")).to_contain_text("1 answer before yours")
    somebody.close()
    expect(second.locator("#chat .message.bot")).to_contain_text("Gears carry numbers.")
    expect_idle(second)


def test_ten_tabs_reach_the_queue_at_once(app: Running, somebody: Ticket) -> None:
    app.model.will_say(*[LOOM] * 10)
    config = json.loads(fetch(app.url + "config")[2])
    box = next(part["id"] for part in config["components"] if part["props"].get("elem_id") == "question")
    send = next(each["id"] for each in config["dependencies"] if [box, "submit"] in each["targets"])
    for number in range(10):
        body = {"data": ["What does the loom weave?", None], "fn_index": send, "session_hash": f"tab{number}"}
        request = urllib.request.Request(
            f"{app.url}gradio_api/queue/join", json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        urllib.request.urlopen(request)
    queue, place = app.workspace.assistant.queue, 0
    for _ in range(200):
        with closing(queue.ticket(stop=threading.Event())) as last:
            place = queue.place(last) or 0
        if place == 11:
            break
        threading.Event().wait(0.1)
    assert place == 11


def test_an_open_page_on_which_nothing_moves_draws_no_frames(app: Running, browser: Browser) -> None:
    page = browser.new_page()
    page.add_init_script(
        "window.frames_asked = 0; const ask = window.requestAnimationFrame.bind(window);"
        "window.requestAnimationFrame = (callback) => { window.frames_asked += 1; return ask(callback); };"
    )
    page.goto(app.url)
    page.wait_for_selector("#question textarea")
    for _ in range(15):
        before = page.evaluate("window.frames_asked")
        page.wait_for_timeout(2000)
        if (asked := page.evaluate("window.frames_asked") - before) < 10:
            break
    page.close()
    assert asked < 10
