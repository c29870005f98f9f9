"""Which names of a library mean the same fullest name, and which may mean several."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from assistant.library.authors.name_index import NameIndex
from assistant.library.authors.names import Fit, fit, swapped

_BOTH_SCRIPTS = Fit("a source writes the name in both scripts", 0.95, is_sure=True)


class NameGroups:
    """The names of a block by the fullest ones: which surely or most likely mean them, and which may mean several."""

    def __init__(self, index: NameIndex, block: Sequence[str]) -> None:
        """Sort the names of a block (`NameIndex.block`).

        `members` holds for each fullest name those that mean it, and why (None for itself); `unclear` for each other
        name the fullest ones that it may mean.
        """
        self.block = frozenset(block)
        forms = index.forms
        fits: dict[str, dict[str, Fit]] = defaultdict(dict)
        buckets: dict[str, list[str]] = defaultdict(list)
        for plain in block:
            buckets[index.first_name(plain)].append(plain)
        for word, plains in buckets.items():
            others = buckets.get("", []) if word else []
            for place, plain in enumerate(plains):
                for other in (*plains[:place], *others):
                    found = fit(forms[plain], forms[other])
                    if found is not None:
                        fits[plain][other] = fits[other][plain] = found
            for plain in plains:
                other = _turned(index, plain)
                if other:
                    fits[plain][other] = fits[other][plain] = Fit("family name first", 0.8, needs_proof=True)
                for other in index.same_in_scripts(plain):
                    fits[plain][other] = fits[other][plain] = _BOTH_SCRIPTS
        order = sorted(
            block,
            key=lambda plain: (forms[plain].fullness, index.usualness(forms[plain]), plain),
            reverse=True,
        )
        head: dict[str, str] = {}
        self.members: dict[str, dict[str, Fit | None]] = {}
        self.unclear: dict[str, dict[str, Fit]] = {}
        for plain in order:
            fitting = {other: found for other, found in fits[plain].items() if other in head}
            sure = {head[other]: found for other, found in fitting.items() if found.is_sure}
            if not fitting:
                head[plain] = plain
                self.members[plain] = {plain: None}
                continue
            heads: dict[str, Fit] = {}
            for other, found in fitting.items():
                if head[other] not in heads or found.confidence > heads[head[other]].confidence:
                    heads[head[other]] = found
            chosen = sure if len(sure) == 1 else heads
            (only, found), *others_left = chosen.items()
            is_doubtful = found.needs_proof or (found.leaves_out and index.is_common(forms[plain]))
            if not others_left and not is_doubtful:
                head[plain] = only
                self.members[only][plain] = found
            else:
                self.unclear[plain] = heads

    def heads(self, plain: str) -> list[str]:
        """Return under which names a name's papers are: its fullest one; where that is unclear, all, and its own."""
        if plain in self.unclear:
            return [*self.unclear[plain], plain]
        return [head for head, members in self.members.items() if plain in members]

    def claims(self, head: str) -> list[str]:
        """Return the unclear names that may mean a fullest one."""
        return [plain for plain, heads in self.unclear.items() if head in heads]


def _turned(index: NameIndex, plain: str) -> str:
    other = swapped(index.forms[plain])
    return other.plain if other is not None and other.plain in index.forms and other.plain != plain else ""
