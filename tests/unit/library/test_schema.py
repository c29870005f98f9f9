"""Opening and migrating the library's file."""

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from assistant.errors import LibraryLocked, StorageFull
from assistant.library import FILE_NAME, Library, schema

OPEN_AT_ONCE = """
import sys, threading
from pathlib import Path
from assistant.library import Library
from assistant.library import schema

barrier, failed = threading.Barrier(8), []
read = schema._version

def read_together(connection):
    version = read(connection)
    if not connection.in_transaction:
        barrier.wait()
    return version

schema._version = read_together

def first_start():
    try:
        Library(Path(sys.argv[1])).close()
    except Exception as error:
        failed.append(repr(error))

threads = [threading.Thread(target=first_start) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(failed)
"""


def test_programs_that_start_at_once_on_a_new_library_all_open_it(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", OPEN_AT_ONCE, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.stdout == "[]\n", done.stderr


def test_a_disk_that_fills_while_migrating_is_said_to_be_full_and_leaves_the_file_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Library(tmp_path).close()
    steps = schema._migrations()
    filling = "PRAGMA max_page_count = 1;\nCREATE TABLE more (text TEXT);\nINSERT INTO more VALUES (zeroblob(9999999));"
    with monkeypatch.context() as patched:
        patched.setattr(schema, "_migrations", lambda: [*steps, filling])
        with pytest.raises(StorageFull, match="free some space"):
            Library(tmp_path)
    Library(tmp_path).close()


def test_a_library_that_is_being_written_for_long_is_said_to_be_in_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Library(tmp_path).close()
    steps = schema._migrations()
    monkeypatch.setattr(schema, "_migrations", lambda: [*steps, "CREATE TABLE more (text TEXT);"])
    monkeypatch.setattr(schema, "_PATIENCE", 0.05)
    writer = sqlite3.connect(tmp_path / FILE_NAME, isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    with pytest.raises(LibraryLocked, match="another process"):
        Library(tmp_path)
    writer.close()


def test_statements_are_cut_at_their_ends_only() -> None:
    trigger = "CREATE TRIGGER t AFTER INSERT ON a BEGIN\n  DELETE FROM b;\n  DELETE FROM c;\nEND;\n"
    text = "INSERT INTO a VALUES (';\n');\n"
    assert list(schema._statements(trigger + text)) == [trigger, text]
