import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.ingestion.readers.tex.latex import to_text
from tests.unit.ingestion.conftest import Import


@pytest.mark.parametrize(
    ("latex", "text"),
    [
        (r"{\'E}tienne G\"odel", "Étienne Gödel"),
        (r"Erd\H os and Dvo\v{r}\'ak", "Erdős and Dvořák"),
        (r"\L{}ukasz, stra\ss e, \O stergaard, {\aa}", "Łukasz, straße, Østergaard, å"),
        (r"na\"{\i}ve Garc\'{\i}a Mart{\'\i}n", "naïve García Martín"),
        (r"\emph{one} \textbf{two} {\em three}", "one two three"),
        (r"{D}eep {L}earning for {NLP}", "Deep Learning for NLP"),
        (r"\textbf{S}elf-\textbf{D}istilled", "Self-Distilled"),
        (r"R\&D of C\# at 5\% for \$3 and a\_b", "R&D of C# at 5% for $3 and a_b"),
        (r"{\bf bold} \texttt{code} \textsc{Name}", "bold code Name"),
    ],
)
def test_accents_and_text_macros_become_plain_unicode(latex: str, text: str) -> None:
    assert to_text(latex) == text


@pytest.mark.parametrize(
    "formula",
    [
        r"$\mathcal{S}$",
        r"$k'> k$",
        r"\(x_{i}\)",
        r"\[ a = b \]",
        r"$$\frac{a}{b}$$",
        r"\begin{equation}a\end{equation}",
    ],
)
def test_mathematics_stays_as_it_was_written(formula: str) -> None:
    assert to_text(rf"We \emph{{bound}} {formula} tightly.") == f"We bound {formula} tightly."


def test_mathematics_inside_a_text_macro_stays() -> None:
    assert to_text(r"\textbf{all $k_{i}$ experts}") == "all $k_{i}$ experts"


def test_an_unknown_macro_keeps_its_name() -> None:
    assert to_text(r"We propose \textbf{\method{}}; \method{} and \method win.") == (
        "We propose method; method and method win."
    )


def test_an_unknown_macro_around_words_gives_the_words() -> None:
    assert to_text(r"This is \highlight{important} here.") == "This is important here."


def test_a_percent_sign_is_never_a_comment() -> None:
    assert to_text(r"\emph{Better} by 1.3% than 25\% before.") == "Better by 1.3% than 25% before."


def test_a_tilde_between_words_is_a_space_and_before_a_number_stays() -> None:
    assert to_text(r"Table~1 by~\emph{us} has ~30 rows, 3~5 each") == "Table 1 by us has ~30 rows, 3~5 each"


def test_ampersand_hash_and_underscore_stay() -> None:
    assert to_text(r"\emph{AT&T} #1 a_b") == "AT&T #1 a_b"


def test_dollar_amounts_are_not_mathematics() -> None:
    assert to_text(r"from $5 to $10 \emph{each}") == "from $5 to $10 each"


@pytest.mark.parametrize(
    ("latex", "text"),
    [
        (r"as shown~\cite{a,b}, and in Table \ref{t}.", "as shown, and in Table."),
        (r"known \citep[see][p. 3]{a} (\cite{b}; \cite{c}).", "known."),
        (r"code at \url{https://example.org/~ada_l}", "code at https://example.org/~ada_l"),
        (r"\href{https://example.org}{here}", "here (https://example.org)"),
        (r"ours\footnote{With code.} wins", "ours (With code.) wins"),
        (r"\input{/etc/passwd} \today", "today"),
    ],
)
def test_references_vanish_and_addresses_stay(latex: str, text: str) -> None:
    assert to_text(latex) == text


def test_an_embedded_document_of_a_publisher_vanishes() -> None:
    source = r"order k\documentclass[12pt]{minimal} \usepackage{amsmath} \begin{document}$$k$$\end{document}-means"
    assert to_text(source) == "order k-means"


@pytest.mark.parametrize(
    "broken", ["a } b", "a { b", "{", "}", "\\", r"\textbf", r"\textbf{x", r"\[ a", "$", r"\item["]
)
def test_broken_latex_gives_text(broken: str) -> None:
    assert isinstance(to_text(broken), str)


def test_a_lone_brace_stays() -> None:
    assert to_text("a } b { c") == "a } b { c"


