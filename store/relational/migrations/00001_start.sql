-- +goose Up
CREATE TABLE message (
	id           TEXT PRIMARY KEY,
	seq          BIGINT NOT NULL,
	raw_sha256   TEXT NOT NULL,
	organisation TEXT NOT NULL,
	source       TEXT NOT NULL,
	received     BIGINT NOT NULL, -- microseconds since 1970
	class        TEXT NOT NULL,
	bits         DOUBLE PRECISION NOT NULL,
	subject      TEXT NOT NULL,
	sender       TEXT NOT NULL,
	size         BIGINT NOT NULL,
	analysis     BYTEA NOT NULL,
	sighting     BYTEA NOT NULL
);
CREATE INDEX message_received ON message (received, id);
CREATE INDEX message_raw ON message (raw_sha256);
CREATE INDEX message_seq ON message (seq);
CREATE TABLE recipient (
	address    TEXT NOT NULL,
	message_id TEXT NOT NULL,
	PRIMARY KEY (address, message_id)
);
CREATE INDEX recipient_message ON recipient (message_id);
CREATE TABLE checkpoint (
	path     TEXT PRIMARY KEY,
	size     BIGINT NOT NULL,
	modified BIGINT NOT NULL,
	position BIGINT NOT NULL
);
CREATE TABLE campaign (
	id      TEXT PRIMARY KEY,
	version BIGINT NOT NULL,
	profile BYTEA NOT NULL
);
CREATE TABLE campaign_member (
	message_id  TEXT PRIMARY KEY,
	campaign_id TEXT NOT NULL
);
CREATE INDEX campaign_member_campaign ON campaign_member (campaign_id);
CREATE TABLE campaign_event (
	seq         BIGINT PRIMARY KEY,
	at          BIGINT NOT NULL,
	campaign_id TEXT NOT NULL,
	event       BYTEA NOT NULL
);
CREATE INDEX campaign_event_campaign ON campaign_event (campaign_id, seq);
CREATE TABLE profile_version (
	campaign_id TEXT NOT NULL,
	version     BIGINT NOT NULL,
	profile     BYTEA NOT NULL,
	PRIMARY KEY (campaign_id, version)
);
CREATE TABLE word (
	id     TEXT PRIMARY KEY,
	seq    BIGINT NOT NULL,
	undone BIGINT NOT NULL,
	word   BYTEA NOT NULL
);
CREATE TABLE warning (
	id      TEXT PRIMARY KEY,
	at      BIGINT NOT NULL,
	warning BYTEA NOT NULL
);
CREATE TABLE setting (
	name  TEXT PRIMARY KEY,
	value BYTEA NOT NULL
);

-- +goose Down
DROP TABLE setting;
DROP TABLE warning;
DROP TABLE word;
DROP TABLE profile_version;
DROP TABLE campaign_event;
DROP TABLE campaign_member;
DROP TABLE campaign;
DROP TABLE checkpoint;
DROP TABLE recipient;
DROP TABLE message;
