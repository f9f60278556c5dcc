-- A second word that lists filter by: an order's channel, the order that a message is about, `low`
-- for a product that has fallen to its threshold. An index of its own, and none of both words.
ALTER TABLE entities ADD COLUMN label text;

UPDATE entities SET label = json_extract(state, '$.channel')
    WHERE domain = 'order' AND json_extract(state, '$.kind') = 'order';
UPDATE entities SET label = json_extract(state, '$.about')
    WHERE domain = 'notification' AND json_extract(state, '$.kind') = 'notification';
UPDATE entities SET label = 'low'
    WHERE domain = 'stock' AND json_extract(state, '$.type') = 'sku'
        AND json_extract(state, '$.settings.low_threshold') > 0
        AND json_extract(state, '$.total_available')
            <= json_extract(state, '$.settings.low_threshold');

CREATE INDEX entities_label ON entities (tenant, domain, label, id) WHERE label IS NOT NULL;

-- What is a person's is read in order, however much it is.
DROP INDEX person_keys_person;
CREATE INDEX person_keys_person ON person_keys (tenant, person, domain, entity);
