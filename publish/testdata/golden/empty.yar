// No rule: the campaign has no indicator that this engine can match.
