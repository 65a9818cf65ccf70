"""One change at a time, done beside the page: while it runs no button begins another, and the page shows it.

A rerun of the page, which any click causes, would cut off what the page itself does. So a change runs in a thread of
its own and comes to its end, whoever clicks, reloads or leaves; what it says is said by the next run.
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

    def __init__(self, key: str, first: str, do: Callable[[Tell], Answer], file: bytes | None = None) -> None:
        self.key, self.first, self.file = key, first, file
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
    """Draw the button of a change and return whether this click begins it; raise what its last change failed with."""
    busy = "work" in st.session_state
    clicked = st.button(
        words("At work …") if busy else words("Import"),
        type="primary",
        icon=":material/hourglass_top:" if busy else ":material/download_done:",
        disabled=busy or not ready,
        key=key,
        **more,
    )
    fail(key)
    return clicked and ready and not busy  # a click may come from a page that was drawn before the change began


def run(key: str, first: str, do: Callable[[Tell], Answer]) -> None:
    """Begin a change, and the page anew, where its button is drawn at work and `join` shows how far it is.

    Parameters
    ----------
    key : str
        Of its button.
    first : str
        What is said until the work tells more.
    do : callable
        Gets the function that is told how far it is, and returns what `results.tell` takes. Asks nothing of the page.
    """
    st.session_state["work"] = Work(key, first, do, _upload())
    st.rerun()


def join(words: Words) -> None:
    """Show how far the change is that runs, if any, and begin the page anew when it is done."""
    work = st.session_state.get("work")
    if work is None:
        return
    bar = st.progress(0.0)
    while not work.answer.done():
        bar.progress(work.share, text=markdown_plain(work.said.say(words) if work.said else work.first))
        time.sleep(_LOOK_S)
    st.rerun()


def collect() -> None:
    """Take what a change that is done says, for `results.show` or `fail`, and empty the upload it came from."""
    state = st.session_state
    work = state.get("work")
    if work is None or not work.answer.done():
        return
    del state["work"]
    if error := work.answer.exception():
        state["failed"] = (work.key, error)
        return
    results.tell(*work.answer.result())
    if work.file == _upload():  # another file that was given meanwhile keeps its form
        state["uploads"] = state.get("uploads", 0) + 1


def fail(key: str | None = None) -> None:
    """Raise what the last change failed with, once: that of the button `key`, or of any."""
    failed = st.session_state.get("failed")
    if failed and key in (None, failed[0]):
        del st.session_state["failed"]
        raise failed[1]


def upload_key() -> str:
    """Return the key of the upload; a new one is an empty one."""
    return f"upload-{st.session_state.get('uploads', 0)}"


def _upload() -> bytes | None:
    file = st.session_state.get(upload_key())
    return file.getvalue() if file else None
