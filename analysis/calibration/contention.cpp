#include "analysis/calibration/contention.hpp"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "analysis/calibration/law_fit.hpp"

namespace spillway::analysis {
namespace {

using Eigen::Index;
using Matrix = Eigen::MatrixXd;
using Vector = Eigen::VectorXd;

constexpr double kLargest = 100;  ///< what a scenario accepts

struct Regression {
  Vector slopes, errors;
  double residual = 0;
};

/// Columns and values are centred within `groups` groups.
Regression regress(const Matrix& columns, const Vector& values, std::size_t groups) {
  const Matrix inverse = (columns.transpose() * columns).inverse();
  Regression result;
  result.slopes = inverse * (columns.transpose() * values);
  const Vector residuals = values - columns * result.slopes;
  result.residual = residuals.squaredNorm();
  const double freedom = static_cast<double>(values.size()) - static_cast<double>(groups) -
                         static_cast<double>(columns.cols());
  const double correction = static_cast<double>(values.size()) / std::max(1.0, freedom);
  const Matrix weighted = columns.array().colwise() * residuals.array();
  const Matrix covariance = correction * (inverse * (weighted.transpose() * weighted) * inverse);
  result.errors = covariance.diagonal().cwiseMax(0).cwiseSqrt();
  return result;
}

/// Less the means of the groups.
class Centring {
 public:
  explicit Centring(const std::vector<Surroundings>& requests) {
    std::map<std::size_t, Index> numbers;
    for (const Surroundings& r : requests) group_.push_back(numbers.try_emplace(r.group, static_cast<Index>(numbers.size())).first->second);
    groups_ = numbers.size();
  }
  Matrix operator()(Matrix rows) const {
    Matrix sums = Matrix::Zero(static_cast<Index>(groups_), rows.cols());
    Vector counts = Vector::Zero(static_cast<Index>(groups_));
    for (Index i = 0; i < rows.rows(); ++i) {
      sums.row(group(i)) += rows.row(i);
      counts[group(i)] += 1;
    }
    for (Index i = 0; i < rows.rows(); ++i) rows.row(i) -= sums.row(group(i)) / counts[group(i)];
    return rows;
  }
  std::size_t groups() const { return groups_; }

