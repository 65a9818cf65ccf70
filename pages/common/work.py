"""One change at a time, done beside the page: it shows how far it is, and a second click joins it and begins no other.

A rerun of the page, which any click causes, would cut off what the page itself does. So a change runs in a thread of
its own and comes to its end, whoever clicks, reloads or leaves.
"""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import streamlit as st

from base.text import Sentence, Words, markdown_plain
from pages.common import results
from reports import intake

Tell = Callable[[float, str, dict[str, Any]], None]
Answer = tuple[str, list[str], list[intake.Look]]  # as `results.tell` takes it
_LOOK_S = 0.1  # how often the page looks how far the work is


class Work:
    """A change that runs: how far it is, and its answer."""

    def __init__(self, key: str, first: str, do: Callable[[Tell], Answer]) -> None:
        self.key, self.first = key, first
        self.share = 0.0
        self.said: Sentence | None = None
        self.answer: Future[Answer] = Future()
        threading.Thread(target=self._run, args=(do,), daemon=True).start()  # a kill in the middle leaves no half

    def _run(self, do: Callable[[Tell], Answer]) -> None:
        try:
            self.answer.set_result(do(self._tell))
        except BaseException as error:  # the page says it
            self.answer.set_exception(error)

    def _tell(self, share: float, sentence: str, fields: dict[str, Any]) -> None:
        self.share, self.said = min(max(share, 0.0), 1.0), Sentence(sentence, fields)


def button(words: Words, key: str, *, ready: bool = True, **more: Any) -> bool:
    """Draw the button of a change and return whether it is wanted; until it is done it cannot be pressed again."""
    state = st.session_state
    wanted = state.get("wanted") == key
    st.button(
        words("At work …") if wanted else words("Import"),
        type="primary",
        icon=":material/hourglass_top:" if wanted else ":material/download_done:",
        disabled=wanted or not ready,
        key=key,
        on_click=lambda: state.update(wanted=key),
        **more,
    )
    if (failed := state.get("failed")) and failed[0] == key:
        del state["failed"]
        raise failed[1]
    return bool(wanted)


def run(words: Words, key: str, first: str, do: Callable[[Tell], Answer]) -> None:
    """Do a change that is wanted, or join it if it runs, and begin the page anew when it is done.

    Parameters
    ----------
    key : str
        Of its button.
    first : str
        What is said until the work tells more.
    do : callable
        Gets the function that is told how far it is, and returns what `results.tell` takes. Asks nothing of the page.
    """
    work = st.session_state.get("work")
    if work is None or work.key != key:
        work = st.session_state["work"] = Work(key, first, do)
    join(words, work)


def join(words: Words, work: "Work | None" = None) -> None:
    """Show how far the change is that runs, if any, and begin the page anew when it is done."""
    work = work or st.session_state.get("work")
    if work is None:
        return
    bar = st.progress(0.0)
    while not work.answer.done():
        bar.progress(work.share, text=markdown_plain(work.said.say(words) if work.said else work.first))
        time.sleep(_LOOK_S)
    st.rerun()


def collect() -> None:
    """Take the answer of a change that is done: for `results.show`, or for its button if it failed."""
    state = st.session_state
    work = state.get("work")
    if work is None or not work.answer.done():
        return
    if error := work.answer.exception():
        state["failed"] = (work.key, error)
    else:
        results.tell(*work.answer.result())
    for name in ("work", "wanted"):
        state.pop(name, None)
