-- Habits of senders: what each message says of them, under who got it and who wrote it.
-- +goose Up
CREATE TABLE habit (
	message_id    TEXT PRIMARY KEY,
	organisation  TEXT NOT NULL,
	correspondent TEXT NOT NULL, -- organisational domain, or the address where the domain is everybody's
	received      BIGINT NOT NULL, -- microseconds since 1970
	note          BYTEA NOT NULL,
	said          TEXT NOT NULL, -- remarks that the stored analysis was made with
	settled       BIGINT NOT NULL -- 1: held against everything that was stored when it was
);
CREATE INDEX habit_of ON habit (organisation, correspondent, received, message_id);
CREATE INDEX habit_unsettled ON habit (organisation, correspondent) WHERE settled = 0;

-- +goose Down
DROP TABLE habit;
