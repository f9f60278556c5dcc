CREATE VIEW payments AS
SELECT
    tenant,
    id AS payment_id,
    version,
    json_extract(state, '$.order') AS order_id,
    json_extract(state, '$.status') AS status,
    json_extract(state, '$.currency') AS currency,
    json_extract(state, '$.amount_minor') AS amount_minor,
    json_extract(state, '$.authorized_minor') AS authorized_minor,
    json_extract(state, '$.captured_minor') AS captured_minor,
    json_extract(state, '$.refunded_minor') AS refunded_minor,
    json_extract(state, '$.charged_back_minor') AS charged_back_minor,
    strftime('%Y-%m-%dT%H:%M:%fZ', created_at / 1000.0, 'unixepoch') AS created_at
FROM entities
WHERE domain = 'payment' AND status IS NOT NULL AND id NOT LIKE 'inbox/%'
