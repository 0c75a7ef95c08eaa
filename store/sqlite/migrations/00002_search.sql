-- Full text is each engine's own: here FTS5, behind the one method Search.
-- +goose Up
CREATE VIRTUAL TABLE message_text USING fts5(terms, content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2');

-- +goose Down
DROP TABLE message_text;
