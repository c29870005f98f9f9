"""Fit the probe that reads whether papers are to have an abstract, and save it among those that ship.

python -m benchmarks.abstract_condition [FOLDER]
"""

from __future__ import annotations

import sys
from pathlib import Path

from assistant import settings, wiring
from assistant.planning import abstract_condition


def main(folder: Path) -> None:
    """Fit the probe of the embedding model in use, and save it below a folder."""
    embedder = wiring.load_embedder(settings.load())
    file = folder / abstract_condition.place(embedder) / f"{abstract_condition.TASK}.safetensors"
    abstract_condition.fitted(embedder).save(file)
    print(file)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "assistant/models/probe_weights"))