@pytest.mark.parametrize("piece", [r"\sqrt[", r"\emph ", r"\(", r"\'", "{}", "$", r"\footnote{a}"])
def test_a_macro_repeated_without_end_does_no_harm(piece: str) -> None:
    assert isinstance(to_text(piece * (19_000 // len(piece))), str)


def test_deep_nesting_comes_back_as_it_was() -> None:
    assert to_text("{" * 5000 + "x" + "}" * 5000).count("{") == 5000


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("a &lt; b &amp;amp; c", "a < b & c"),
        ("<jats:p>H<sub>2</sub>O</jats:p><p>10<sup>5</sup> <i>units</i></p>", "H2O 10^5 units"),
        ("if a < b and c > d, emit <think> or <object>", "if a < b and c > d, emit <think> or <object>"),
        ("AT&T and R&D;", "AT&T and R&D;"),
    ],
)
def test_html_remnants_go_and_plain_angle_brackets_stay(source: str, text: str) -> None:
    assert to_text(source) == text


def test_typewriter_quotes_become_quotation_marks() -> None:
    assert to_text("the ``real'' one") == "the “real” one"


def test_invisible_and_direction_changing_characters_are_removed() -> None:
    assert to_text("pa\u202eper\u200b \x00\x1btitle\ufeff &#8238;x\ud800") == "paper title x"


def test_text_is_composed_and_on_one_line() -> None:
    assert to_text("  Go\u0308del \n\t proves ") == "Gödel proves"


@given(st.text(st.characters(exclude_characters="\\{}&<`")))
def test_plain_text_is_changed_once_at_most(text: str) -> None:
    once = to_text(text)
    assert to_text(once) == once
    assert unicodedata.is_normalized("NFC", once)


LATEX_PIECES = [
    "\\", "{", "}", "[", "]", "$", "$$", "%", "~", "&", "#", "_", "^", "(", ")", "a", " ", "é", "<sub>", "&amp;",
    "\\emph", "\\'", '\\"', "\\cite", "\\href", "\\item", "\\frac", "\\sqrt", "\\begin{align}", "\\end{align}",
    "\\begin{itemize}", "\\verb", "\\method", "\\documentclass", "\\footnote", "\\textcolor", "\\i", "\\section", "*",
    "\\mathbb", "\\textcolor", "\\ket", "\\overline", "\\hat", "\\texorpdfstring", "\\ref", "\\item[", "\\not",
]  # fmt: skip


@given(st.lists(st.sampled_from(LATEX_PIECES), max_size=12).map("".join))
def test_nothing_that_looks_like_latex_raises(source: str) -> None:
    assert "\n" not in to_text(source)


@given(st.text())
def test_no_text_raises(source: str) -> None:
    to_text(source).encode()


def test_symbols_and_arguments_of_the_shared_inputs_are_read(shared_import: Callable[[str], Import]) -> None:
    (paper,) = shared_import("05").papers
    assert (paper.title, paper.venue) == (
        "AT&T rods, core–Shell lamps at 25°C and 10 K, preOakian",
        "Notes & Queries on Lamps",
    )
    assert paper.abstract == "A Q&A corpus with C#Sharp code; 10%A and 5µM."
    (paper,) = shared_import("35").papers
    assert (paper.title, paper.authors) == ("Lampen for £4 or €5, §3, © Oak", ("Anna Berg",))


@pytest.mark.parametrize(
    ("latex", "text"),
    [
        (r"Vapor\textendash{{Liquid}}\textendash{Solid}", "Vapor–Liquid–Solid"),
        (r"{Sn}\textrightarrow{{Pb}}, 5\textmu m, \textquoteleft a\textquoteright s", "Sn→Pb, 5µm, ‘a’s"),
        (r"a\_{b} \#{DYK} \${5}\, {K}\quad{x} $x$\ldots{y} \alpha{Z}", "a_b #DYK $5 K x $x$…y αZ"),
        (r"\dag{}a \P 3 10\,\%{A} \textregistered{B}", "†a ¶3 10 %A ®B"),
        (r"1.3\,{$\mu$}m and \{\{{ZnO}\}\}", r"1.3 $\mu$m and {{ZnO}}"),
        (r"a\textbackslash{b} \textasciitilde{c} \{d\}", r"a\b ~c {d}"),
    ],
)
def test_a_group_behind_a_sign_is_text(latex: str, text: str) -> None:
    assert to_text(latex) == text


@pytest.mark.parametrize(
    ("latex", "text"),
    [
        (r"\bibinfo{author}{Anna Berg}, \bibfield{year}{2020}", "Anna Berg, 2020"),
        (r"\textcolor{red}{hot} \colorbox{blue}{cold} \foreignlanguage{french}{eau}", "hot cold eau"),
        (r"\unknown{key.name}{shown} \fullname{Anna}{Berg}", "shown Anna Berg"),
        (r"\sisetup{detect-all, mode = text}A \mysetup{a = b, c}B \setlength{\x}{3pt}C", "A B C"),
        (r"{\noopsort{1973a}}1973 \vphantom{x}\relax a {\relax Ph}ilip {de \null}", "1973 a Philip de"),
        (r"\enquote{word} \mkbibquote{word}", "“word” “word”"),
    ],
)
def test_arguments_that_only_name_or_set_are_left_out(latex: str, text: str) -> None:
    assert to_text(latex) == text


@pytest.mark.parametrize("latex", [r"\unknown" + "{a}" * 6000, r"\bibinfo" * 2000, r"\'" * 9000, r"\\" * 9000 + "&"])
def test_arguments_without_end_do_no_harm(latex: str) -> None:
    assert isinstance(to_text(latex), str)


ACCENTS = st.sampled_from(
    ["\\'", '\\"', "\\`", "\\^", "\\~", "\\=", "\\.", "\\c", "\\v", "\\u", "\\H", "\\k", "\\r", "\\d"]
)


@given(ACCENTS, st.sampled_from(["a", "e", "c", "z", "o", r"\i", "S"]))
def test_an_accent_is_the_same_however_it_is_written(accent: str, letter: str) -> None:
    forms = {
        to_text(f"x{{{accent}{{{letter}}}}}y"),
        to_text(f"x{accent}{{{letter}}}y"),
        to_text(f"x{{{accent} {letter}}}y"),
    }
    assert len(forms) == 1
    assert len(unicodedata.normalize("NFD", forms.pop())) == 4


@pytest.mark.parametrize(
    ("latex", "text"),
    [
        (r"The {\textless}i{\textgreater}Mus{\textless}/i{\textgreater} lamp", "The Mus lamp"),
        (r"The \textless i\textgreater Mus\textless/i\textgreater{} lamp", "The Mus lamp"),
        (r"The {$<$}em{$>$}Mus{$<$}/em{$>$} lamp of $<$b$>$oak$<$/b$>$", "The Mus lamp of oak"),
        (r"Lamps{\&}lt;sup{\&}gt;2{\&}lt;/sup{\&}gt; at 5\&\#x00A0;mm, 6\&amp;nbsp;mm", "Lamps^2 at 5 mm, 6 mm"),
        (
            r"Lamps for {\textless}unk{\textgreater} at $x<y$ and p {\textless} 0.05",
            "Lamps for <unk> at $x<y$ and p < 0.05",
        ),
        (r"Q{\&}A; and R\&D;", "Q&A; and R&D;"),
        (r"Ko\ifmmode \check{c}\else \v{c}\fi{}i\ifmmode \acute{c}\else \'{c}\fi{}, J", "Kočić, J"),
        (r"at 16\ifmmode^\circ\else\textdegree\fi{}K, ${K}^{\ensuremath{-}}n$", "at 16°K, ${K}^{{-}}n$"),
        (r"Oak\char39{}s lamp, a\char`\_b and c\symbol{37}", "Oak's lamp, a_b and c%"),
        (r"Ro\textcommabelow sia, Bra\cb{s}ov and Ben\^\it", "Roșia, Brașov and Benît"),
        (r"21{\nbsp}cm\newline long\thanks{Funded by Oak.}", "21 cm long"),
        (r"{\cyrchar\CYRA}{\cyrchar\cyrb}", "Аб"),
        (r"\SI{5}{\kilo\gram}, \num{7} and \si{\metre}", "5 kilogram, 7 and metre"),
    ],
)
def test_what_exporters_and_publishers_write_is_readable(latex: str, text: str) -> None:
    assert to_text(latex) == text
