-- Conversations turn by turn. Turns are nodes of a tree: an answer anew and an edited question stand beside the one before.
-- `fold` is `assistant.text.fold`; `words` is what a search looks through, in front of the long columns, which it never reads.
CREATE TABLE conversations (
    id TEXT PRIMARY KEY,
    owner TEXT NOT NULL,
    title TEXT NOT NULL,
    words TEXT NOT NULL,
    begun TEXT NOT NULL,
    changed TEXT NOT NULL,
    removed TEXT,
    leaf TEXT NOT NULL
);
CREATE INDEX conversations_newest ON conversations (owner, changed DESC);

CREATE TABLE turns (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    conversation_id TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    parent TEXT REFERENCES turns (id),
    asked TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('asking', 'answered', 'failed')),
    rating INTEGER NOT NULL DEFAULT 0 CHECK (rating IN (-1, 0, 1)),
    question TEXT NOT NULL,
    words TEXT NOT NULL,
    scope TEXT NOT NULL DEFAULT '',
    remark TEXT NOT NULL DEFAULT '',
    error TEXT NOT NULL DEFAULT '',
    draft TEXT NOT NULL DEFAULT '',
    answer TEXT NOT NULL DEFAULT ''
);
CREATE INDEX turns_conversation ON turns (conversation_id, number);
CREATE INDEX turns_parent ON turns (parent);
CREATE INDEX turns_asking ON turns (state) WHERE state = 'asking';
CREATE INDEX turns_rated ON turns (rating) WHERE rating <> 0;

INSERT INTO conversations (id, owner, title, words, begun, changed, leaf)
    SELECT id, '', '', '', utc, utc, ''
    FROM (SELECT id, begun, coalesce(strftime('%Y-%m-%dT%H:%M:%S+00:00', begun, 'utc'), begun) AS utc FROM chats)
    WHERE id IN (SELECT chat_id FROM answers);

INSERT INTO turns (id, conversation_id, asked, state, question, words, answer)
    SELECT lower(hex(randomblob(16))), chat_id, begun, 'answered', question, fold(question || ' ' || text), answer
    FROM (
        SELECT
            answers.chat_id, answers.ordinal, answers.answer, conversations.begun,
            CASE WHEN json_valid(answer) THEN coalesce(json_extract(answer, '$.question'), '') ELSE '' END AS question,
            CASE WHEN json_valid(answer) THEN coalesce(json_extract(answer, '$.text'), '') ELSE '' END AS text
        FROM answers JOIN conversations ON conversations.id = answers.chat_id
    )
    ORDER BY begun, chat_id, ordinal;
UPDATE turns SET parent = (
    SELECT earlier.id FROM turns AS earlier
    WHERE earlier.conversation_id = turns.conversation_id AND earlier.number < turns.number
    ORDER BY earlier.number DESC LIMIT 1
);
UPDATE conversations SET
    leaf = (SELECT id FROM turns WHERE conversation_id = conversations.id ORDER BY number DESC LIMIT 1),
    title = (SELECT question FROM turns WHERE conversation_id = conversations.id ORDER BY number LIMIT 1);
UPDATE conversations SET
    title = CASE WHEN length(title) > 80 THEN rtrim(substr(title, 1, 79)) || '…' ELSE title END,
    words = fold(title);

DROP TABLE answers;
DROP TABLE chats;
