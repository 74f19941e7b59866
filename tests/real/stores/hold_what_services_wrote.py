#!/usr/bin/env python3
"""usage: hold_what_services_wrote.py SPILLWAY SOURCE_FOLDER: the platform for a minute, with real services and real stores.

Every span that the services finished is in its place's Zipkin and at the cloud, every line in the local and the cloud's store
of logs, five of each render; none of them can be found by its trace, for the platform's Promtail keeps the message alone.
Prometheus has every sample of every scrape. Ends with 3 where a program is missing.
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

PLACES = ("aws", "azure", "gcp")
STORES = ("zipkin", "victorialogs", "promtail", "prometheus")


def measured(spillway, source, folder):
    found = subprocess.run([source / "real/stores/build.sh", "--there", *STORES], stdout=subprocess.PIPE, text=True).stdout
    programs = {f"SPILLWAY_STORE_{name.upper()}": path for name, path in (line.split(" ", 1) for line in found.splitlines())}
    result = subprocess.run([spillway, "measure", "scenarios/trinity/healthy.yaml", "--duration", "50s", "--services", "real", "--stores",
                             "real", "--accept-busy", "--out", folder], cwd=source, env={**os.environ, **programs})
    if result.returncode != 0:
        sys.exit(result.returncode)
    return json.loads((pathlib.Path(folder) / "record.json").read_text())


def main():
    spillway, source = sys.argv[1], pathlib.Path(sys.argv[2])
    with tempfile.TemporaryDirectory() as folder:
        record = measured(spillway, source, pathlib.Path(folder) / "out")
    run = record["replications"][0]
    wrong = []

    def equal(what, have, want):
        if have != want:
            wrong.append(f"{what}: {have}, expected {want}")

    fates = {f["destination"]: f for f in run["destinations"]}
    series = {(m["name"], tuple(sorted(m["labels"].items()))): m["value"] for m in run["metrics"]}

    def stored(store, item):
        return series["spillway_stored", (("item", item), ("store", store))]

    def written(place):
        return series["spillway_written", (("item", "lines"), ("service", f"{place}/mandelbrot"))]

    renders = next(r["requests"] for r in run["requests"] if not r.get("place"))
    if renders < 50:
        wrong.append(f"only {renders} renders: nothing was tried")
    for name, fate in fates.items():
        equal(f"{name} spans", fate["stored"], fate["produced"])
    local = [fates[f"{place}/jaeger"]["stored"] for place in PLACES]
    equal("spans of all Zipkins", sum(local), 9 * renders)
    equal("spans at the cloud", fates["grafana-cloud"]["stored"], 9 * renders)
    starts = len(PLACES)  # each service says that it listens
    equal("lines of all services", sum(map(written, PLACES)), 5 * renders + starts)
    equal("lines at the cloud", stored("cloud/loki", "lines"), 5 * renders + starts)
    for store in ["cloud/loki", *(f"{place}/stores/loki" for place in PLACES)]:
        equal(f"{store} lines with a trace id", stored(store, "lines with traceId"), 0)
    for place in PLACES:
        equal(f"{place} Zipkin", stored(f"{place}/jaeger", "spans"), fates[f"{place}/jaeger"]["stored"])
        equal(f"{place} lines", stored(f"{place}/stores/loki", "lines"), written(place))
        prometheus = f"{place}/stores/prometheus"
        scrapes = stored(prometheus, "scrapes")
        if scrapes < 4:
            wrong.append(f"{prometheus}: only {scrapes} scrapes of two targets in 50 s")
        equal(f"{prometheus} failed scrapes", stored(prometheus, "scrapes failed"), 0)
        # beside the page Prometheus keeps five samples of its own for each scrape
        equal(f"{prometheus} samples", stored(prometheus, "samples"), stored(prometheus, "samples scraped") + 5 * scrapes)
    print("\n".join(wrong) or f"{renders} renders: {sum(local)} spans and {stored('cloud/loki', 'lines'):.0f} lines are where they belong")
    sys.exit(bool(wrong))


main()
