#include "models/collector/pipeline.hpp"

#include <algorithm>

namespace spillway::collector {

void merge(Result& merged, const Result& result) {
  if (result.ok) return;
  const bool permanent = merged.permanent || result.permanent;
  if (merged.ok) merged = result;
  merged.permanent = permanent;
}

FanOut::FanOut(std::vector<Consumer*> children) : children_{std::move(children)} {
  std::stable_partition(children_.begin(), children_.end(), [](const Consumer* c) { return c->mutates_data(); });
  for (const Consumer* child : children_) reach |= child->reach;
}

bool FanOut::mutates_data() const {
  return std::all_of(children_.begin(), children_.end(), [](const Consumer* c) { return c->mutates_data(); });
}

void FanOut::consume(Payload payload, Done done) {
  const std::uint32_t token = calls_.add({std::move(payload), done, 0, {}, false});
  live_.push_back(token);
  step(token);
}

void FanOut::cancel(Done done) {
  const auto call =
      std::find_if(live_.begin(), live_.end(), [&](std::uint32_t token) { return calls_[token].done == done; });
  if (call == live_.end()) return;
  const std::uint32_t token = *call;
  calls_[token].cancelled = true;
  children_[calls_[token].next - 1]->cancel({this, token});
}

void FanOut::kill() {
  calls_ = {};
  live_.clear();
}

void FanOut::step(std::uint32_t token) {
  Call& call = calls_[token];
  if (call.next == children_.size()) {
    live_.erase(std::find(live_.begin(), live_.end(), token));
    const Call finished = calls_.take(token);
    finished.done(finished.merged);
    return;
  }
  Consumer* child = children_[call.next++];
  const bool cancelled = call.cancelled;
  child->consume(call.payload.clone(), {this, token});
  if (cancelled) child->cancel({this, token});
}

void FanOut::done(std::uint32_t token, const Result& result) {
  merge(calls_[token].merged, result);
  step(token);
}

}  // namespace spillway::collector
