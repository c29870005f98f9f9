-- What the model said of a paper in one sentence, by the digest of what it read and by the model that wrote it.
CREATE TABLE paper_lines (
    digest TEXT NOT NULL,
    model TEXT NOT NULL,
    line TEXT NOT NULL,
    PRIMARY KEY (digest, model)
) WITHOUT ROWID;

-- Themes found before, so that a theme keeps its id when papers are added; `scope` says of which papers.
CREATE TABLE themes (
    scope TEXT NOT NULL,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    paper_ids TEXT NOT NULL,
    PRIMARY KEY (scope, id)
) WITHOUT ROWID;
