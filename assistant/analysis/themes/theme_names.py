"""Short names that the chat model gives to themes; one that the theme's papers do not bear out is not taken."""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Mapping, Sequence

import prompts
from assistant.analysis.themes import kept_themes
from assistant.analysis.themes.themes import Theme
from assistant.library import Library
from assistant.protocols import LanguageModel
from assistant.text import content_words, prompt_safety, stem
from assistant.types import Message, Paper, Progress, ProgressListener

_TITLES = 6
_TERMS = 6
_TOKENS = 24
_MOST_WORDS = 6
_LONGEST = 60
_HELD_BY = 2
"""Papers of the theme that must hold each word of its name, so that no single paper can put a word in."""

_LABEL = re.compile(r"^(?:the\s+)?(?:theme\s+)?(?:name|theme|title)\s*:\s*", re.IGNORECASE)


def name(
    library: Library,
    scope: str,
    found: Sequence[Theme],
    model: LanguageModel,
    stop: threading.Event,
    on_progress: ProgressListener = lambda _: None,
) -> Mapping[str, str]:
    """Let the model name each theme that has no name yet; keep the names and return them by the themes' ids.

    A theme whose name was refused goes without, and is asked for again the next time.
    """
    unnamed = [theme for theme in found if not theme.name]
    papers = {theme.id: library.papers_by_id(theme.paper_ids) for theme in unnamed}
    asked = [[Message("user", _prompt(theme, papers[theme.id]))] for theme in unnamed]
    given: dict[str, str] = {}
    for done, (place, written) in enumerate(model.write_all(asked, max_new_tokens=_TOKENS, stop=stop), 1):
        theme = unnamed[place]
        if called := accepted(written, papers[theme.id]):
            kept_themes.keep_name(library, scope, theme.id, called)
            given[theme.id] = called
        on_progress(Progress(done, len(unnamed), "Naming themes"))
    return given


def accepted(written: str, papers: Sequence[Paper]) -> str:
    """Return a theme's name as the model wrote it, tidied; "" where it is none or its papers do not bear it out.

    It is one line of a few words, and each of its content words stands, in some form, in two of the papers at least
    (in the only one where there is but one).
    """
    lines = [line.strip() for line in prompt_safety.harmless(written.strip().split("\n")[0]).splitlines()]
    called = _LABEL.sub("", lines[0] if lines else "").strip(" \"'“”‘’`*.:;,-").strip()
    stems = {stem(word) for word in content_words(called, or_all=False)}
    if not stems or len(called) > _LONGEST or len(called.split()) > _MOST_WORDS:
        return ""
    held: Counter[str] = Counter()
    for paper in papers:
        held.update(stems & {stem(word) for word in content_words(f"{paper.title} {paper.abstract}")})
    return called if min(held[each] for each in stems) >= min(_HELD_BY, len(papers)) else ""


def _prompt(theme: Theme, papers: Sequence[Paper]) -> str:
    terms = ", ".join(prompt_safety.harmless(phrase) for phrase in (theme.label, *theme.phrases)[: _TERMS + 1])
    titles = "\n".join(f"- {prompt_safety.title(paper.title)}" for paper in papers[:_TITLES])
    return prompts.load("theme", terms=terms, titles=titles)
