#!/usr/bin/env python3
"""What a render of the Mandelbrot service costs on this machine, and how well its latency is predicted from that.

    work_law.py MANDELBROT                       the law, as settings of a scenario, with its errors on pictures left out
    work_law.py MANDELBROT SPILLWAY SCENARIO     also: the factor of load fitted at 20, 35 and 50 % of what one loop can do,
                                                 then 65, 75 and 85 % predicted and measured (six runs of a minute each)

CPU seconds are those that the program itself reports. Renders come one after another while the law is measured, so waiting
plays no part; the second form needs a machine with nothing else to do. Everything stays on this machine.
"""
import http.client
import http.server
import json
import math
import os
import subprocess
import sys
import tempfile
import threading
import time

NAMES = ("per render", "per pixel", "per iteration", "per post")
# width, height, iterations, zoom, centre x, centre y
FITTED = [(16, 16, 1, 1, -0.5, 0), (480, 300, 1, 1, -0.5, 0), (240, 150, 180, 1, -0.5, 0), (480, 300, 60, 1, -0.5, 0),
          (480, 300, 180, 1, -0.5, 0), (600, 400, 20, 2, -0.7, 0.3), (320, 200, 600, 1, -0.5, 0)]
LEFT_OUT = [(480, 300, 120, 40, -0.7436, 0.1318), (900, 700, 90, 1, -0.5, 0), (100, 400, 400, 1, 0, 0)]
BLOCKS = 4
SECONDS_A_BLOCK = 0.25
RATIO = 1.01 / 0.99  # of the histograms' buckets, sim/histogram.hpp


class Sink(http.server.BaseHTTPRequestHandler):
    """A backend that takes every span."""
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(202)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


class Service:
    def __init__(self, program, environment):
        self.process = subprocess.Popen([program], env={"BIND_ADDRESS": "127.0.0.1", "PORT": "0", "CLOUD": "aws", **environment},
                                        stdout=subprocess.PIPE, text=True)
        self.connection = http.client.HTTPConnection(json.loads(self.process.stdout.readline())["detail"])
        self.connection.connect()
        threading.Thread(target=self.process.stdout.read, daemon=True).start()

    def ask(self, method, path, body=None):
        self.connection.request(method, path, body)
        return self.connection.getresponse().read().decode()

    def counts(self):
        page = [line.split(" ") for line in self.ask("GET", "/metrics").splitlines() if not line.startswith("#")]
        value = {line[0]: float(line[1]) for line in page}
        posts = sum(v for name, v in value.items() if name.startswith("mandelbrot_exports_total"))
        return [value["process_cpu_seconds_total"], value.get("mandelbrot_pixels_total", 0.0),
                value.get("mandelbrot_iterations_total", 0.0), posts]

    def end(self):
        self.process.terminate()
        self.process.wait()


def block(service, picture):
    """One row: [1, pixels, iterations, posts] and CPU seconds, all of one render on average."""
    body = json.dumps(dict(zip(("width", "height", "iterations", "zoom", "centreX", "centreY"), picture)))
    service.ask("POST", "/api/render", body)
    time.sleep(0.02)  # its exports end
    before = service.counts()
    count, begun = 0, time.monotonic()
    while count < 5 or time.monotonic() - begun < SECONDS_A_BLOCK:
        service.ask("POST", "/api/render", body)
        count += 1
    time.sleep(0.02)
    cpu, pixels, iterations, posts = ((b - a) / count for a, b in zip(before, service.counts()))
    return [1.0, pixels, iterations, posts], cpu


def solve(matrix, right):
    """Gauss with pivots."""
    rows = [list(row) + [value] for row, value in zip(matrix, right)]
    for i in range(len(rows)):
        pivot = max(range(i, len(rows)), key=lambda r: abs(rows[r][i]))
        rows[i], rows[pivot] = rows[pivot], rows[i]
        for r in range(len(rows)):
            if r != i:
                factor = rows[r][i] / rows[i][i]
                rows[r] = [a - factor * b for a, b in zip(rows[r], rows[i])]
    return [row[-1] / row[i] for i, row in enumerate(rows)]


def fit(rows):
    """Least squares of relative errors; with standard errors."""
    scaled = [([x / cpu for x in row], 1.0) for row, cpu in rows]
    size = len(rows[0][0])
    normal = [[sum(row[i] * row[j] for row, _ in scaled) for j in range(size)] for i in range(size)]
    law = solve(normal, [sum(row[i] * y for row, y in scaled) for i in range(size)])
    rest = sum((y - sum(a * b for a, b in zip(law, row)))**2 for row, y in scaled) / (len(rows) - size)
    errors = [math.sqrt(rest * solve(normal, [float(i == j) for i in range(size)])[j]) for j in range(size)]
    return law, errors


def predicted(law, row):
    return sum(a * b for a, b in zip(law, row))


def off(law, rows):
    return [abs(predicted(law, row) / cpu - 1) for row, cpu in rows]


