r"""LaTeX, HTML remnants and hostile characters in; readable Unicode out.

Mathematics stays as it was written (`$\mathcal{S}$`), because the page renders it.
"""

from __future__ import annotations

import functools
import html
import re
import unicodedata
from collections.abc import Iterator
from typing import Any

from pylatexenc import latex2text, latexwalker, macrospec  # type: ignore[import-untyped]

LONGEST_LATEX = 20_000  # characters; no abstract is longer, and parsing time grows with length
DEEPEST_NESTING = 40  # groups within groups; the parser recurses

# Control characters, soft hyphens, zero-width characters, direction overrides, surrogates, non-characters, and the
# supplementary private use planes, of which the first serves below as place holders for mathematics.
UNWANTED = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ud800-\udfff\ufdd0-\ufdef\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff"
    "\U000e0000-\U000e00ff\U000f0000-\U0010ffff]"
)
FIRST_PLACEHOLDER = 0xF0000
PLACEHOLDER = re.compile("[\U000f0000-\U000ffffd]")
VANISHED = "\ufdd0"
VANISHED_REFERENCE = re.compile(rf"\s*\((?:[,;\s]*{VANISHED}[,;\s]*)+\)|[,;]?\s*{VANISHED}(?=\s*\))|\s*{VANISHED}")

ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
END_MARK = re.compile(r"<\s*<ETX\b[^<>]*>\s*>?\s*</ETX>")  # what one publisher leaves at the end of its abstracts
EXPONENT = re.compile(r"(?<=\w)<sup>(?=[-+\u2212]?\d)")
BLOCK_TAG = re.compile(r"</?(?:jats:)?(?:p|br|div|sec|title|list|list-item)\s*/?>", re.IGNORECASE)
INLINE_TAG = re.compile(
    r"</?(?:(?:jats|mml|xref):[\w:-]+|i|b|u|em|strong|italic|bold|sub|sup|inf|tt|sc|scp|small|span|font|monospace|"
    r"inline-formula|tex-math|alternatives|named-content)(?:\s+[\w:-]+\s*=\s*(?:\"[^\"<>]*\"|'[^'<>]*'))*\s*/?>"
    r"|<a\s+href\s*=[^<>]*>|</a>",
    re.IGNORECASE,
)
QUOTED = re.compile(r"``((?:(?!``).)+?)''")

EMBEDDED_DOCUMENT = re.compile(r"\\documentclass\b.{0,2000}?\\end\{document\}")
MATH = re.compile(
    r"\\begin\{(equation|align|gather|multline|eqnarray|math|displaymath)(\*?)\}.{0,2000}?\\end\{\1\2\}"
    r"|\\\(.{0,1000}?\\\)|\\\[.{0,2000}?\\\]"
    r"|(?<!\\)\$\$(?:\\.|[^$\\])+\$\$"
    r"|(?<!\\)\$(?:\\.|[^$\\])+\$(?!\d)"
)
ENVIRONMENT = re.compile(r"\\(?:begin|end)\s*\{[A-Za-z]+\*?\}")
VERBATIM = re.compile(r"\\verb\*?([|!+])(.*?)\1")
SWITCH = re.compile(
    r"\\(?:em|bf|it|rm|sf|sl|sc|tt|cal|tiny|scriptsize|footnotesize|small|normalsize|large|Large|LARGE|huge|Huge|"
    r"bfseries|itshape|scshape|ttfamily|sffamily|rmfamily|mdseries|upshape|slshape|normalfont|centering|noindent|"
    r"xspace|protect|left|right|displaystyle|textstyle|par|newline|linebreak|newpage)(?![A-Za-z])\s*"
)
LETTER_MACRO = re.compile(r"\\(o|O|l|L|ss|aa|AA|ae|AE|oe|OE|i|j|dh|DH|th|TH)(?:\s+|(?=\W|\d|_|$)(?!\{\}))")
TOKEN = re.compile(r"\\[A-Za-z]+|\\.|[\\%$~{}]")

