"""How long a reader waits, on this machine.

`python -m benchmarks.speed` starts `assistant ask` in fresh processes over the sample library, prints the seconds from
the start of the process to its first token and the seconds to the evidence once loaded, and how fast it stops. The
first start may read the model from a cold disk; look at the later ones.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Timer

from assistant import settings
from assistant.types import EvidenceFound, TextProduced
from assistant.wiring import quiet_environment
from assistant.workspace import Workspace
from benchmarks.collections import open_with

STARTS = 3
READING_S = 0.5
"""When an answer is closed while the model reads the prompt, seconds after the evidence."""

QUESTION = "What share of the tokens does BERT select for prediction?"
LONG_QUESTION = "Explain how the Transformer works and compare it with recurrent networks in detail."


def started_in(library: Path) -> tuple[float, float, float]:
    """Return the seconds of one `assistant ask`: to the first token, to the evidence once loaded, and in all."""
    started = time.monotonic()
    command = [sys.executable, "-m", "assistant", "--library", str(library), "ask", QUESTION, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    total = time.monotonic() - started
    timings = json.loads(done.stdout)["timings"]
    return total - timings["total_s"] + timings["first_token_s"], timings["first_evidence_s"], total


def stopped_in() -> tuple[float, float]:
    """Return the seconds from closing an answer to its end, while it is written and while its prompt is read."""
    with open_with() as workspace:
        workspace.language_model()
        waits = []
        for early in (False, True):
            stream = workspace.assistant.ask(LONG_QUESTION)
            closed = 0.0
            for event in stream:
                if early and isinstance(event, EvidenceFound):
                    Timer(READING_S, stream.close).start()
                    closed = time.monotonic() + READING_S
                elif not early and not closed and isinstance(event, TextProduced):
                    stream.close()
                    closed = time.monotonic()
            waits.append(time.monotonic() - closed)
        return waits[0], waits[1]


def main() -> None:
    """Print the figures."""
    quiet_environment()
    with TemporaryDirectory() as folder:
        library = Path(folder) / "library"
        with Workspace(settings.load(library=library)) as workspace:
            workspace.add_sample()
        for number in range(1, STARTS + 1):
            first_token, evidence, total = started_in(library)
            print(f"start {number}: first token {first_token:.1f} s, evidence {evidence:.2f} s, end {total:.1f} s")
    writing, reading = stopped_in()
    print(f"stopped {writing:.2f} s after closing while writing, {reading:.2f} s while reading the prompt")


if __name__ == "__main__":
    main()
