-- Who may do what, and who did what: tenants, people, keys (only their hashes), and a log of every
-- change whose entries are chained, so that an altered or removed one shows.

CREATE TABLE IF NOT EXISTS `{schema}`.dq_organizations (
  organization_id STRING NOT NULL COMMENT 'Primary key.',
  name STRING NOT NULL COMMENT 'Display name, unique.',
  slug STRING NOT NULL COMMENT 'Short name for addresses: 3 to 50 of a-z, 0-9 and the hyphen, unique.',
  domain STRING COMMENT 'Internet domain of its users; null when there is none.',
  description STRING COMMENT 'What the organization is.',
  tier STRING COMMENT 'What it subscribed to: free, pro or enterprise.',
  tier_expires_at TIMESTAMP COMMENT 'When the subscription ends, UTC; null: never.',
  max_users INT COMMENT 'Users it may have.',
  max_projects INT COMMENT 'Projects it may have.',
  storage_limit_gb INT COMMENT 'Gigabytes its metadata may take.',
  is_active BOOLEAN COMMENT 'Whether it may be used.',
  created_at TIMESTAMP NOT NULL COMMENT 'When the row was made, UTC.',
  updated_at TIMESTAMP NOT NULL COMMENT 'When the row was last changed, UTC.',
  version BIGINT COMMENT 'Counts the edits of the row from 1.',
  deleted_at TIMESTAMP COMMENT 'When the row was removed, UTC; null while it is in use.'
)
USING DELTA
COMMENT 'Organizations: the tenants, with their limits.'
TBLPROPERTIES ('delta.deletedFileRetentionDuration' = 'interval 31 days', 'delta.logRetentionDuration' = 'interval 60 days');

CREATE TABLE IF NOT EXISTS `{schema}`.dq_workspaces (
  workspace_id STRING NOT NULL COMMENT 'Primary key.',
  organization_id STRING NOT NULL COMMENT 'Organization it belongs to (dq_organizations).',
  name STRING NOT NULL COMMENT 'Display name, unique within the organization.',
  description STRING COMMENT 'What the workspace is for.',
  is_active BOOLEAN COMMENT 'Whether it may be used.',
  created_at TIMESTAMP NOT NULL COMMENT 'When the row was made, UTC.',
  updated_at TIMESTAMP NOT NULL COMMENT 'When the row was last changed, UTC.',
  version BIGINT COMMENT 'Counts the edits of the row from 1.',
  deleted_at TIMESTAMP COMMENT 'When the row was removed, UTC; null while it is in use.'
)
USING DELTA
COMMENT 'Workspaces of an organization: what is seen together.'
TBLPROPERTIES ('delta.deletedFileRetentionDuration' = 'interval 31 days', 'delta.logRetentionDuration' = 'interval 60 days');

CREATE TABLE IF NOT EXISTS `{schema}`.dq_users (
  user_id STRING NOT NULL COMMENT 'Primary key.',
  organization_id STRING NOT NULL COMMENT 'Organization the user belongs to (dq_organizations).',
  email STRING NOT NULL COMMENT 'E-mail address, unique in any spelling of upper and lower case.',
  username STRING NOT NULL COMMENT 'Name to sign with: 3 to 30 of letters, digits, hyphen and underscore; unique.',
  first_name STRING COMMENT 'First name.',
  last_name STRING COMMENT 'Last name.',
  organization_role STRING COMMENT 'super_admin, org_admin, report_manager, report_viewer or user.',
  timezone STRING COMMENT 'IANA time zone that times are shown in.',
  language STRING COMMENT 'Language tag.',
  is_active BOOLEAN COMMENT 'Whether the user may sign in.',
  last_sign_in_at TIMESTAMP COMMENT 'When the user was last seen, UTC, to five minutes.',
  created_at TIMESTAMP NOT NULL COMMENT 'When the row was made, UTC.',
  updated_at TIMESTAMP NOT NULL COMMENT 'When the row was last changed, UTC.',
  version BIGINT COMMENT 'Counts the edits of the row from 1.',
  deleted_at TIMESTAMP COMMENT 'When the row was removed, UTC; null while it is in use.'
)
USING DELTA
COMMENT 'Users: people who sign in.'
TBLPROPERTIES ('delta.deletedFileRetentionDuration' = 'interval 31 days', 'delta.logRetentionDuration' = 'interval 60 days');

