"""A restore takes data back; revoked keys stay revoked, and the audit log forgets nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from dq_databricks import Quality
from dq_databricks.errors import NotFoundError
from dq_databricks.model.tables import NEVER_RESTORED
from tests.support.local_engine import open_for_tests
from tests.support.provisioned import put_schema
from tests.support.store import settings_for


def test_a_restore_leaves_keys_and_the_audit_log_alone(tmp_path: Path) -> None:
    put_schema(tmp_path)
    settings = settings_for("s", home=tmp_path)
    with open_for_tests(tmp_path) as engine, Quality(settings, engine) as quality:
        leaked, good = (quality.access.keys.create(name) for name in ("leaked", "good"))
        quality.projects.add("early", name="Early")
        quality.points.backup("before")
        quality.projects.add("late", name="Late")
        revoked = quality.access.keys.revoke(leaked.api_key_id)
        later = quality.access.keys.create("later")
        written = quality.audit.head()
        report = quality.points.restore("before")
        assert not NEVER_RESTORED & {table.table for table in report.tables}
    with open_for_tests(tmp_path) as engine, Quality(settings, engine) as quality:
        keys = {key.name: key for key in quality.access.keys.list().items}
        assert keys["leaked"].revoked_at == revoked.revoked_at
        assert not keys["leaked"].is_valid
        assert keys["good"].api_key_id == good.api_key_id
        assert keys["later"].api_key_id == later.api_key_id, "a key is not lost with what it did"
        assert quality.projects.show("early").name == "Early"
        with pytest.raises(NotFoundError):
            quality.projects.show("late")
        quality.projects.add("late", name="Late again")
        checked = quality.audit.verify(kept=written)
        assert checked.is_whole, checked
        about = [entry.entity_id for entry in quality.audit.list().items]
        assert about.count("late") == 2
