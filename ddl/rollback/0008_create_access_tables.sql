-- Removes tenants, people, keys and the audit log; what is watched stays.
-- destructive: organizations, workspaces, users, API keys and the audit log are lost.

DROP TABLE IF EXISTS `{schema}`.dq_audit_log;
DROP TABLE IF EXISTS `{schema}`.dq_api_keys;
DROP TABLE IF EXISTS `{schema}`.dq_memberships;
DROP TABLE IF EXISTS `{schema}`.dq_users;
DROP TABLE IF EXISTS `{schema}`.dq_workspaces;
DROP TABLE IF EXISTS `{schema}`.dq_organizations;
