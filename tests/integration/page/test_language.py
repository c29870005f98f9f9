"""The page in Chinese: every view in the language that the browser asks for, on the smallest screen too."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from tests.integration.page.conftest import LOOM, PAPERS, Running, assert_accessible, running
from tests.integration.page.test_chat import ask, expect_idle

MORE = r"""
@article{loom-again, title={LoomNet: Weaving with Punched Card}, author={Ada Lovelace and Charles Babbage}, year={1844},
  abstract={Looms weave patterns from cards that are punched.}}
@article{late, title={A Late Loom}, author={Ada Lovelace}, year={2024}, venue={Looms}}
"""
VIEWS = (
    "",
    "papers?q=loom&has_code=no",
    "authors",
    "author/Ada%20Lovelace",
    "author/Charles",
    "trends",
    "add",
    "status",
)
VIEWS += ("duplicates", "collections", "add/without-abstract", "papers?since=then", "paper")
LABELS = (
    "h1, h2, h3, h4, nav a, nav, button, .button, label, legend, summary, th, dt, caption, option, [role=status], "
    "[placeholder], [aria-label], .empty, .size, .brand"
)
WORDS = """([elements, data]) => [...document.querySelectorAll(elements)].filter((each) => !each.closest(data)).flatMap(
  (each) => [
    ...[...each.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE).map((node) => node.data),
    each.placeholder || "", each.getAttribute("aria-label") || "",
  ])"""
NAMES = set(
    "arXiv arxiv BibTeX CSL CSV DOI English JSON Lines Markdown OpenAlex PubMed RIS Semantic Scholar cs CL "
    "Gu Naibin naib".split()
)
"""What is called the same in Chinese: formats, services, a language by its own name, and what examples name."""
DATA = "[data-example], .chip, h2.question, details.steps > summary, #said"
"""What is in the words of the question, or of the engine: examples, conditions, how a question was read, its answer."""


@pytest.fixture(scope="module")
def woven(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    yield from running(tmp_path_factory.mktemp("chinese"), PAPERS + MORE)


@pytest.fixture
def open_chinese(open_page: Callable[..., Page]) -> Callable[[str], Page]:
    return lambda url: open_page(url, locale="zh-CN", viewport={"width": 360, "height": 800})


def english_words(page: Page, *data: str) -> set[str]:
    """Return the English words of headings, navigation, buttons and labels that are neither names nor data."""
    found = set(re.findall(r"[A-Za-z]{2,}", " ".join(page.evaluate(WORDS, [LABELS, DATA]))))
    return found - NAMES - set(re.findall(r"[A-Za-z]{2,}", " ".join([PAPERS, MORE, *data])))


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_speaks_chinese(woven: Running, open_chinese: Callable[[str], Page], view: str) -> None:
    library = woven.workspace.library
    path = f"paper/{quote(library.papers()[-1].id, safe=':')}" if view == "paper" else view
    page = open_chinese(woven.url + path)
    assert page.locator("html").get_attribute("lang") == "zh"
    expect(page.locator(".brand")).to_have_text("文献研究助手")
    expect(page.locator("h1")).to_be_visible()
    settings = type(woven.workspace.settings).model_fields if view == "status" else {}
    assert english_words(page, *settings) == set()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert_accessible(page)


def test_an_answer_under_way_and_finished_speaks_chinese(woven: Running, open_chinese: Callable[[str], Page]) -> None:
    woven.model.will_say(LOOM, delay=0.1)
    page = open_chinese(woven.url)
    question, counted = "What does the loom weave from punched cards?", "How many papers are there per year?"
    ask(page, question)
    expect(page.locator(".draft .steps")).to_contain_text("正在撰写")
    turn = expect_idle(page)
    status = "getComputedStyle(document.querySelector('.sentence[data-status]'), '::after').content"
    assert page.evaluate(status) == '"=" / "照原文或经统计得出"'
    turn.locator(".steps summary").click()
    assert english_words(page, question) == set()
    page = open_chinese(woven.url)
    ask(page, counted)
    turn = expect_idle(page)
    expect(turn.locator("th").first).to_have_text("年份")
    assert english_words(page, question, counted) == set()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_what_adding_says_as_it_goes_is_chinese(woven: Running, open_chinese: Callable[[str], Page]) -> None:
    page = open_chinese(woven.url + "add")
    page.fill("#pasted", "10.1145/3442188.3445922 arxiv:2502.13604")
    expect(page.locator("#read")).to_contain_text("1 个 DOI 和 1 个 arXiv 编号")
    expect(page.locator("#read")).to_contain_text("查询 arXiv、OpenAlex（缺少摘要时再查 Semantic Scholar）。")
    page.fill("#pasted", "@article{again, title={A Late Loom}, author={Ada Lovelace}, year={2024}, venue={Looms}}")
    expect(page.locator("#read")).to_contain_text("1 条 BibTeX 记录")
    page.click("#add")
    expect(page.locator("#report h2")).to_contain_text("已添加")
    assert english_words(page, "pasted", "bib") == set()
    assert_accessible(page)


def test_names_are_sorted_as_chinese_readers_expect(woven: Running, open_chinese: Callable[[str], Page]) -> None:
    page = open_chinese(woven.url + "authors")
    order = "['中', '李', 'B', '张', 'a'].sort(new Intl.Collator(document.documentElement.lang).compare).join('')"
    assert page.evaluate(order) == "李张中aB"


def test_other_browsers_see_english(woven: Running, open_page: Callable[..., Page]) -> None:
    page = open_page(woven.url, locale="de-DE")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.locator(".brand")).to_have_text("Research assistant")
