-- What is exchanged with others: TAXII collections, and warnings on their way to their readers.
-- +goose Up
CREATE TABLE taxii_collection (
	collection TEXT PRIMARY KEY,
	last_added BIGINT NOT NULL -- microseconds since 1970; kept when objects are deleted, so that it never goes back
);
CREATE TABLE taxii_object (
	collection   TEXT NOT NULL,
	id           TEXT NOT NULL,
	version      BIGINT NOT NULL, -- microseconds since 1970
	date_added   BIGINT NOT NULL, -- microseconds since 1970, strictly rising within a collection
	spec_version TEXT NOT NULL,
	type         TEXT NOT NULL,
	source       TEXT NOT NULL, -- the account that brought it
	object       BYTEA NOT NULL,
	PRIMARY KEY (collection, id, version)
);
CREATE UNIQUE INDEX taxii_object_added ON taxii_object (collection, date_added);
CREATE TABLE delivery (
	warning_id TEXT NOT NULL,
	channel    TEXT NOT NULL,
	state      TEXT NOT NULL, -- waiting, sending, sent, failed, unsure
	attempts   BIGINT NOT NULL,
	next_at    BIGINT NOT NULL, -- microseconds since 1970
	changed_at BIGINT NOT NULL,
	problem    TEXT NOT NULL,
	PRIMARY KEY (warning_id, channel)
);

-- +goose Down
DROP TABLE delivery;
DROP TABLE taxii_object;
DROP TABLE taxii_collection;
