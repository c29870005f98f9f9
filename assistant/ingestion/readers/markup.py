"""HTML and MathML as one readable line of text, without hostile characters; LaTeX is left as it is."""

from __future__ import annotations

import html
import re
import unicodedata
from typing import Any

from lxml import etree  # type: ignore[import-untyped]
from lxml import html as lxml_html

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
    rf"</?(?:jats:)?(?:p|br|div|sec|title|list|list-item|ul|ol|li|h[1-6]){ATTRIBUTES}\s*/?>", re.IGNORECASE
)
INLINE_TAG = re.compile(
    r"</?(?:(?:jats|mml|xref):[\w:-]+|i|b|u|em|strong|italic|bold|sub|sup|inf|tt|sc|scp|small|span|font|monospace|"
    rf"inline-formula|tex-math|alternatives|named-content){ATTRIBUTES}\s*/?>"
    r"|<a\s+href\s*=[^<>]*>|</a>",
    re.IGNORECASE,
)
MATHML = re.compile(r"<(?:\w{1,10}:)?math\b[^<>]{0,500}>.{0,20000}?</(?:\w{1,10}:)?math\s*>", re.DOTALL | re.IGNORECASE)
PREFIX = re.compile(r"(</?)\w{1,10}:(?=m)", re.IGNORECASE)
QUOTED = re.compile(r"``((?:(?!``).)+?)''")

DEEPEST_FORMULA = 60  # elements within elements; the reader of MathML recurses


def plain(text: str) -> str:
    """Return `text` on one line in NFC: tags, entities and typewriter quotes undone, what cannot be seen dropped."""
    if "&" in text:
        while (unescaped := ENTITY.sub(lambda match: html.unescape(match.group()), text)) != text:
            text = unescaped
    if "<" in text:
        text = MATHML.sub(_formula, text)
        text = INLINE_TAG.sub("", BLOCK_TAG.sub(" ", EXPONENT.sub("^", END_MARK.sub("", text))))
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


def _formula(match: re.Match[str]) -> str:
    try:
        element = lxml_html.fragment_fromstring(PREFIX.sub(r"\1", match.group()))
    except (etree.LxmlError, ValueError, AssertionError):
        return match.group()
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
