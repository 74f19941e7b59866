#!/usr/bin/env python3
"""Bytes on disk per span, log line and metric sample: real telemetry of the Mandelbrot service in real stores.

usage: bytes_on_disk.py MANDELBROT [--otelcol PROGRAM] [--hours 2,3,4,5,6] [--build] [--json FILE] [--expect]

MANDELBROT is the program of the service; the collector is that of SPILLWAY_OTELCOL_0_111 unless named. Three services, as
in three clouds, draw pictures for users; spans go through a collector with the platform's own file to Tempo, log lines
through Promtail with the platform's own stages to VictoriaLogs, metrics pages to Prometheus' own block writer. Each size
starts with empty stores, gets what HOURS hours of the platform at 2 renders/s produce (without waiting: a second of users
takes some milliseconds), and is measured when the stores have flushed everything. A straight line through the sizes gives
bytes per item, with its 95 % interval, and what is fixed.

Stores come from build.sh beside this file; without --build those that are missing end the program with code 3. Everything
runs on the loopback device of a network of its own that has no other. --expect checks the results against bounds.
"""
import argparse
import http.client
import json
import math
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
STORES = ("tempo", "victorialogs", "promtail", "promtool")
CLOUDS = {"aws": "us-east-1", "gcp": "us-central1", "azure": "eastus"}
SCRAPE_SECONDS = 15
RENDERS_A_SCRAPE = 30  # 2 a second
LINES_A_RENDER = 5
SPANS_A_RENDER = 9
# Of the default picture's view, with a hundredth of its pixels: telemetry is the same but for the durations.
PICTURE = json.dumps({"width": 48, "height": 30, "iterations": 180})
PATIENCE = 120  # seconds for a program to get ready or to flush
WORKERS = 4
T_95 = {1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776, 5: 2.571, 6: 2.447, 7: 2.365, 8: 2.306}  # two-sided, by degrees of freedom


def fail(message, code=1):
    sys.stderr.write(f"bytes_on_disk.py: {message}\n")
    sys.exit(code)


def get(url, data=None, headers=None):
    with urllib.request.urlopen(urllib.request.Request(url, data, headers or {}), timeout=60) as reply:
        return reply.read().decode()


def wait_for(what, condition):
    """The first true value of the condition."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        value = condition()
        if value:
            return value
        time.sleep(0.05)
    raise RuntimeError(f"no {what} after {PATIENCE} s")


def size_of(folder):
    return sum(f.stat().st_size for f in pathlib.Path(folder).rglob("*") if f.is_file())


def total(page, name):
    """Sum over all series of a name on a metrics page."""
    values = (line.split(" # ")[0].rsplit(" ", 1) for line in page.splitlines() if line.startswith((name + "{", name + " ")))
    return round(sum(float(value) for _, value in values))


class Program:
    """Ended by its own process id, whatever happens."""

    def __init__(self, log, argv, ready=None, environment=None, **more):
        self.name = pathlib.Path(argv[0]).name
        self.log = open(log, "ab")
        self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stderr=self.log, env={**os.environ, **(environment or {})},
                                        **{"stdout": self.log, **more})
        if ready:
            wait_for(f"answer of {self.name} (its log: {log})", lambda: self.answers(ready))

    def answers(self, url):
        if self.process.poll() is not None:
            tail = pathlib.Path(self.log.name).read_text(errors="replace")[-2000:]
            raise RuntimeError(f"{self.name} ended with code {self.process.returncode}:\n{tail}")
        try:
            get(url)
            return True
        except OSError:
            return False

    def end(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.log.close()


class Service(Program):
    """One cloud's Mandelbrot. Its standard output becomes a log file as the container runtime writes it (CRI)."""

    def __init__(self, program, cloud, folder):
        self.port = 8080 + list(CLOUDS).index(cloud)
        stages = ",".join(f"{c}=" + ("local" if c == cloud else f"http://127.0.0.1:{8080 + i}") for i, c in enumerate(CLOUDS))
        super().__init__(folder / f"{cloud}.err", [program], stdout=subprocess.PIPE, environment={
            "PORT": str(self.port), "CLOUD": cloud, "REGION": CLOUDS[cloud], "STAGE_ROUTE": stages,
            "ZIPKIN_ENDPOINTS": "http://127.0.0.1:9411/api/v2/spans"})
        self.cloud, self.lines = cloud, []
        pod = folder / "pods" / f"mandelbrot_mandelbrot-{cloud}_0" / "mandelbrot"
        pod.mkdir(parents=True)
        self.reader = threading.Thread(target=self.write_log, args=(pod / "0.log",), daemon=True)
        self.reader.start()

    def write_log(self, file):
        with open(file, "ab", buffering=0) as out:
            for line in self.process.stdout:
                self.lines.append(line)
                now = time.time_ns()
                second = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now // 10**9))
                out.write(f"{second}.{now % 10**9:09d}Z stdout F ".encode() + line)

    def page(self):
        return get(f"http://127.0.0.1:{self.port}/metrics")

    def end(self):
        super().end()
        self.reader.join()


