-- The same shop as it is usually written: rows that are locked, and an outbox.
-- Text and plain columns, no jsonb; the keys that such a shop needs, and no more indexes.

CREATE TABLE stock (
    sku      text COLLATE "C" PRIMARY KEY,
    on_hand  bigint NOT NULL,
    reserved bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 85);

CREATE TABLE orders (
    id          uuid PRIMARY KEY,
    channel     text NOT NULL,
    status      text NOT NULL,
    currency    text NOT NULL,
    customer    text NOT NULL,
    street      text NOT NULL,
    city        text NOT NULL,
    postal_code text NOT NULL,
    country     text NOT NULL,
    total_minor bigint NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE order_lines (
    order_id         uuid NOT NULL,
    line             integer NOT NULL,
    sku              text NOT NULL,
    title            text NOT NULL,
    quantity         bigint NOT NULL,
    unit_price_minor bigint NOT NULL,
    PRIMARY KEY (order_id, line)
);

CREATE TABLE movements (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sku      text NOT NULL,
    order_id uuid NOT NULL,
    quantity bigint NOT NULL,
    at       timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE outbox (
    id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic   text NOT NULL,
    payload text NOT NULL,
    at      timestamptz NOT NULL DEFAULT now()
);

-- The whole order in one round trip. False: something is sold out, and nothing was written.
CREATE FUNCTION place(
    an_order uuid, skus text[], quantities bigint[], titles text[], prices bigint[], total bigint,
    message text
) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    enough bigint;
BEGIN
    SELECT count(*) INTO enough FROM (
        SELECT s.on_hand - s.reserved AS free, w.quantity
        FROM stock s JOIN unnest(skus, quantities) AS w (sku, quantity) ON s.sku = w.sku
        ORDER BY s.sku FOR UPDATE OF s
    ) AS locked WHERE locked.free >= locked.quantity;
    IF enough < cardinality(skus) THEN
        RETURN false;
    END IF;
    INSERT INTO orders (id, channel, status, currency, customer, street, city, postal_code,
        country, total_minor)
    VALUES (an_order, 'web', 'pending', 'CZK', 'Jana Novakova', 'Dlouha 1', 'Praha', '11000', 'CZ',
        total);
    INSERT INTO order_lines (order_id, line, sku, title, quantity, unit_price_minor)
    SELECT an_order, line, sku, title, quantity, price
    FROM unnest(skus, quantities, titles, prices) WITH ORDINALITY
        AS l (sku, quantity, title, price, line);
    UPDATE stock s SET reserved = s.reserved + w.quantity
    FROM unnest(skus, quantities) AS w (sku, quantity) WHERE s.sku = w.sku;
    INSERT INTO movements (sku, order_id, quantity)
    SELECT sku, an_order, -quantity FROM unnest(skus, quantities) AS w (sku, quantity);
    INSERT INTO outbox (topic, payload) VALUES ('order.created', message);
    RETURN true;
END
$$;
