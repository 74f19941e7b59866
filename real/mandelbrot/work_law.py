#!/usr/bin/env python3
"""What a render of the Mandelbrot service costs on this machine.

    work_law.py MANDELBROT    the law, as settings of a scenario, with its errors on pictures left out

CPU seconds are those that the program itself reports. Renders come one after another while the law is measured, so waiting
plays no part. Everything stays on this machine.
"""
import http.client
import http.server
import json
import math
import subprocess
import sys
import threading
import time

NAMES = ("per render", "per pixel", "per iteration", "per post")
# width, height, iterations, zoom, centre x, centre y
FITTED = [(16, 16, 1, 1, -0.5, 0), (480, 300, 1, 1, -0.5, 0), (240, 150, 180, 1, -0.5, 0), (480, 300, 60, 1, -0.5, 0),
          (480, 300, 180, 1, -0.5, 0), (600, 400, 20, 2, -0.7, 0.3), (320, 200, 600, 1, -0.5, 0)]
LEFT_OUT = [(480, 300, 120, 40, -0.7436, 0.1318), (900, 700, 90, 1, -0.5, 0), (100, 400, 400, 1, 0, 0)]
BLOCKS = 4
SECONDS_A_BLOCK = 0.25


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


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    law = measure_law(sys.argv[1])
    print("settings of a scenario:")
    for key, value in settings(law).items():
        print(f"  --set '{key}={value}'")


if __name__ == "__main__":
    main()
