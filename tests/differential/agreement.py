#!/usr/bin/env python3
"""agreement.py FOLDER: the table of agreement in the project's README against what the cases just printed.

FOLDER holds one file a case and version (CASE.VERSION), the output of `spillway measure CASE --compare`, written by
run_case.sh. Rows are families: the first word of a case's name. With SPILLWAY_UPDATE_GOLDEN=1 the table is written.
Ends with 77 when not every case was run here (no collectors, no networks), with 1 when the table differs."""
import collections
import os
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
CASES = ROOT / "scenarios" / "collector-cases"
BEGIN, END = "<!-- agreement: written by tests/differential/agreement.py -->", "<!-- end of agreement -->"
ROW = re.compile(r"^(agree|DIFFER|unknown)\s+(exact|edge|distribution)\s+(\S.*?)(?:\s{2,}|$)")


def expected_runs():
    """(case, version) of all that should have been run."""
    for case in sorted(CASES.glob("*.yaml")):
        carried = re.search(r"^# versions:(.*)$", case.read_text(), re.M)
        for version in ("0.111", "0.159"):
            if not carried or version in carried.group(1):
                yield case, version


def judgements(text):
    """(verdict, class, figure) of the last table: a run on a busy machine is repeated once, the second one counts."""
    tables, rows = [], None
    for line in text.splitlines():
        if line.startswith("verdict "):
            rows = []
            tables.append(rows)
        elif rows is not None and (found := ROW.match(line)):
            rows.append(found.groups())
    return tables[-1] if tables else []


def reason_of(case, figure):
    """The comment behind the figure's judgement: why it cannot be exact. A long figure was printed without its middle."""
    for line in case.read_text().splitlines():
        if "because" in line and all(part in line for part in figure.split("…")):
            return line.split("because", 1)[1].strip(" :")
    return None


def collect(folder):
    families, exceptions, missing = collections.OrderedDict(), [], []
    for case, version in expected_runs():
        printed = folder / f"{case.stem}.{version}.0"
        rows = judgements(printed.read_text()) if printed.exists() else []
        if not rows:
            missing.append(printed.name)
            continue
        family = families.setdefault(case.stem.split("-")[0], collections.Counter())
        family[("case", case.stem)] = 1
        family["runs"] += 1
        for verdict, judged, figure in rows:
            family[judged] += 1
            family[verdict] += 1
            if judged != "exact" or verdict != "agree":
                exceptions.append((case, version, verdict, judged, figure))
    return families, exceptions, missing


def table(families, exceptions):
    head = ("family", "cases", "runs", "figures judged", "exact", "edge", "distribution", "differ")
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    total = collections.Counter()
    for name, family in families.items():
        cases = sum(1 for key in family if isinstance(key, tuple))
        judged = sum(family[kind] for kind in ("exact", "edge", "distribution"))
        row = [cases, family["runs"], judged, family["exact"], family["edge"], family["distribution"],
               family["DIFFER"] + family["unknown"]]
        lines.append(f"| `{name}` | " + " | ".join(f"{n:,}".replace(",", " ") for n in row) + " |")
        for column, number in zip(head[1:], row):
            total[column] += number
    lines.append("| all | " + " | ".join(f"{total[c]:,}".replace(",", " ") for c in head[1:]) + " |")
    explained = {}  # Names of figures are left out: where a long one is cut depends on the width of its neighbours.
    for case, version, verdict, judged, figure in exceptions:
        reason = reason_of(case, figure) or f"{figure} NOT EXPLAINED"
        explained.setdefault((case, judged, verdict, reason), collections.Counter())[version] += 1
    if explained:
        lines += ["", "Not judged exactly, or not agreeing:"]
    for (case, judged, verdict, reason), figures in explained.items():
        state = judged if verdict == "agree" else f"{judged}, {verdict}"
        count = " and ".join(f"{n} figure{'s' if n > 1 else ''} of v{version}" for version, n in figures.items())
        lines.append(f"- `{case.stem}`, {count}: {state}; {reason}")
    return lines


def main():
    families, exceptions, missing = collect(pathlib.Path(sys.argv[1]))
    if missing:
        print(f"[ RUN      ] Differential.Agreement\nagreement: Skipped\n{len(missing)} cases were not run here\n"
              "[  SKIPPED ] Differential.Agreement (0 ms)")
        return 77
    lines = table(families, exceptions)
    print("\n".join(lines))
    if any("NOT EXPLAINED" in line for line in lines):
        print("\nwrite `# because …` behind the judgement of each figure that is not exact")
        return 1
    readme = ROOT / "README.md"
    text = readme.read_text()
    before, rest = text.split(BEGIN + "\n", 1)
    written, after = rest.split(END, 1)
    wanted = "\n".join(lines) + "\n"
    if os.environ.get("SPILLWAY_UPDATE_GOLDEN") == "1":
        readme.with_suffix(".tmp").write_text(before + BEGIN + "\n" + wanted + END + after)
        readme.with_suffix(".tmp").replace(readme)
    elif written != wanted:
        print("\nREADME.md says otherwise; run this test again with SPILLWAY_UPDATE_GOLDEN=1 and look at the change")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
