-- Answers to those who reported a message: at most one each.
-- +goose Up
CREATE TABLE reply (
	message_id TEXT PRIMARY KEY,
	address    TEXT NOT NULL, -- of the reporter; goes when the message is forgotten
	asked      BIGINT NOT NULL, -- microseconds since 1970
	state      TEXT NOT NULL, -- those of a delivery
	attempts   BIGINT NOT NULL,
	next_at    BIGINT NOT NULL,
	problem    TEXT NOT NULL
);
CREATE INDEX reply_next ON reply (state, next_at);
CREATE INDEX reply_address ON reply (address, asked);

-- +goose Down
DROP TABLE reply;
