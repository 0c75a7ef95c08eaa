-- What an intake knew of a message beside its bytes: it walks the same when it walks again.
-- +goose Up
ALTER TABLE submission ADD COLUMN trusted BIGINT NOT NULL DEFAULT 0; -- receipt that the intake vouches for, microseconds since 1970; 0: none
ALTER TABLE submission ADD COLUMN envelope TEXT NOT NULL DEFAULT ''; -- JSON of the SMTP envelope; '' for none

-- +goose Down
ALTER TABLE submission DROP COLUMN envelope;
ALTER TABLE submission DROP COLUMN trusted;