CITATIONS = (
    "cite", "citet", "citep", "citealt", "citealp", "citeauthor", "citeyear", "citeyearpar", "Citet", "Citep", "nocite",
    "parencite", "textcite", "autocite", "footcite", "citenum", "onlinecite",
)  # fmt: skip
REFERENCES = (
    "ref", "eqref", "autoref", "cref", "Cref", "pageref", "nameref", "vref", "label", "hyperref", "index", "color",
    "includegraphics",
)  # fmt: skip
PLAIN_ARGUMENT = (
    "mathrm", "mathbf", "mathit", "mathsf", "mathtt", "mathcal", "mathscr", "mathfrak", "boldsymbol", "bm", "title",
    "author", "date", "part", "chapter", "section", "subsection", "subsubsection", "paragraph", "subparagraph", "text",
    "texttt", "textup", "textsuperscript", "textsubscript", "underline", "mbox", "texorpdfstring",
)  # fmt: skip
SYMBOLS = {
    **dict.fromkeys([",", ";", ":", ">", " ", "quad", "qquad", "thinspace", "enspace", "\\", "maketitle"], " "),
    **dict.fromkeys(["!", "-", "/", "@", "input", "include", "hspace", "vspace"], ""),
    "item": " - ",
    "textdollar": "$",
    "textasciitilde": "~",
    "textasciicircum": "^",
    "textunderscore": "_",
    "textless": "<",
    "textgreater": ">",
    "textbar": "|",
    "slash": "/",
    "LaTeX": "LaTeX",
    "TeX": "TeX",
    "today": "today",
}


def to_text(text: str) -> str:
    r"""Return `text` as one readable line in NFC: accents and text macros as Unicode, mathematics untouched.

    LaTeX is looked for only where a backslash or a brace stands. Macros nobody knows keep their name (`\method{}` is
    "method") or, where they mark up a group, that group. Text that is no valid LaTeX comes back as it was, on one line.
    """
    text = _plain(text)
    if len(text) > LONGEST_LATEX or not re.search(r"[\\{}]", text):
        return text
    formulas: list[str] = []

    def set_aside(match: re.Match[str]) -> str:
        formulas.append(match.group())
        return chr(FIRST_PLACEHOLDER + len(formulas) - 1)

    source = MATH.sub(set_aside, VERBATIM.sub(r"\2", EMBEDDED_DOCUMENT.sub("", text)))
    source = LETTER_MACRO.sub(r"\\\1{}", SWITCH.sub("", ENVIRONMENT.sub(" ", source)))
    try:
        nodes = latexwalker.LatexWalker(_escaped(source), latex_context=_walker_context(), tolerant_parsing=True)
        readable = _converter().nodelist_to_text(nodes.get_latex_nodes()[0])
    except (latexwalker.LatexWalkerError, _TooDeepError, RecursionError):
        return text
    readable = VANISHED_REFERENCE.sub("", readable)
    readable = PLACEHOLDER.sub(lambda match: formulas[ord(match.group()) - FIRST_PLACEHOLDER], readable)
    return unicodedata.normalize("NFC", " ".join(readable.split()))


class _TooDeepError(ValueError):
    """Groups nest deeper than the parser can follow."""


def _plain(text: str) -> str:
    """Undo HTML and typewriter quotes, drop what cannot be seen, and bring every run of whitespace to one space."""
    while (unescaped := ENTITY.sub(lambda match: html.unescape(match.group()), text)) != text:
        text = unescaped
    if "<" in text:
        text = INLINE_TAG.sub("", BLOCK_TAG.sub(" ", EXPONENT.sub("^", END_MARK.sub("", text))))
    text = QUOTED.sub("“\\1”", " ".join(UNWANTED.sub("", text).split()))
    return unicodedata.normalize("NFC", text)


def _escaped(source: str) -> str:
    """Return `source` with every character that would upset the parser escaped: `%`, `$` and unmatched braces."""
    pieces: list[str] = []
    open_groups: list[int] = []
    end = 0
    for match in TOKEN.finditer(source):
        pieces.append(source[end : match.start()])
        end = match.end()
        token = match.group()
        if token == "{":
            open_groups.append(len(pieces))
            if len(open_groups) > DEEPEST_NESTING:
                raise _TooDeepError
        elif token == "}":
            if not open_groups:
                token = r"\}"
            else:
                open_groups.pop()
        elif token in {"%", "$"}:
            token = "\\" + token
        elif token == "~":
            token = _tie(source[match.start() - 1 : match.start()], source[end : end + 1])
        elif token in {r"\(", r"\)", r"\[", r"\]"}:
            token = token[1]
        elif token == "\\":
            token = ""
        pieces.append(token)
    for index in open_groups:
        is_argument = index >= 2 and not pieces[index - 1] and pieces[index - 2].startswith("\\")
        pieces[index] = "{}" if is_argument else r"\{"
    return "".join(pieces) + source[end:]


def _tie(before: str, after: str) -> str:
    """Tell whether a tilde ties two words together (a space) or means "about" or a home directory (a tilde)."""
    is_tie = (before.isalnum() or before in tuple(".,;:)]}'")) and after not in {"", " "}
    is_range = before.isdigit() and after.isdigit()
    return " " if is_tie and not is_range else "~"


