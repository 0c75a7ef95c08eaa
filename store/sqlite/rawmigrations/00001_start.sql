-- What was received, apart from everything that was made of it: if the database is lost, it is made again from here.
-- +goose Up
CREATE TABLE raw (
	sha256 TEXT PRIMARY KEY,
	size   BIGINT NOT NULL,
	body   BYTEA NOT NULL
);
CREATE TABLE submission (
	id           TEXT PRIMARY KEY,
	raw_sha256   TEXT NOT NULL,
	organisation TEXT NOT NULL,
	source       TEXT NOT NULL,
	received     BIGINT NOT NULL
);
CREATE INDEX submission_raw ON submission (raw_sha256);

-- +goose Down
DROP TABLE submission;
DROP TABLE raw;
