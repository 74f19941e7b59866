#include "analysis/least_squares.hpp"

#include <Eigen/Dense>
#include <algorithm>
#include <cassert>

#include "sim/stream.hpp"

namespace spillway::analysis {
namespace {

using Matrix = Eigen::MatrixXd;
using Vector = Eigen::VectorXd;

/// One problem whose columns have been scaled to length 1, in which gradients can be compared with each other.
class ActiveSet {
 public:
  ActiveSet(Matrix a, Vector b) : a_{std::move(a)}, b_{std::move(b)}, x_{Vector::Zero(a_.cols())} {
    free_.assign(static_cast<std::size_t>(a_.cols()), false);
  }

  Vector solve() {
    // Each round frees one more column; the bound only guards against circling by rounding.
    for (Eigen::Index round = 0; round < 3 * a_.cols() + 10; ++round) {
      const Eigen::Index entering = steepest();
      if (entering < 0) break;
      free_[static_cast<std::size_t>(entering)] = true;
      step_to_feasible();
    }
    return x_;
  }

 private:
  /// The bound coefficient that would lower the sum of squares most, -1 when none would.
  Eigen::Index steepest() const {
    const Vector gradient = a_.transpose() * (b_ - a_ * x_);
    const double tolerance = 1e-11 * std::max(b_.norm(), 1e-300);
    Eigen::Index best = -1;
    for (Eigen::Index j = 0; j < gradient.size(); ++j) {
      if (free_[static_cast<std::size_t>(j)] || gradient[j] <= tolerance) continue;
      if (best < 0 || gradient[j] > gradient[best]) best = j;
    }
    return best;
  }

  /// Moves to the least squares over the free columns, as far as nothing becomes negative; what arrives at zero on
  /// the way is bound again, and the rest goes on.
  void step_to_feasible() {
    for (;;) {
      const Vector wanted = unconstrained();
      double share = 1;
      Eigen::Index blocking = -1;
      for (Eigen::Index j = 0; j < x_.size(); ++j) {
        if (!is_free(j) || wanted[j] > 0) continue;
        const double reach = x_[j] > 0 ? x_[j] / (x_[j] - wanted[j]) : 0;
        if (blocking < 0 || reach < share) {
          share = reach;
          blocking = j;
        }
      }
      x_ += share * (wanted - x_);
      if (blocking < 0) return;
      x_[blocking] = 0;
      free_[static_cast<std::size_t>(blocking)] = false;
    }
  }

  Vector unconstrained() const {
    std::vector<Eigen::Index> columns;
    for (Eigen::Index j = 0; j < a_.cols(); ++j) {
      if (is_free(j)) columns.push_back(j);
    }
    Matrix part(a_.rows(), static_cast<Eigen::Index>(columns.size()));
    for (std::size_t k = 0; k < columns.size(); ++k) part.col(static_cast<Eigen::Index>(k)) = a_.col(columns[k]);
    const Vector solved = part.colPivHouseholderQr().solve(b_);
    Vector full = Vector::Zero(a_.cols());
    for (std::size_t k = 0; k < columns.size(); ++k) full[columns[k]] = solved[static_cast<Eigen::Index>(k)];
    return full;
  }

  bool is_free(Eigen::Index j) const { return free_[static_cast<std::size_t>(j)]; }

  Matrix a_;
  Vector b_, x_;
  std::vector<bool> free_;
};

Vector fitted(const Matrix& a, const Vector& b) {
  Vector scale = a.colwise().norm().transpose();
  Matrix scaled = a;
  for (Eigen::Index j = 0; j < a.cols(); ++j) {
    if (scale[j] > 0) scaled.col(j) /= scale[j];
    else scale[j] = 1;
  }
  return ActiveSet{std::move(scaled), b}.solve().cwiseQuotient(scale);
}

Matrix matrix_of(const Equations& equations) {
  using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const auto rows = static_cast<Eigen::Index>(equations.values.size());
  return Eigen::Map<const RowMajor>(equations.matrix.data(), rows, static_cast<Eigen::Index>(equations.columns));
}

Vector values_of(const Equations& equations) {
  return Eigen::Map<const Vector>(equations.values.data(), static_cast<Eigen::Index>(equations.values.size()));
}

std::vector<double> to_std(const Vector& vector) { return {vector.data(), vector.data() + vector.size()}; }

/// The p-quantile of sorted values, nearest rank.
double quantile(const std::vector<double>& sorted, double p) {
  const auto last = static_cast<double>(sorted.size() - 1);
  return sorted[static_cast<std::size_t>(p * last + 0.5)];
}

}  // namespace

void Equations::add(const std::vector<double>& row, double value) {
  assert(row.size() == columns);
  matrix.insert(matrix.end(), row.begin(), row.end());
  values.push_back(value);
}

std::vector<double> non_negative_least_squares(const Equations& equations) {
  if (equations.values.empty()) return std::vector<double>(equations.columns, 0.0);
  return to_std(fitted(matrix_of(equations), values_of(equations)));
}

std::vector<Coefficient> non_negative_fit(const Equations& equations, int resamples) {
  const std::vector<double> best = non_negative_least_squares(equations);
  std::vector<Coefficient> result;
  for (const double value : best) result.push_back({value, value, value});
  const std::size_t rows = equations.values.size();
  if (rows == 0 || resamples < 2) return result;
  const Matrix a = matrix_of(equations);
  const Vector b = values_of(equations);
  std::vector<std::vector<double>> seen(equations.columns);
  const StreamKey key = stream_key(1, 0, "least squares", "resampling");
  for (int sample = 0; sample < resamples; ++sample) {
    Draws draws{key, static_cast<std::uint64_t>(sample)};
    Matrix some(a.rows(), a.cols());
    Vector values(b.size());
    for (Eigen::Index i = 0; i < a.rows(); ++i) {
      const auto from = static_cast<Eigen::Index>(draws.uniform() * static_cast<double>(rows));
      some.row(i) = a.row(from);
      values[i] = b[from];
    }
    const Vector fit = fitted(some, values);
    for (std::size_t j = 0; j < seen.size(); ++j) seen[j].push_back(fit[static_cast<Eigen::Index>(j)]);
  }
  for (std::size_t j = 0; j < seen.size(); ++j) {
    std::sort(seen[j].begin(), seen[j].end());
    result[j].low = std::min(best[j], quantile(seen[j], 0.025));
    result[j].high = std::max(best[j], quantile(seen[j], 0.975));
  }
  return result;
}

}  // namespace spillway::analysis
