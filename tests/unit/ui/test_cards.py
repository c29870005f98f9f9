"""What people, papers, files and the model write can be shown, and does nothing else."""

from __future__ import annotations

import html

import pytest

from assistant.text import visible
from assistant.types import Answer, Authorship, Paper, Sentence, Source, Span, Timings
from assistant.ui import cards

ABSTRACT = "Looms weave. They cost $5 and $6 each; $\\alpha < 3$ holds. Cards drive them."


def source(number: int = 1, **fields: str) -> Source:
    values = {"title": "On Looms", "url": "https://example.org/x", "abstract": ABSTRACT, "date": "1843", **fields}
    return Source(
        number, f"p{number}", values["title"], ("A", "B", "C", "D"), values["date"], values["url"], values["abstract"]
    )


def answer(*sentences: Sentence, sources: tuple[Source, ...], refused: bool = False) -> Answer:
    return Answer(
        question="q",
        standalone_question="q",
        kind="refusal" if refused else "passages",
        text="text",
        refused=refused,
        reason="",
        sentences=sentences,
        sources=sources,
        timings=Timings(0, None, 0),
    )


def test_text_is_escaped_and_kept_on_one_line() -> None:
    assert cards.escaped('<img src=x onerror="a">\n\n# b') == "&lt;img src=x onerror=&quot;a&quot;&gt; # b"


@pytest.mark.parametrize("hidden", ["\u202e", "\u2066", "\u200b", "\ufeff", "\x1b", "\x00", "\U000e0041"])
def test_characters_that_deceive_are_dropped(hidden: str) -> None:
    assert visible(f"a{hidden}b") == "ab"


def test_joiners_that_languages_need_are_kept() -> None:
    assert visible("می\u200cخواهم") == "می\u200cخواهم"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("$x_i$ here", "\\(x_i\\) here"),
        ("$$x$$", "\\[x\\]"),
        (r"\(x\) and \[y\]", r"\(x\) and \[y\]"),
        ("costs $5 and $6 each", "costs $5 and $6 each"),
        ("from $10-$20, US$7", "from $10-$20, US$7"),
        ("$a < b$", "\\(a &lt; b\\)"),
        ("$5 for $x$", "$5 for \\(x\\)"),
        (r"a \( alone", "a <span>&#92;</span>( alone"),
        (r"$a \) b$", r"$a <span>&#92;</span>) b$"),
    ],
)
def test_mathematics_is_delimited_and_prices_are_not(text: str, shown: str) -> None:
    assert cards.rendered(text) == shown


def test_quotes_are_marked_across_mathematics() -> None:
    shown = cards.rendered(ABSTRACT, ["They cost $5 and $6 each; $\\alpha < 3$ holds."])
    assert shown == (
        "Looms weave. <mark>They cost $5 and $6 each; </mark><mark>\\(\\alpha &lt; 3\\)</mark><mark> holds.</mark> "
        "Cards drive them."
    )


def test_quote_that_is_not_there_marks_nothing() -> None:
    assert "<mark>" not in cards.rendered(ABSTRACT, ["Something else."])


@pytest.mark.parametrize(
    "text",
    [
        "![a](http://b/c)",
        "[a](http://b)",
        "[a][b]\n\n[b]: http://c",
        "[1](http://b)",
        "<http://b>",
        "http://b",
        "www.b.org",
        "me@b.org",
        "```mermaid\nx\n```",
        "<script>a</script>",
        "&lt;b&gt;",
    ],
)
def test_markdown_of_others_holds_no_link_image_or_tag_and_can_be_edited(text: str) -> None:
    shown = cards.markdown(text)
    assert shown != text
    assert not any(part in shown for part in ("](", "]:", "://", "<", "```", "www.", "@"))
    assert html.unescape(shown) == text


def test_ordinary_text_and_citation_marks_stay_as_they_are() -> None:
    text = "LoRA's rank_max is **8** [1][2]; AT&T said so: see a*b."
    assert cards.markdown(text) == text


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", "//b", "ftp://b", "http://", "", "http://[b", "https://a\nb"]
)
def test_only_web_addresses_become_links(url: str) -> None:
    assert cards.web_address(url) == ""
    assert "<a " not in cards.sources_panel([source(url=url)], {})


def test_card_names_the_paper_and_links_safely() -> None:
    paper = Paper("On Looms", ABSTRACT, (Authorship("A", 1),), categories=("CL",))
    panel = cards.sources_panel([source(url='https://example.org/"x')], {"p1": paper})
    assert 'href="https://example.org/&quot;x" target="_blank" rel="noopener noreferrer"' in panel
    assert "A, B, C et al. · <time>1843</time> · CL" in panel
    assert "1 abstracts" not in panel


def test_cited_sources_stand_out_and_show_their_quotation() -> None:
    sources = (source(1), source(2))
    sentence = Sentence("Looms weave.", "exact", (2,), (Span(2, "Looms weave."),))
    panel = cards.sources_panel(sources, {}, answer(sentence, sources=sources))
    first, second = panel.split("<article")[1:]
    assert "cited" not in first
    assert "<mark>" not in first
    assert 'class="card cited"' in second
    assert "<blockquote>Looms weave.</blockquote>" in second
    assert "<mark>Looms weave.</mark>" in second
    assert "1 of 2 cited" in panel


def test_hostile_source_is_only_text() -> None:
    hostile = source(title="<script>1</script>", abstract="</p><img src=x onerror=y>", date="<b>")
    panel = cards.sources_panel([hostile], {})
    assert "<script" not in panel
    assert "<img" not in panel
    assert "<b>Sources" in panel
    assert panel.count("<b>") == 1


def test_no_sources_is_said() -> None:
    assert "No paper in the library" in cards.sources_panel([], {})
