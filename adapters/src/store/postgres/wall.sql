-- The second wall between tenants. The first is that every statement names its tenant; behind this
-- one a statement that forgot to would see nothing.
--
-- The engine writes as the tables' owner, for many tenants in one transaction. What is read for one
-- tenant is read as a role that owns nothing, cannot bypass the policies, and sees the rows of the
-- tenant that `kontor.tenant` names; none, while that names nobody.
DO $$
DECLARE
    bounded text;
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'kontor_tenant') THEN
        BEGIN
            CREATE ROLE kontor_tenant NOLOGIN NOSUPERUSER NOBYPASSRLS NOINHERIT;
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL; -- A node on another database of this server was faster.
        END;
    END IF;
    IF NOT pg_has_role(current_user, 'kontor_tenant', 'MEMBER') THEN
        EXECUTE format('GRANT kontor_tenant TO %I', current_user);
    END IF;
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO kontor_tenant', current_schema());
    FOREACH bounded IN ARRAY ARRAY[
        'journal', 'entities', 'entity_keys', 'idempotency', 'touches', 'dead_letters',
        'person_keys'
    ] LOOP
        EXECUTE format('GRANT SELECT ON %I TO kontor_tenant', bounded);
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', bounded);
        EXECUTE format('DROP POLICY IF EXISTS tenant ON %I', bounded);
        EXECUTE format(
            'CREATE POLICY tenant ON %I FOR SELECT TO kontor_tenant
                USING (%s = current_setting(''kontor.tenant'', true))',
            bounded,
            -- No plan may answer for a stretch of the journal by the tenant's whole history.
            CASE bounded WHEN 'journal' THEN 'tenant || ''''' ELSE 'tenant' END
        );
    END LOOP;
    -- A view reads as whoever asks it from PostgreSQL 15 on; before, it would be a hole.
    IF current_setting('server_version_num')::integer >= 150000 THEN
        FOR bounded IN
            SELECT viewname FROM pg_views WHERE schemaname = current_schema()
                AND viewname = ANY (ARRAY['journal_events', 'orders', 'order_lines',
                    'stock_levels', 'stock_movements', 'payments',
                    'ledger_entries', 'notifications'])
        LOOP
            EXECUTE format('ALTER VIEW %I SET (security_invoker = true)', bounded);
            EXECUTE format('GRANT SELECT ON %I TO kontor_tenant', bounded);
        END LOOP;
    END IF;
END
$$;
