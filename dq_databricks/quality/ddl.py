"""Migration files for their authors: start, look through, seal. Needs no engine and no schema."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dq_databricks.errors import SealError
from dq_databricks.lifecycle.migrations.lint import Finding, lint
from dq_databricks.lifecycle.migrations.new_file import NewMigration, new_migration
from dq_databricks.lifecycle.migrations.seal import SealReport, seal

__all__ = ["Finding", "MigrationFiles", "NewMigration", "SealReport"]


@dataclass(frozen=True, slots=True)
class MigrationFiles:
    """The migration files of one folder."""

    folder: Path = Path("ddl")

    def new(self, title: str) -> NewMigration:
        """Start the next migration. Raises WrongUseError, AlreadyExistsError, MigrationError."""
        return new_migration(self.folder, title)

    def seal(self, *, force: bool = False) -> SealReport:
        """Seal what is there, when nothing else is wrong with it, or with `force` as it is.

        Raises SealError, MigrationError, and WrongUseError for a missing folder.
        """
        wrong = [] if force else [one for one in self.lint() if one.rule != "seal"]
        if wrong:
            first = f"ddl/{wrong[0].file}:{wrong[0].line}: {wrong[0].rule}: {wrong[0].message}"
            raise SealError(f"{first}; mend it first (dq ddl lint lists {len(wrong)} findings)")
        return seal(self.folder, force=force)

    def lint(self) -> tuple[Finding, ...]:
        """Everything that is wrong with the files. Raises WrongUseError for a missing folder."""
        return lint(self.folder)
