-- What lists and counts messages by verdict and by organisation without reading them.
-- +goose Up
CREATE INDEX message_class ON message (class, received, id);
CREATE INDEX message_organisation ON message (organisation, received, id);
CREATE INDEX message_organisation_class ON message (organisation, class, received, id);

-- +goose Down
DROP INDEX message_organisation_class;
DROP INDEX message_organisation;
DROP INDEX message_class;
