"""How well requests are read: `python -m benchmarks.intents`, on labelled requests that the probes were not fitted on.

Requests whose words are the same but for what they name are left out together. The chat model reads all of them once.
"""

from __future__ import annotations

import re
import threading
from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np

from assistant import settings, wiring
from assistant.planning import intent_training, intents
from assistant.planning.intent_training import Example
from assistant.protocols import Reading

_FOLDS = 4


def main() -> None:
    """Print the share of right kinds by kind and language, of right passages, and what each part of the state adds."""
    wiring.quiet_environment()
    model = wiring.load_language_model(settings.load())
    known = intent_training.examples()
    of_tokens, of_last = intent_training.layers(model.depth)
    readings: list[Reading] = []
    for example in known:
        prompt = intents.messages(example.text, example.earlier)
        reading = model.read(prompt, layers=(of_tokens, of_last), of=example.text, stop=threading.Event())
        assert reading is not None
        readings.append(reading)
    by_kind: dict[str, list[bool]] = defaultdict(list)
    by_language: dict[str, list[bool]] = defaultdict(list)
    passages: list[bool] = []
    for fitted, held_out in _folds(known):
        found = intent_training.fitted([known[n] for n in fitted], [readings[n] for n in fitted], of_tokens, of_last)
        for n in held_out:
            example = known[n]
            read = intents.understood(example.text, readings[n], found, is_first=not example.earlier)
            is_right = read.kind == example.labels["kind"]
            by_kind[example.labels["kind"]].append(is_right)
            by_language[example.labels["language"]].append(is_right)
            said = {(each.slot, each.start, each.end) for each in read.named}
            passages.append(said == {(slot, start, end) for start, end, slot in example.named})
    for table in (by_kind, by_language):
        for name, rights in sorted(table.items()):
            print(f"{name:20} {np.mean(rights):.2f} of {len(rights)}")
    print(f"kinds {np.mean([each for rights in by_kind.values() for each in rights]):.3f}")
    print(f"all passages right {np.mean(passages):.3f}")


def _folds(known: Sequence[Example]) -> Iterator[tuple[list[int], list[int]]]:
    """Yield which requests to fit on and which to read; those of the same words are never parted."""
    families = [_family(example) for example in known]
    order = {family: place for place, family in enumerate(dict.fromkeys(families))}
    for fold in range(_FOLDS):
        held_out = [n for n, family in enumerate(families) if order[family] % _FOLDS == fold]
        yield [n for n in range(len(known)) if order[families[n]] % _FOLDS != fold], held_out


def _family(example: Example) -> str:
    """Return the words of a request without what it names."""
    text = example.text
    for start, end, _ in sorted(example.named, reverse=True):
        text = f"{text[:start]}_{text[end:]}"
    return " ".join(re.findall(r"\w+", text.casefold()))


if __name__ == "__main__":
    main()
