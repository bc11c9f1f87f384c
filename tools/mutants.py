"""Mutation testing of the modules that decide who sees what, ``[tool.mutmut]`` of pyproject.toml: ``make mutants``.

    python -m tools.mutants                      all (half an hour)
    python -m tools.mutants "*codecs*"           some, by the names that are printed
    python -m mutmut show NAME                   what one of them changes

mutmut changes one thing at a time in a copy of the source (``mutants/``) and runs the tests that come by there. A mutant that
no test notices has survived. Exits with 1 where fewer than MINIMUM of a module's are killed.
"""

import re
import shutil
import subprocess
import sys
from collections import Counter, defaultdict
from pathlib import Path

ROOT = Path(__file__).parents[1]
MINIMUM = 85.0
"""Percent."""
KILLED = {"killed", "timeout", "segfault"}
"""A mutant that never ends is noticed as well."""
_LINE = re.compile(r"\s*(?P<name>channels_binding\.(?P<module>[\w.]+)\.x\S*__mutmut_\d+): (?P<status>[a-z ]+)$")


def run(names: list[str]) -> None:
    """Beginning anew: what was found before the tests changed says nothing."""
    shutil.rmtree(ROOT / "mutants", ignore_errors=True)
    # one at a time: the processes that mutmut forks share one test database
    subprocess.run([sys.executable, "-m", "mutmut", "run", "--max-children", "1", *names], cwd=ROOT, check=True)


def results() -> dict[str, dict[str, str]]:
    """``{"protocol.codecs": {"channels_binding.protocol.codecs.x_encode__mutmut_1": "killed"}}``, of those that were run."""
    command = [sys.executable, "-m", "mutmut", "results", "--all", "true"]
    said = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for line in said.splitlines():
        matched = _LINE.match(line)
        if matched and matched["status"] != "not checked":
            found[matched["module"]][matched["name"]] = matched["status"]
    return found


def main() -> None:
    run(sys.argv[1:])
    are_few = False
    found = results()
    for module, mutants in sorted(found.items()):
        counted = Counter(mutants.values())
        percent = 100 * sum(counted[status] for status in KILLED) / len(mutants)
        are_few |= percent < MINIMUM
        print(f"{percent:5.1f} %  {module}: " + ", ".join(f"{count} {status}" for status, count in counted.items()))
        print(
            "".join(f"          {status}: {name}\n" for name, status in mutants.items() if status not in KILLED), end=""
        )
    sys.exit(are_few or not found)


if __name__ == "__main__":
    main()
