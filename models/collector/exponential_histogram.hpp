// Base-2 exponential histogram with a bounded number of buckets, for the size that it has on the wire.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace spillway::collector {

/// Positive values and zeros. Starts at scale 20 and halves the resolution whenever a value does not fit.
class ExponentialHistogram {
 public:
  /// At most this many buckets; what is not from 2 to 16384 is moved there, 0 means 160.
  explicit ExponentialHistogram(std::int64_t max_size);
  void add(double value);

  int scale() const { return count_ == zeros_ ? 0 : scale_; }
  std::int64_t zeros() const { return zeros_; }
  std::int64_t offset() const { return buckets_.empty() ? 0 : offset_; }
  const std::vector<std::int64_t>& buckets() const { return buckets_; }
  /// Bytes of scale, zero count and buckets in an OTLP data point.
  std::size_t otlp_bytes() const;

 private:
  void make_room(std::int64_t index);
  void halve(int times);
  std::int64_t index_of(double value) const;

  std::int64_t max_size_;
  int scale_ = 20;
  std::int64_t offset_ = 0, count_ = 0, zeros_ = 0;
  std::vector<std::int64_t> buckets_;  ///< from offset_ on
};

}  // namespace spillway::collector
