-- What personal data of an entity is sealed with. A person's data is erased by overwriting the keys
-- of all that is theirs; the journal stays as it was written.
CREATE TABLE person_keys (
    tenant text NOT NULL,
    domain text NOT NULL,
    entity text NOT NULL,
    person text NOT NULL,
    key    blob,
    at     integer NOT NULL,
    CONSTRAINT person_keys_pkey PRIMARY KEY (entity, domain, tenant)
) WITHOUT ROWID;

CREATE INDEX person_keys_person ON person_keys (tenant, person);
