CREATE VIEW stock_movements AS
SELECT
    journal.tenant,
    journal.shard,
    journal.seq,
    journal.name,
    journal.entity,
    part.value ->> 'sku' AS sku,
    part.value ->> 'warehouse' AS warehouse,
    (part.value ->> 'quantity')::bigint AS quantity,
    (part.value -> 'after' ->> 'on_hand')::bigint AS on_hand,
    (part.value -> 'after' ->> 'reserved')::bigint AS reserved,
    (part.value -> 'after' ->> 'total_available')::bigint AS total_available,
    (part.value -> 'after' ->> 'version')::bigint AS version,
    to_timestamp(journal.at / 1000.0) AS at
FROM
    journal,
    json_array_elements(coalesce(
        journal.payload::json -> 'allocations',
        json_build_array(coalesce(
            journal.payload::json -> 'change',
            CASE journal.name
                WHEN 'stock.transfer_started' THEN journal.payload::json -> 'from'
                WHEN 'stock.transfer_received' THEN journal.payload::json -> 'to'
            END
        ))
    )) AS part (value)
WHERE journal.domain = 'stock' AND part.value ->> 'sku' IS NOT NULL
