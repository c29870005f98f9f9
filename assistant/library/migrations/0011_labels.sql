-- The UTC time at which a paper came into the library; '' for papers that came before this was recorded.
ALTER TABLE papers ADD COLUMN added TEXT NOT NULL DEFAULT '';

-- Collections and tags of papers; `origin` is the source that states one, '' where a person does.
CREATE TABLE labels (
    paper_id TEXT NOT NULL REFERENCES papers (id) ON DELETE CASCADE,
    label TEXT NOT NULL,
    folded TEXT NOT NULL,
    origin TEXT NOT NULL,
    PRIMARY KEY (paper_id, folded, origin)
) WITHOUT ROWID;
CREATE INDEX labels_folded ON labels (folded, paper_id);

-- The orders of the list of papers, and what stands beside it.
CREATE INDEX papers_added ON papers (added DESC, date DESC, title);
CREATE INDEX papers_oldest ON papers (date = '', date, title);
CREATE INDEX papers_titles ON papers (title COLLATE NOCASE);
CREATE INDEX papers_venues ON papers (venue);
