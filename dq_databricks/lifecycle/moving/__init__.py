"""Renaming the schema: tables copied and verified, the setting switched last."""
