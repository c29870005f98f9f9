"""Prompt safety: text of papers that can neither forge a boundary of a prompt nor give an order.

A prompt is text, and so is an abstract. What an abstract holds must neither look like the end of the abstracts, the
next source, a message of another role, nor speak to whoever reads it. The first is a matter of characters and is
always done; the second is told from the grammar of a sentence (see `prompt_injection`), and such a sentence is left
out of what the model reads and of what may prove an answer. The reader of a source's card still sees all of it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

from assistant.text.prompt_injection import is_injection, opens_message
from assistant.text.words import split_sentences

LONGEST_TITLE = 400
"""Characters of a title that are shown to the model."""

LONGEST_ABSTRACT = 20_000
"""Characters of an abstract that are shown to the model: several times what a prompt has room for."""

_LONGEST_NAME = 80
_MOST_NAME_WORDS = 8
_MOST_MARKS = 2
"""Combining marks kept on one letter: more make a heap that no script needs."""

_KEPT_FORMAT = "\u200c\u200d"  # joiners that Persian, Hindi and others are spelt with
_TERMINAL_CODE = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]{0,40}[ -/]{0,4}[@-~]|\x1b\][^\x07\x1b\n]{0,200}(?:\x07|\x1b\\)|\x1b[@-Z\\^_]?"
)
_REPEATED = re.compile(r"(?<!\S)(\S{1,40})(?:\s\1){3,}(?!\S)")
_ADDRESS = re.compile(r"\b(?:https?://|www\.)\S+", re.IGNORECASE)
_PART = re.compile(r"(?<=[.:;!?—])\s+")
_COMMENT = re.compile(r"<!--(?:[^-]|-(?!->))*(?:-->)?", re.DOTALL)
_LINES = re.compile(r"[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]+")
_TAG = re.compile(
    r"<([/|｜!?]?[A-Za-z_][\w|｜▁:.-]{0,60}(?:\s[^<>=]{0,200}=[^<>]{0,400})?\s?[/|｜?]?)>|<<(/?[A-Z]{2,8})>>"
)
_SOURCE_MARK = re.compile(r"\[(\d{1,3})\]")
_CONTROL_MARK = re.compile(r"\[(/[A-Za-z_]{2,20}|INST|SYS|SYSTEM|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_\w{3,10})\]")
_LINK = re.compile(r"!?\[([^\[\]]{0,300})\]\(([^()\s]{0,500})[^()]{0,200}\)")
_FENCE = re.compile(r"(?<!\S)(?:[-=_#*~<>]{3,}|#{1,6})(?!\S)|[=_#*~]{3,}|`{3,}|\"{3,}|'{3,}")
_ENCODED = re.compile(
    r"(?<![\w/.:@+=-])(?=[\w+/-]*[a-z])(?=[\w+/-]*[A-Z])(?=[\w+/-]*\d)[A-Za-z0-9+/_-]{32,}={0,2}(?![\w/.:@-])"
)
_NAME_MARKS = " '’`.,()·-–/"


def quoted(text: str) -> str:
    """Return an abstract as it may stand in a prompt: on one line, without sentences that give orders, harmless.

    A text with nothing of this kind in it comes back as it is, but for its white space.
    """
    return harmless(without_orders(text[:LONGEST_ABSTRACT]))


def harmless(text: str) -> str:
    """Return text on one line that holds no boundary of a prompt: no message, no numbered source, no hidden character.

    What stands for such a boundary keeps its words and loses its shape: "[2]" becomes "(2)", "<|user|>" "‹|user|›".
    """
    line = " ".join(visible(_COMMENT.sub(" ", text)).split())
    line = _LINK.sub(lambda link: " ".join(dict.fromkeys(part for part in link.groups() if part)), line)
    line = _TAG.sub(lambda tag: f"‹{tag.group(1) or tag.group(2)}›", line)
    line = _SOURCE_MARK.sub(r"(\1)", line)
    line = _CONTROL_MARK.sub(r"(\1)", line)
    line = _FENCE.sub(lambda fence: " – " if fence.group().strip("-") == "" else " ", line)
    line = _REPEATED.sub(r"\1 …", line)
    line = _ENCODED.sub(lambda encoded: f"{encoded.group()[:8]}…", line)
    return " ".join(_without_openings(line).split())


def without_orders(text: str) -> str:
    """Return a text without the sentences that speak to its reader; each sentence that stays is as it was.

    A text without such sentences comes back unchanged.
    """
    pieces = list(_pieces(text))
    if not any(is_order for _, is_order in pieces):
        return text
    return " ".join(piece for piece, is_order in pieces if not is_order)


def orders(text: str) -> tuple[str, ...]:
    """Return the sentences of a text that are left out of the prompt, in order."""
    return tuple(piece for piece, is_order in _pieces(text) if is_order)


def title(text: str) -> str:
    """Return a title as it may stand in a prompt: up to where it begins to give an order, without web addresses.

    A title that begins with an order is taken from its next part on.
    """
    seen = " ".join(visible(_COMMENT.sub(" ", text[:LONGEST_TITLE])).split())
    shown = _ADDRESS.sub(" ", _LINK.sub(r"\1", seen))
    while shown:
        words = shown.split()
        before = _before_order(words)
        if before:
            return harmless(shown if before == len(words) else " ".join(words[:before]))
        shown = _PART.split(shown, maxsplit=1)[-1] if _PART.search(shown) else ""
    return ""


def person(name: str) -> str:
    """Return a name as it may stand in a prompt, "" where it is not shaped like a person's name."""
    name = " ".join(visible(name).split())
    is_name = len(name) <= _LONGEST_NAME and len(name.split()) <= _MOST_NAME_WORDS and all(map(_in_name, name))
    return name if is_name and not is_injection(name) else ""


