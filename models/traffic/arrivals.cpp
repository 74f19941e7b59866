#include "models/traffic/arrivals.hpp"

#include <algorithm>
#include <cmath>

namespace spillway {

Arrivals::Arrivals(Run& run, const Traffic& traffic, RequestTaker& taker, std::vector<std::uint32_t> plans,
                   std::uint64_t source, Time end)
    : run_{run}, traffic_{traffic}, taker_{taker}, plans_{std::move(plans)}, source_{source},
      end_{std::min(end, traffic.stop.value_or(kNever))}, self_{run.sim.add(*this)},
      gaps_{run.sim.stream("traffic " + traffic.name, "gap")}, places_{run.sim.stream("traffic " + traffic.name, "place")} {
  schedule_next(traffic.start);
}

void Arrivals::schedule_next(Time after) {
  Time at = after;
  if (!traffic_.at.empty()) {
    if (number_ >= traffic_.at.size()) return;
    at = traffic_.at[number_];
  } else {
    const double mean = 1 / traffic_.rate_per_second;
    const double gap = traffic_.arrivals == Traffic::Arrivals::poisson ? -mean * std::log(Draws{gaps_, number_}.uniform()) : mean;
    at += std::max(Duration{1}, from_seconds(gap));
  }
  if (at < end_) run_.sim.schedule(at, self_, 0);
}

void Arrivals::handle(const Event& event) {
  const std::uint64_t number = number_++;
  std::size_t place = 0;
  if (plans_.size() > 1) place = static_cast<std::size_t>(Draws{places_, number}.uniform() * static_cast<double>(plans_.size()));
  taker_.begin(plans_[place], source_ << 48 | number);
  schedule_next(event.at);
}

}  // namespace spillway