CREATE TABLE IF NOT EXISTS `{schema}`.dq_memberships (
  membership_id STRING NOT NULL COMMENT 'Primary key.',
  workspace_id STRING NOT NULL COMMENT 'Workspace (dq_workspaces).',
  user_id STRING NOT NULL COMMENT 'User (dq_users).',
  role STRING NOT NULL COMMENT 'admin, editor or viewer.',
  created_at TIMESTAMP NOT NULL COMMENT 'When the row was made, UTC.',
  updated_at TIMESTAMP NOT NULL COMMENT 'When the row was last changed, UTC.',
  version BIGINT COMMENT 'Counts the edits of the row from 1.',
  deleted_at TIMESTAMP COMMENT 'When the row was removed, UTC; null while it is in use.'
)
USING DELTA
COMMENT 'Memberships: the role of a user in a workspace.'
TBLPROPERTIES ('delta.deletedFileRetentionDuration' = 'interval 31 days', 'delta.logRetentionDuration' = 'interval 60 days');

CREATE TABLE IF NOT EXISTS `{schema}`.dq_api_keys (
  api_key_id STRING NOT NULL COMMENT 'Primary key.',
  workspace_id STRING NOT NULL COMMENT 'Workspace it opens (dq_workspaces).',
  name STRING NOT NULL COMMENT 'What the key is for.',
  key_prefix STRING NOT NULL COMMENT 'First 12 characters of the key, by which it is found.',
  key_hash STRING NOT NULL COMMENT 'Method and hash of the whole key.',
  role STRING NOT NULL COMMENT 'admin, editor or viewer.',
  scopes STRING COMMENT 'JSON: what the key may do.',
  user_id STRING COMMENT 'User it acts for (dq_users); null for a key of its own.',
  expires_at TIMESTAMP COMMENT 'When it ends to be valid, UTC; null: never.',
  last_used_at TIMESTAMP COMMENT 'When it was last used, UTC, to five minutes.',
  revoked_at TIMESTAMP COMMENT 'When it was revoked, UTC; null while it is valid.',
  revoked_by STRING COMMENT 'Who revoked it.',
  rotated_from STRING COMMENT 'The key it replaces, which stays valid until it is revoked or expires.',
  created_by STRING COMMENT 'Who made it.',
  created_at TIMESTAMP NOT NULL COMMENT 'When the row was made, UTC.',
  updated_at TIMESTAMP NOT NULL COMMENT 'When the row was last changed, UTC.',
  version BIGINT COMMENT 'Counts the edits of the row from 1.',
  deleted_at TIMESTAMP COMMENT 'When the row was removed, UTC; null while it is in use.'
)
USING DELTA
COMMENT 'API keys, as hashes: the keys themselves are shown once and never stored.'
TBLPROPERTIES ('delta.deletedFileRetentionDuration' = 'interval 31 days', 'delta.logRetentionDuration' = 'interval 60 days');

CREATE TABLE IF NOT EXISTS `{schema}`.dq_audit_log (
  workspace_id STRING NOT NULL COMMENT 'Workspace whose chain it stands in (dq_workspaces).',
  sequence BIGINT NOT NULL COMMENT 'Place in the chain, from 1 without gaps.',
  action STRING NOT NULL COMMENT 'create, update, delete, restore, sign_in, sign_out or export.',
  entity_type STRING NOT NULL COMMENT 'What was changed, such as test or connection.',
  entity_id STRING NOT NULL COMMENT 'Key of what was changed.',
  changes STRING COMMENT 'JSON: the old and the new value of each field that changed.',
  actor STRING NOT NULL COMMENT 'Who did it.',
  actor_type STRING NOT NULL COMMENT 'key, user, cli or system.',
  api_key_id STRING COMMENT 'The key it was done with (dq_api_keys).',
  request_id STRING COMMENT 'Request it was done by.',
  source_address STRING COMMENT 'Address the request came from.',
  created_at TIMESTAMP NOT NULL COMMENT 'When it was done, UTC.',
  previous_hash STRING NOT NULL COMMENT 'Hash of the entry before; empty for the first.',
  entry_hash STRING NOT NULL COMMENT 'Hash of this entry.'
)
USING DELTA
COMMENT 'Audit log: every change, chained by hashes per workspace.'
TBLPROPERTIES ('delta.deletedFileRetentionDuration' = 'interval 31 days', 'delta.logRetentionDuration' = 'interval 60 days');
