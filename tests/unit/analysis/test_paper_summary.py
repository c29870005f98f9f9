"""Summary of one paper: the aspects are quoted from the abstract."""

from __future__ import annotations

from assistant.analysis.summaries import paper_summary
from assistant.types import Source

HARBOUR = Source(
    2,
    "id",
    "Harbour",
    ("Ada Lovelace", "Mary Somerville"),
    "2024-05",
    "",
    "Ships wait for hours. This paper introduces Harbour, a scheduler that orders arrivals by draught. It shortens "
    "waiting by 12 percent.",
)
ENDED = "This paper introduces Harbour, a scheduler that orders arrivals by draught."


def test_each_aspect_is_quoted_or_said_not_to_be_stated() -> None:
    section = paper_summary.section(HARBOUR, None)
    assert section.heading.text == "Harbour (Ada Lovelace et al., 2024-05)."
    assert [sentence.text.split(":")[0] for sentence in section.body] == ["- What", "- How", "- Result", "- Limits"]
    assert section.body[0].text == f"- What: “{ENDED}”"
    assert section.body[3].text == "- Limits: not stated."
    (row,) = paper_summary.table([HARBOUR])
    assert (row["what"], row["limits"], row["paper_ids"]) == (ENDED, None, ["id"])
