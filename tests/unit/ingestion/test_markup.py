from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.ingestion.readers.markup import plain
from assistant.ingestion.readers.tex.latex import to_text
from tests.unit.ingestion.conftest import Import


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("at cost <math><msup><mi>n</mi><mn>2</mn></msup></math>.", "at cost n^2."),
        ("<mml:math><mml:mfrac><mml:mi>a</mml:mi><mml:mrow><mml:mi>b</mml:mi><mml:mo>+</mml:mo><mml:mn>1</mml:mn>"
         "</mml:mrow></mml:mfrac></mml:math>", "a/(b+1)"),
        ('<math xmlns="http://www.w3.org/1998/Math/MathML"><msub><mi>x</mi><mi>i</mi></msub><mo>&lt;</mo><mi>y</mi></math>',
         "x_i<y"),
        ("<math><msqrt><mi>x</mi></msqrt></math>", "√(x)"),
        (r"<math><semantics><mi>x</mi><annotation encoding='application/x-tex'>\hat{x}</annotation></semantics></math>",
         r"$\hat{x}$"),
    ],
)  # fmt: skip
def test_formulas_of_mathml_become_readable(source: str, text: str) -> None:
    assert to_text(source) == text


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ('<p class="x">One</p><p>two</p>', "One two"),
        ("<ul><li>one</li><li>two</li></ul>", "one two"),
        ("<h3>Results</h3>We count.", "Results: We count."),
        ("<h4>Aim</h4>We ask. <h4>Why so?</h4><p>We look.</p>", "Aim: We ask. Why so? We look."),
        ("<h1>Lamps in winter</h1>", "Lamps in winter"),
        ("<div><h2>Lamps</h2></div>", "Lamps"),
        ('<span style="color: red">red</span>', "red"),
        ("a <b and c> d", "a <b and c> d"),
        ("x&nbsp;y\u00a0z", "x y z"),
        ("Tides <it>turn</it> in H<inf>2</inf>O", "Tides turn in H2O"),
        ('<AbstractText Label="AIM" NlmCategory="X">One.</AbstractText><AbstractText>Two.</AbstractText>',
         "AIM: One. Two."),
        ("<![CDATA[One.]]> <ce:para>Two.</ce:para> <ce:simple-para>Three.</ce:simple-para>", "One. Two. Three."),
        ('One <inline-graphic xlink:href="a.gif"/>two <ce:hsp sp="0.25"/>three<!-- four -->', "One two three"),
        ('<foo kind="bar">One</foo> <baz/>two', "One two"),
        ("<jats:title>Abstract</jats:title><jats:sec><jats:title>Aim</jats:title><jats:p>One.</jats:p></jats:sec>",
         "Aim: One."),
        ("<jats:title>Aim</jats:title><jats:p>One.</jats:p><jats:title>End.</jats:title><jats:p>Two.</jats:p>",
         "Aim: One. End. Two."),
        ("&amp;lt;i&amp;gt;One&amp;lt;/i&amp;gt; AT&amp;amp;T", "One AT&T"),
        ("O_ST_ABSAimC_ST_ABSOne.", "Aim: One."),
        ("10<U+2009>m", "10 m"),
        ("a < b and c > d, p<0.05, p </= 3, <LOD", "a < b and c > d, p<0.05, p </= 3, <LOD"),
        ("List<String>, <unk>, <s> and </s>, <key:value>", "List<String>, <unk>, <s> and </s>, <key:value>"),
    ],
)  # fmt: skip
def test_tags_become_spaces_or_nothing(source: str, text: str) -> None:
    assert plain(source) == text


PIECES = [
    "<math>", "</math>", "<mml:math>", "</mml:math>", "<mi>", "</mi>", "<mfrac>", "<msup>", "x", "<!--", "&lt;", " ",
    "<annotation encoding='tex'>", "<![CDATA[", "\x00",
]  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=20).map("".join))
def test_no_markup_raises(source: str) -> None:
    assert "\x00" not in plain(source)


def test_formulas_that_nest_without_end_do_no_harm() -> None:
    plain("<math>" + "<mrow>" * 2000 + "x" + "</mrow>" * 2000 + "</math>")


@pytest.mark.parametrize(
    "piece",
    [
        "<",
        "&amp;",
        "amp;",
        "[",
        "<math>",
        "</math>",
        "<![CDATA[",
        "<!--",
        "<title>",
        "<p ",
        "<p a='",
        "<x a='b'>",
        "<a/>",
    ],
)
def test_much_of_anything_is_read(piece: str) -> None:
    plain("&" + piece * (500_000 // len(piece)))
    plain("<" + piece * (500_000 // len(piece)) + ">")


def test_tags_of_the_small_inputs(shared_import: Callable[[str], Import]) -> None:
    first, second = shared_import("29").papers
    assert (first.title, first.abstract) == ("Lamps drift", "BACKGROUND: Lamps drift. Wells fill.")
    assert second.abstract == "Lamps drift. Ropes fray."
