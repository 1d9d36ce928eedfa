"""The Delta jars of a local Spark: fetched once into a folder, each checked against its SHA-256.

Spark ships the Ivy resolver; it runs here on its own, so that one short start brings five jars
instead of the thirty that Spark would resolve again at every start.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import DEVNULL
from typing import Any
from xml.sax.saxutils import quoteattr

from filelock import FileLock
from pyspark.java_gateway import launch_gateway

from dq_databricks.engine.spark.failures import FAILURES
from dq_databricks.errors import EngineUnavailableError

DELTA_VERSION = "4.4.0"
REPOSITORY = "DQ_JARS_REPOSITORY"
"""Environment variable: address of a Maven repository to use in place of Ivy's default."""
TIMEOUT_MS = 30_000


@dataclass(frozen=True, slots=True)
class Jar:
    """One artifact of Delta and the SHA-256 (hex) of its file."""

    artifact: str
    sha256: str

    @property
    def file(self) -> str:
        """Name of the file in the folder."""
        return f"{self.artifact}-{DELTA_VERSION}.jar"


JARS = (
    Jar(
        "delta-spark_4.1_2.13",
        "75a9400986853c061f5109f012547de2545a5759e5e752e5ef633dabe16a4f10",
    ),
    Jar("delta-storage", "c46735481fa8e326b0957be02b4420cbcab4b325bb08009b7f2045a95133f1cc"),
    Jar("delta-kernel-api", "ee9b5a14ac3b7efdff4d61a58478fe8eb0e5a3fbca43889dca7290795fe79a11"),
    Jar(
        "delta-kernel-defaults",
        "225c975199e4718b38ee5b7e6da7f19e9585024262b2cec2656b32151a856b0b",
    ),
    Jar(
        "delta-kernel-unitycatalog",
        "cea22dfb4ac562b3cd27bf652697750e8336009d73fb06631363aaaad5345ffa",
    ),
)


def ensure_jars(folder: Path, *, environment: Mapping[str, str] | None = None) -> list[Path]:
    """The Delta jars in `folder`, fetched when they are not there; a filled one needs no network.

    Raises EngineUnavailableError when they cannot be had or a file is not the expected one.
    """
    source = os.environ if environment is None else environment
    target = folder.absolute()
    target.mkdir(parents=True, exist_ok=True)
    with FileLock(target / ".lock"):
        if not all((target / jar.file).exists() for jar in JARS):
            _fetch(target, source.get(REPOSITORY, ""))
        return [_checked(target / jar.file, jar) for jar in JARS]


def _checked(path: Path, jar: Jar) -> Path:
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != jar.sha256:
        raise EngineUnavailableError(
            f"{path}: SHA-256 is {found}, expected {jar.sha256}; remove the file to fetch it "
            "again, or put the released one there"
        )
    return path


def _fetch(target: Path, repository: str) -> None:
    with tempfile.TemporaryDirectory(prefix="dq-jars-") as scratch:
        found, problem = _resolve(Path(scratch), repository)
        if missing := [jar.file for jar in JARS if jar.file not in found]:
            raise EngineUnavailableError(_advice(target, f"{missing[0]} did not come; {problem}"))
        for jar in JARS:
            _checked(found[jar.file], jar)
            partial = target / f".{jar.file}.part"
            shutil.copyfile(found[jar.file], partial)
            partial.replace(target / jar.file)


def _resolve(work: Path, repository: str) -> tuple[dict[str, Path], str]:
    """The fetched files by name, and what Ivy had to complain about."""
    module = _written(work / "ivy.xml", _module_file())
    settings = _written(work / "settings.xml", _settings_file(work / "cache", repository))
    try:
        with _ivy_machine() as jvm:
            jvm.org.apache.ivy.util.Message.setDefaultLogger(
                jvm.org.apache.ivy.util.DefaultMessageLogger(0)
            )
            ivy = jvm.org.apache.ivy.Ivy.newInstance()
            ivy.configure(jvm.java.io.File(str(settings)))
            report = ivy.resolve(jvm.java.io.File(str(module)))
            artifacts = [entry for entry in report.getAllArtifactsReports() if entry.getLocalFile()]
            files = [Path(entry.getLocalFile().getPath()) for entry in artifacts]
            return {file.name: file for file in files}, str(report.getAllProblemMessages())
    except FAILURES as error:
        return {}, str(error)


@contextmanager
def _ivy_machine() -> Iterator[Any]:
    """A Java of its own with Spark's jars, Ivy among them; it ends with the block."""
    gateway = launch_gateway(popen_kwargs={"stdout": DEVNULL, "stderr": DEVNULL})
    try:
        yield gateway.jvm
    finally:
        gateway.shutdown()
        gateway.proc.stdin.close()
        gateway.proc.wait()


def _advice(target: Path, reason: str) -> str:
    names = ", ".join(jar.file for jar in JARS)
    return (
        f"the Delta jars of a local Spark could not be fetched into {target}: {reason}\n"
        f"Set {REPOSITORY} to a Maven repository you can reach, or put these files there: {names}"
    )


def _written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def _module_file() -> str:
    wanted = "".join(
        f'<dependency org="io.delta" name="{jar.artifact}" rev="{DELTA_VERSION}" '
        'conf="default->default" transitive="false"/>'
        for jar in JARS
    )
    return (
        '<ivy-module version="2.0"><info organisation="dq" module="jars"/>'
        '<configurations><conf name="default"/></configurations>'
        f"<dependencies>{wanted}</dependencies></ivy-module>"
    )


def _settings_file(cache: Path, repository: str) -> str:
    # Without a root Ivy's own resolver knows where the public repository is.
    root = f" root={quoteattr(repository.rstrip('/') + '/')}" if repository else ""
    return (
        '<ivysettings><settings defaultResolver="given"/>'
        f"<caches defaultCacheDir={quoteattr(str(cache))}/>"
        '<timeout-constraints><timeout-constraint name="short" '
        f'connectionTimeout="{TIMEOUT_MS}" readTimeout="{TIMEOUT_MS}"/></timeout-constraints>'
        '<resolvers><ibiblio name="given" m2compatible="true" timeoutConstraint="short"'
        f"{root}/></resolvers></ivysettings>"
    )
