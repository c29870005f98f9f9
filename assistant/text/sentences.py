"""Text to sentences, each a verbatim part of the text."""

from __future__ import annotations

import re

import sentencex

LIST_MARKER = re.compile(r"\s*(?:\d{1,2}[.)]|[-*•])(?=\s|$)\s*")
"""What opens an item of a list: it belongs to the sentence behind it, and is no number of the text."""


def split_sentences(text: str) -> list[str]:
    """Return the sentences of a text in order, without the white space around them."""
    sentences: list[str] = []
    opening, position = "", 0
    for part in sentencex.segment("en", text.encode("utf-8", "replace").decode()):  # halves of characters become "?"
        opening += text[position : position + len(part)]
        position += len(part)
        if not LIST_MARKER.fullmatch(opening):
            sentences.append(opening.strip())
            opening = ""
    return [sentence for sentence in [*sentences, opening.strip()] if sentence]
