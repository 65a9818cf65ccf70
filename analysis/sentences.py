"""Findings as sentences in no language yet: stored and cached once, said by a page in its reader's words."""

from typing import Any, NamedTuple

from base.text import Words


class Term(str):
    """A field that is itself a message (marked with N_): translated when its sentence is said."""

    __slots__ = ()


class Sentence(NamedTuple):
    """A message and the values of its fields."""

    template: str
    fields: dict[str, Any]

    def say(self, words: Words, **more: Any) -> str:
        """Return the sentence in the language of `words`; `more` adds or replaces fields, such as a cell's name."""
        fields = {**self.fields, **more}
        said = {key: words(value) if isinstance(value, Term) else value for key, value in fields.items()}
        return words(self.template, **said)
