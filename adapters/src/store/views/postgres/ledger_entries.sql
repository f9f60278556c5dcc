CREATE VIEW ledger_entries AS
SELECT
    tenant,
    shard,
    seq,
    entity AS payment_id,
    (payload::json ->> 'attempt')::bigint AS attempt,
    payload::json ->> 'kind' AS kind,
    payload::json ->> 'provider' AS provider,
    payload::json ->> 'account' AS account,
    payload::json -> 'amount' ->> 'currency' AS currency,
    (payload::json -> 'amount' ->> 'amount_minor')::bigint AS amount_minor,
    to_timestamp(at / 1000.0) AS at
FROM journal
WHERE domain = 'payment' AND name = 'payment.booked'
