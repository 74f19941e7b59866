// One point of the Mandelbrot set. Shared by the simulator, which counts, and the real service, which draws.
#pragma once

namespace spillway {

/// How often z = z^2 + c runs from z = 0 before |z| > 2, at most `cap`. The order of operations is part of the result.
inline int escape_iterations(double cx, double cy, int cap) {
  double x = 0, y = 0;
  int n = 0;
  while (n < cap && x * x + y * y <= 4) {
    const double next = x * x - y * y + cx;
    y = 2 * x * y + cy;
    x = next;
    ++n;
  }
  return n;
}

}  // namespace spillway
