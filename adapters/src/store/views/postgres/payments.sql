CREATE VIEW payments AS
SELECT
    tenant,
    id AS payment_id,
    version,
    state::json ->> 'order' AS order_id,
    state::json ->> 'status' AS status,
    state::json ->> 'currency' AS currency,
    (state::json ->> 'amount_minor')::bigint AS amount_minor,
    (state::json ->> 'authorized_minor')::bigint AS authorized_minor,
    (state::json ->> 'captured_minor')::bigint AS captured_minor,
    (state::json ->> 'refunded_minor')::bigint AS refunded_minor,
    (state::json ->> 'charged_back_minor')::bigint AS charged_back_minor,
    to_timestamp(created_at / 1000.0) AS created_at
FROM entities
WHERE domain = 'payment' AND status IS NOT NULL AND id NOT LIKE 'inbox/%'
