"""Serve the pages with the slow packages loaded first: the first reader waits for a page, not for imports."""

import contextlib
import gc
import importlib
import runpy

# Not pages/: streamlit_folium announces its component to a server that must be there already.
PACKAGES = (
    "reports.choropleth",
    "reports.intake",
    "reports.people",
    "data.example",
    "reports.times_book",
    "analysis.charts",
    "analysis.time_curves",
    "scipy.stats",  # of the first comparison of groups
)

if __name__ == "__main__":
    for name in PACKAGES:
        with contextlib.suppress(ImportError):  # a page that needs it will say so
            importlib.import_module(name)
    with contextlib.suppress(ImportError):
        # Streamlit takes a folder named pages/ for its older kind of app until a first visit has shown otherwise, and
        # greets whoever opens /data first with "Page not found".
        importlib.import_module("streamlit.runtime.pages_manager").PagesManager.uses_pages_directory = False
    gc.freeze()  # what is loaded now stays: to look through it for garbage again and again would hold up readers
    runpy.run_module("streamlit", run_name="__main__", alter_sys=True)
