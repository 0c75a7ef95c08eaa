-- Sequence numbers are given under the lock of one row, so that they rise in the order of the commits whoever writes; and the
-- words that are searched for are kept, so that an index of them can be made again.
-- +goose Up
CREATE TABLE counter (
	name  TEXT PRIMARY KEY,
	value BIGINT NOT NULL
);
INSERT INTO counter (name, value) SELECT 'message', COALESCE(MAX(seq), 0) FROM message;
ALTER TABLE message ADD COLUMN terms BYTEA;

-- +goose Down
ALTER TABLE message DROP COLUMN terms;
DROP TABLE counter;
