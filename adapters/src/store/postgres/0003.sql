-- A second word that lists filter by: an order's channel, the order that a message is about, `low`
-- for a product that has fallen to its threshold. An index of its own, and none of both words.
ALTER TABLE entities ADD COLUMN label text COLLATE "C";

UPDATE entities SET label = state::json ->> 'channel'
    WHERE domain = 'order' AND state::json ->> 'kind' = 'order';
UPDATE entities SET label = state::json ->> 'about'
    WHERE domain = 'notification' AND state::json ->> 'kind' = 'notification'
        AND state::json ->> 'about' IS NOT NULL;
UPDATE entities SET label = 'low'
    WHERE domain = 'stock' AND state::json ->> 'type' = 'sku'
        AND (state::json -> 'settings' ->> 'low_threshold')::bigint > 0
        AND (state::json ->> 'total_available')::bigint
            <= (state::json -> 'settings' ->> 'low_threshold')::bigint;

CREATE INDEX entities_label ON entities (tenant, domain, label, id) WHERE label IS NOT NULL;

-- What is a person's is read in order, however much it is.
DROP INDEX person_keys_person;
CREATE INDEX person_keys_person ON person_keys (tenant, person, domain, entity);
