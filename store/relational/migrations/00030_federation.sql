-- Members and hub of a community.
-- +goose Up
CREATE TABLE fed_frame (
	member TEXT NOT NULL,
	number BIGINT NOT NULL,
	sum    TEXT NOT NULL, -- SHA-256 of the frame, hex
	at     BIGINT NOT NULL,
	PRIMARY KEY (member, number)
);
CREATE TABLE fed_held ( -- which members showed a token
	token  TEXT NOT NULL,
	member TEXT NOT NULL,
	at     BIGINT NOT NULL,
	PRIMARY KEY (token, member)
);
CREATE INDEX fed_held_member ON fed_held (member);
CREATE TABLE fed_document (
	kind TEXT NOT NULL,
	id   TEXT NOT NULL,
	body BYTEA NOT NULL,
	PRIMARY KEY (kind, id)
);
CREATE TABLE fed_audit (
	seq  BIGINT PRIMARY KEY,
	line BYTEA NOT NULL
);

-- +goose Down
DROP TABLE fed_audit;
DROP TABLE fed_document;
DROP TABLE fed_held;
DROP TABLE fed_frame;
