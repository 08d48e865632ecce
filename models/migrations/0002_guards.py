"""What the database itself must refuse: edited audit rows, and two shifts of one person at once."""

from tortoise import migrations
from tortoise.migrations import operations as ops

APPEND_ONLY = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
END $$;
CREATE TRIGGER audit_rows_append_only BEFORE UPDATE OR DELETE ON audit_rows
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_seals_append_only BEFORE UPDATE OR DELETE ON audit_seals
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_rows_not_emptied BEFORE TRUNCATE ON audit_rows
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_seals_not_emptied BEFORE TRUNCATE ON audit_seals
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""

ONE_PLACE_AT_A_TIME = """
CREATE UNIQUE INDEX shifts_one_start ON shifts (person_id, starts_at) WHERE state = 'planned';
CREATE INDEX shifts_to_remind ON shifts (remind_at) WHERE state = 'planned' AND remind_at IS NOT NULL;
CREATE UNIQUE INDEX swaps_one_open ON swaps (give_id) WHERE state IN ('asked', 'accepted');
CREATE UNIQUE INDEX rosters_one_draft_file ON rosters (unit_id, source_hash) WHERE state = 'draft';
CREATE INDEX deliveries_to_repeat ON deliveries (channel, send_id) WHERE state = 'unknown' AND repeat_until IS NOT NULL;
CREATE INDEX identities_by_name ON identities (platform, lower(user_id));
CREATE UNIQUE INDEX grants_hr_once ON grants (person_id, role) WHERE unit_id IS NULL;
"""

# One round trip for the hot path. The lock comes first and in its own statement, so that what an
# earlier event of the same sender committed while we waited is seen.
TAKE_EVENT = """
CREATE FUNCTION take_event(
    new_event_id text, new_sender text, new_kind text, new_payload text, now timestamptz,
    OUT id bigint, OUT waits boolean
) RETURNS SETOF record LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(new_sender, 1));
    RETURN QUERY
    INSERT INTO inbox AS i (event_id, sender, kind, payload, state, received_at)
    VALUES (new_event_id, new_sender, new_kind, new_payload, 'done', now)
    ON CONFLICT (event_id) DO NOTHING
    RETURNING i.id, EXISTS (
        SELECT 1 FROM inbox w WHERE w.sender = new_sender AND w.state = 'pending');
END $$;
"""

UNDO = """DROP FUNCTION take_event;
DROP INDEX grants_hr_once;
DROP INDEX identities_by_name;
DROP INDEX deliveries_to_repeat;
DROP INDEX rosters_one_draft_file;
DROP INDEX swaps_one_open;
DROP INDEX shifts_to_remind;
DROP INDEX shifts_one_start;
DROP TRIGGER audit_seals_not_emptied ON audit_seals;
DROP TRIGGER audit_rows_not_emptied ON audit_rows;
DROP TRIGGER audit_seals_append_only ON audit_seals;
DROP TRIGGER audit_rows_append_only ON audit_rows;
DROP FUNCTION refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("models", "0001_initial")]

    operations = [ops.RunSQL(APPEND_ONLY + ONE_PLACE_AT_A_TIME + TAKE_EVENT, UNDO)]
