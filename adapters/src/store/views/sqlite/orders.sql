CREATE VIEW orders AS
SELECT
    tenant,
    id AS order_id,
    version,
    json_extract(state, '$.number') AS number,
    json_extract(state, '$.channel') AS channel,
    json_extract(state, '$.account') AS account,
    json_extract(state, '$.external_id') AS external_id,
    json_extract(state, '$.status') AS status,
    json_extract(state, '$.stock') AS stock,
    json_extract(state, '$.currency') AS currency,
    json_extract(state, '$.total_minor') AS total_minor,
    json_extract(state, '$.placed_at') AS placed_at,
    json_extract(state, '$.paid_at') AS paid_at,
    json_extract(state, '$.pay_until') AS pay_until,
    json_extract(state, '$.totals.subtotal_minor') AS subtotal_minor,
    json_extract(state, '$.totals.shipping_minor') AS shipping_minor,
    json_extract(state, '$.totals.discount_minor') AS discount_minor,
    json_extract(state, '$.totals.tax_minor') AS tax_minor
FROM entities
WHERE domain = 'order' AND status IS NOT NULL
