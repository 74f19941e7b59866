#include "analysis/calibration/contention.hpp"

#include <algorithm>
#include <cmath>
#include <map>

namespace spillway::analysis {
namespace {

constexpr double kHalf90 = 1.6448536269514722;
constexpr double kLargest = 100;  ///< what a scenario accepts

/// value / (1 + value crowd) = slope.
double contention_of(double slope, double crowd) {
  if (slope <= 0) return 0;
  const double rest = 1 - slope * crowd;
  return rest <= slope / kLargest ? kLargest : slope / rest;
}

struct GroupMeans {
  double n = 0, x = 0, y = 0;
};

}  // namespace

void BusyTime::add(std::int64_t start, std::int64_t end) {
  if (end <= start) return;
  starts_.at.push_back(start);
  ends_.at.push_back(end);
}

void BusyTime::ready() {
  if (starts_.at.empty()) return;
  origin_ = *std::min_element(starts_.at.begin(), starts_.at.end());
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

Contention fit_contention(const std::vector<Crowding>& requests) {
  Contention result;
  result.requests = requests.size();
  if (requests.empty()) return result;
  std::map<std::size_t, GroupMeans> groups;
  for (const Crowding& r : requests) {
    GroupMeans& g = groups[r.group];
    g.n += 1;
    g.x += r.others;
    g.y += r.log_duration;
    result.others += r.others;
    result.own += r.own;
  }
  const auto n = static_cast<double>(requests.size());
  result.others /= n;
  result.own /= n;
  double xx = 0, xy = 0;
  const auto x_of = [&](const Crowding& r) { return r.others - groups[r.group].x / groups[r.group].n; };
  const auto y_of = [&](const Crowding& r) { return r.log_duration - groups[r.group].y / groups[r.group].n; };
  for (const Crowding& r : requests) {
    xx += x_of(r) * x_of(r);
    xy += x_of(r) * y_of(r);
  }
  if (xx <= 0 || requests.size() < groups.size() + 3) return result;
  result.slope = xy / xx;
  double squares = 0;
  for (const Crowding& r : requests) {
    const double residual = y_of(r) - result.slope * x_of(r);
    squares += x_of(r) * x_of(r) * residual * residual;
  }
  const double freedom = n / (n - static_cast<double>(groups.size()) - 1);
  result.slope_error = std::sqrt(squares * freedom) / xx;
  const double crowd = std::max(0.0, result.own - 1 + result.others);
  result.value = contention_of(result.slope, crowd);
  result.low = contention_of(result.slope - kHalf90 * result.slope_error, crowd);
  result.high = contention_of(result.slope + kHalf90 * result.slope_error, crowd);
  return result;
}

}  // namespace spillway::analysis
