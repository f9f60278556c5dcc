CREATE VIEW order_lines AS
SELECT
    entities.tenant,
    entities.id AS order_id,
    line.key AS line,
    json_extract(line.value, '$.sku') AS sku,
    json_extract(line.value, '$.title') AS title,
    json_extract(line.value, '$.quantity') AS quantity,
    json_extract(line.value, '$.unit_price_minor') AS unit_price_minor,
    json_extract(line.value, '$.cancelled') AS cancelled,
    json_extract(line.value, '$.shipped') AS shipped,
    json_extract(line.value, '$.returned') AS returned
FROM entities, json_each(entities.state, '$.lines') AS line
WHERE entities.domain = 'order' AND entities.status IS NOT NULL
