// Per-item samples in buckets of one per cent relative width: mergeable, exact counts, bounded memory.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

namespace spillway {

/// Sketch of positive values in the manner of DDSketch (Masson, Rim, Lee, VLDB 2019): bucket i holds
/// (g^(i-1), g^i] with g = 1.01/0.99, so any quantile is within 1 % of a value that was added.
/// Values <= 0 (and NaN) are counted apart as zero; infinity counts as the largest double. Merging adds integers,
/// so it is associative and exact. add() allocates only when a bucket index outside the range seen so far appears;
/// the whole range of double is about 73 000 buckets, microseconds to hours about 1 100.
class Histogram {
 public:
  void add(double value, std::int64_t times = 1);  ///< times >= 0
  void merge(const Histogram& other);

  std::int64_t count() const { return count_; }
  double sum() const;   ///< from bucket representatives: within 1 %, the same whatever the order of merging
  double mean() const;  ///< sum/count; 0 when empty
  double quantile(double p) const;  ///< nearest rank, 0 <= p <= 1; 0 when empty
  double min() const;   ///< within 1 % of the smallest value; 0 when it is <= 0 or nothing was added
  double max() const;   ///< within 1 % of the largest value; 0 when it is <= 0 or nothing was added

  std::map<int, std::int64_t> buckets() const;  ///< index -> count > 0; index INT_MIN stands for values <= 0
  /// Inverse of buckets(). Throws std::invalid_argument on a count < 0, a total above 2^63 - 1, or an index that
  /// no double has, so that a damaged file cannot ask for unbounded memory.
  static Histogram from_buckets(const std::map<int, std::int64_t>& buckets);

 private:
  std::int64_t& slot(int index);

  std::int64_t zero_ = 0;
  std::int64_t count_ = 0;
  int first_ = 0;                      ///< bucket index of counts_[0]
  std::vector<std::int64_t> counts_;   ///< dense between the smallest and the largest index seen
};

}  // namespace spillway
