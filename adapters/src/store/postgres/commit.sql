-- A whole batch in one statement and one round trip. All lists may be empty.
-- The order is forced by counting: the journal, which is the fence, comes before everything
-- else, and keys that ended go before new ones come.
WITH journaled AS (
    INSERT INTO journal (shard, seq, id, tenant, domain, entity, version, name, at, payload, meta)
    SELECT * FROM unnest($1::int4[], $2::int8[], $3::uuid[], $4::text[], $5::text[], $6::text[],
        $7::int8[], $8::text[], $9::int8[], $10::text[], $11::text[])
    RETURNING 1
), fence AS MATERIALIZED (
    SELECT count(*) AS passed FROM journaled
), stated AS (
    INSERT INTO entities (tenant, domain, id, shard, version, status, due, created_at, updated_at,
        state, label)
    SELECT * FROM unnest($12::text[], $13::text[], $14::text[], $15::int4[], $16::int8[],
        $17::text[], $18::int8[], $19::int8[], $20::int8[], $21::text[], $54::text[])
    WHERE (SELECT passed FROM fence) >= 0
    ON CONFLICT (tenant, domain, id) DO UPDATE SET shard = excluded.shard,
        version = excluded.version, status = excluded.status, due = excluded.due,
        updated_at = excluded.updated_at, state = excluded.state, label = excluded.label
        WHERE entities.version < excluded.version
), touched AS (
    INSERT INTO touches (tenant, domain, entity, version, shard, seq)
    SELECT * FROM unnest($22::text[], $23::text[], $24::text[], $25::int8[], $26::int4[],
        $27::int8[])
    WHERE (SELECT passed FROM fence) >= 0
), ended AS (
    DELETE FROM entity_keys k
    USING unnest($28::text[], $29::text[], $30::text[], $31::text[], $32::text[])
        AS gone (tenant, domain, key, value, entity)
    WHERE k.tenant = gone.tenant AND k.domain = gone.domain AND k.key = gone.key
        AND k.value = gone.value AND k.entity = gone.entity
        AND (SELECT passed FROM fence) >= 0
    RETURNING 1
), named AS (
    INSERT INTO entity_keys (tenant, domain, key, value, entity)
    SELECT * FROM unnest($33::text[], $34::text[], $35::text[], $36::text[], $37::text[])
    WHERE (SELECT count(*) FROM ended) >= 0
), answered AS (
    INSERT INTO idempotency (tenant, domain, key, hash, entity, version, at)
    SELECT * FROM unnest($38::text[], $39::text[], $40::text[], $41::bytea[], $42::text[],
        $43::int8[], $44::int8[])
    WHERE (SELECT passed FROM fence) >= 0
), followed AS (
    INSERT INTO cursors (shard, follower, seq)
    SELECT shard, follower, max(seq)
    FROM unnest($45::int4[], $46::text[], $47::int8[]) AS moved (shard, follower, seq)
    WHERE (SELECT passed FROM fence) >= 0
    GROUP BY shard, follower
    ON CONFLICT (shard, follower) DO UPDATE SET seq = excluded.seq
        WHERE cursors.seq < excluded.seq
), sealed AS (
    INSERT INTO person_keys (tenant, domain, entity, person, key, at)
    SELECT * FROM unnest($48::text[], $49::text[], $50::text[], $51::text[], $52::bytea[],
        $53::int8[])
    WHERE (SELECT passed FROM fence) >= 0
    ON CONFLICT DO NOTHING
)
SELECT passed FROM fence
