"""What was measured → benchmarks/results/: results.json, results.md, a plot for each database; how the cost of a commit grows;
and the README's own figures.

python -m benchmarks.report     writes the table and the plots anew from results.json
"""

import json
import re
import statistics
from collections.abc import Container, Iterable, Mapping
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "results"
ROOT = Path(__file__).parents[1]
HEADS = [
    "case",
    "database",
    "ours",
    "peer",
    "target",
    "ratio min / median / max",
    "reached",
    "CPU ratio",
    "ours ms",
    "peer ms",
]
SHOWN = {
    "dcrf": "djangochannelsrestframework",
    "DRF gunicorn": "REST framework on gunicorn",
    "DRF": "REST framework",
    "ninja gunicorn": "django-ninja on gunicorn",
    "ninja": "django-ninja",
    "bolt": "django-bolt",
    "by hand": "by hand",
    "by hand, checked": "by hand, with checks",
}
TICKS = (0.25, 0.5, 1, 2, 5, 10, 20)
README_PEERS = ("dcrf", "DRF gunicorn", "ninja gunicorn", "bolt", "by hand, checked")


def write(found: Mapping[str, Any]) -> None:
    """Leave the results, and what is made of them.

    Args:
        found: ``{"machine": {…}, "table": [{case, database, ours, peer, target, ratios, cpu_ratio, ours_ms, peer_ms}, …],
            "fanout": […], …}``, times in milliseconds, ratios as the peer's time divided by ours.
    """
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / "results.json").write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")
    (FOLDER / "results.md").write_text(as_text(found))
    plot(found["table"])
    plot_slopes(found.get("slopes", []), found.get("invalidation", []))
    for path, name, text in placed(found):
        put(path, name, text)


def placed(found: Mapping[str, Any]) -> Iterable[tuple[Path, str, str]]:
    """What stands of it in other pages: the page, the name of its place, the text."""
    performance = ROOT / "docs" / "topics" / "performance.md"
    if found["table"]:
        yield ROOT / "README.md", "figures", summary(found, README_PEERS)
        yield performance, "figures", summary(found, SHOWN)
    if {"p99", "memory", "connect", "storm"} <= found.keys():
        yield performance, "process", table([["", "measured"], *of_a_process(found)])
    if "aggregates" in found:
        yield performance, "aggregates", table(turned(columns(found["aggregates"])))
    if "slopes" in found:
        yield performance, "slopes", table(columns(found["slopes"]))


def of_a_process(found: Mapping[str, Any]) -> Iterable[list[str]]:
    """What one server process does and holds, a line for each question."""
    busy, memory, connecting, storm = (found[name] for name in ("p99", "memory", "connect", "storm"))
    greeted, shown = (connecting[f"{what}, a second (min / median / max)"][1] for what in ("open", "with a list"))
    delays = (
        f"half within {busy['p50 ms']} ms, 99 of 100 within {busy['p99 ms']} ms; {busy['server CPU %']} % of a core"
    )
    back = f"all after {storm['seconds until all are back']} s, with {storm['transactions']} transactions and"
    yield [f"{busy['sockets']:,} readers of one list, {busy['a second']} commits a second", delays]
    yield ["memory of a socket, open · with a list", f"{memory['KiB open']} · {memory['KiB with a list']} KiB"]
    yield ["sockets greeted a second · and shown a list", f"{greeted:,} · {shown:,}"]
    yield [
        f"{storm['sockets']:,} sockets that come back at once",
        f"{back} {storm['server CPU seconds']} s of the processor",
    ]


def put(path: Path, name: str, text: str) -> None:
    """Write what stands in a page between ``<!-- name -->`` and ``<!-- /name -->``."""
    begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    before, _, rest = path.read_text().partition(begin)
    _, found, after = rest.partition(end)
    if not found:
        raise ValueError(f"{path.name} has no place for {name}")
    path.write_text(f"{before}{begin}\n{text}\n{end}{after}")


