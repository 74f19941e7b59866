// Per-item samples in buckets of one per cent relative width: mergeable, exact counts, bounded memory.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

namespace spillway {

/// Sketch of positive values in the manner of DDSketch (Masson, Rim, Lee, VLDB 2019): bucket i holds
/// (g^(i-1), g^i] with g = 1.01/0.99, so any quantile is within 1 % of a value that was added.
/// Values <= 0 are counted apart as zero. Merging adds integers, so it is associative and exact.
/// add() allocates only when a bucket index outside the range seen so far appears.
class Histogram {
 public:
  void add(double value, std::int64_t times = 1);
  void merge(const Histogram& other);

  std::int64_t count() const { return count_; }
  double sum() const;   ///< from bucket representatives: within 1 %, the same whatever the order of merging
  double mean() const;  ///< sum/count; 0 when empty
  double quantile(double p) const;  ///< nearest rank; 0 when empty
  double min() const;   ///< lower bound of the smallest bucket's representative
  double max() const;

  std::map<int, std::int64_t> buckets() const;  ///< index -> count; index INT_MIN stands for values <= 0
  static Histogram from_buckets(const std::map<int, std::int64_t>& buckets);

 private:
  std::int64_t zero_ = 0;
  std::int64_t count_ = 0;
  int first_ = 0;                      ///< bucket index of counts_[0]
  std::vector<std::int64_t> counts_;   ///< dense between the smallest and the largest index seen
};

}  // namespace spillway
