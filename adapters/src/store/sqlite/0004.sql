-- Keys that are spread at random cost a page for each row. So what an entity was touched by stands with
-- its state, which is written anyway, as `[version, seq], [version, seq]`, and moves to `touches` once
-- there is some of it.
ALTER TABLE entities ADD COLUMN touched text;

-- And what is a person's is put beside what came about the same time, in the same `era`. A person is
-- looked for in each of them.
ALTER TABLE person_keys ADD COLUMN era integer NOT NULL DEFAULT 0;
DROP INDEX person_keys_person;
CREATE INDEX person_keys_person ON person_keys (tenant, era, person, domain, entity);
