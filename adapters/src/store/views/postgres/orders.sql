CREATE VIEW orders AS
SELECT
    tenant,
    id AS order_id,
    version,
    state::json ->> 'number' AS number,
    state::json ->> 'channel' AS channel,
    state::json ->> 'account' AS account,
    state::json ->> 'external_id' AS external_id,
    state::json ->> 'status' AS status,
    state::json ->> 'stock' AS stock,
    state::json ->> 'currency' AS currency,
    (state::json ->> 'total_minor')::bigint AS total_minor,
    (state::json ->> 'placed_at')::timestamptz AS placed_at,
    (state::json ->> 'paid_at')::timestamptz AS paid_at,
    (state::json ->> 'pay_until')::timestamptz AS pay_until,
    (state::json -> 'totals' ->> 'subtotal_minor')::bigint AS subtotal_minor,
    (state::json -> 'totals' ->> 'shipping_minor')::bigint AS shipping_minor,
    (state::json -> 'totals' ->> 'discount_minor')::bigint AS discount_minor,
    (state::json -> 'totals' ->> 'tax_minor')::bigint AS tax_minor
FROM entities
WHERE domain = 'order' AND status IS NOT NULL
