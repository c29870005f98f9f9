"""Quality of reading requests, on labelled requests that the probes were not fitted on.

`python -m benchmarks.intents` has the chat model read all labelled requests once. Requests whose words are the same but
for what they name are left out of the fit together.
"""

from __future__ import annotations

import re
import threading
from collections import defaultdict

from sklearn.model_selection import GroupKFold

from assistant import settings, wiring
from assistant.planning import intent_training, intents
from assistant.planning.intent_training import Example
from assistant.protocols import Reading
from benchmarks import measuring

FOLDS = 4


def family(example: Example) -> str:
    """Return the words of a request without what it names."""
    text = example.text
    for start, end, _ in sorted(example.named, reverse=True):
        text = f"{text[:start]}_{text[end:]}"
    return " ".join(re.findall(r"\w+", text.casefold()))


def main() -> None:
    """Print the share of right kinds by kind and by language, and of requests whose passages are all right."""
    model = wiring.load_language_model(settings.load())
    known = intent_training.examples()
    layers = intent_training.layers(model.depth)
    readings: list[Reading] = []
    for example in known:
        prompt = intents.messages(example.text, example.earlier)
        reading = model.read(prompt, layers=layers, of=example.text, stop=threading.Event())
        assert reading is not None
        readings.append(reading)
    rights: defaultdict[str, list[bool]] = defaultdict(list)
    folds = GroupKFold(FOLDS).split(known, groups=[family(example) for example in known])
    for fitted, held_out in folds:
        probes = intent_training.fitted([known[n] for n in fitted], [readings[n] for n in fitted], *layers)
        for example, reading in ((known[n], readings[n]) for n in held_out):
            read = intents.understood(example.text, reading, probes, is_first=not example.earlier)
            named = {(each.slot, each.start, each.end) for each in read.named}
            is_right = read.kind == example.labels["kind"]
            for label in (f"kind {example.labels['kind']}", f"language {example.labels['language']}", "all kinds"):
                rights[label].append(is_right)
            rights["all passages"].append(named == {(slot, start, end) for start, end, slot in example.named})
    for label, of_label in sorted(rights.items()):
        measuring.print_share(f"{label:30}", sum(of_label), len(of_label))


if __name__ == "__main__":
    measuring.run(main, __doc__)
