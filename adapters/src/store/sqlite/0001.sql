-- The same tables as PostgreSQL's; text compares by bytes here anyway.
-- Small rows live in their primary key (WITHOUT ROWID); rows that carry JSON do not, for
-- SQLite's index pages hold few large rows each.
-- Times are milliseconds since 1970.
-- A key that is only ever asked for whole begins with what differs most, for rows of one tenant and
-- domain differ in nothing before it; a key that is read in order begins with what it is read by.

CREATE TABLE journal (
    shard   integer NOT NULL,
    seq     integer NOT NULL,
    id      blob NOT NULL,
    tenant  text NOT NULL,
    domain  text NOT NULL,
    entity  text NOT NULL,
    version integer NOT NULL,
    name    text NOT NULL,
    at      integer NOT NULL,
    payload text NOT NULL,
    meta    text NOT NULL,
    -- The fence.
    CONSTRAINT journal_pkey PRIMARY KEY (shard, seq),
    CONSTRAINT journal_version UNIQUE (entity, version, domain, tenant)
);

CREATE TABLE entities (
    tenant     text NOT NULL,
    domain     text NOT NULL,
    id         text NOT NULL,
    shard      integer NOT NULL,
    version    integer NOT NULL,
    status     text,
    due        integer,
    created_at integer NOT NULL,
    updated_at integer NOT NULL,
    state      text NOT NULL,
    CONSTRAINT entities_pkey PRIMARY KEY (tenant, domain, id)
);

CREATE INDEX entities_due ON entities (due) WHERE due IS NOT NULL;
CREATE INDEX entities_waiting ON entities (tenant, due, id) WHERE due IS NOT NULL;
CREATE INDEX entities_status ON entities (tenant, domain, status, id) WHERE status IS NOT NULL;
CREATE INDEX entities_tenants ON entities (id, tenant) WHERE domain = 'tenant';

CREATE TABLE entity_keys (
    tenant text NOT NULL,
    domain text NOT NULL,
    key    text NOT NULL,
    value  text NOT NULL,
    entity text NOT NULL,
    CONSTRAINT entity_keys_pkey PRIMARY KEY (tenant, domain, key, value)
) WITHOUT ROWID;

CREATE TABLE idempotency (
    tenant  text NOT NULL,
    domain  text NOT NULL,
    key     text NOT NULL,
    hash    blob NOT NULL,
    entity  text NOT NULL,
    version integer NOT NULL,
    at      integer NOT NULL,
    CONSTRAINT idempotency_pkey PRIMARY KEY (key, domain, tenant)
) WITHOUT ROWID;

CREATE INDEX idempotency_at ON idempotency (at);

CREATE TABLE touches (
    tenant  text NOT NULL,
    domain  text NOT NULL,
    entity  text NOT NULL,
    version integer NOT NULL,
    shard   integer NOT NULL,
    seq     integer NOT NULL,
    CONSTRAINT touches_pkey PRIMARY KEY (entity, version, domain, tenant)
) WITHOUT ROWID;

CREATE TABLE cursors (
    shard    integer NOT NULL,
    follower text NOT NULL,
    seq      integer NOT NULL,
    CONSTRAINT cursors_pkey PRIMARY KEY (shard, follower)
) WITHOUT ROWID;

CREATE TABLE dead_letters (
    id          text NOT NULL,
    tenant      text,
    source      text NOT NULL,
    lane        text NOT NULL,
    event_shard integer,
    event_seq   integer,
    reason      text NOT NULL,
    payload     text NOT NULL,
    attempts    integer NOT NULL,
    retry_at    integer,
    at          integer NOT NULL,
    CONSTRAINT dead_letters_pkey PRIMARY KEY (id)
);

CREATE INDEX dead_letters_retry ON dead_letters (retry_at, id) WHERE retry_at IS NOT NULL;
CREATE INDEX dead_letters_tenant ON dead_letters (tenant, id);
