"""The end of a `measuring.Worker` that works: the standard library alone, for peers have a Python of their own."""

import importlib.metadata
import json
import resource
import sys
import time
from collections.abc import Callable
from typing import Any


def serve(library: str, begin: Callable[..., tuple[Callable[[], Any], Callable[[Any], dict[str, Any]]]]) -> None:
    """For each line of JSON on standard input, work once and say what it cost: seconds, cpu (user and system).

    ``begin(**question)`` returns the work that is charged, and what turns its result into the rest of the answer.
    ``library`` is the package that does the work.
    """
    print(json.dumps({"library": f"{library} {importlib.metadata.version(library)}"}), flush=True)
    for line in sys.stdin:
        work, describe = begin(**json.loads(line))
        cpu, start = _cpu(), time.perf_counter()
        result = work()
        cost = {"seconds": time.perf_counter() - start, "cpu": _cpu() - cpu}
        answer = cost | describe(result)
        del result  # or the next work would be charged for it
        print(json.dumps(answer), flush=True)


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
