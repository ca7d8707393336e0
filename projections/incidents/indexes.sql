CREATE INDEX incidents_machine ON incidents (machine_id, began_at);
CREATE INDEX incident_states_open ON incident_states (severity_rank DESC, began_at) WHERE until_known_at IS NULL AND needs_someone;
CREATE INDEX incident_states_newest ON incident_states (began_at DESC) WHERE until_known_at IS NULL;
CREATE INDEX incident_states_known ON incident_states (known_at);
