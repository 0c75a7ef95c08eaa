-- What was received and waits to be analysed.
-- +goose Up
CREATE TABLE queue (
	id      TEXT PRIMARY KEY, -- of the submission
	arrived BIGINT NOT NULL, -- microseconds since 1970
	size    BIGINT NOT NULL, -- of the raw message, bytes
	owner   TEXT NOT NULL, -- the worker that has it, '' for none
	tries   BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX queue_next ON queue (owner, tries, arrived, id);

-- +goose Down
DROP TABLE queue;
