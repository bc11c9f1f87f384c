"""``python -m tools.soak --minutes 10 --seed 7``: exit code 1 where something was wrong, or too little was done."""

import argparse
import asyncio
import random
import signal
import sys
from typing import NoReturn

from tools.soak.run import Writer, soak
from tools.soak.sabotaged import SABOTAGES


def end(*_: object) -> NoReturn:
    """All that it has started ends with it; its threads wait for what the writers say."""
    for writer in Writer.started:
        writer.kill()
    sys.exit(143)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.soak")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--sabotage", choices=sorted(SABOTAGES), help="break the servers in this way; must be found")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, end)
    return asyncio.run(soak(given.minutes, given.seed, given.sabotage))


if __name__ == "__main__":
    sys.exit(main())