 private:
  Index group(Index i) const { return group_[static_cast<std::size_t>(i)]; }
  std::vector<Index> group_;
  std::size_t groups_ = 0;
};

/// log(duration) = a constant of the group + sum over the columns of log(1 + value x column), by Gauss and Newton.
struct Nonlinear {
  Vector values, errors;
  double residual = 0;
};
Nonlinear solve(const Matrix& columns, const Vector& logs, const Centring& centring) {
  Nonlinear result;
  result.values = Vector::Zero(columns.cols());
  for (int round = 0; round < 30; ++round) {
    const Matrix grown = (columns * result.values.asDiagonal()).array() + 1;
    const Matrix derivatives = centring(columns.array() / grown.array());
    const Vector rest = centring(logs - grown.array().log().matrix().rowwise().sum());
    const Regression step = regress(derivatives, rest, centring.groups());
    const Vector before = result.values;
    result.values = (before + step.slopes).cwiseMax(0).cwiseMin(kLargest);
    result.errors = step.errors;
    result.residual = rest.squaredNorm();
    if ((result.values - before).norm() < 1e-9) break;
  }
  return result;
}

Effect effect_of(const Nonlinear& fit, Index column) {
  const double value = fit.values[column], error = fit.errors[column];
  return {value, std::clamp(value - kNormal95 * error, 0.0, kLargest), std::clamp(value + kNormal95 * error, 0.0, kLargest), error};
}

}  // namespace

void BusyTime::add(std::int64_t start, std::int64_t end) {
  if (end <= start) return;
  starts_.at.push_back(start);
  ends_.at.push_back(end);
  busy_.emplace_back(start, end);
}

void BusyTime::ready() {
  if (busy_.empty()) return;
  std::sort(busy_.begin(), busy_.end());
  origin_ = busy_.front().first;
  std::vector<std::pair<std::int64_t, std::int64_t>> apart;
  for (const auto& [start, end] : busy_) {
    if (apart.empty() || start > apart.back().second) apart.emplace_back(start, end);
    else apart.back().second = std::max(apart.back().second, end);
  }
  busy_ = std::move(apart);
  for (Edges* edges : {&starts_, &ends_}) {
    std::sort(edges->at.begin(), edges->at.end());
    edges->sum.assign(1, 0.0);
    for (const std::int64_t at : edges->at) edges->sum.push_back(edges->sum.back() + static_cast<double>(at - origin_));
  }
}

double BusyTime::Edges::before(std::int64_t moment, std::int64_t origin) const {
  const auto count = static_cast<std::size_t>(std::lower_bound(at.begin(), at.end(), moment) - at.begin());
  return count == 0 ? 0 : static_cast<double>(count) * static_cast<double>(moment - origin) - sum[count];
}

double BusyTime::until(std::int64_t moment) const {
  return starts_.before(moment, origin_) - ends_.before(moment, origin_);
}

double BusyTime::mean(std::int64_t start, std::int64_t end) const {
  return (until(end) - until(start)) / static_cast<double>(end - start);
}

double BusyTime::idle_share() const {
  if (busy_.empty()) return 1;
  double busy = 0;
  for (const auto& [start, end] : busy_) busy += static_cast<double>(end - start);
  return 1 - busy / static_cast<double>(busy_.back().second - busy_.front().first);
}

std::vector<double> BusyTime::coldness(const std::vector<std::int64_t>& moments, double within) const {
  std::vector<std::size_t> order(moments.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return moments[a] < moments[b]; });
  std::vector<double> result(moments.size(), 1);
  double cold = 1;
  std::int64_t now = origin_;
  const auto pass = [&](std::int64_t until, double towards) {
    cold = towards + (cold - towards) * std::exp(-static_cast<double>(until - now) / within);
    now = until;
  };
  std::size_t next = 0;  // busy time that has not ended
  for (const std::size_t i : order) {
    const std::int64_t moment = std::max(moments[i], now);
    for (; next < busy_.size() && busy_[next].second <= moment; ++next) {
      if (busy_[next].first > now) pass(busy_[next].first, 1);
      pass(busy_[next].second, 0);
    }
    const bool inside = next < busy_.size() && busy_[next].first < moment;
    if (inside && busy_[next].first > now) pass(busy_[next].first, 1);
    pass(moment, inside ? 0 : 1);
    result[i] = cold;
  }
  return result;
}

HostFit fit_host(const std::vector<Surroundings>& requests) {
  HostFit fit;
  fit.requests = requests.size();
  if (requests.empty()) return fit;
  const auto n = static_cast<double>(requests.size());
  for (const Surroundings& r : requests) {
    fit.others += r.others / n;
    fit.own += r.own / n;
    fit.coldness += r.cold / n;
  }
  Matrix columns(static_cast<Index>(requests.size()), 2);
  Vector logs(columns.rows());
  for (Index i = 0; i < columns.rows(); ++i) {
    const Surroundings& r = requests[static_cast<std::size_t>(i)];
    columns.row(i) << std::max(0.0, fit.own - 1 + r.others), r.cold;
    logs[i] = r.log_duration;
  }
  const Centring centring{requests};
  const Matrix centred = centring(columns);
  const double xx = centred.col(0).squaredNorm(), zz = centred.col(1).squaredNorm(), xz = centred.col(0).dot(centred.col(1));
  constexpr double least = 1e-9;
  if (xx < least * n || requests.size() < centring.groups() + 4 || centring(logs).squaredNorm() <= 0) return fit;
  Nonlinear best = solve(columns.leftCols(1), logs, centring);
  if (zz > least * n && xx * zz - xz * xz > least * xx * zz) {
    constexpr double more_parameters = 2;  // the slowdown, and the time in which it cools
    const Nonlinear both = solve(columns, logs, centring);
    const bool better = n * std::log(both.residual / best.residual) + more_parameters * std::log(n) < 0;
    if (better && both.values[1] > 0) best = both;
  }
  fit.residual = best.residual;
  fit.contention = effect_of(best, 0);
  if (best.values.size() > 1) fit.cold = effect_of(best, 1);
  return fit;
}

}  // namespace spillway::analysis
