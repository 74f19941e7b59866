#include "models/collector/parts_in_turn.hpp"

#include <algorithm>

namespace spillway::collector {

std::vector<Payload> PartsInTurn::empty_parts() {
  std::vector<Payload> parts;
  if (!spare_parts_.empty()) {
    parts = std::move(spare_parts_.back());
    spare_parts_.pop_back();
  }
  for (std::size_t i = 0; i < consumers_.size(); ++i) parts.push_back(run_.pool.empty());
  return parts;
}

void PartsInTurn::drop(std::vector<Payload> parts) {
  parts.clear();
  spare_parts_.push_back(std::move(parts));
}

void PartsInTurn::send(std::vector<Payload> parts, Done done) {
  Call call;
  call.parts = std::move(parts);
  call.done = done;
  const std::uint32_t token = calls_.add(std::move(call));
  live_.push_back(token);
  step(token);
}

void PartsInTurn::step(std::uint32_t token) {
  Call& call = calls_[token];
  while (call.next < call.parts.size() && call.parts[call.next].is_empty()) ++call.next;
  if (call.next == call.parts.size()) {
    live_.erase(std::find(live_.begin(), live_.end(), token));
    Call finished = calls_.take(token);
    drop(std::move(finished.parts));
    return finished.done(finished.merged);
  }
  Consumer& consumer = *consumers_[call.next];
  Payload part = std::move(call.parts[call.next++]);
  call.began = run_.sim.now();
  const bool cancelled = call.cancelled;
  consumer.consume(std::move(part), {this, token});
  if (cancelled) consumer.cancel({this, token});
}

void PartsInTurn::done(std::uint32_t token, const Result& result) {
  Call& call = calls_[token];
  if (ended_ != nullptr) ended_->part_ended(call.next - 1, result, run_.sim.now() - call.began);
  merge(call.merged, result);
  step(token);
}

void PartsInTurn::cancel(Done done) {
  const auto call =
      std::find_if(live_.begin(), live_.end(), [&](std::uint32_t token) { return calls_[token].done == done; });
  if (call == live_.end()) return;
  const std::uint32_t token = *call;
  calls_[token].cancelled = true;
  consumers_[calls_[token].next - 1]->cancel({this, token});
}

void PartsInTurn::kill() {
  calls_ = {};
  live_.clear();
}

}  // namespace spillway::collector
