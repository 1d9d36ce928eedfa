-- Removes schedules and jobs; the runs they made stay.
-- destructive: schedules and the records of jobs are lost.

DROP TABLE IF EXISTS `{schema}`.dq_jobs;
DROP TABLE IF EXISTS `{schema}`.dq_schedules;
