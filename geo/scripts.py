"""Text on its way into a script or HTML: two walls, so that a name from a file is shown and never run."""

import json
import re
from collections.abc import Callable
from typing import Any

from branca.element import Element, MacroElement
from folium.template import Template

_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_UNSAFE_IN_SCRIPT = re.compile(r'[^A-Za-z0-9 \\"-]')
_UNSAFE_IN_HTML = re.compile("[<>&\"'`$\\\\{}%#=,\x00-\x1f\x7f-\x9f\u2028\u2029]")


def script_value(value: Any) -> str:
    """Return a value as JSON that may stand in a script and in a template.

    Inside strings only letters, digits, spaces, hyphens and escapes are left: folium compiles what it renders a second
    time as a template, and streamlit-folium strips pieces such as ``_a1`` before it compares scripts.

    Raises
    ------
    ValueError
        If a number is NaN or infinite.
    """
    text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    return _STRING.sub(lambda string: _UNSAFE_IN_SCRIPT.sub(_as_unit, string[0]), text)


def _as_unit(sign: re.Match[str]) -> str:
    return f"\\u{ord(sign[0]):04x}"


def escape(text: str) -> str:
    """Return text for an HTML sink: every sign that means something to HTML, a script or a template as an entity.

    A NUL is shown as U+FFFD, since HTML knows no entity for it; other control characters are written by number.
    """
    return _UNSAFE_IN_HTML.sub(lambda sign: f"&#{ord(sign[0]) or 0xFFFD};", text)


class Script(MacroElement):
    """A piece of script that folium passes on as it is, without compiling it as a template.

    Parameters
    ----------
    code : callable
        Gets the element that holds this one (its ``get_name()`` is its variable in the script), returns the script.
    """

    _template = Template("{% macro script(this, kwargs) %}{{ this.code(this._parent) }}{% endmacro %}")
    _as_is = Template("{{ this.text }}")

    def __init__(self, code: Callable[[Any], str]) -> None:
        super().__init__()
        self._name, self.code = "Script", code

    def render(self, **kwargs: Any) -> None:
        """Hang the script into the figure, behind a template that only repeats it."""
        element = Element()
        element._template, element.text = self._as_is, self.code(self._parent)
        self.get_root().script.add_child(element, name=self.get_name())
