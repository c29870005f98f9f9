-- Papers that a model has read ahead of questions: `digest` is that of what it read, by which its line is kept.
CREATE TABLE papers_read (
    paper_id TEXT NOT NULL REFERENCES papers (id) ON DELETE CASCADE,
    model TEXT NOT NULL,
    digest TEXT NOT NULL,
    PRIMARY KEY (paper_id, model)
) WITHOUT ROWID;

-- Overviews in conversations say how many papers the model had read ahead.
UPDATE answers
   SET answer = json_remove(json_set(answer, '$.coverage.read_ahead', 0), '$.coverage.reading')
 WHERE json_type(answer, '$.coverage.reading') IS NOT NULL;
