"""Subject categories of arXiv: codes, names, aliases, and the spellings of sources.

"cs.CV" is "CV" where a source leaves out the archive before the point; both are one category here.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

from assistant.text.words import fold


@dataclass(frozen=True, slots=True)
class Category:
    """A category, or an archive of several ("cs"): `code` is arXiv's, `aliases` what people call it, best one first."""

    code: str
    name: str
    aliases: tuple[str, ...] = ()

    @property
    def short_code(self) -> str:
        """Return the code without the archive: "CV" of "cs.CV"; archives that stand alone keep theirs ("quant-ph")."""
        return self.code.rpartition(".")[2]

    @property
    def spoken(self) -> str:
        """Return the name for use inside a sentence."""
        return self.aliases[0] if self.aliases else self.name


@cache
def categories() -> Mapping[str, Category]:
    """Return every category by its full code, and every archive."""
    text = (resources.files("assistant.text") / "arxiv_categories.toml").read_text(encoding="utf-8")
    listed = tomllib.loads(text)
    entries = {**listed["categories"], **listed["archives"]}
    return {code: Category(code, names[0], tuple(names[1:])) for code, names in entries.items()}


def find(words: str) -> tuple[Category, ...]:
    """Return the categories that a code (with or without its archive), a name or an alias means; mostly one or none.

    A code without its archive is computing's where computing has it ("CV" is cs.CV, not math.CV), else all that bear it
    ("CO"). "machine learning" is cs.LG and stat.ML; but what can be read as a code is one: "ML" is stat.ML.
    """
    folded = fold(words)
    return _by_code().get(folded) or _by_name().get(folded) or ()


def code(category: str) -> str:
    """Return the full code of a category that is given by its code, with or without its archive; "" of any other."""
    found = _by_code().get(fold(category), ())
    return found[0].code if len(found) == 1 else ""


def forms(words: str) -> frozenset[str]:
    """Return every folded way in which a source may write the category that `words` mean; its own form at least.

    An archive ("cs") stands for itself and all its categories.
    """
    folded = fold(words)
    written = {folded}
    for category in find(words):
        below = [other for other in categories().values() if other.code.startswith(f"{category.code}.")]
        for meant in (category, *below):
            written |= {fold(meant.code), fold(meant.name), *map(fold, meant.aliases)}
            if meant in _by_code()[fold(meant.short_code)]:
                written.add(fold(meant.short_code))
    return frozenset(written)


def in_words(words: str) -> str:
    """Return a category for use in a sentence: "computer vision (CV)"; unknown ones as they are."""
    found = find(words)
    if not found:
        return words
    if fold(words) in _by_code():
        code = words if "." in words else found[0].short_code
        return f"{' or '.join(dict.fromkeys(category.spoken for category in found))} ({code})"
    return f"{found[0].spoken} ({', '.join(dict.fromkeys(category.short_code for category in found))})"


@cache
def _by_code() -> Mapping[str, tuple[Category, ...]]:
    found = _grouped(lambda category: (category.code, category.short_code))
    computing = {code: tuple(each for each in those if each.code.startswith("cs.")) for code, those in found.items()}
    return {code: computing[code] or those for code, those in found.items()}


@cache
def _by_name() -> Mapping[str, tuple[Category, ...]]:
    return _grouped(lambda category: (category.name, *category.aliases))


def _grouped(spellings: Callable[[Category], Iterable[str]]) -> dict[str, tuple[Category, ...]]:
    """Return the categories by each of their spellings, folded."""
    found: dict[str, tuple[Category, ...]] = {}
    for category in categories().values():
        for spelling in dict.fromkeys(map(fold, spellings(category))):
            found[spelling] = (*found.get(spelling, ()), category)
    return found
