# coding: utf-8
"""Set up and start Hazard Hotspots with nothing but Python: `python run.py`; `python run.py --help` names the rest.

The work is done in tools/. This file parses under any Python, so that an old one gets a sentence.
"""

import sys

if sys.version_info < (3, 11):
    ENGLISH = "Hazard Hotspots needs Python 3.11 or later: install it, and start run.py with it."
    CHINESE = "需要 Python 3.11 或更高版本:请安装后再用它运行 run.py。"
    try:
        (ENGLISH + CHINESE).encode(sys.stderr.encoding or "ascii")
    except UnicodeError:
        CHINESE = ""
    sys.stderr.write(ENGLISH + (" / " if CHINESE else "") + CHINESE + "\n")
    sys.exit(2)

from tools.commands import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
