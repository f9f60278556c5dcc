-- Text keys are COLLATE "C": the order of bytes, as SQLite has it, on every machine.
-- JSON is text: jsonb costs half of the server's CPU, and the views cast it for readers.
-- Times are milliseconds since 1970.
-- A key that is only ever asked for whole begins with what differs most, for rows of one tenant and
-- domain differ in nothing before it; a key that is read in order begins with what it is read by.

CREATE TABLE journal (
    shard   integer NOT NULL,
    seq     bigint NOT NULL,
    id      uuid NOT NULL,
    tenant  text COLLATE "C" NOT NULL,
    domain  text COLLATE "C" NOT NULL,
    entity  text COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    name    text COLLATE "C" NOT NULL,
    at      bigint NOT NULL,
    payload text NOT NULL,
    meta    text NOT NULL,
    -- The fence. It comes first, so that it is looked at first.
    CONSTRAINT journal_pkey PRIMARY KEY (shard, seq),
    CONSTRAINT journal_version UNIQUE (entity, version, domain, tenant)
);

CREATE TABLE entities (
    tenant     text COLLATE "C" NOT NULL,
    domain     text COLLATE "C" NOT NULL,
    id         text COLLATE "C" NOT NULL,
    shard      integer NOT NULL,
    version    bigint NOT NULL,
    status     text COLLATE "C",
    due        bigint,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    state      text NOT NULL,
    CONSTRAINT entities_pkey PRIMARY KEY (tenant, domain, id)
) WITH (fillfactor = 85);

-- There is deliberately none on updated_at: it would end HOT updates.
CREATE INDEX entities_due ON entities (due) WHERE due IS NOT NULL;
CREATE INDEX entities_waiting ON entities (tenant, due, id) WHERE due IS NOT NULL;
CREATE INDEX entities_status ON entities (tenant, domain, status, id) WHERE status IS NOT NULL;
CREATE INDEX entities_tenants ON entities (id, tenant) WHERE domain = 'tenant';

CREATE TABLE entity_keys (
    tenant text COLLATE "C" NOT NULL,
    domain text COLLATE "C" NOT NULL,
    key    text COLLATE "C" NOT NULL,
    value  text COLLATE "C" NOT NULL,
    entity text COLLATE "C" NOT NULL,
    CONSTRAINT entity_keys_pkey PRIMARY KEY (tenant, domain, key, value)
);

CREATE TABLE idempotency (
    tenant  text COLLATE "C" NOT NULL,
    domain  text COLLATE "C" NOT NULL,
    key     text COLLATE "C" NOT NULL,
    hash    bytea NOT NULL,
    entity  text COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    at      bigint NOT NULL,
    CONSTRAINT idempotency_pkey PRIMARY KEY (key, domain, tenant)
);

CREATE INDEX idempotency_at ON idempotency (at);

CREATE TABLE touches (
    tenant  text COLLATE "C" NOT NULL,
    domain  text COLLATE "C" NOT NULL,
    entity  text COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    shard   integer NOT NULL,
    seq     bigint NOT NULL,
    CONSTRAINT touches_pkey PRIMARY KEY (entity, version, domain, tenant)
);

CREATE TABLE cursors (
    shard    integer NOT NULL,
    follower text COLLATE "C" NOT NULL,
    seq      bigint NOT NULL,
    CONSTRAINT cursors_pkey PRIMARY KEY (shard, follower)
) WITH (fillfactor = 50);

CREATE TABLE dead_letters (
    id          text COLLATE "C" NOT NULL,
    tenant      text COLLATE "C",
    source      text COLLATE "C" NOT NULL,
    lane        text COLLATE "C" NOT NULL,
    event_shard integer,
    event_seq   bigint,
    reason      text NOT NULL,
    payload     text NOT NULL,
    attempts    bigint NOT NULL,
    retry_at    bigint,
    at          bigint NOT NULL,
    CONSTRAINT dead_letters_pkey PRIMARY KEY (id)
);

CREATE INDEX dead_letters_retry ON dead_letters (retry_at, id) WHERE retry_at IS NOT NULL;
CREATE INDEX dead_letters_tenant ON dead_letters (tenant, id);
