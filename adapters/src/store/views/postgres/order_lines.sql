CREATE VIEW order_lines AS
SELECT
    entities.tenant,
    entities.id AS order_id,
    line.place - 1 AS line,
    line.value ->> 'sku' AS sku,
    line.value ->> 'title' AS title,
    (line.value ->> 'quantity')::bigint AS quantity,
    (line.value ->> 'unit_price_minor')::bigint AS unit_price_minor,
    (line.value ->> 'cancelled')::bigint AS cancelled,
    (line.value ->> 'shipped')::bigint AS shipped,
    (line.value ->> 'returned')::bigint AS returned
FROM
    entities,
    json_array_elements(entities.state::json -> 'lines') WITH ORDINALITY AS line (value, place)
WHERE entities.domain = 'order' AND entities.status IS NOT NULL
