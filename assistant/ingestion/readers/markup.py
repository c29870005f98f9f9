"""HTML and MathML as one readable line of text, without hostile characters; LaTeX is left as it is."""

from __future__ import annotations

import html
import re
import unicodedata
from typing import Any

from lxml import etree  # type: ignore[import-untyped]
from lxml import html as lxml_html

from assistant.ingestion.readers.placeholders import HEADINGS

# Control characters, soft hyphens, zero-width characters, direction overrides, surrogates, non-characters, and the
# supplementary private use planes, of which the first serves the reader of LaTeX as place holders.
UNWANTED = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ud800-\udfff\ufdd0-\ufdef\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff"
    "\U000e0000-\U000e00ff\U000f0000-\U0010ffff]"
)
ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
END_MARK = re.compile(r"<\s*<ETX\b[^<>]*>\s*>?\s*</ETX>")  # what one publisher leaves at the end of its abstracts
EXPONENT = re.compile(r"(?<=\w)<sup>(?=[-+\u2212]?\d)")
ATTRIBUTES = r"(?:\s+[\w:-]+\s*=\s*(?:\"[^\"<>]*\"|'[^'<>]*'))*"
BLOCK_TAG = re.compile(
    r"</?(?:[A-Za-z]{1,10}:)?(?:p|br|div|sec|section|title|list|list-item|ul|ol|li|dl|dt|dd|h[1-6]|para|simple-para|"
    rf"section-title|abstract|abstract-sec|AbstractText|blockquote|disp-formula|caption){ATTRIBUTES}\s*/?>",
    re.IGNORECASE,
)
INLINE_TAG = re.compile(
    r"</?(?:(?:jats|mml|xref|ce|sb|xocs|ali|html|xhtml|tei|m):[\w:-]+|i|b|u|em|strong|it|italic|bold|roman|rm|sub|sup|inf|"
    r"tt|sc|scp|small|big|span|font|monospace|underline|overline|inline-formula|inline-graphic|graphic|tex-math|"
    rf"alternatives|named-content|styled-content|xref|ext-link|uri|fn|nobr|CopyrightInformation){ATTRIBUTES}\s*/?>"
    r"|<a\s+href\s*=[^<>]*>|</a>",
    re.IGNORECASE,
)
OTHER_TAG = re.compile(  # any that has attributes or is closed at once; "<unk>", "List<String>" and "<LOD" are text
    r"<([A-Za-z][\w:.-]{0,60})(?:(?:\s+[\w:-]+\s*=\s*(?:\"[^\"<>]*\"|'[^'<>]*'))+\s*/?|\s*/)>"
)
LABELLED = re.compile(r"<AbstractText\s[^<>]*?\bLabel\s*=\s*\"([^\"<>]{1,200})\"[^<>]*>", re.IGNORECASE)
TITLE = re.compile(
    r"<((?:[A-Za-z]{1,10}:)?title)\b[^<>]*>\s*([^<>]{1,150}?)\s*</\1\s*>(\s*<(?:[A-Za-z]{1,10}:)?sec\b)?"
)
HEADING = re.compile(
    r"<(h[1-6])\b[^<>]*>\s*([^<>\s][^<>]{0,149}?)\s*</\1\s*>(?=\s*(?:<p\b[^<>]*>\s*)?[^\s<])", re.IGNORECASE
)
COMMENT = re.compile(r"<!--[^<>]{0,2000}-->")
FORMULA_START = re.compile(r"<(?:\w{1,10}:)?math\b[^<>]{0,500}>", re.IGNORECASE)
FORMULA_END = re.compile(r"</(?:\w{1,10}:)?math\s*>", re.IGNORECASE)
LONGEST_FORMULA = 20_000  # characters
AMPERSANDS = re.compile(r"&(?:amp;|#0*38;|#[xX]0*26;)+")
MOST_ESCAPES = 3  # of one text
PREPRINT_MARK = re.compile(r"\s*([OC]_ST_ABS|[OC]_LI)\s*")  # how bioRxiv marks titles and items of a list
CODE_POINT = re.compile(r"<U\+([0-9A-F]{4,5})>")  # as R writes what a code page does not have
PREFIX = re.compile(r"(</?)\w{1,10}:(?=m)", re.IGNORECASE)
QUOTED = re.compile(r"``((?:(?!``).)+?)''")

DEEPEST_FORMULA = 60  # elements within elements; the reader of MathML recurses


