from assistant.library import Library, papers_read, sizes, upsert
from assistant.types import Record
from tests.conftest import make_paper


def test_sizes_of_a_library_count_what_was_done_to_its_papers(library: Library) -> None:
    assert (sizes(library).papers, sizes(library).waiting) == (0, 0)
    upsert.store(library, [Record(make_paper("One", "A."), 1), Record(make_paper("Two", "B."), 2)], "x")
    with library.transaction() as connection:
        row = {"paper_id": library.papers()[0].id, "model": "m", "digest": "d"}
        connection.execute(papers_read.insert().values(row))
    found = sizes(library, "m")
    assert (found.papers, found.with_vector, found.waiting, found.indexed, found.read_ahead) == (2, 0, 2, 0, 1)
    assert sizes(library, "another").read_ahead == 0
    assert found.disk >= (library.folder / "library.sqlite3").stat().st_size
