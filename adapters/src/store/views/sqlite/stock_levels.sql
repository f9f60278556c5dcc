CREATE VIEW stock_levels AS
SELECT
    entities.tenant,
    substr(entities.id, 5) AS sku,
    json_extract(level.value, '$.warehouse') AS warehouse,
    json_extract(level.value, '$.on_hand') AS on_hand,
    coalesce(json_extract(level.value, '$.reserved'), 0) AS reserved,
    json_extract(entities.state, '$.total_available') AS total_available,
    entities.version
FROM entities, json_each(entities.state, '$.levels') AS level
WHERE entities.domain = 'stock' AND entities.id >= 'sku/' AND entities.id < 'sku0'
