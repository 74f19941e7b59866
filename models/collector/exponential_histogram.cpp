#include "models/collector/exponential_histogram.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "models/telemetry/value.hpp"

namespace spillway::collector {
namespace {

/// A signed number as protobuf's sint32; 0 is not sent.
std::size_t zigzag_bytes(std::int64_t number) {
  if (number == 0) return 0;
  return 1 + varint_bytes(static_cast<std::uint64_t>(number < 0 ? -2 * number - 1 : 2 * number));
}

}  // namespace

ExponentialHistogram::ExponentialHistogram(std::int64_t max_size)
    : max_size_{max_size == 0 ? 160 : std::clamp<std::int64_t>(max_size, 2, 16384)} {}

// Buckets include their upper bound.
std::int64_t ExponentialHistogram::index_of(double value) const {
  int exponent = 0;
  const double fraction = std::frexp(value, &exponent);  // value = fraction * 2^exponent, fraction in [0.5, 1)
  const bool power_of_two = fraction == 0.5;
  const std::int64_t at_scale_0 = power_of_two ? exponent - 2 : exponent - 1;
  if (scale_ <= 0) return at_scale_0 >> -scale_;
  if (power_of_two) return (std::int64_t{exponent - 1} << scale_) - 1;
  return static_cast<std::int64_t>(std::floor(std::log(value) * std::ldexp(std::numbers::log2e, scale_)));
}

void ExponentialHistogram::halve(int times) {
  if (times == 0) return;
  std::vector<std::int64_t> merged;
  const std::int64_t first = offset_ >> times;
  for (std::size_t i = 0; i < buckets_.size(); ++i) {
    const auto place = static_cast<std::size_t>(((offset_ + static_cast<std::int64_t>(i)) >> times) - first);
    if (merged.size() <= place) merged.resize(place + 1);
    merged[place] += buckets_[i];
  }
  buckets_ = std::move(merged);
  offset_ = first;
  scale_ -= times;
}

void ExponentialHistogram::make_room(std::int64_t index) {
  if (buckets_.empty()) {
    offset_ = index;
    buckets_.push_back(0);
  }
  if (index < offset_) {
    buckets_.insert(buckets_.begin(), static_cast<std::size_t>(offset_ - index), 0);
    offset_ = index;
  }
  const auto place = static_cast<std::size_t>(index - offset_);
  if (buckets_.size() <= place) buckets_.resize(place + 1);
}

void ExponentialHistogram::add(double value) {
  ++count_;
  if (value <= 0) {
    ++zeros_;
    return;
  }
  std::int64_t index = index_of(value);
  if (!buckets_.empty()) {
    std::int64_t low = std::min(index, offset_);
    std::int64_t high = std::max(index, offset_ + static_cast<std::int64_t>(buckets_.size()) - 1);
    int times = 0;
    for (; high - low >= max_size_; ++times) {
      high >>= 1;
      low >>= 1;
    }
    halve(times);
    if (times > 0) index = index_of(value);
  }
  make_room(index);
  ++buckets_[static_cast<std::size_t>(index - offset_)];
}

std::size_t ExponentialHistogram::otlp_bytes() const {
  std::size_t counts = 0;
  for (const std::int64_t one : buckets_) counts += varint_bytes(static_cast<std::uint64_t>(one));
  const std::size_t positive = zigzag_bytes(offset()) + (counts == 0 ? 0 : field_bytes(counts));
  constexpr std::size_t negative = 2;  // always sent, empty
  return zigzag_bytes(scale()) + (zeros_ > 0 ? 9 : 0) + field_bytes(positive) + negative;
}

}  // namespace spillway::collector
