"""`Catalog`: named records in the order they were added, with "did you mean" for names it does not hold.

Catalogs are gradlab's only global state: activations, initializers, losses, tasks, rules are each one catalog, filled
once at import by the modules that define the records, and read-only in use. What a catalog holds is listed, documented
and law-tested by that fact.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Generic, Protocol, TypeVar

from gradlab.errors import UnknownName


class Named(Protocol):
    """What a catalog can hold: anything with a name."""

    @property
    def name(self) -> str:
        """The name, unique within its catalog."""
        ...


T = TypeVar("T", bound=Named)


class Catalog(Mapping[str, T], Generic[T]):
    """Records by name, in the order they were added.

    Args:
        kind: What one record is, for messages: "activation".
        plural: What several are, as `gradlab list` calls them: "activations".

    Example:
        >>> from types import SimpleNamespace
        >>> losses = Catalog("loss", "losses")
        >>> mse = losses.add(SimpleNamespace(name="mse"))
        >>> list(losses), losses["mse"] is mse, losses.get("mee")
        (['mse'], True, None)
        >>> losses["mee"]
        Traceback (most recent call last):
        gradlab.errors.UnknownName: loss "mee" is unknown; did you mean "mse"? See "gradlab list losses".
    """

    def __init__(self, kind: str, plural: str) -> None:
        self.kind, self.plural = kind, plural
        self._records: dict[str, T] = {}

    def add(self, record: T) -> T:
        """Hold a record under its name and hand it back.

        Two records of one name are a programmer's mistake, so an assertion.
        """
        assert record.name not in self._records, f"two records called {record.name!r} in the catalog of {self.plural}"
        self._records[record.name] = record
        return record

    def __getitem__(self, name: str) -> T:
        """The record of that name.

        Raises:
            UnknownName: No record has that name; it is a KeyError too, so that `in` and `get` work as for any mapping.
        """
        try:
            return self._records[name]
        except (KeyError, TypeError):  # TypeError: not hashable, so not a name
            raise UnknownName(self.kind, name, self._records, do=f'See "gradlab list {self.plural}".') from None

    def __iter__(self) -> Iterator[str]:
        """The names, in the order they were added."""
        return iter(self._records)

    def __len__(self) -> int:
        """The number of records."""
        return len(self._records)

    def __repr__(self) -> str:
        """`<Catalog of 3 losses: mse, mae, huber>`."""
        return f"<Catalog of {len(self)} {self.plural}: {', '.join(self)}>"