def measure_law(program):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Sink)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/api/v2/spans"
    services = [Service(program, {}), Service(program, {"ZIPKIN_ENDPOINTS": ",".join([url, url])})]
    rows = {True: [], False: []}
    for _ in range(BLOCKS):
        for service in services:
            for pictures, fitted in ((FITTED, True), (LEFT_OUT, False)):
                rows[fitted] += [block(service, picture) for picture in pictures]
    for service in services:
        service.end()
    server.shutdown()
    law, errors = fit(rows[True])
    print("CPU of a render on this machine           95 % interval")
    for name, value, error in zip(NAMES, law, errors):
        print(f"  {name:14} {value * 1e9:14.2f} ns   +- {1.96 * error * 1e9:.2f}")
    constant = [sum(cpu for _, cpu in rows[True]) / len(rows[True]), 0, 0, 0]
    for label, chosen in (("pictures fitted", rows[True]), ("pictures left out", rows[False])):
        wrong, naive = off(law, chosen), off(constant, chosen)
        print(f"  {label:18} off by {100 * sum(wrong) / len(wrong):.1f} % on average, {100 * max(wrong):.1f} % at most"
              f"   (a constant per render: {100 * sum(naive) / len(naive):.0f} %)")
    return law


def settings(law, factor=1.0):
    fixed, pixel, iteration, post = (max(0.0, value) * factor for value in law)
    ns = lambda seconds: f"{seconds * 1e9:.3f}ns"
    service = "services.mandelbrot."
    return {service + "operations.POST /api/render.work": ns(fixed), service + "operations.render tile.work.per_pixel": ns(pixel),
            service + "operations.render tile.work.per_iteration": ns(iteration), service + "instrumentation.work_per_post": ns(post)}


def overrides(values):
    return [word for key, value in values.items() for word in ("--set", f"{key}={value}")]


def run(spillway, scenario, command, values, options):
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "out")
        done = subprocess.run([spillway, command, scenario, "--out", out, *overrides(values), *options],
                              capture_output=True, text=True)
        if not os.path.exists(os.path.join(out, "record.json")):
            sys.exit(f"{command} failed: {done.stderr.strip()}")
        with open(os.path.join(out, "record.json"), encoding="utf-8") as file:
            return json.load(file)


def predict(spillway, scenario, law, options):
    rows = []
    row = [1.0, 480 * 300, 0.0, 3.0]  # of one render of the scenario: in place, so root, stage and tile
    probe = run(spillway, scenario, "measure", {"traffic.renders.rate": "2/s"}, ["--duration", "5s", "--services", "real", "--accept-busy"])
    row[2] = work_done(probe)[1]
    capacity = 1 / predicted(law, row)
    print(f"one loop renders at most {capacity:.1f} pictures a second")
    factors = []
    for share in (20, 35, 50, 65, 75, 85):
        rate = {"traffic.renders.rate": f"{capacity * share / 100:.3f}/s"}
        measured = run(spillway, scenario, "measure", rate, ["--services", "real", *options])
        count, _, cpu = work_done(measured)
        factor = sum(factors) / len(factors) if share > 50 else 1.0
        if share <= 50:
            factors.append(cpu / count / predicted(law, row))
            factor = sum(factors) / len(factors)
        simulated = run(spillway, scenario, "run", {**rate, **settings(law, factor)}, ["--replications", "1"])
        rows.append((share, count, cpu, count * predicted(law, row) * factor, quantiles(simulated), quantiles(measured), measured))
    print("share   renders   CPU predicted  measured    p50 predicted  measured    p95 predicted  measured   idle")
    for share, count, cpu, expected, sim, real, record in rows:
        kind = "fitted" if share <= 50 else "held out"
        print(f"{share:3} %   {count:7}   {expected:11.2f} s {cpu:7.2f} s   {1e3 * sim[0]:10.1f} ms {1e3 * real[0]:6.1f} ms   "
              f"{1e3 * sim[1]:10.1f} ms {1e3 * real[1]:6.1f} ms   {record['manifest']['notes']['machine idle']:>5}  {kind}")
    held = [r for r in rows if r[0] > 50]
    for name, get in (("CPU", lambda r: r[3] / r[2]), ("p50", lambda r: r[4][0] / r[5][0]), ("p95", lambda r: r[4][1] / r[5][1])):
        print(f"held out, {name}: off by {100 * sum(abs(get(r) - 1) for r in held) / len(held):.1f} % on average")


def work_done(record):
    """Renders, iterations of one, CPU seconds."""
    notes = record["manifest"]["notes"]
    tiles, _, iterations = (int(part.strip().split(" ")[0]) for part in notes["aws/mandelbrot rendered"].split(",")[:3])
    return tiles, iterations / tiles, float(notes["aws/mandelbrot CPU"].split(" ")[0])


def quantiles(record):
    """p50 and p95 in seconds, from the histogram of all places."""
    stats = next(s for s in record["replications"][0]["requests"] if s["place"] == "")
    return [quantile(stats["latency"], q) for q in (0.5, 0.95)]


def quantile(histogram, q):
    counts = sorted((int(index), count) for index, count in histogram.items() if index != "zero")
    rank, total = 0, sum(count for _, count in counts)
    for index, count in counts:
        rank += count
        if rank >= q * total:
            return 2 * RATIO**index / (RATIO + 1)
    return float("nan")


def main():
    if len(sys.argv) < 2 or len(sys.argv) == 3:
        sys.exit(__doc__)
    law = measure_law(sys.argv[1])
    print("settings of a scenario:")
    for key, value in settings(law).items():
        print(f"  --set '{key}={value}'")
    if len(sys.argv) >= 4:
        predict(sys.argv[2], sys.argv[3], law, sys.argv[4:])


if __name__ == "__main__":
    main()
