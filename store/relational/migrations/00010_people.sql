-- People: who may sign in, who is signed in, and what they did. The audit log is a chain of hashes: each entry's covers the one
-- before; the counter tells how long it is, so that a tail taken away is missed.
-- +goose Up
CREATE TABLE account (
	name         TEXT PRIMARY KEY,
	secret       TEXT NOT NULL, -- argon2id with its parameters and salt; '' cannot sign in by password
	role         TEXT NOT NULL,
	organisation TEXT NOT NULL, -- '' belongs to none and sees all
	subject      TEXT NOT NULL, -- issuer and subject of OpenID Connect, '' for a local account
	created      BIGINT NOT NULL, -- microseconds since 1970
	disabled     BIGINT NOT NULL -- 1: may not sign in
);
CREATE INDEX account_subject ON account (subject);
CREATE TABLE session (
	hash    TEXT PRIMARY KEY, -- SHA-256 of the secret in the cookie
	account TEXT NOT NULL,
	created BIGINT NOT NULL,
	seen    BIGINT NOT NULL,
	expires BIGINT NOT NULL,
	address TEXT NOT NULL,
	agent   TEXT NOT NULL
);
CREATE INDEX session_account ON session (account);
CREATE TABLE audit (
	seq      BIGINT PRIMARY KEY,
	at       BIGINT NOT NULL,
	actor    TEXT NOT NULL,
	action   TEXT NOT NULL,
	object   TEXT NOT NULL,
	detail   TEXT NOT NULL,
	address  TEXT NOT NULL,
	previous TEXT NOT NULL,
	hash     TEXT NOT NULL
);
CREATE INDEX audit_actor ON audit (actor, seq);
CREATE INDEX audit_action ON audit (action, seq);
INSERT INTO counter (name, value) VALUES ('audit', 0);

-- +goose Down
DELETE FROM counter WHERE name = 'audit';
DROP TABLE audit;
DROP TABLE session;
DROP TABLE account;
