"""The embedded index below programs that are no importable module: scripts without a main guard, and no file at all."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

SCRIPT = """
import sys
from pathlib import Path
print("runs", flush=True)
import numpy as np
from sqlalchemy import insert
from assistant.library import Library, schema, upsert
from assistant.search import PersistentIndex
from assistant.types import Authorship, Paper, Record
from vectorstore import ChromaFolders

library = Library(Path(FOLDER))
papers = [Paper(f"Paper {row}", f"About {row}.", (Authorship("Ada", 1),), date="2024") for row in range(20)]
upsert.store(library, [Record(paper, 1) for paper in papers], "x")
ids = [paper.id for paper in sorted(library.papers(), key=lambda paper: int(paper.title.split()[1]))]
vectors = np.eye(20, dtype=np.float32)
rows = [{"paper_id": id, "vector": row.astype(np.float16).tobytes(), "indexed": 0} for id, row in zip(ids, vectors)]
with library.transaction() as connection:
    connection.execute(insert(schema.vectors), rows)
index = PersistentIndex(library, ChromaFolders(library.folder))
index.update()
library.numbered_vectors = None  # what an exact search would read
best = index.query(vectors[7], 1)[0]
print(index.count(), library.papers_by_id([best.id])[0].title, round(best.similarity, 3), flush=True)
"""

LAST_LINE = "index.close()"
DIES = "import os; print(index._index._process.pid, flush=True); os.kill(os.getpid(), 9)"


def run(tmp_path: Path, last_line: str, *, as_file: bool) -> subprocess.CompletedProcess[str]:
    """Run the script as a file or from standard input, in a folder whose `chromadb.py` must not be imported."""
    text = SCRIPT.replace("FOLDER", repr(str(tmp_path / "library"))) + last_line
    elsewhere = tmp_path / "working directory"
    elsewhere.mkdir()
    (tmp_path / "plain script.py").write_text(text)
    (elsewhere / "chromadb.py").write_text("raise SystemExit('the wrong chromadb')")
    return subprocess.run(
        [sys.executable, *([str(tmp_path / "plain script.py")] if as_file else ["-P", "-"])],
        input=None if as_file else text,
        cwd=elsewhere,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.mark.parametrize("as_file", [True, False], ids=["a file", "standard input"])
def test_a_script_without_a_main_guard_runs_once_and_is_answered_by_chroma(tmp_path: Path, as_file: bool) -> None:
    done = run(tmp_path, LAST_LINE, as_file=as_file)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == ["runs", "20 Paper 7 1.0"]
    assert list((tmp_path / "library").glob("index-*/chroma.sqlite3"))


def test_the_process_of_the_index_ends_with_a_program_that_is_killed(tmp_path: Path) -> None:
    done = run(tmp_path, DIES, as_file=True)
    process_id = int(done.stdout.split()[-1])
    for _ in range(100):
        try:
            os.kill(process_id, 0)
        except ProcessLookupError:
            return
        time.sleep(0.1)
    pytest.fail(f"process {process_id} still runs")
