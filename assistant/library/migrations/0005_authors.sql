CREATE TABLE author_decisions (
    number INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    person_id TEXT NOT NULL,
    one TEXT NOT NULL,
    other TEXT NOT NULL,
    spellings TEXT NOT NULL
);

CREATE INDEX authorships_name ON authorships (name, paper_id);
