#include "sim/simulation.hpp"

#include <cstdio>
#include <algorithm>
#include <cstdlib>
#include <string>

namespace spillway {

void broken(std::string_view component, Time now, std::string_view what) {
  std::fprintf(stderr, "spillway: internal error in %.*s at %.9f s: %.*s\n", static_cast<int>(component.size()),
               component.data(), seconds(now), static_cast<int>(what.size()), what.data());
  std::abort();
}

Target Simulation::add(Component& component) {
  components_.push_back(&component);
  return static_cast<Target>(components_.size() - 1);
}

void Simulation::check_order(Time at, Target target) const {
  if (at < now_) broken("component " + std::to_string(target), now_, "scheduled an event in the past");
}

void Simulation::count(const Event& event) {
  ++events_;
  const auto at = static_cast<std::uint64_t>(event.at.time_since_epoch().count());
  const std::uint64_t what = event.a ^ std::uint64_t{event.b} << 32 ^ std::uint64_t{event.kind} << 8 ^ event.target;
  fingerprint_ = (fingerprint_ ^ at) * 0x9e3779b97f4a7c15ULL;
  fingerprint_ = (fingerprint_ ^ (fingerprint_ >> 29) ^ what) * 0xbf58476d1ce4e5b9ULL;
}

void Simulation::run_until(Time horizon) {
  for (Time next{}; (next = queue_.next_time()) <= horizon && next != kNever;) {
    const Event event = queue_.pop();
    now_ = event.at;
    count(event);
    components_[event.target]->handle(event);
  }
  now_ = std::max(now_, horizon);
}

void Simulation::advance_to(Time at) {
  if (at < now_ || at > queue_.next_time()) broken("simulation", now_, "the clock cannot jump there");
  now_ = at;
}

}  // namespace spillway
