import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.ingestion.readers.latex import to_text
from assistant.ingestion.readers.markup import plain


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
        ("<h3>Results</h3>We count.", "Results We count."),
        ('<span style="color: red">red</span>', "red"),
        ("a <b and c> d", "a <b and c> d"),
        ("x&nbsp;y\u00a0z", "x y z"),
    ],
)
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
