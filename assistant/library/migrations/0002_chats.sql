CREATE TABLE chats (
    id TEXT PRIMARY KEY,
    begun TEXT NOT NULL
);

CREATE TABLE answers (
    chat_id TEXT NOT NULL REFERENCES chats (id) ON DELETE CASCADE,
    ordinal INTEGER NOT NULL,
    answer TEXT NOT NULL,
    PRIMARY KEY (chat_id, ordinal)
);
