#!/usr/bin/env python3
"""How well the latency of one Mandelbrot loop is predicted at loads and for a picture that nothing was fitted to.

    load_law.py MANDELBROT SPILLWAY SCENARIO [--duration TIME]

First the law of work (work_law.py). Then the loop is measured at 20, 35 and 50 % of what it can do, and fitted to these alone are
  - the CPU of a render, a straight line in the load: a loop that was idle begins with cold caches and a slow clock;
  - the time that users see and the loop does not spend, from the median at these loads: the answer's way through the kernel;
  - how much renders vary (a gamma law of mean 1), from the medians and 95th percentiles at these loads.
Then 65, 75 and 85 % and another picture at 60 % are predicted, and measured. Intervals hold 90 %: the residuals of the logarithms of the
fitted quantiles are taken for what remains unknown (Student's t). Naive: the figure of the heaviest load that was fitted.

About ten minutes on a machine with nothing else to do; everything stays on it.
"""
import json
import math
import os
import subprocess
import sys
import tempfile

import work_law

FITTED, HELD_OUT = (20, 35, 50), (65, 75, 85)
OTHER_PICTURE, OTHER_SHARE = {"width": 640, "height": 400, "iterations": 120}, 60
SPREADS = [0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4]  # coefficients of variation that are tried
QUANTILES = (0.5, 0.95)
RATIO = 1.01 / 0.99  # of the histograms' buckets, sim/histogram.hpp
SPANS_A_RENDER = 3   # in place: root, stage, tile
T90 = {1: 6.314, 2: 2.920, 3: 2.353, 4: 2.132, 5: 2.015}  # Student's t, 0.95 quantile


class World:
    """Runs of the scenario, simulated or measured, with settings over it."""

    def __init__(self, spillway, scenario, options):
        self.spillway, self.scenario, self.options = spillway, scenario, options

    def run(self, command, values, options):
        with tempfile.TemporaryDirectory() as folder:
            out = os.path.join(folder, "out")
            words = [word for key, value in values.items() for word in ("--set", f"{key}={value}")]
            done = subprocess.run([self.spillway, command, self.scenario, "--out", out, *words, *options, *self.options],
                                  capture_output=True, text=True)
            if not os.path.exists(os.path.join(out, "record.json")):
                sys.exit(f"{command} failed: {done.stderr.strip()}")
            with open(os.path.join(out, "record.json"), encoding="utf-8") as file:
                return json.load(file)

    def measure(self, values):
        return Measured(self.run("measure", values, ["--services", "real"]))

    def simulate(self, values):
        return quantiles(self.run("run", values, ["--replications", "1"]))


class Measured:
    def __init__(self, record):
        notes = record["manifest"]["notes"]
        tiles, _, iterations = (int(part.strip().split(" ")[0]) for part in notes["aws/mandelbrot rendered"].split(",")[:3])
        self.renders, self.iterations = tiles, iterations / tiles
        self.cpu = float(notes["aws/mandelbrot CPU"].split(" ")[0])
        self.idle = notes["machine idle"]
        self.quantiles = quantiles(record)
        fates = next(d for d in record["replications"][0]["destinations"] if d["destination"] == "aws/jaeger")
        self.spans = (fates["produced"], fates["stored"])


def quantiles(record):
    """p50 and p95 in seconds, from the histogram of all places."""
    stats = next(s for s in record["replications"][0]["requests"] if s["place"] == "")
    return [quantile(stats["latency"], q) for q in QUANTILES]


def quantile(histogram, q):
    counts = sorted((int(index), count) for index, count in histogram.items() if index != "zero")
    rank, total = 0, sum(count for _, count in counts)
    for index, count in counts:
        rank += count
        if rank >= q * total:
            return 2 * RATIO**index / (RATIO + 1)
    return float("nan")


