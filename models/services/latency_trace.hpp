// Latencies of requests by the time of their arrival, for finding where a run becomes steady.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "sim/time.hpp"

namespace spillway {

/// Mean latency of the requests that arrived in each of `kPieces` equal pieces of the traffic.
class LatencyTrace {
 public:
  static constexpr std::int64_t kPieces = 1000;

  explicit LatencyTrace(Duration traffic) : piece_{std::max(Duration{1}, (traffic + Duration{kPieces - 1}) / kPieces)} {}

  void add(Time arrived, Duration latency) {
    Piece& piece = pieces_[static_cast<std::size_t>(
        std::min<std::int64_t>(arrived.time_since_epoch() / piece_, kPieces - 1))];
    piece.sum += seconds(latency);
    ++piece.requests;
  }

  /// Seconds, of the pieces in which a request arrived; begins()[i] is when the i-th of them begins.
  std::vector<double> means() const {
    std::vector<double> all;
    for (const Piece& piece : pieces_) {
      if (piece.requests > 0) all.push_back(piece.sum / static_cast<double>(piece.requests));
    }
    return all;
  }
  std::vector<Duration> begins() const {
    std::vector<Duration> all;
    for (std::size_t i = 0; i < pieces_.size(); ++i) {
      if (pieces_[i].requests > 0) all.push_back(static_cast<std::int64_t>(i) * piece_);
    }
    return all;
  }

 private:
  struct Piece {
    double sum = 0;
    std::int64_t requests = 0;
  };
  Duration piece_;
  std::vector<Piece> pieces_ = std::vector<Piece>(kPieces);
};

}  // namespace spillway
