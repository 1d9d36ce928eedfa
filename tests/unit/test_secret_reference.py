"""A reference says where a secret is; a text that is none is never repeated."""

from __future__ import annotations

import pytest

from dq_databricks.errors import ParameterError
from dq_databricks.model.secret_reference import SecretKind, SecretReference


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "secret:prod/pg.password",
            SecretReference(SecretKind.SECRET_SCOPE, "prod", "pg.password"),
        ),
        ("prod/pg_password", SecretReference(SecretKind.SECRET_SCOPE, "prod", "pg_password")),
        ("env:PG_PASSWORD", SecretReference(SecretKind.ENVIRONMENT, "PG_PASSWORD")),
        ("file:/run/secrets/pg", SecretReference(SecretKind.FILE, "/run/secrets/pg")),
        ("vault:pg", SecretReference(SecretKind.VAULT, "pg")),
    ],
)
def test_the_four_forms_and_the_bare_one_are_read(text: str, expected: SecretReference) -> None:
    assert SecretReference.parse(text) == expected
    assert SecretReference.parse(str(expected)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "", "hunter2", "dapi0123456789abcdef0123", "secret:scope", "secret:a/b/c", "secret:a/",
        "env:", "env:A-B", "env:1A", "file:", "file:a\nb", "vault:a b", "postgresql://u:p@h/db",
        "pass word/key", "a/b+c==", "Secret:a/b", "a/b\nc",
    ],
)  # fmt: skip
def test_anything_else_is_refused_and_not_shown(text: str) -> None:
    with pytest.raises(ParameterError) as raised:
        SecretReference.parse(text)
    assert len(text) < 6 or text not in str(raised.value)
    for form in ("secret:SCOPE/KEY", "env:NAME", "file:PATH", "vault:NAME"):
        assert form in str(raised.value)
