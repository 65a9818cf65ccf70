"""Bring the Chinese catalog up to date: `python locales/update.py` extracts every sentence and lists those without one.

Sentences are found by these calls: words(...), _(...), N_(...), words.plural(one, many), NP_(one, many), and
HazardError(code, sentence).
"""

import sys
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
CATALOG = ROOT / "locales" / "zh" / "LC_MESSAGES" / "messages.po"
FOLDERS = ("base", "geo", "data", "analysis", "reports", "pages", "commands")
KEYWORDS = {"_": None, "N_": None, "words": None, "WORDS": None, "plural": (1, 2), "NP_": (1, 2), "HazardError": (2,)}
OWN_KEYWORDS = {"base": {"self": None}}  # Words calls itself; elsewhere a `self` inside a call hides the call's name


def extract() -> Catalog:
    """Return a catalog of every sentence in the code, each with the files that hold it."""
    catalog = Catalog(project="hazard-hotspots", version="1", charset="utf-8")
    for folder in FOLDERS:
        for file, _line, message, _comments, context in extract_from_dir(
            ROOT / folder, [("**.py", "python")], keywords=KEYWORDS | OWN_KEYWORDS.get(folder, {})
        ):
            catalog.add(message, locations=[(f"{folder}/{file}", 0)], context=context)
    for file in ("app.py", "cli.py"):
        for _name, _line, message, _comments, context in extract_from_dir(
            ROOT, [(file, "python")], keywords=KEYWORDS, directory_filter=lambda _folder: False
        ):
            catalog.add(message, locations=[(file, 0)], context=context)
    return catalog


def read() -> Catalog:
    """Return the Chinese catalog as it stands."""
    with CATALOG.open("rb") as file:
        return read_po(file, locale="zh_Hans_CN")


def main() -> int:
    """Write the catalog anew; return the number of sentences without a translation."""
    catalog = read() if CATALOG.exists() else Catalog(locale="zh_Hans_CN", project="hazard-hotspots", charset="utf-8")
    catalog.header_comment = (
        "# The Chinese sentences of Hazard Hotspots; `python locales/update.py` keeps them complete."
    )
    catalog.update(extract(), no_fuzzy_matching=True, update_creation_date=False)
    for message in list(catalog.obsolete):
        del catalog.obsolete[message]
    CATALOG.parent.mkdir(parents=True, exist_ok=True)
    with CATALOG.open("wb") as file:
        write_po(file, catalog, width=120, omit_header=False, include_lineno=False, sort_output=True)
    missing = [message.id for message in catalog if message.id and not any(_texts(message.string))]
    for text in missing:
        print(repr(text))
    print(f"{len(catalog)} sentences, {len(missing)} without a translation", file=sys.stderr)
    return len(missing)


def _texts(string: str | tuple[str, ...] | None) -> tuple[str, ...]:
    return (string,) if isinstance(string, str) else tuple(string or ())


if __name__ == "__main__":
    sys.exit(1 if main() else 0)
