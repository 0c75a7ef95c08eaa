-- Who may do what only one process does at a time.
-- +goose Up
CREATE TABLE lease (
	name  TEXT PRIMARY KEY,
	owner TEXT NOT NULL,
	beat  BIGINT NOT NULL -- rises while the owner lives
);

-- +goose Down
DROP TABLE lease;