class _AttachedGroup(macrospec.MacroStandardArgsParser):  # type: ignore[misc]
    """The argument of an unknown macro: the group that follows at once, if any."""

    def parse_args(self, w: Any, pos: int, parsing_state: Any = None) -> tuple[Any, int, int]:
        if w.s[pos : pos + 1] != "{":
            return macrospec.ParsedMacroArgs(argspec="", argnlist=[]), pos, 0
        node, start, length = w.get_latex_braced_group(pos, parsing_state=parsing_state)
        return macrospec.ParsedMacroArgs(argspec="{", argnlist=[node]), pos, start + length - pos


def _arguments(node: Any, l2tobj: Any) -> list[str]:
    """Return the text of each argument that was given. The library names itself `l2tobj`."""
    given = node.nodeargd.argnlist if node.nodeargd and node.nodeargd.argnlist else []
    return [l2tobj.nodelist_to_text([argument]) for argument in given if argument is not None]


def _argument_or_name(node: Any, l2tobj: Any) -> str:
    return "".join(_arguments(node, l2tobj)).strip() or str(node.macroname + node.macro_post_space)


def _last_argument(node: Any, l2tobj: Any) -> str:
    return (_arguments(node, l2tobj) or [""])[-1]


def _in_parentheses(node: Any, l2tobj: Any) -> str:
    return f" ({_last_argument(node, l2tobj)})"


def _fraction(node: Any, l2tobj: Any) -> str:
    return "/".join(_arguments(node, l2tobj))


def _root(node: Any, l2tobj: Any) -> str:
    return f"√({_last_argument(node, l2tobj)})"


def _linked(node: Any, l2tobj: Any) -> str:
    address, text = ["", "", *_arguments(node, l2tobj)][-2:]
    return text if address in {"", text} else f"{text} ({address})"


def _walker_specs() -> Iterator[macrospec.MacroSpec]:
    for name in CITATIONS:
        yield macrospec.std_macro(name, "*[[{")
    for name in REFERENCES:
        yield macrospec.std_macro(name, "*[{")
    for name, arguments in {"href": "{{", "url": "{", "footnote": "[{", "textcolor": "[{{", "item": "["}.items():
        yield macrospec.std_macro(name, arguments)


@functools.cache
def _walker_context() -> macrospec.LatexContextDb:
    """Return how many arguments each macro takes; the specials (`~`, `&`, `--`) are plain characters here."""
    context = latexwalker.get_default_latex_context_db().filter_context(
        keep_which=["macros"], exclude_categories=["verbatim"]
    )
    context.add_context_category("abstracts", macros=list(_walker_specs()), prepend=True)
    context.set_unknown_macro_spec(macrospec.MacroSpec("", args_parser=_AttachedGroup()))
    return context


@functools.cache
def _converter() -> latex2text.LatexNodes2Text:
    """Return the writer of text, with the macros of abstracts put before the library's own.

    The library's templates ("%s/%s") raise where an argument is missing, so functions stand in for all of them.
    """
    context = latex2text.get_default_latex_context_db().filter_context(
        keep_which=["macros"], exclude_categories=["latex-placeholders", "latex-ethuebung", "nonstandard-qit"]
    )
    replacements = {spec.macroname: spec.simplify_repl for spec in context.iter_macro_specs()}
    templates = [name for name, value in replacements.items() if isinstance(value, str) and "%" in value[:-1]]
    writers = {
        **dict.fromkeys([*templates, *PLAIN_ARGUMENT], _last_argument),
        **dict.fromkeys(["frac", "nicefrac", "textfrac"], _fraction),
        **dict.fromkeys([*CITATIONS, *REFERENCES], VANISHED),
        **SYMBOLS,
        "footnote": _in_parentheses,
        "href": _linked,
        "sqrt": _root,
    }
    specs = [latex2text.MacroTextSpec(name, simplify_repl=writer, discard=True) for name, writer in writers.items()]
    context.add_context_category("abstracts", macros=specs, prepend=True)
    context.set_unknown_macro_spec(latex2text.MacroTextSpec("", simplify_repl=_argument_or_name))
    spaces = {
        "between-macro-and-chars": False,
        "between-latex-constructs": True,
        "after-comment": True,
        "in-equations": False,
    }
    return latex2text.LatexNodes2Text(latex_context=context, math_mode="verbatim", strict_latex_spaces=spaces)
