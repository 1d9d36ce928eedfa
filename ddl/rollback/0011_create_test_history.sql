-- Removes versions of tests, descriptions of suites and remembered answers; the tests stay.
-- destructive: earlier versions of tests and descriptions of suites are lost.

DROP TABLE IF EXISTS `{schema}`.dq_answered_requests;
DROP TABLE IF EXISTS `{schema}`.dq_test_versions;
DROP TABLE IF EXISTS `{schema}`.dq_test_suites;