def as_text(found: Mapping[str, Any]) -> str:
    machine = found["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
    parts = [f"{machine['date']}, {machine['cores']} cores, load before {machine['load before']}; {versions}."]
    if found["table"]:
        parts.append(table([HEADS, *map(row, found["table"])]))
    for name, value in found.items():
        if name not in ("machine", "table"):
            parts += [f"## {name}", table(columns(lines(value)))]
    return "\n\n".join(parts) + "\n"


def lines(value: Any) -> list[dict[str, Any]]:
    """What one program has measured, as lines of a table: ``{"SQLite": {"µs": 3}}`` → ``[{"": "SQLite", "µs": 3}]``."""
    if isinstance(value, list):
        return value
    if all(isinstance(each, dict) for each in value.values()):
        return [{"": name, **each} for name, each in value.items()]
    return [value]


def row(result: Mapping[str, Any]) -> list[str]:
    target = result["target"]
    median = statistics.median(result["ratios"])
    reached = "" if target is None else "yes" if median >= target else "no"
    spread = f"{min(result['ratios']):.2f} / {median:.2f} / {max(result['ratios']):.2f}"
    cpu = "" if result["cpu_ratio"] is None else f"{result['cpu_ratio']:.2f}"
    times = [f"{result['ours_ms']:.3f}", f"{result['peer_ms']:.3f}"]
    wanted = "" if target is None else f"≥ {target:g}"
    return [result["case"], result["database"], result["ours"], result["peer"], wanted, spread, reached, cpu, *times]


def columns(results: Iterable[Mapping[str, Any]]) -> list[list[str]]:
    """Of what other programs print: a column for each name."""
    flat = [{name: value for name, value in each.items() if not isinstance(value, dict)} for each in results]
    heads = [*dict.fromkeys(name for each in flat for name in each)]
    return [heads, *([str(each.get(name, "")) for name in heads] for each in flat)]


def turned(rows: list[list[str]]) -> list[list[str]]:
    """Rows as columns: of few results of which much is said."""
    return [list(cells) for cells in zip(*rows, strict=True)]


def table(rows: list[list[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [" | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    lines.insert(1, " | ".join("-" * width for width in widths))
    return "\n".join(f"| {line} |" for line in lines)


def summary(found: Mapping[str, Any], peers: Container[str]) -> str:
    """How many times as fast we are, in the median; a row for each case and peer, a column for each database."""
    databases = [*dict.fromkeys(each["database"] for each in found["table"])]
    medians: dict[tuple[str, str], dict[str, float]] = {}
    for each in found["table"]:
        if each["peer"] in peers:
            key = (f"{each['case']} ({each['ours']})", SHOWN[each["peer"]])
            medians.setdefault(key, {})[each["database"]] = statistics.median(each["ratios"])
    cells = [
        [*key, *(f"{by_database[name]:.1f} ×" if name in by_database else "" for name in databases)]
        for key, by_database in medians.items()
    ]
    return table([["", "against", *databases], *cells])


def pyplot() -> Any:
    """matplotlib's, which draws the same picture for the same figures."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams |= {"svg.hashsalt": "channels-binding", "svg.fonttype": "none"}
    from matplotlib import pyplot as module

    return module


def plot(results: list[Mapping[str, Any]]) -> None:
    """A bar for each case and peer, from the least to the greatest ratio; a line at 1, where both are as fast."""
    drawing = pyplot()
    for database in dict.fromkeys(each["database"] for each in results):
        shown = [each for each in results if each["database"] == database][::-1]
        names = [f"{each['case']} ({each['ours']}) · {each['peer']}" for each in shown]
        medians = [statistics.median(each["ratios"]) for each in shown]
        figure, axes = drawing.subplots(figsize=(9, 0.28 * len(shown) + 1.2), layout="constrained")
        colours = ["#2e7d32" if median >= 1 else "#c62828" for median in medians]
        axes.barh(names, medians, color=colours)
        for number, each in enumerate(shown):
            axes.plot([min(each["ratios"]), max(each["ratios"])], [number, number], color="black", linewidth=1)
        axes.axvline(1, color="black", linewidth=0.8)
        axes.set_xscale("log")
        axes.set_xticks(TICKS, [f"{tick:g}" for tick in TICKS])
        axes.xaxis.set_minor_formatter("")
        axes.set_xlabel(f"times as fast as the peer, on {database}; the line is the spread of the rounds")
        file = re.sub(r"\W+", "-", database.lower()).strip("-")
        figure.savefig(FOLDER / f"{file}.svg", metadata={"Date": None})
        drawing.close(figure)


SLOPES = ROOT / "docs" / "topics" / "slopes.svg"
AXES = ("subscribers", "rows", "processes")


def plot_slopes(commits: list[dict[str, Any]], lists: list[dict[str, Any]]) -> None:
    """What a commit costs as one thing grows and all else stays, on two logarithmic axes: a straight line up is a cost that
    grows as fast, a level one a cost that does not.

    Args:
        commits: What ``benchmarks.slopes`` has measured.
        lists: What ``benchmarks.invalidation`` has measured.
    """
    if not commits or not lists:
        return
    drawing = pyplot()
    figure, panels = drawing.subplots(1, len(AXES) + 1, figsize=(14, 3.6), layout="constrained")
    for panel, axis in zip(panels, AXES, strict=False):
        for broker in dict.fromkeys(each["broker"] for each in commits):
            line = sweep([each for each in commits if each["broker"] == broker], axis)
            for what, style in (("ms to the last", "o-"), ("CPU ms a commit", "s--")):
                if line:
                    names = f"{what}, {broker.replace('_', ' ')}"
                    panel.plot([each[axis] for each in line], [each[what] for each in line], style, label=names)
        panel.set_xlabel(axis)
    for how in dict.fromkeys(each["how"] for each in lists):
        line = [each for each in lists if each["how"] == how]
        panels[-1].plot([each["lists"] for each in line], [each["ms"] for each in line], "o-", label=how)
    panels[-1].set_xlabel("different lists")
    for panel in panels:
        panel.set_xscale("log")
        panel.set_yscale("log")
        panel.set_ylabel("milliseconds a commit")
        panel.legend(fontsize="x-small")
    figure.savefig(SLOPES, metadata={"Date": None})
    drawing.close(figure)


def sweep(commits: list[dict[str, Any]], axis: str) -> list[dict[str, Any]]:
    """Those of the measurements in which ``axis`` has grown and all else was the same; none where it was not measured."""
    rest = [name for name in AXES if name != axis]
    alike: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for each in commits:
        alike.setdefault(tuple(each[name] for name in rest), []).append(each)
    line = max(alike.values(), key=lambda group: len({each[axis] for each in group}), default=[])
    by_place = {each[axis]: each for each in line}
    return [by_place[place] for place in sorted(by_place)] if len(by_place) > 1 else []


if __name__ == "__main__":
    write(json.loads((FOLDER / "results.json").read_text()))
