"""The life of the metadata schema: provisioned, upgraded, verified, renamed, restored, tended."""
