-- By which key texts cite the paper of a record, where its source says so; BibTeX files always do.
ALTER TABLE records ADD COLUMN citation_key TEXT NOT NULL DEFAULT '';
UPDATE records SET citation_key = own_id WHERE origin LIKE '%.bib' OR origin LIKE '%.bibtex' OR origin LIKE '%.biblatex';

-- The labels that a person gave, apart from the many that sources state.
CREATE INDEX labels_own ON labels (folded, paper_id) WHERE origin = '';

-- The keys of a paper, and the papers of a key, whether a citation key or a source's own name for a record.
CREATE INDEX records_cited ON records (paper_id, number, citation_key) WHERE citation_key <> '';
CREATE INDEX records_citation_key ON records (citation_key COLLATE NOCASE, paper_id) WHERE citation_key <> '';
CREATE INDEX records_source_key ON records (own_id COLLATE NOCASE, paper_id) WHERE own_id <> '';
