CREATE VIEW notifications AS
SELECT
    tenant,
    id AS notification_id,
    version,
    json_extract(state, '$.status') AS status,
    json_extract(state, '$.template') AS template,
    json_extract(state, '$.channel') AS channel,
    json_extract(state, '$.language') AS language,
    json_extract(state, '$.about') AS about,
    json_extract(state, '$.attempts') AS attempts,
    json_extract(state, '$.queued_at') AS queued_at
FROM entities
WHERE domain = 'notification' AND status IS NOT NULL AND id NOT LIKE '%/%'