def plain(text: str) -> str:
    """Return `text` on one line in NFC: tags, entities and typewriter quotes undone, what cannot be seen dropped."""
    if "&" in text:
        for _ in range(MOST_ESCAPES):
            unescaped = ENTITY.sub(lambda match: html.unescape(match.group()), AMPERSANDS.sub("&", text))
            if unescaped == text:
                break
            text = unescaped
    if "<" in text:
        text = _without_formulas(COMMENT.sub("", text.replace("<![CDATA[", "").replace("]]>", "")))
        text = _labelled(CODE_POINT.sub(lambda found: chr(int(found[1], 16)), text))
        text = INLINE_TAG.sub("", BLOCK_TAG.sub(" ", EXPONENT.sub("^", END_MARK.sub("", text))))
        text = _without_other_tags(text)
    if "C_ST_ABS" in text or "O_LI" in text:
        text = PREPRINT_MARK.sub(lambda found: ": " if found[1] == "C_ST_ABS" else " ", text)
    text = _on_one_line(text)
    if "``" in text:
        text = QUOTED.sub("“\\1”", text)
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def visible(text: str) -> str:
    """Return `text` on one line in NFC without what cannot be seen; tags, entities and LaTeX mean nothing."""
    text = _on_one_line(text)
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def _on_one_line(text: str) -> str:
    if not text.isprintable():  # true of no line feed, no space but the common one, and no unwanted character
        text = UNWANTED.sub("", text)
        return " ".join(text.split())
    return " ".join(text.split()) if "  " in text or text[:1] == " " or text[-1:] == " " else text


def mathml_text(element: Any, depth: int = 0) -> str:
    """Return a MathML element of lxml as readable text: `x^2`, `a/b`, `√(x)`, or as the LaTeX that it carries.

    Namespaces do not matter. What nests too deeply is left out.
    """
    if depth > DEEPEST_FORMULA or not isinstance(element.tag, str):
        return ""
    name = element.tag.rpartition("}")[2].rpartition(":")[2].lower()
    if name == "math" and (source := _carried_latex(element)):
        return source
    if name in {"annotation", "annotation-xml"}:
        return ""
    parts = [text for child in element if (text := mathml_text(child, depth + 1))]
    if name == "mfrac" and len(parts) == 2:
        return f"{_grouped(parts[0])}/{_grouped(parts[1])}"
    if name in {"msup", "msub", "msubsup"} and len(parts) >= 2:
        marks = {"msup": "^", "msub": "_", "msubsup": "_^"}[name]
        return parts[0] + "".join(mark + _grouped(part) for mark, part in zip(marks, parts[1:], strict=False))
    if name == "mfenced":
        return f"{element.get('open', '(')}{', '.join(parts)}{element.get('close', ')')}"
    if name in {"msqrt", "mroot"}:
        return f"√({''.join(parts[:1] if name == 'mroot' else parts)})"
    if name == "mspace":
        return " "
    inside = [" ".join((element.text or "").split()), *parts]
    return "".join(inside)


def _labelled(text: str) -> str:
    """Return the text with the titles of an abstract's parts as "Title: "; a title of all of it is left out."""
    text = LABELLED.sub(" \\1: ", text)
    text = HEADING.sub(lambda found: f" {_with_colon(found[2])} ", text)
    titles = list(TITLE.finditer(text))
    if not titles:
        return text
    first = titles[0]
    is_heading = len(titles) == 1 or first[3] or first[2].casefold().strip(" .:") in HEADINGS
    if is_heading and not text[: first.start()].strip():
        text = f"{first[3] or ' '}{text[first.end() :]}"
    return TITLE.sub(lambda found: f" {_with_colon(found[2])} {found[3] or ''}", text)


def _with_colon(heading: str) -> str:
    return heading if heading[-1] in ".:?!" else f"{heading}:"


def _without_other_tags(text: str) -> str:
    names = {found[1] for found in OTHER_TAG.finditer(text)}
    if not names:
        return text
    closing = re.compile(rf"</({'|'.join(map(re.escape, sorted(names)[:50]))})\s*>")
    return closing.sub("", OTHER_TAG.sub("", text))


def _without_formulas(text: str) -> str:
    """Return the text with every formula of MathML made readable; the search for an end is not begun twice in vain."""
    pieces: list[str] = []
    end = 0
    while (start := FORMULA_START.search(text, end)) and (stop := FORMULA_END.search(text, start.end())):
        is_short = stop.end() - start.start() <= LONGEST_FORMULA
        source = text[start.start() : stop.end()]
        pieces += [text[end : start.start()], _formula(source) if is_short else source]
        end = stop.end()
    return "".join(pieces) + text[end:]


def _formula(source: str) -> str:
    try:
        element = lxml_html.fragment_fromstring(PREFIX.sub(r"\1", source))
    except (etree.LxmlError, ValueError, AssertionError):
        return source
    return mathml_text(element)


def _carried_latex(element: Any) -> str:
    """Return the LaTeX that a formula carries beside its MathML, between dollar signs; "" if it carries none."""
    for annotation in element.iter("annotation", "{*}annotation"):
        source = " ".join((annotation.text or "").split()).strip("$")
        if "tex" in annotation.get("encoding", "").lower() and source:
            return f"${source}$"
    return ""


def _grouped(text: str) -> str:
    return text if text.isalnum() or len(text) == 1 else f"({text})"
