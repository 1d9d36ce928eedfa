-- Sources outside Databricks are read through Lakehouse Federation. A connection says how its source
-- is reached and what it can be asked; values of credentials never stand here.

ALTER TABLE `{schema}`.dq_connections ADD COLUMNS (
  federation_options STRING COMMENT 'JSON: where a federated source is, such as host and port; never a secret.',
  uc_connection STRING COMMENT 'Unity Catalog connection that its foreign catalog reads through.',
  supports_history BOOLEAN COMMENT 'Whether its tables have versions that can be asked for.',
  supports_statistics BOOLEAN COMMENT 'Whether its tables have file statistics that answer without a scan.'
);
