-- Papers without an abstract, found without reading the others.
CREATE INDEX papers_without_abstract ON papers (id) WHERE abstract = '';

-- Papers whose abstract was asked for and not found: on which day, and by which ids.
CREATE TABLE abstracts_sought (
    paper_id TEXT PRIMARY KEY REFERENCES papers (id) ON DELETE CASCADE,
    day TEXT NOT NULL,
    asked TEXT NOT NULL
) WITHOUT ROWID;
