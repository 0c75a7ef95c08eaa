-- The same tables as of SQLite, and raw messages among them. What grows with the mail is partitioned by hash, so that vacuum
-- and index maintenance work on an eighth at a time; every look-up is by id.
-- +goose Up
CREATE TABLE message (
	id           TEXT COLLATE "C" PRIMARY KEY,
	seq          BIGINT NOT NULL,
	raw_sha256   TEXT COLLATE "C" NOT NULL,
	organisation TEXT COLLATE "C" NOT NULL,
	source       TEXT COLLATE "C" NOT NULL,
	received     BIGINT NOT NULL, -- microseconds since 1970
	class        TEXT COLLATE "C" NOT NULL,
	bits         DOUBLE PRECISION NOT NULL,
	subject      TEXT COLLATE "C" NOT NULL,
	sender       TEXT COLLATE "C" NOT NULL,
	size         BIGINT NOT NULL,
	analysis     BYTEA NOT NULL,
	sighting     BYTEA NOT NULL
) PARTITION BY HASH (id);
CREATE TABLE message_0 PARTITION OF message FOR VALUES WITH (MODULUS 8, REMAINDER 0);
CREATE TABLE message_1 PARTITION OF message FOR VALUES WITH (MODULUS 8, REMAINDER 1);
CREATE TABLE message_2 PARTITION OF message FOR VALUES WITH (MODULUS 8, REMAINDER 2);
CREATE TABLE message_3 PARTITION OF message FOR VALUES WITH (MODULUS 8, REMAINDER 3);
CREATE TABLE message_4 PARTITION OF message FOR VALUES WITH (MODULUS 8, REMAINDER 4);
CREATE TABLE message_5 PARTITION OF message FOR VALUES WITH (MODULUS 8, REMAINDER 5);
CREATE TABLE message_6 PARTITION OF message FOR VALUES WITH (MODULUS 8, REMAINDER 6);
CREATE TABLE message_7 PARTITION OF message FOR VALUES WITH (MODULUS 8, REMAINDER 7);
CREATE INDEX message_received ON message (received, id);
CREATE INDEX message_raw ON message (raw_sha256);
CREATE INDEX message_seq ON message (seq);
CREATE TABLE recipient (
	address    TEXT COLLATE "C" NOT NULL,
	message_id TEXT COLLATE "C" NOT NULL,
	PRIMARY KEY (address, message_id)
);
CREATE INDEX recipient_message ON recipient (message_id);
CREATE TABLE checkpoint (
	path     TEXT COLLATE "C" PRIMARY KEY,
	size     BIGINT NOT NULL,
	modified BIGINT NOT NULL,
	position BIGINT NOT NULL
);
CREATE TABLE campaign (
	id      TEXT COLLATE "C" PRIMARY KEY,
	version BIGINT NOT NULL,
	profile BYTEA NOT NULL
);
CREATE TABLE campaign_member (
	message_id  TEXT COLLATE "C" PRIMARY KEY,
	campaign_id TEXT COLLATE "C" NOT NULL
);
CREATE INDEX campaign_member_campaign ON campaign_member (campaign_id);
CREATE TABLE campaign_event (
	seq         BIGINT PRIMARY KEY,
	at          BIGINT NOT NULL,
	campaign_id TEXT COLLATE "C" NOT NULL,
	event       BYTEA NOT NULL
);
CREATE INDEX campaign_event_campaign ON campaign_event (campaign_id, seq);
CREATE TABLE profile_version (
	campaign_id TEXT COLLATE "C" NOT NULL,
	version     BIGINT NOT NULL,
	profile     BYTEA NOT NULL,
	PRIMARY KEY (campaign_id, version)
);
CREATE TABLE word (
	id     TEXT COLLATE "C" PRIMARY KEY,
	seq    BIGINT NOT NULL,
	undone BIGINT NOT NULL,
	word   BYTEA NOT NULL
);
CREATE TABLE warning (
	id      TEXT COLLATE "C" PRIMARY KEY,
	at      BIGINT NOT NULL,
	warning BYTEA NOT NULL
);
CREATE TABLE setting (
	name  TEXT COLLATE "C" PRIMARY KEY,
	value BYTEA NOT NULL
);
CREATE TABLE raw (
	sha256 TEXT COLLATE "C" PRIMARY KEY,
	size   BIGINT NOT NULL,
	body   BYTEA NOT NULL
) PARTITION BY HASH (sha256);
CREATE TABLE raw_0 PARTITION OF raw FOR VALUES WITH (MODULUS 8, REMAINDER 0);
CREATE TABLE raw_1 PARTITION OF raw FOR VALUES WITH (MODULUS 8, REMAINDER 1);
CREATE TABLE raw_2 PARTITION OF raw FOR VALUES WITH (MODULUS 8, REMAINDER 2);
CREATE TABLE raw_3 PARTITION OF raw FOR VALUES WITH (MODULUS 8, REMAINDER 3);
CREATE TABLE raw_4 PARTITION OF raw FOR VALUES WITH (MODULUS 8, REMAINDER 4);
CREATE TABLE raw_5 PARTITION OF raw FOR VALUES WITH (MODULUS 8, REMAINDER 5);
CREATE TABLE raw_6 PARTITION OF raw FOR VALUES WITH (MODULUS 8, REMAINDER 6);
CREATE TABLE raw_7 PARTITION OF raw FOR VALUES WITH (MODULUS 8, REMAINDER 7);
ALTER TABLE raw ALTER COLUMN body SET STORAGE EXTERNAL; -- compressed already
CREATE TABLE submission (
	id           TEXT COLLATE "C" PRIMARY KEY,
	raw_sha256   TEXT COLLATE "C" NOT NULL,
	organisation TEXT COLLATE "C" NOT NULL,
	source       TEXT COLLATE "C" NOT NULL,
	received     BIGINT NOT NULL
);
CREATE INDEX submission_raw ON submission (raw_sha256);

-- +goose Down
DROP TABLE submission;
DROP TABLE raw;
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
