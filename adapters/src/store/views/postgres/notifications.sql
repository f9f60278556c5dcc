CREATE VIEW notifications AS
SELECT
    tenant,
    id AS notification_id,
    version,
    state::json ->> 'status' AS status,
    state::json ->> 'template' AS template,
    state::json ->> 'channel' AS channel,
    state::json ->> 'language' AS language,
    state::json ->> 'about' AS about,
    (state::json ->> 'attempts')::bigint AS attempts,
    (state::json ->> 'queued_at')::timestamptz AS queued_at
FROM entities
WHERE domain = 'notification' AND status IS NOT NULL AND id NOT LIKE '%/%'
