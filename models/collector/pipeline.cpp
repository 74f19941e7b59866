#include "models/collector/pipeline.hpp"

#include <algorithm>

namespace spillway::collector {

FanOut::FanOut(std::vector<Consumer*> children) : children_{std::move(children)} {
  std::stable_partition(children_.begin(), children_.end(), [](const Consumer* c) { return c->mutates_data(); });
  for (const Consumer* child : children_) reach |= child->reach;
}

bool FanOut::mutates_data() const {
  return std::all_of(children_.begin(), children_.end(), [](const Consumer* c) { return c->mutates_data(); });
}

void FanOut::consume(Payload payload, Done done) {
  step(calls_.add({std::move(payload), done, 0, {}}));
}

void FanOut::step(std::uint32_t token) {
  Call& call = calls_[token];
  if (call.next == children_.size()) {
    const Call finished = calls_.take(token);
    finished.done(finished.merged);
    return;
  }
  Consumer* child = children_[call.next++];
  child->consume(call.payload.clone(), {this, token});
}

void FanOut::done(std::uint32_t token, const Result& result) {
  Result& merged = calls_[token].merged;
  // The first error's status wins; permanent if any is: "anywhere in the wrap chain".
  if (!result.ok) {
    const bool permanent = merged.permanent || result.permanent;
    if (merged.ok) merged = result;
    merged.permanent = permanent;
  }
  step(token);
}

}  // namespace spillway::collector
