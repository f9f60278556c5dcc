-- What personal data of an entity is sealed with. A person's data is erased by overwriting the keys
-- of all that is theirs; the journal stays as it was written.
CREATE TABLE person_keys (
    tenant text COLLATE "C" NOT NULL,
    domain text COLLATE "C" NOT NULL,
    entity text COLLATE "C" NOT NULL,
    person text COLLATE "C" NOT NULL,
    key    bytea,
    at     bigint NOT NULL,
    CONSTRAINT person_keys_pkey PRIMARY KEY (entity, domain, tenant)
);

CREATE INDEX person_keys_person ON person_keys (tenant, person);
