-- Removes incidents, their timelines and the outbox; results and alerts stay.
-- destructive: incidents, their timelines and events not yet delivered are lost.

DROP TABLE IF EXISTS `{schema}`.dq_outbox;
DROP TABLE IF EXISTS `{schema}`.dq_incident_events;
DROP TABLE IF EXISTS `{schema}`.dq_incidents;
