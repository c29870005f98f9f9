r"""Text of papers, people, files and the model as safe HTML, with its mathematics as MathML.

Browsers draw MathML themselves, and screen readers say it. What stands between `$...$`, `\(...\)`, `$$...$$` and
`\[...\]` is mathematics; a price such as "$5 and $6" stays a price.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from urllib.parse import urlsplit

from latex2mathml.converter import convert
from lxml import etree  # type: ignore[import-untyped]
from markupsafe import Markup, escape

from assistant.text import visible

_MATH = re.compile(
    r"\$\$(?P<a>[^$]{1,1000})\$\$|\\\[(?P<b>.{1,1000}?)\\\]|\\\((?P<c>.{1,1000}?)\\\)"
    r"|(?<![\\$\w])\$(?=\S)(?P<d>(?:\\.|[^$\\]){1,1000})(?<=\S)\$(?!\d)",
    re.DOTALL,
)
_DELIMITER = re.compile(r"\\[()\[\]]")
_LONGEST_FORMULA = 1000
"""Characters; a longer formula is shown as it is written."""

_DEEPEST = 40
_MATHML = "{http://www.w3.org/1998/Math/MathML}"
ELEMENTS = frozenset(
    "math mrow mi mn mo ms mtext mspace msub msup msubsup munder mover munderover mfrac msqrt mroot mtable mtr mtd "
    "mpadded mphantom mstyle menclose mmultiscripts mprescripts none".split()
)
"""Elements of MathML that a formula may hold."""

_ATTRIBUTES = frozenset(
    "display mathvariant stretchy fence separator form lspace rspace linethickness accent accentunder columnalign "
    "rowspacing columnspacing movablelimits minsize maxsize width height depth displaystyle scriptlevel".split()
)


def one_line(text: str) -> str:
    """Return a text on one line, however long, without characters that hide or reorder what is shown."""
    return " ".join(visible(text).split())


def rendered(text: str) -> Markup:
    """Return text as HTML on one line, its mathematics as MathML."""
    pieces = formulas(one_line(text))
    return Markup("").join(mathematics(piece) if is_math else escape(piece) for piece, is_math, _ in pieces)


def places(text: str, quotes: Sequence[str]) -> list[tuple[int, int, int]]:
    """Return where the quotes stand in a one-line text: (place in `quotes`, start, end), in the order of the text."""
    found = [(number, text.find(quote), len(quote)) for number, quote in enumerate(map(one_line, quotes)) if quote]
    return sorted(
        ((number, start, start + length) for number, start, length in found if start >= 0), key=lambda each: each[1:]
    )


@lru_cache(maxsize=4096)
def mathematics(formula: str) -> Markup:
    """Return a formula with its delimiters as MathML; what cannot be read, or would hold more, as it stands."""
    match = _MATH.fullmatch(formula)
    inner = next(group for group in match.groups() if group is not None) if match else formula
    if len(inner) > _LONGEST_FORMULA:
        return escape(formula)
    try:
        tree = etree.fromstring(
            convert(inner.strip(), display="block" if formula.startswith(("$$", r"\[")) else "inline")
        )
    except Exception:  # noqa: BLE001 - whatever the converter meets in a formula of somebody's
        return escape(formula)
    if not _is_plain(tree):
        return escape(formula)
    tree.set("aria-label", inner.strip())
    etree.cleanup_namespaces(tree)
    return Markup(etree.tostring(tree, encoding="unicode"))


def web_address(url: str) -> str:
    """Return the address if a browser may safely open it, else an empty string."""
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return ""
    return url.strip() if parts.scheme in ("http", "https") and parts.hostname and url.isprintable() else ""


def _is_plain(tree: etree._Element) -> bool:
    """Tell whether a tree is MathML of the elements listed, and take from it what attributes are not."""
    for element in tree.iter():
        name = element.tag.removeprefix(_MATHML) if isinstance(element.tag, str) else ""
        if name not in ELEMENTS or sum(1 for _ in element.iterancestors()) > _DEEPEST:
            return False
        for attribute in set(element.attrib) - _ATTRIBUTES:
            del element.attrib[attribute]
    return True


def formulas(text: str) -> Iterator[tuple[str, bool, int]]:
    """Cut a text into (piece, whether it is mathematics, start)."""
    end = 0
    for match in _MATH.finditer(text):
        inner = next(group for group in match.groups() if group is not None)
        if _DELIMITER.search(inner):
            continue
        if match.start() > end:
            yield text[end : match.start()], False, end
        yield match.group(), True, match.start()
        end = match.end()
    if end < len(text):
        yield text[end:], False, end
