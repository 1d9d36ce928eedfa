"""What a type of source says about itself: its options and what its tables can be asked."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class OptionKind(StrEnum):
    """What the value of an option is; a secret is always a reference."""

    TEXT = "text"
    HOST = "host"
    PORT = "port"
    FLAG = "flag"
    SECRET = "secret"


class OptionPlace(StrEnum):
    """The statement an option belongs to."""

    CONNECTION = "connection"
    CATALOG = "catalog"


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceOption:
    """One option of CREATE CONNECTION or CREATE FOREIGN CATALOG.

    The name of one that is not `is_verified` has not been tried on a workspace.
    """

    name: str
    help: str
    kind: OptionKind = OptionKind.TEXT
    place: OptionPlace = OptionPlace.CONNECTION
    is_required: bool = True
    default: str | None = None
    is_verified: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceType:
    """A type of source. `keyword` is its TYPE in SQL; None: its catalog is read directly.

    `credentials` names the option that the credentials of a connection fill in.
    """

    name: str
    title: str
    keyword: str | None = None
    options: tuple[SourceOption, ...] = ()
    credentials: str | None = None
    supports_history: bool = False
    supports_statistics: bool = False
    notes: tuple[str, ...] = ()

    @property
    def is_federated(self) -> bool:
        """Whether its tables are read through a foreign catalog."""
        return self.keyword is not None

    def option(self, name: str) -> SourceOption | None:
        """The option of this name, or None."""
        return next((option for option in self.options if option.name == name), None)

    def of(self, place: OptionPlace) -> tuple[SourceOption, ...]:
        """The options of one statement, in the order in which it gives them."""
        return tuple(option for option in self.options if option.place is place)
