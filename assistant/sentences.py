"""Text to sentences; joined again they are the text."""

from __future__ import annotations

import sentencex


def split(text: str) -> list[str]:
    """Return the sentences of a text, each a verbatim part of it without surrounding white space."""
    return [stripped for sentence in sentencex.segment("en", text) if (stripped := sentence.strip())]
