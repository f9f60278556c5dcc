CREATE VIEW stock_levels AS
SELECT
    entities.tenant,
    substr(entities.id, 5) AS sku,
    level.value ->> 'warehouse' AS warehouse,
    (level.value ->> 'on_hand')::bigint AS on_hand,
    coalesce((level.value ->> 'reserved')::bigint, 0) AS reserved,
    (entities.state::json ->> 'total_available')::bigint AS total_available,
    entities.version
FROM entities, json_array_elements(entities.state::json -> 'levels') AS level (value)
WHERE entities.domain = 'stock' AND entities.id >= 'sku/' AND entities.id < 'sku0'
