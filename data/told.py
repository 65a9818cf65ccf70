"""What the files of a version told at all, by the mappings of their imports.

That a case has no closing time says that it is open only where its source tells closing times.
"""

from data.dataset import Dataset


def sources_without(dataset: Dataset, field: str) -> frozenset[str]:
    """Return the sources of which no import maps a field; an import record without a mapping counts as mapping it."""
    telling = {
        record.source for record in dataset.imports if field in record.options.get("mapping", (field,))
    }  # fmt: skip
    return frozenset(dataset.sources) - telling


def imports_with(dataset: Dataset, field: str) -> frozenset[str]:
    """Return the ids of the imports whose mapping holds a field."""
    return frozenset(
        record.import_id for record in dataset.imports if field in record.options.get("mapping", ())
    )  # fmt: skip
