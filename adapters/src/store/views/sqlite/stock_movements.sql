CREATE VIEW stock_movements AS
SELECT
    journal.tenant,
    journal.shard,
    journal.seq,
    journal.name,
    journal.entity,
    json_extract(part.value, '$.sku') AS sku,
    json_extract(part.value, '$.warehouse') AS warehouse,
    json_extract(part.value, '$.quantity') AS quantity,
    json_extract(part.value, '$.after.on_hand') AS on_hand,
    json_extract(part.value, '$.after.reserved') AS reserved,
    json_extract(part.value, '$.after.total_available') AS total_available,
    json_extract(part.value, '$.after.version') AS version,
    strftime('%Y-%m-%dT%H:%M:%fZ', journal.at / 1000.0, 'unixepoch') AS at
FROM
    journal,
    json_each(coalesce(
        json_extract(journal.payload, '$.allocations'),
        json_array(json(coalesce(
            json_extract(journal.payload, '$.change'),
            CASE journal.name
                WHEN 'stock.transfer_started' THEN json_extract(journal.payload, '$.from')
                WHEN 'stock.transfer_received' THEN json_extract(journal.payload, '$.to')
            END
        )))
    )) AS part
WHERE journal.domain = 'stock' AND json_extract(part.value, '$.sku') IS NOT NULL
