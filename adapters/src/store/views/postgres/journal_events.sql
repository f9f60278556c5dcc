CREATE VIEW journal_events AS
SELECT
    tenant,
    shard,
    seq,
    id,
    name,
    domain,
    entity,
    version,
    to_timestamp(at / 1000.0) AS at,
    payload::json AS payload,
    meta::json AS meta
FROM journal
