CREATE VIRTUAL TABLE papers_terms USING fts5vocab (papers_text, instance);

CREATE VIRTUAL TABLE papers_listed USING fts5 (
    words, detail = none, columnsize = 0, prefix = '2', tokenize = 'unicode61 remove_diacritics 2'
);
INSERT INTO papers_listed (rowid, words)
    SELECT
        number,
        title || ' ' || venue || ' ' || date
        || ' ' || coalesce((SELECT group_concat(name, ' ') FROM authorships WHERE paper_id = papers.id), '')
        || ' ' || coalesce((SELECT group_concat(category, ' ') FROM categories WHERE paper_id = papers.id), '')
    FROM papers;

CREATE TABLE name_words (
    word TEXT NOT NULL,
    folded TEXT NOT NULL,
    PRIMARY KEY (word, folded)
) WITHOUT ROWID;
INSERT OR IGNORE INTO name_words (word, folded)
    SELECT words.value, names.folded
    FROM (SELECT DISTINCT folded FROM authorships) AS names,
        json_each('["' || replace(names.folded, ' ', '","') || '"]') AS words;

DROP INDEX authorships_folded;
CREATE INDEX authorships_folded ON authorships (folded, paper_id);
DROP INDEX categories_folded;
CREATE INDEX categories_folded ON categories (folded, paper_id);
CREATE INDEX papers_facets ON papers (id, year, has_code);
CREATE INDEX papers_code ON papers (has_code, year);
CREATE INDEX papers_newest ON papers (date DESC, title);