class Fit:
    """What the loads of FITTED say beyond the law of work."""

    def __init__(self, world, law, capacity, runs):
        self.world, self.law = world, law
        factors = [run.cpu / run.renders * capacity for _, run in runs]
        self.slope, self.level = line([share / 100 for share, _ in runs], factors)
        self.spread, self.offset, self.residuals = min((self.try_spread(cv, capacity, runs) for cv in SPREADS),
                                                       key=lambda tried: sum(r * r for r in tried[2]))

    def factor(self, share):
        return self.level + self.slope * share / 100

    def settings(self, share, rate, spread):
        values = {"traffic.renders.rate": f"{rate:.3f}/s", **work_law.settings(self.law, self.factor(share))}
        if spread > 0:
            values["services.mandelbrot.operations.render tile.work.varies"] = f"{{gamma: {{mean: 1, cv: {spread}}}}}"
        return values

    def try_spread(self, spread, capacity, runs):
        simulated = [self.world.simulate(self.settings(share, capacity * share / 100, spread)) for share, _ in runs]
        gaps = sorted(run.quantiles[0] - sim[0] for sim, (_, run) in zip(simulated, runs))
        offset = max(0.0, gaps[len(gaps) // 2])
        residuals = [math.log(real / (own + offset)) for sim, (_, run) in zip(simulated, runs)
                     for own, real in zip(sim, run.quantiles)]
        return spread, offset, residuals

    def predict(self, share, rate, more):
        """p50 and p95, each with its interval."""
        own = self.world.simulate({**self.settings(share, rate, self.spread), **more})
        freedom = len(self.residuals) - 2
        deviation = math.sqrt(sum(r * r for r in self.residuals) / freedom * (1 + 1 / len(self.residuals)))
        width = math.exp(T90[freedom] * deviation)
        return [(value + self.offset, (value + self.offset) / width, (value + self.offset) * width) for value in own]


def line(x, y):
    """Slope and value at 0 of the least squares line."""
    middle, height = sum(x) / len(x), sum(y) / len(y)
    slope = sum((a - middle) * (b - height) for a, b in zip(x, y)) / sum((a - middle)**2 for a in x)
    return slope, height - slope * middle


def print_fit(fit):
    print(f"fitted at {', '.join(map(str, FITTED))} % of capacity: CPU of a render x {fit.level:.3f} {fit.slope:+.3f} x load, "
          f"varies by {100 * fit.spread:.0f} %, {1e3 * fit.offset:.1f} ms outside the loop")


class Table:
    def __init__(self):
        self.wrong, self.covered, self.naive = {}, [], {}
        print(f"{'load':24} {'figure':8} {'predicted':>10} {'90 % interval':>18} {'measured':>10} {'error':>7} {'naive':>7}   idle")

    def add(self, load, figure, predicted, interval, measured, naive, idle):
        error = predicted / measured - 1
        self.wrong.setdefault(figure, []).append(abs(error))
        unit, scale = ("s", 1) if figure == "CPU" else ("ms", 1e3)
        cell = ""
        if interval:
            self.covered.append(interval[0] <= measured <= interval[1])
            cell = f"{scale * interval[0]:.1f} - {scale * interval[1]:.1f} {unit}"
        print(f"{load:24} {figure:8} {scale * predicted:7.1f} {unit:2} {cell:>18} {scale * measured:7.1f} {unit:2} {100 * error:+5.1f} % "
              f"{f'{100 * (naive / measured - 1):+5.1f} %' if naive else '':>7}   {idle}")

    def close(self):
        for figure, errors in self.wrong.items():
            errors.sort()
            print(f"{figure}: off by {100 * errors[len(errors) // 2]:.1f} % in the median, {100 * errors[-1]:.1f} % at most")
        print(f"intervals: {sum(self.covered)} of {len(self.covered)} hold what was measured")


def main():
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    law = work_law.measure_law(sys.argv[1])
    world = World(sys.argv[2], sys.argv[3], sys.argv[4:])
    picture = {f"traffic.renders.picture.{key}": value for key, value in OTHER_PICTURE.items()}
    row = lambda pixels, probe: [1.0, pixels, probe.iterations, SPANS_A_RENDER]
    probe = lambda more: Measured(world.run("measure", {"traffic.renders.rate": "4/s", **more},
                                            ["--duration", "5s", "--services", "real", "--accept-busy"]))
    capacity = 1 / work_law.predicted(law, row(480 * 300, probe({})))
    other = 1 / work_law.predicted(law, row(OTHER_PICTURE["width"] * OTHER_PICTURE["height"], probe(picture)))
    print(f"one loop renders at most {capacity:.1f} pictures a second, {other:.1f} of the other size")
    runs = [(share, world.measure({"traffic.renders.rate": f"{capacity * share / 100:.3f}/s"})) for share in FITTED]
    fit = Fit(world, law, capacity, runs)
    print_fit(fit)
    heaviest = runs[-1][1]
    table = Table()
    for share, most, more in [*((share, capacity, {}) for share in HELD_OUT), (OTHER_SHARE, other, picture)]:
        rate = most * share / 100
        predicted = fit.predict(share, rate, more)
        measured = world.measure({"traffic.renders.rate": f"{rate:.3f}/s", **more})
        load = f"{share} %" + (f", {OTHER_PICTURE['width']} x {OTHER_PICTURE['height']}, {OTHER_PICTURE['iterations']}" if more else "")
        table.add(load, "CPU", measured.renders / most * fit.factor(share), None, measured.cpu,
                  None if more else heaviest.cpu / heaviest.renders * measured.renders, measured.idle)
        for name, (value, low, high), real, naive in zip(("p50", "p95"), predicted, measured.quantiles, heaviest.quantiles):
            table.add(load, name, value, (low, high), real, None if more else naive, measured.idle)
        if measured.spans != (SPANS_A_RENDER * measured.renders,) * 2:
            sys.exit(f"{load}: {measured.renders} renders, but {measured.spans} spans produced and stored")
    table.close()


if __name__ == "__main__":
    main()
