"""Text as HTML: mathematics, marks, and nothing of anybody's that a browser would obey."""

from __future__ import annotations

import pytest
from lxml import html

from assistant.types import Sentence, Span
from assistant.ui import answers, rendering
from tests.hostile import strings

_PLAIN = frozenset(
    "div p ul ol li em strong code pre blockquote br mark span a math mrow mi mn mo ms mtext mspace msub msup msubsup "
    "munder mover munderover mfrac msqrt mroot mtable mtr mtd mpadded mphantom mstyle menclose".split()
)


def harmless(markup: str) -> bool:
    """Tell whether HTML holds nothing but plain elements, and no attribute that runs or fetches anything."""
    tree = html.fragment_fromstring(markup, create_parent="div")
    for element in tree.iter():
        if element.tag not in _PLAIN or any(
            name.startswith("on") or name in ("src", "style") for name in element.attrib
        ):
            return False
        if not element.attrib.get("href", "#").startswith("#"):
            return False
    return True


@pytest.mark.parametrize("start", range(0, 550, 50))
def test_hostile_strings_are_only_text(start: int) -> None:
    for text in strings()[start : start + 50]:
        assert harmless(str(rendering.rendered(text))), text
        assert harmless(str(answers.sentences(text, (Sentence(text, "supported", (1,)),), "a-"))), text
        pieces = answers.segments(text, [(0, text[5:30]), (1, text[:10])])
        assert harmless("".join(str(piece.html) for piece in pieces)), text


@pytest.mark.parametrize(
    ("text", "formulas"),
    [
        ("costs $5 and $6 at most", 0),
        (r"where $\alpha_i \le 3$ holds", 1),
        (r"both \(a+b\) and \[c\]", 2),
        ("$$x^2$$", 1),
        ("an open $ sign", 0),
    ],
)
def test_mathematics_is_mathml_and_prices_are_not(text: str, formulas: int) -> None:
    assert str(rendering.rendered(text)).count("<math") == formulas


def test_what_is_no_mathematics_stays_as_it_is_written() -> None:
    assert rendering.mathematics(r"$\href{javascript:x}{y}$").count("href") == 1  # in the spoken form only
    assert "<math" not in rendering.mathematics(r"$\text{<img src=x>}$")
    assert "<math" not in rendering.mathematics("$" + "x" * 2000 + "$")
    assert "<math" not in rendering.mathematics("$" + "{" * 200 + "x" + "}" * 200 + "$")


def test_quotes_are_marked_across_mathematics() -> None:
    pieces = answers.segments(r"We prove $a \le b$ here.", [(0, r"prove $a \le b$")])
    assert [(str(piece.html)[:5], piece.sentences) for piece in pieces] == [
        ("We ", ()),
        ("prove", (0,)),
        ("<math", (0,)),
        (" here", ()),
    ]
    assert [piece.sentences for piece in answers.segments("We prove it.", [(0, "not there")])] == [()]


def test_long_runs_of_delimiters_are_read_in_time() -> None:
    assert len(list(rendering.formulas("\\[" * 20_000))) == 1


def test_sentences_carry_their_number_status_and_sources() -> None:
    known = (
        Sentence("Looms *weave*.", "supported", (1,), (Span(1, "Looms weave."),)),
        Sentence("- Gears turn.", "partial", (2,), (Span(2, "Gears turn."),)),
    )
    shown = answers.sentences("Looms *weave*. [1]\n- Gears turn. [2][3]", known, "t-")
    tree = html.fragment_fromstring(str(shown), create_parent="div")
    first, second = tree.findall(".//span[@class='sentence']")
    assert (first.get("data-sentence"), first.get("data-status"), first.text_content()) == (
        "0",
        "supported",
        "Looms weave.",
    )
    assert (second.get("data-sources"), second.getparent().tag) == ("2", "li")
    assert [link.get("href") for link in tree.findall(".//a")] == ["#t-source-1", "#t-source-2", "#t-source-3"]


def test_an_abstract_is_cut_where_quotations_overlap() -> None:
    pieces = answers.segments("One two three four.", [(0, "One two three"), (1, "three four")])
    assert [(str(piece.html), piece.sentences) for piece in pieces] == [
        ("One two ", (0,)),
        ("three", (0, 1)),
        (" four", (1,)),
        (".", ()),
    ]


@pytest.mark.parametrize(
    "url", ["javascript:x", "data:text/html,x", "//evil.example", "http://", "https://a\nb", "ftp://a/b"]
)
def test_only_web_addresses_become_links(url: str) -> None:
    assert rendering.web_address(url) == ""
    assert rendering.web_address(" https://example.org/a ") == "https://example.org/a"