def asked(question: str) -> str:
    """Return a question as it may stand in a prompt: harmless, and without a sentence that would undo the instructions.

    What a person asks for in their own words ("answer in one line") stays. A question that is nothing but such a
    sentence stays whole.
    """
    shown = " ".join(visible(_COMMENT.sub(" ", question)).split())
    kept = [sentence for sentence in split_sentences(shown) if not is_injection(sentence, is_question=True)]
    return harmless(" ".join(kept) if kept else shown)


def visible(text: str) -> str:
    """Return a text without characters that hide or reorder text or command a terminal, and few marks on a letter."""
    shown: list[str] = []
    marks = 0
    for character in _TERMINAL_CODE.sub("", text):
        category = unicodedata.category(character)
        marks = marks + 1 if category == "Mn" else 0
        is_hidden = category.startswith("C") and character not in _KEPT_FORMAT and not character.isspace()
        if not is_hidden and marks <= _MOST_MARKS:
            shown.append(character)
    return "".join(shown)


def _before_order(words: Sequence[str]) -> int:
    """Return how many of a title's words stand before the first order, which may begin at any of them."""
    end = len(words)
    while starts := [start for start in range(end) if is_injection(" ".join(words[start:end]), is_title=True)]:
        end = starts[-1]
    return end


def _in_name(character: str) -> bool:
    """Tell whether a character may stand in a name; digits do where a source tells people of one name apart."""
    return character in _NAME_MARKS or character.isdecimal() or unicodedata.category(character)[0] in "LM"


def _pieces(text: str) -> Iterator[tuple[str, bool]]:
    """Cut a text into sentences, each a verbatim part of it, and tell whether it gives an order."""
    start = 0
    for comment in [*_COMMENT.finditer(text), None]:
        end = comment.start() if comment else len(text)
        for line in _LINES.split(text[start:end]):
            for sentence in split_sentences(line):
                yield sentence, is_injection(sentence)
        if comment:
            yield comment.group(), True
            start = comment.end()


def _without_openings(line: str) -> str:
    """Take the colon from each sentence that opens like a message: "Answer: 3" becomes "Answer – 3"."""
    parts: list[str] = []
    end = 0
    for sentence in split_sentences(line):
        start = line.find(sentence, end)
        opening = opens_message(sentence)
        if start < 0 or not opening:
            continue
        parts += [line[end:start], sentence[:opening].rstrip(" :："), " – "]
        end = start + opening
    return "".join([*parts, line[end:]])
