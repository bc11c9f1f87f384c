"""docs/howto/deploy.md, after README's quick start."""

import re

from tools.quickstart import ROOT, blocks

DEPLOY = (ROOT / "docs" / "howto" / "deploy.md").read_text()


def test_a_container_has_every_package_that_the_quick_start_installs() -> None:
    requirements = re.search(r"^# requirements\.txt\n(.*?)^```$", DEPLOY, re.M | re.S)
    assert requirements is not None
    listed = {re.split(r"[\[=<>]", line)[0] for line in requirements[1].splitlines()}
    (command,) = [
        line for kind, text in blocks() if kind == "sh" for line in text.splitlines() if "pip install" in line
    ]
    assert {"channels-binding", "daphne"} == {*command.split()[2:]} <= listed
