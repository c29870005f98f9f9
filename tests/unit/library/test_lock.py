import subprocess
import sys
from pathlib import Path
from threading import Timer

import pytest
from filelock import FileLock

from assistant.errors import LibraryError, LibraryLocked
from assistant.library import Ownership

HOLD = """
import sys
from pathlib import Path
from assistant.library import Ownership
held = Ownership(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


def test_a_second_process_is_told_who_holds_the_library_until_that_ends(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(LibraryLocked, match=f"process {holder.pid}.*--library"):
            Ownership(tmp_path)
        holder.kill()
    Ownership(tmp_path).close()


def test_closing_lets_the_library_go(tmp_path: Path) -> None:
    Ownership(tmp_path).close()
    Ownership(tmp_path).close()


def test_a_look_whether_the_library_is_free_keeps_nobody_out(tmp_path: Path) -> None:
    look = FileLock(tmp_path / "owner.lock", thread_local=False)
    look.acquire()
    Timer(0.01, look.release).start()
    Ownership(tmp_path).close()


def test_an_owner_note_that_cannot_be_written_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / "owner.json").mkdir()
    held = Ownership(tmp_path)
    with pytest.raises(LibraryLocked, match="another process"):
        Ownership(tmp_path)
    held.close()


def test_a_folder_that_cannot_be_locked_is_an_error_for_people(tmp_path: Path) -> None:
    (tmp_path / "owner.lock").mkdir()
    with pytest.raises(LibraryError, match=r"cannot be written.*--library"):
        Ownership(tmp_path)


def test_an_unreadable_owner_note_is_no_obstacle(tmp_path: Path) -> None:
    first = Ownership(tmp_path)
    (tmp_path / "owner.json").write_text("{")
    with pytest.raises(LibraryLocked, match="another process"):
        Ownership(tmp_path)
    first.close()
