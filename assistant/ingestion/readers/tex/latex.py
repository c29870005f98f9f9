r"""LaTeX as readable Unicode text; HTML and hostile characters are undone on the way.

Mathematics stays as it was written (`$\mathcal{S}$`), because the page renders it.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Callable
from typing import Any

from pylatexenc import latex2text, latexwalker, macrospec  # type: ignore[import-untyped]

from assistant.ingestion.readers.markup import plain

LONGEST_LATEX = 20_000  # characters; no abstract is longer, and parsing time grows with length
DEEPEST_NESTING = 40  # groups within groups; the parser recurses
MOST_ARGUMENTS = 9  # TeX's own limit

FIRST_PLACEHOLDER = 0xF0000
PLACEHOLDER = re.compile("[\U000f0000-\U000ffffd]")
VANISHED = "\ufdd0"
VANISHED_REFERENCE = re.compile(rf"\s*\((?:[,;\s]*{VANISHED}[,;\s]*)+\)|[,;]?\s*{VANISHED}(?=\s*\))|\s*{VANISHED}")

EMBEDDED_DOCUMENT = re.compile(r"\\documentclass\b.{0,2000}?\\end\{document\}")
MATH = re.compile(
    r"\\begin\{(equation|align|gather|multline|eqnarray|math|displaymath)(\*?)\}.{0,2000}?\\end\{\1\2\}"
    r"|\\\(.{0,1000}?\\\)|\\\[.{0,2000}?\\\]"
    r"|\$(?<!\\\$)(?:\$(?:\\.|[^$\\])++\$\$|(?:\\.|[^$\\])++\$(?!\d))"
)
# HTML that an exporter escaped for LaTeX: "{\\textless}i{\\textgreater}", "$<$i$>$", "{\\&}lt;", "\\&\\#x00A0;".
ESCAPED_TAG = re.compile(
    r"(?:\{?\\textless\b(?:\{\})?\}? ?|\{?\$<\$\}?)(/?[A-Za-z][^{}\\$<>]{0,100}?)"
    r"(?:\{?\\textgreater\b(?:\{\})?\}?|\{?\$>\$\}?)"
)
ESCAPED_ENTITY = re.compile(r"\{?\\&\}?((?:amp;)*)(?:\{?\\?(#)\}?)?(\w{1,31});")
CONDITIONAL = re.compile(  # the branch for text, of what means one thing in formulas and another one in text
    r"\\ifmmode(?![A-Za-z])(?:(?!\\else\b|\\fi\b).)*+(?:\\else(?![A-Za-z])\s*((?:(?!\\fi\b).)*+))?\\fi(?:\{\}|\s+|(?![A-Za-z]))"
)
DOUBLED = re.compile(
    r"\{\\\\(?=[\"'`^~=.]\s*\{?\\?[A-Za-z]\}?\})"
)  # "{\\\\"u}", of which a program escaped the accent again
ENSURED_MATH = re.compile(r"\\ensuremath\s*\{((?:[^{}]|\{[^{}]*\})*+)\}")
CHARACTER = re.compile(r"\\(?:char\s*(?:(\d{2,3})|`\\?(.))(?:\{\}|\s)?|symbol\{(\d{2,3})\})")
ENVIRONMENT = re.compile(r"\\(?:begin|end)\s*\{[A-Za-z]+\*?\}")
VERBATIM = re.compile(r"\\verb\*?([|!+])(.*?)\1")
SWITCHES = frozenset(
    "em bf it rm sf sl sc tt cal tiny scriptsize footnotesize small normalsize large Large LARGE huge Huge bfseries "
    "itshape scshape ttfamily sffamily rmfamily mdseries upshape slshape normalfont centering noindent xspace protect "
    "left right displaystyle textstyle".split()
)
LINE_ENDS = ("par", "newline", "linebreak", "newpage")
MACRO = re.compile(
    r"\\(?:(?P<accent>[\"'`^~=.]|(?:[cvuHkrdb]|cb|textcommabelow)(?![A-Za-z]))\s*"
    r"(?:\{\s*(?P<inside>\\[ij]|[A-Za-z])\s*(?:\{\})?\s*\}|(?P<letter>\\[ij](?:(?![A-Za-z])(?:\{\}|\s+)?)?|[A-Za-z]))"
    r"|(?P<sign>[^A-Za-z])|(?P<name>[A-Za-z]+)(?:\{\}|\s+|))"
)
BRACE = re.compile(r"[{}]")
TIE = re.compile(r"~(?=(.?))")
# The parser goes through text a character at a time, so words far from any macro are set aside, as formulas are.
MACRO_OR_WORDS = re.compile(
    r"\\(?:[A-Za-z]+|.)\*?\s*[^\s\\]?|(?P<words>[A-Za-z0-9][A-Za-z0-9,.;:()/%-]* [A-Za-z0-9 ,.;:()/%-]*[A-Za-z0-9])"
)
BARE_LINK = re.compile(r"\\href\s+(?=https?://)")
TOKEN = re.compile(r"\\[A-Za-z]+|\\.|[\\%$~{}]")

CITATIONS = (
    "cite citet citep citealt citealp citeauthor citeyear citeyearpar Citet Citep nocite parencite textcite autocite "
    "footcite citenum onlinecite"
).split()
REFERENCES = "ref eqref autoref cref Cref pageref nameref vref label hyperref index color includegraphics".split()
PLAIN_ARGUMENT = (
    "mathrm mathbf mathit mathsf mathtt mathcal mathscr mathfrak boldsymbol bm title author date part chapter section "
    "subsection subsubsection paragraph subparagraph text texttt textup textsuperscript textsubscript underline mbox "
    "texorpdfstring"
).split()
ARGUMENTS = {
    "enquote": "*{",
    "mkbibquote": "{",
    "textquote": "[[{",
    "href": "{{",
    "url": "{",
    "footnote": "[{",
    "textcolor": "[{{",
    "item": "[",
    **dict.fromkeys(["SI", "qty"], "[{[{"),
    **dict.fromkeys(["num", "ang", "si", "unit"], "[{"),
}
LAST_ARGUMENT = {"bibinfo": "{{", "bibfield": "{{", "foreignlanguage": "[{{", "colorbox": "[{{", "translation": "{{"}
NOTHING = (
    "relax null cyrchar protect unskip ignorespaces strut leavevmode allowbreak nobreak sloppy selectfont maketitle"
).split()
SETTINGS = {
    **dict.fromkeys("noopsort SortNoop sisetup hypersetup thanks input include vphantom hphantom phantom".split(), "{"),
    **dict.fromkeys("pagestyle thispagestyle selectlanguage bibliographystyle".split(), "{"),
    **dict.fromkeys("setlength addtolength setcounter".split(), "{{"),
    **dict.fromkeys("newcommand renewcommand providecommand".split(), "*{[[{"),
    "usepackage": "[{", "hspace": "*{", "vspace": "*{",
}  # fmt: skip
SIGNS = {
    **dict.fromkeys([",", ";", ":", ">", " ", "\\", "\n", "\t"], " "), **dict.fromkeys(["!", "-", "/", "@", "+"], ""),
    **{sign: sign for sign in "&%#_$"},
}  # fmt: skip
LETTERS = {
    "o": "ø", "O": "Ø", "l": "ł", "L": "Ł", "ss": "ß", "aa": "å", "AA": "Å", "ae": "æ", "AE": "Æ", "oe": "œ", "OE": "Œ",
    "i": "ı", "j": "ȷ", "dh": "ð", "DH": "Ð", "dj": "đ", "DJ": "Đ", "th": "þ", "TH": "Þ", "ng": "ŋ", "NG": "Ŋ",
    "pounds": "£", "euro": "€", "EUR": "€", "S": "§", "P": "¶", "copyright": "©", "ddag": "‡", "degree": "°",
    "celsius": "°C", "textcelsius": "°C", "micro": "µ", "textminus": "−", "textdollar": "$", "textunderscore": "_",
    "textless": "<", "textgreater": ">", "textbar": "|", "textperiodcentered": "·", "textquotedbl": '"',
    "textampersand": "&", "textnonbreakinghyphen": "‑", "checkmark": "✓", "ap": "≈", "texttildelow": "~",
}  # fmt: skip
SET_ASIDE = {
    "textbraceleft": "{", "textbraceright": "}", "lbrace": "{", "rbrace": "}", "textasciitilde": "~",
    "textasciicircum": "^", "textbackslash": "\\",
}  # fmt: skip
SYMBOLS = {
    **dict.fromkeys(["quad", "qquad", "thinspace", "enspace", "nbsp", *LINE_ENDS], " "),
    **dict.fromkeys([*NOTHING, *SETTINGS], ""),
    **LETTERS, **SIGNS, **SET_ASIDE, "slash": "/", "item": " - ", "LaTeX": "LaTeX", "TeX": "TeX", "today": "today",
}  # fmt: skip
OF_TEXT = re.compile(r"text.+|guil.+|quote(?:dbl|singl)base|[fg][lr]qq?|dag")
ACCENTS = {
    "'": "\u0301", "`": "\u0300", "^": "\u0302", '"': "\u0308", "~": "\u0303", "=": "\u0304", ".": "\u0307",
    "b": "\u0331", "c": "\u0327", "v": "\u030c", "u": "\u0306", "H": "\u030b", "k": "\u0328", "r": "\u030a",
    "d": "\u0323", "cb": "\u0326", "textcommabelow": "\u0326",
}  # fmt: skip
AROUND_TEXT = frozenset(
    "emph textbf textit texttt textsc textsf textrm textup textsl textmd textnormal mbox text".split()
)
IDENTIFIER = re.compile(r"[a-z][a-z0-9_.:*-]*|[#\d.]+(?:pt|em|ex|cm|mm|in)?")
SETTING = re.compile(r"\s*[\w-]+\s*=.*", re.DOTALL)


def to_text(text: str) -> str:
    r"""Return `text` as one readable line in NFC: accents and text macros as Unicode, mathematics untouched.

    LaTeX is looked for only where a backslash or a brace stands. Macros nobody knows keep their name (`\method{}` is
    "method") or, where they mark up a group, that group. Text that is not LaTeX comes back as it was, on one line.
    """
    if "\\" in text or "$<$" in text:
        text = ESCAPED_ENTITY.sub(r"&\1\2\3;", ESCAPED_TAG.sub(r"<\1>", text))
    text = plain(text)
    if not ("\\" in text or "{" in text or "}" in text) or len(text) > LONGEST_LATEX:
        return text
    placeholders: dict[str, str] = {}

    def set_aside(part: str) -> str:
        return placeholders.setdefault(part, chr(FIRST_PLACEHOLDER + len(placeholders)))

    source = VERBATIM.sub(r"\2", EMBEDDED_DOCUMENT.sub("", text)) if "\\verb" in text or "\\docu" in text else text
    if "{\\\\" in source:
        source = DOUBLED.sub(r"{\\", source)
    if "\\ifmmode" in source:
        source = CONDITIONAL.sub(r"{\1}", source)
    if "$" in source or "\\" in source:
        source = MATH.sub(lambda match: set_aside(ENSURED_MATH.sub(r"{\1}", match.group())), source)
    if "\\" in source:
        if "\\begin" in source or "\\end" in source or "\\href" in source:
            source = BARE_LINK.sub("", ENVIRONMENT.sub(" ", source))
        if "\\char" in source or "\\symbol" in source:
            source = CHARACTER.sub(lambda match: _character(match, set_aside), source)
        source = MACRO.sub(lambda match: _simple(match, set_aside), source)
    if "\\" in source or not _is_balanced(source):
        try:
            source = MACRO_OR_WORDS.sub(
                lambda match: set_aside(match["words"]) if match["words"] else match.group(), _escaped(source)
            )
            walker = latexwalker.LatexWalker(source, latex_context=_walker_context(), tolerant_parsing=True)
            readable: str = _converter().nodelist_to_text(walker.get_latex_nodes()[0])
        except (latexwalker.LatexWalkerError, _TooDeepError, RecursionError):
            return text
        readable = VANISHED_REFERENCE.sub("", readable)
    else:
        readable = source
        if "~" in source:
            readable = TIE.sub(lambda match: _tie(source[match.start() - 1 : match.start()], match[1]), source)
        readable = readable.replace("{", "").replace("}", "")
    if placeholders:
        parts = {placeholder: part for part, placeholder in placeholders.items()}
        readable = PLACEHOLDER.sub(lambda match: parts[match.group()], readable)
    readable = " ".join(readable.split())
    return readable if readable.isascii() else unicodedata.normalize("NFC", readable)


def _simple(match: re.Match[str], set_aside: Callable[[str], str]) -> str:
    """Return what an accented letter, a letter or a sign stands for, and other macros as they are, for the parser."""
    if accent := match["accent"]:
        letter = (match["inside"] or match["letter"]).lstrip("\\")[0]
        return unicodedata.normalize("NFC", letter + ACCENTS[accent])
    sign, name = match["sign"], match["name"]
    if (
        sign == "&"
        and match.string[match.start() - 1 : match.start()] == " "
        and match.string.startswith("{", match.end())
    ):
        return "& "  # between words, of which the second stands in braces to keep its capital
    if sign:
        return set_aside(sign) if sign in "{}" else SIGNS.get(sign, match.group())
    if name in SET_ASIDE:
        return set_aside(SET_ASIDE[name])
    if name in SWITCHES:
        return ""
    if name in AROUND_TEXT and match.string.startswith("{", match.end()):
        return ""
    return _signs_of_text().get(name, match.group())


def _character(match: re.Match[str], set_aside: Callable[[str], str]) -> str:
    """Return what the number of a character stands for, where all fonts of TeX agree on it: in ASCII."""
    character = match[2] or chr(int(match[1] or match[3]))
    return set_aside(character) if " " < character <= "~" else match.group()


def _is_balanced(source: str) -> bool:
    """Tell whether every brace has its counterpart, and none stands in too many others."""
    depth = 0
    for brace in BRACE.findall(source):
        depth += 1 if brace == "{" else -1
        if not 0 <= depth <= DEEPEST_NESTING:
            return False
    return not depth


class _TooDeepError(ValueError):
    """Groups nest deeper than the parser can follow."""


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


class _AttachedGroups(macrospec.MacroStandardArgsParser):  # type: ignore[misc]
    """The arguments of an unknown macro: the groups that follow at once, if any."""

    def parse_args(self, w: Any, pos: int, parsing_state: Any = None) -> tuple[Any, int, int]:
        groups, end = list[Any](), pos
        while w.s[end : end + 1] == "{" and len(groups) < MOST_ARGUMENTS:
            node, start, length = w.get_latex_braced_group(end, parsing_state=parsing_state)
            groups.append(node)
            end = start + length
        return macrospec.ParsedMacroArgs(argspec="{" * len(groups), argnlist=groups), pos, end - pos


def _arguments(node: Any, l2tobj: Any) -> list[str]:
    """Return the text of each argument that was given. The library names itself `l2tobj`."""
    given = node.nodeargd.argnlist if node.nodeargd and node.nodeargd.argnlist else []
    return [l2tobj.nodelist_to_text([argument]) for argument in given if argument is not None]


def _argument_or_name(node: Any, l2tobj: Any) -> str:
    """Return what an unknown macro is about: not the name of a field, a language or a colour, and not its settings."""
    arguments = _arguments(node, l2tobj)
    while len(arguments) > 1 and IDENTIFIER.fullmatch(arguments[0]):
        del arguments[0]
    if len(arguments) == 1 and SETTING.fullmatch(arguments[0]):
        return ""
    return " ".join(arguments).strip() or str(node.macroname + node.macro_post_space)


def _filled(template: str) -> Callable[..., str]:
    """Return what writes the last argument of a macro into a template; "" stands for one that is missing."""

    def write(node: Any, l2tobj: Any) -> str:
        return template.format((_arguments(node, l2tobj) or [""])[-1])

    return write


def _fraction(node: Any, l2tobj: Any) -> str:
    return "/".join(_arguments(node, l2tobj))


def _quantity(node: Any, l2tobj: Any) -> str:
    return " ".join(_arguments(node, l2tobj)[-2:])


def _linked(node: Any, l2tobj: Any) -> str:
    address, text = ["", "", *_arguments(node, l2tobj)][-2:]
    return text if address in {"", text} else f"{text} ({address})"


def _writers_of_signs() -> list[Any]:
    """Return what the library knows of macros that stand for a sign, and so have no argument."""
    specs = latex2text.get_default_latex_context_db().iter_macro_specs()
    return [spec for spec in specs if isinstance(spec.simplify_repl, str) and "%" not in spec.simplify_repl]


@functools.cache
def _signs_of_text() -> dict[str, str]:
    """Return the signs that are written as text, as letters are: what follows their macro stands close to them."""
    known = {spec.macroname: spec.simplify_repl for spec in _writers_of_signs() if OF_TEXT.fullmatch(spec.macroname)}
    return known | LETTERS | dict.fromkeys(NOTHING, "")


@functools.cache
def _walker_context() -> macrospec.LatexContextDb:
    """Return how many arguments each macro takes; the specials (`~`, `&`, `--`) are plain characters here."""
    context = latexwalker.get_default_latex_context_db().filter_context(
        keep_which=["macros"], exclude_categories=["verbatim"]
    )
    arguments = {
        **{spec.macroname: "" for spec in _writers_of_signs()},
        **dict.fromkeys(SYMBOLS, ""),
        **dict.fromkeys(CITATIONS, "*[[{"),
        **dict.fromkeys(REFERENCES, "*[{"),
        **ARGUMENTS,
        **LAST_ARGUMENT,
        **SETTINGS,
    }
    macros = [macrospec.std_macro(name, expected) for name, expected in arguments.items()]
    context.add_context_category("abstracts", macros=macros, prepend=True)
    context.set_unknown_macro_spec(macrospec.MacroSpec("", args_parser=_AttachedGroups()))
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
        **dict.fromkeys([*templates, *PLAIN_ARGUMENT, *LAST_ARGUMENT], _filled("{}")),
        **dict.fromkeys(["frac", "nicefrac", "textfrac"], _fraction),
        **dict.fromkeys([*CITATIONS, *REFERENCES], VANISHED),
        **SYMBOLS,
        "footnote": _filled(" ({})"),
        "href": _linked,
        **dict.fromkeys(["SI", "qty"], _quantity),
        **dict.fromkeys(["num", "ang", "si", "unit"], _filled("{}")),
        "sqrt": _filled("√({})"),
        **dict.fromkeys(["enquote", "mkbibquote", "textquote"], _filled("“{}”")),
    }
    specs = [latex2text.MacroTextSpec(name, simplify_repl=writer, discard=True) for name, writer in writers.items()]
    context.add_context_category("abstracts", macros=specs, prepend=True)
    context.set_unknown_macro_spec(latex2text.MacroTextSpec("", simplify_repl=_argument_or_name))
    spaces = {"between-latex-constructs": True, "after-comment": True}
    spaces |= dict.fromkeys(["between-macro-and-chars", "in-equations"], False)
    return latex2text.LatexNodes2Text(latex_context=context, math_mode="verbatim", strict_latex_spaces=spaces)
