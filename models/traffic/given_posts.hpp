// The chosen spans of a scripted client's posts.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "models/telemetry/span.hpp"

namespace spillway {

/// The id that a scenario means: 32 or 16 hex digits are the id itself; a word stands for an id made from it and from
/// nothing else, so the same word is the same trace everywhere. Copies other than the first have ids of their own.
TraceId given_trace_id(std::string_view text, std::uint64_t copy = 0);
/// The same within a trace: 16 hex digits or a word.
std::uint64_t given_span_id(std::string_view text, TraceId trace);

class GivenPosts {
 public:
  GivenPosts(Catalog& catalog, const Client& client);
  bool empty() const { return posts_.empty(); }
  /// The spans of a post, without items and sizes. Their times follow from the post's moment in the scenario, so both
  /// worlds send the same.
  void append(std::uint64_t post, std::vector<Span>& spans);

 private:
  Span span_of(const Client& client, const GivenPost& post, const GivenSpan& given);

  Catalog& catalog_;
  const std::vector<GivenPost>& posts_;
  std::vector<std::vector<Span>> templates_;  ///< by post; ids are missing
};

}  // namespace spillway
