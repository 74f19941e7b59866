#include "analysis/calibration/contention.hpp"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

namespace spillway::analysis {
namespace {

using Eigen::Index;
using Matrix = Eigen::MatrixXd;
using Vector = Eigen::VectorXd;

constexpr double kHalf90 = 1.6448536269514722;
constexpr double kLargest = 100;  ///< what a scenario accepts

/// value / (1 + value mean) = slope.
double value_of(double slope, double mean) {
  if (slope <= 0) return 0;
  const double rest = 1 - slope * mean;
  return rest <= slope / kLargest ? kLargest : slope / rest;
}

Effect effect_of(double slope, double error, double mean) {
  return {value_of(slope, mean), value_of(slope - kHalf90 * error, mean), value_of(slope + kHalf90 * error, mean), slope,
          error};
}

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

/// (others, cold, log of the duration), less the means of the group.
Matrix centred(const std::vector<Surroundings>& requests, std::size_t& groups) {
  std::map<std::size_t, std::pair<double, Eigen::Vector3d>> sums;
  Matrix rows(static_cast<Index>(requests.size()), 3);
  for (std::size_t i = 0; i < requests.size(); ++i) {
    const Surroundings& r = requests[i];
    rows.row(static_cast<Index>(i)) << r.others, r.cold, r.log_duration;
    auto& [count, sum] = sums.try_emplace(r.group, 0.0, Eigen::Vector3d::Zero()).first->second;
    count += 1;
    sum += rows.row(static_cast<Index>(i)).transpose();
  }
  for (std::size_t i = 0; i < requests.size(); ++i) {
    const auto& [count, sum] = sums.at(requests[i].group);
    rows.row(static_cast<Index>(i)) -= (sum / count).transpose();
  }
  groups = sums.size();
  return rows;
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
  std::size_t groups = 0;
  const Matrix rows = centred(requests, groups);
  fit.residual = rows.col(2).squaredNorm();
  const Matrix squares = rows.transpose() * rows;
  constexpr double least = 1e-9;
  if (squares(0, 0) < least * n || requests.size() < groups + 4 || fit.residual <= 0) return fit;
  Regression best = regress(rows.leftCols(1), rows.col(2), groups);
  const bool apart = squares(1, 1) > least * n &&
                     squares(0, 0) * squares(1, 1) - squares(0, 1) * squares(0, 1) > least * squares(0, 0) * squares(1, 1);
  if (apart) {
    constexpr double more_parameters = 2;  // the slope, and the time in which it cools
    const Regression both = regress(rows.leftCols(2), rows.col(2), groups);
    const bool better = n * std::log(both.residual / best.residual) + more_parameters * std::log(n) < 0;
    if (better && both.slopes[1] > 0) best = both;
  }
  fit.residual = best.residual;
  fit.contention = effect_of(best.slopes[0], best.errors[0], std::max(0.0, fit.own - 1 + fit.others));
  if (best.slopes.size() > 1) fit.cold = effect_of(best.slopes[1], best.errors[1], fit.coldness);
  return fit;
}

}  // namespace spillway::analysis
