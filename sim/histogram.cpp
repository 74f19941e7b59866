#include "sim/histogram.hpp"

#include <algorithm>
#include <cassert>
#include <climits>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>

namespace spillway {
namespace {

constexpr double kRatio = 1.01 / 0.99;
constexpr double kLogRatio = 0.020000666706669524;  // log(kRatio) = 2 atanh(0.01)
constexpr int kZero = INT_MIN;

/// Smallest i with value <= kRatio^i, up to the rounding of log.
int bucket_of(double value) {
  const double exact = std::log(std::min(value, std::numeric_limits<double>::max())) * (1 / kLogRatio);
  const int truncated = static_cast<int>(exact);
  return exact > truncated ? truncated + 1 : truncated;
}

/// The value whose relative distance to both ends of the bucket is the same 1 %.
double representative(int bucket) {
  const double value = std::exp(bucket * kLogRatio) * (2 / (1 + kRatio));
  return std::min(value, std::numeric_limits<double>::max());
}

void check_bucket(int index, std::int64_t times, std::int64_t total) {
  static const int lowest = bucket_of(std::numeric_limits<double>::denorm_min());
  static const int highest = bucket_of(std::numeric_limits<double>::max());
  if (index != kZero && (index < lowest || index > highest)) {
    throw std::invalid_argument("histogram: bucket " + std::to_string(index) + " is outside " +
                                std::to_string(lowest) + " to " + std::to_string(highest));
  }
  if (times < 0) {
    throw std::invalid_argument("histogram: bucket " + std::to_string(index) + " has the negative count " +
                                std::to_string(times));
  }
  if (times > std::numeric_limits<std::int64_t>::max() - total) {
    throw std::invalid_argument("histogram: the counts add up to more than 2^63 - 1");
  }
}

}  // namespace

std::int64_t& Histogram::slot(int index) {
  if (counts_.empty()) first_ = index;
  if (index < first_) {
    counts_.insert(counts_.begin(), static_cast<std::size_t>(first_ - index), 0);
    first_ = index;
  }
  const auto at = static_cast<std::size_t>(index - first_);
  if (at >= counts_.size()) counts_.resize(at + 1);
  return counts_[at];
}

void Histogram::add(double value, std::int64_t times) {
  assert(times >= 0);
  if (times == 0) return;
  count_ += times;
  (value > 0 ? slot(bucket_of(value)) : zero_) += times;
}

void Histogram::merge(const Histogram& other) {
  count_ += other.count_;
  zero_ += other.zero_;
  for (std::size_t i = 0; i < other.counts_.size(); ++i) {
    if (other.counts_[i] > 0) slot(other.first_ + static_cast<int>(i)) += other.counts_[i];
  }
}

double Histogram::sum() const {
  double total = 0;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    if (counts_[i] > 0) total += static_cast<double>(counts_[i]) * representative(first_ + static_cast<int>(i));
  }
  return total;
}

double Histogram::mean() const { return count_ == 0 ? 0 : sum() / static_cast<double>(count_); }

double Histogram::quantile(double p) const {
  assert(p >= 0 && p <= 1);
  // The factor keeps the rounding of 0.07 * 100 from asking for rank 8.
  const auto rank = static_cast<std::int64_t>(std::ceil(p * static_cast<double>(count_) * (1 - 1e-15)));
  std::int64_t passed = zero_;
  if (count_ == 0 || std::max<std::int64_t>(rank, 1) <= passed) return 0;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    passed += counts_[i];
    if (passed > 0 && passed >= rank) return representative(first_ + static_cast<int>(i));
  }
  return max();
}

double Histogram::min() const { return zero_ > 0 ? 0 : quantile(0); }

double Histogram::max() const {
  return counts_.empty() ? 0 : representative(first_ + static_cast<int>(counts_.size()) - 1);
}

std::map<int, std::int64_t> Histogram::buckets() const {
  std::map<int, std::int64_t> result;
  if (zero_ > 0) result[kZero] = zero_;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    if (counts_[i] > 0) result.emplace_hint(result.end(), first_ + static_cast<int>(i), counts_[i]);
  }
  return result;
}

Histogram Histogram::from_buckets(const std::map<int, std::int64_t>& buckets) {
  Histogram result;
  for (const auto& [index, times] : buckets) {
    check_bucket(index, times, result.count_);
    if (times == 0) continue;
    result.count_ += times;
    (index == kZero ? result.zero_ : result.slot(index)) += times;
  }
  return result;
}

}  // namespace spillway