class Users:
    """Renders as many pictures as asked for, some at a time."""

    def __init__(self, ports):
        self.ports, self.draws, self.failed = ports, random.Random(1), 0

    def render(self, count):
        ports = self.draws.choices(self.ports, k=count)
        threads = [threading.Thread(target=self.some, args=(ports[i::WORKERS],)) for i in range(WORKERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def some(self, ports):
        for port in ports:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            connection.request("POST", "/api/render", PICTURE)
            reply = connection.getresponse()
            reply.read()
            connection.close()
            self.failed += reply.status != 200


class MetricsFile:
    """Pages as a scrape every 15 s would see them, in the format that Prometheus' block writer reads."""

    def __init__(self, file):
        self.out, self.samples = open(file, "w", encoding="utf-8"), 0

    def add(self, page, cloud, at, seconds):
        own = f'instance="{cloud}:8080",job="mandelbrot"'
        lines = [line.split(" # ")[0] for line in page.splitlines() if line and not line.startswith("#")]
        for line in lines:
            series, value = line.rsplit(" ", 1)
            labelled = series[:-1] + "," + own + "}" if series.endswith("}") else series + "{" + own + "}"
            self.out.write(f"{labelled} {value} {at}\n")
        # what Prometheus adds to each scrape
        for name, value in {"up": 1, "scrape_duration_seconds": f"{seconds:.9f}", "scrape_samples_scraped": len(lines),
                            "scrape_samples_post_metric_relabeling": len(lines), "scrape_series_added": 0}.items():
            self.out.write(f"{name}{{{own}}} {value} {at}\n")
        self.samples += len(lines) + 5

    def end(self):
        self.out.write("# EOF\n")
        self.out.close()


def tempo_config(folder):
    ring = "{kvstore: {store: inmemory}, instance_addr: 127.0.0.1, instance_interface_names: [lo]}"
    return f"""
server: {{http_listen_address: 127.0.0.1, http_listen_port: 3200, grpc_listen_address: 127.0.0.1, grpc_listen_port: 9095, log_level: warn}}
distributor:
  ring: {ring}
  receivers: {{otlp: {{protocols: {{http: {{endpoint: 127.0.0.1:4318}}}}}}}}
ingester:
  trace_idle_period: 5s
  flush_check_period: 1s
  max_block_duration: 2h   # one block, cut by /flush: what a compactor would make of several
  lifecycler: {{address: 127.0.0.1, interface_names: [lo], ring: {{kvstore: {{store: inmemory}}, replication_factor: 1}}}}
compactor: {{ring: {{kvstore: {{store: ''}}, instance_addr: 127.0.0.1}}}}
metrics_generator: {{ring: {ring}}}
query_frontend: {{}}
storage: {{trace: {{backend: local, wal: {{path: {folder}/wal}}, local: {{path: {folder}/blocks}}}}}}
overrides: {{defaults: {{ingestion: {{max_traces_per_user: 0, rate_limit_bytes: 1000000000, burst_size_bytes: 1000000000}}}}}}
usage_report: {{reporting_enabled: false}}
"""


class Stores:
    """A fresh Tempo and two fresh VictoriaLogs with what feeds them."""

    def __init__(self, programs, otelcol, folder):
        self.folder, self.running = folder, []
        (folder / "tempo.yaml").write_text(tempo_config(folder / "tempo"))
        self.tempo = self.start("tempo", [programs["tempo"], f"-config.file={folder}/tempo.yaml"], "http://127.0.0.1:3200/metrics")
        wait_for("Tempo that takes spans", self.tempo_takes_spans)
        self.logs = [self.start(f"logs-{i}", [programs["victorialogs"], f"-storageDataPath={folder}/logs-{i}",
                                              f"-httpListenAddr=127.0.0.1:{9428 + i}"], f"http://127.0.0.1:{9428 + i}/health")
                     for i in range(2)]
        platform = (ROOT / "scenarios/trinity/promtail.yaml").read_text()
        (folder / "promtail.yaml").write_text(
            "server: {http_listen_address: 127.0.0.1, http_listen_port: 9080, grpc_listen_address: 127.0.0.1, grpc_listen_port: 0}\n"
            f"positions: {{filename: {folder}/positions.yaml}}\n"
            "clients: [{url: 'http://127.0.0.1:9428/insert/loki/api/v1/push'}]\n" + platform[platform.index("scrape_configs:"):])
        self.promtail = self.start("promtail", [programs["promtail"], f"-config.file={folder}/promtail.yaml", "-config.expand-env=true"],
                                   "http://127.0.0.1:9080/metrics", {"POD_LOGS": f"{folder}/pods"})
        self.start("otelcol", [otelcol, f"--config={ROOT}/scenarios/trinity/otel-collector.yaml"], "http://127.0.0.1:8888/metrics",
                   {"GRAFANA_CLOUD_TEMPO_OTLP_HTTP_ENDPOINT": "http://127.0.0.1:4318", "GRAFANA_CLOUD_TEMPO_USERNAME": "1",
                    "GRAFANA_CLOUD_TEMPO_PASSWORD": "none"})

    def start(self, name, argv, ready, environment=None):
        self.running.append(Program(self.folder / f"{name}.log", argv, ready, environment))
        return self.running[-1]

    def tempo_takes_spans(self):
        try:
            get("http://127.0.0.1:3200/ready")
            return True
        except OSError:
            return False

    def traces(self, renders, spans):
        """Bytes of the blocks, once all is in them."""
        page = "http://127.0.0.1:3200/metrics"
        # answered by Tempo, so in its ingester; then cut from there: what is still live when /flush comes would stay behind
        wait_for(f"{spans} spans sent to Tempo", lambda: total(get("http://127.0.0.1:8888/metrics"), "otelcol_exporter_sent_spans") >= spans)
        wait_for("Tempo without live traces", lambda: total(get(page), "tempo_ingester_live_traces") == 0)
        received = total(get(page), "tempo_distributor_spans_received_total")
        if received != spans:
            raise RuntimeError(f"Tempo received {received} spans, the services finished {spans}")
        get("http://127.0.0.1:3200/flush")
        folder = self.folder / "tempo/blocks"

        metas = wait_for("block of Tempo", lambda: [f for f in folder.rglob("meta.json") if f.read_text().endswith("}")])
        block = json.loads(metas[0].read_text())
        if len(metas) != 1 or block["totalObjects"] != renders or list(folder.rglob("meta.compacted.json")):
            raise RuntimeError(f"{len(metas)} blocks, the first of {block['totalObjects']} traces, where one of {renders} should be")
        return size_of(metas[0].parent), block["format"]

    def whole_lines(self, lines):
        """The same lines with all their fields, into the second store of logs."""
        fields = "_stream_fields=level,platform,service,cloud,region&_time_field=time&_msg_field=message"
        for i in range(0, len(lines), 2000):
            get(f"http://127.0.0.1:9429/insert/jsonline?{fields}", b"".join(lines[i:i + 2000]), {"content-type": "application/stream+json"})

    def log_bytes(self, number, lines):
        """Bytes of a store of logs after its end, which flushes; merged before."""
        url = f"http://127.0.0.1:{9428 + number}"

        def stored():
            get(f"{url}/internal/force_flush")
            reply = get(f"{url}/select/logsql/query?query=" + urllib.request.quote("* | stats count() lines"))
            return reply and int(json.loads(reply.splitlines()[0])["lines"])
        wait_for(f"{lines} lines in the store of logs {number}, which has {stored()}", lambda: stored() >= lines)
        if stored() != lines:
            raise RuntimeError(f"the store of logs has {stored()} lines, the services wrote {lines}")
        get(f"{url}/internal/force_merge")
        self.logs[number].end()
        return size_of(self.folder / f"logs-{number}")

    def end(self):
        for program in reversed(self.running):
            program.end()


def samples_on_disk(programs, folder, metrics):
    """Bytes and index bytes of the blocks that promtool writes."""
    result = subprocess.run([programs["promtool"], "tsdb", "create-blocks-from", "openmetrics", folder / "metrics.txt", folder / "tsdb"],
                            capture_output=True, text=True)
    if result.returncode != 0:
        raise RuntimeError("promtool: " + result.stderr[-1000:])
    blocks = [json.loads(f.read_text())["stats"] for f in (folder / "tsdb").rglob("meta.json")]
    if sum(block["numSamples"] for block in blocks) != metrics.samples:
        raise RuntimeError(f"the blocks hold {sum(b['numSamples'] for b in blocks)} samples, {metrics.samples} were taken")
    return size_of(folder / "tsdb"), sum(f.stat().st_size for f in (folder / "tsdb").rglob("index"))


def exported(services):
    pages = {service: service.page() for service in services}
    finished = sum(total(page, "mandelbrot_spans_total") for page in pages.values())
    sent = sum(total(page, "mandelbrot_exported_spans_total") for page in pages.values())
    return sent == finished and (finished, pages)


def one_size(programs, options, scrapes, folder):
    """One row: what was produced and what it takes."""
    folder.mkdir()
    services, stores = [], Stores(programs, options.otelcol, folder)
    try:
        services = [Service(options.mandelbrot, cloud, folder) for cloud in CLOUDS]
        for service in services:
            wait_for("service", lambda s=service: s.answers(f"http://127.0.0.1:{s.port}/healthz"))
        users, metrics = Users([service.port for service in services]), MetricsFile(folder / "metrics.txt")
        start = int(time.time()) // 7200 * 7200 - 86400  # whole blocks of two hours
        for i in range(scrapes):
            users.render(RENDERS_A_SCRAPE)
            begun = time.monotonic()
            spans, pages = wait_for("end of the exports", lambda: exported(services))
            for service, page in pages.items():
                metrics.add(page, service.cloud, start + i * SCRAPE_SECONDS, (time.monotonic() - begun) / len(pages))
        metrics.end()
        for service in services:
            service.end()
        renders, lines = scrapes * RENDERS_A_SCRAPE, [line for service in services for line in service.lines]
        own = 2 * len(services)  # a line at their start, one at their end
        if users.failed or spans != renders * SPANS_A_RENDER or len(lines) - own != renders * LINES_A_RENDER:
            raise RuntimeError(f"{users.failed} renders failed; {spans} spans and {len(lines)} lines of {renders} renders")
        stores.whole_lines(lines)
        span_bytes, stores.block_format = stores.traces(renders, spans)
        row = {"spans": (spans, span_bytes), "lines": (len(lines), stores.log_bytes(0, len(lines))),
               "whole lines": (len(lines), stores.log_bytes(1, len(lines))), "log bytes": sum(map(len, lines)),
               "block format": stores.block_format}
        sample_bytes, index = samples_on_disk(programs, folder, metrics)
        row["samples"], row["index"] = (metrics.samples, sample_bytes), index
        return row
    finally:
        for program in [*services, stores]:
            program.end()


def line_through(points):
    """Slope with half of its 95 % interval, and intercept."""
    n = len(points)
    mean_x, mean_y = (sum(p[i] for p in points) / n for i in (0, 1))
    spread = sum((x - mean_x)**2 for x, _ in points)
    slope = sum((x - mean_x) * (y - mean_y) for x, y in points) / spread
    fixed = mean_y - slope * mean_x
    rest = sum((y - fixed - slope * x)**2 for x, y in points)
    half = T_95[min(n - 2, 8)] * math.sqrt(rest / (n - 2) / spread) if n > 2 else math.inf
    return slope, half, fixed


def version_of(argv):
    result = subprocess.run(argv, capture_output=True, text=True)
    return (result.stdout + result.stderr).splitlines()[0]


def module_version(name, module):
    words = (line.split() for line in (HERE / name / "go.mod").read_text().splitlines())
    return next(w[-1] if w[-1] != "indirect" else w[-3] for w in words if module in w)


def table(rows, programs):
    versions = {
        "spans": ("Tempo " + module_version("tempo", "github.com/grafana/tempo") + ", " + rows[0]["block format"]),
        "lines": "VictoriaLogs " + module_version("victorialogs", "github.com/VictoriaMetrics/VictoriaMetrics"),
        "samples": version_of([programs["promtool"], "--version"]).split(" (")[0].replace("promtool, version", "Prometheus")}
    what = {"spans": "span", "lines": "log line, its message alone as the platform ships it", "whole lines": "log line, all its fields",
            "samples": "metric sample, blocks of two hours"}
    results = {}
    print("| item | store | items | bytes each | 95 % interval | fixed |\n|---|---|---|---|---|---|")
    for key, name in what.items():
        points = [row[key] for row in rows]
        slope, half, fixed = line_through(points)
        store = versions.get(key, versions["lines"])
        results[key] = {"store": store, "points": points, "bytes": slope, "half": half, "fixed": fixed}
        print(f"| {name} | {store} | {points[0][0]} - {points[-1][0]} | {slope:.2f} | {slope - half:.2f} - {slope + half:.2f} | {fixed / 1000:.1f} kB |")
    sys.stdout.flush()
    return results


# Wide: they find a store that kept nothing, or everything twice, not a changed encoding.
BOUNDS = {"spans": (30, 250), "lines": (0.5, 60), "whole lines": (15, 200), "samples": (0.3, 10)}


def inside(options, programs):
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    scrapes = sorted(round(float(hours) * 3600 / SCRAPE_SECONDS) for hours in options.hours.split(","))
    rows = []
    for i, count in enumerate(scrapes):
        begun = time.monotonic()
        rows.append(one_size(programs, options, count, pathlib.Path(options.scratch) / str(i)))
        print(f"{count * SCRAPE_SECONDS / 3600:g} h in {time.monotonic() - begun:.0f} s: {json.dumps(rows[-1])}", file=sys.stderr, flush=True)
        shutil.rmtree(pathlib.Path(options.scratch) / str(i))
    results = table(rows, programs)
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps({"sizes": rows, "results": results}, indent=1) + "\n")
    wrong = [f"{key}: {results[key]['bytes']:.2f} B is not within {low} - {high}" for key, (low, high) in BOUNDS.items()
             if options.expect and not low <= results[key]["bytes"] <= high]
    if wrong:
        fail("; ".join(wrong))


def find_programs(build):
    result = subprocess.run([HERE / "build.sh", *([] if build else ["--there"]), *STORES], stdout=subprocess.PIPE, text=True)
    programs = dict(line.split(" ", 1) for line in result.stdout.splitlines())
    missing = [name for name in STORES if name not in programs]
    if missing:
        fail(f"not there: {', '.join(missing)}; run real/stores/build.sh {' '.join(missing)}", 3)
    return programs


def outside(options):
    """Starts this program once more, in a network and a process namespace of its own: all in it ends with it."""
    programs = find_programs(options.build)
    for program in (options.mandelbrot, options.otelcol):
        if not os.access(program, os.X_OK):
            fail(f"no program {program}", 3)
    for stop in (signal.SIGINT, signal.SIGTERM):
        signal.signal(stop, lambda number, _: sys.exit(128 + number))
    with tempfile.TemporaryDirectory(prefix="spillway-stores-", ignore_cleanup_errors=True) as scratch:
        rights = [] if os.geteuid() == 0 else ["--map-root-user"]
        child = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", "unshare", *rights, "--net", "--pid", "--fork", "--kill-child", "--mount-proc", sys.executable, __file__,
                                  *sys.argv[1:], "--scratch", scratch, "--programs", json.dumps(programs)], start_new_session=True)
        try:
            return child.wait()
        finally:
            child.kill()
            child.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("mandelbrot", type=os.path.abspath)
    parser.add_argument("--otelcol", type=os.path.abspath, default=os.environ.get("SPILLWAY_OTELCOL_0_111", "named by SPILLWAY_OTELCOL_0_111"))
    parser.add_argument("--hours", default="2,3,4,5,6")
    parser.add_argument("--build", action="store_true")
    parser.add_argument("--json", type=os.path.abspath)
    parser.add_argument("--expect", action="store_true")
    parser.add_argument("--scratch", help=argparse.SUPPRESS)
    parser.add_argument("--programs", type=json.loads, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.scratch:
        inside(options, options.programs)
    else:
        sys.exit(outside(options))


main()
