-- What was received and waits to be analysed. The table is small and its rows live for moments: vacuum comes early.
-- +goose Up
CREATE TABLE queue (
	id      TEXT COLLATE "C" PRIMARY KEY, -- of the submission
	arrived BIGINT NOT NULL, -- microseconds since 1970
	size    BIGINT NOT NULL, -- of the raw message, bytes
	owner   TEXT COLLATE "C" NOT NULL, -- the worker that has it, '' for none
	tries   BIGINT NOT NULL DEFAULT 0
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX queue_next ON queue (owner, tries, arrived, id);

-- +goose Down
DROP TABLE queue;
