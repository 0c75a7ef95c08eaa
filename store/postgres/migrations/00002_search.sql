-- Full text is each engine's own: here a tsvector with its index, behind the one method Search.
-- +goose Up
CREATE TABLE message_text (
	number BIGINT PRIMARY KEY,
	terms  TSVECTOR NOT NULL
);
CREATE INDEX message_text_terms ON message_text USING GIN (terms);

-- +goose Down
DROP TABLE message_text;
