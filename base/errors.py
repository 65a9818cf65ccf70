"""The one error a user may see: what was wrong, where, and what to do, with the numbers."""

from typing import Any


class HazardError(Exception):
    """A refusal that carries a stable code, an English sentence with named fields, and the facts that fill them.

    The sentence is a gettext message: `Words.error` says it in the reader's language, `str()` says it in English for
    logs, tests and the command line.

    Parameters
    ----------
    code : str
        Stable name such as ``"lon-out-of-range"``; tests and programs match on it.
    template : str
        English sentence with named fields, for instance ``"{file}: row {row} has no report time."``.
    **facts
        Values of the fields. Further facts (not named in the sentence) are allowed.
    """

    def __init__(self, code: str, template: str, /, **facts: Any) -> None:
        super().__init__(code)
        self.code, self.template, self.facts = code, template, facts

    def __str__(self) -> str:
        return self.template.format(**self.facts)

    def __reduce__(self) -> tuple[Any, ...]:  # survives the trip between processes
        return rebuilt, (self.code, self.template, self.facts)


def rebuilt(code: str, template: str, facts: dict[str, Any]) -> HazardError:
    """Return the error that was raised in another process."""
    return HazardError(code, template, **facts)
