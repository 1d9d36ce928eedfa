"""Migrations: files, seal, ledger, journal, and the runner that applies or undoes them."""
