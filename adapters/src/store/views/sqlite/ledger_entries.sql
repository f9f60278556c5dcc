CREATE VIEW ledger_entries AS
SELECT
    tenant,
    shard,
    seq,
    entity AS payment_id,
    json_extract(payload, '$.attempt') AS attempt,
    json_extract(payload, '$.kind') AS kind,
    json_extract(payload, '$.provider') AS provider,
    json_extract(payload, '$.account') AS account,
    json_extract(payload, '$.amount.currency') AS currency,
    json_extract(payload, '$.amount.amount_minor') AS amount_minor,
    strftime('%Y-%m-%dT%H:%M:%fZ', at / 1000.0, 'unixepoch') AS at
FROM journal
WHERE domain = 'payment' AND name = 'payment.booked'
