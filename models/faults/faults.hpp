// The timeline of causes: behaviours of backends, signals to collectors, cut links, names that resolve to others.
#pragma once

#include <functional>
#include <vector>

#include "models/run.hpp"
#include "models/scenario/scenario.hpp"

namespace spillway {

/// Calls `begin` at each fault's moment and `end` when it is over. At one moment faults begin in order of the file.
class Faults final : public Component {
 public:
  using Act = std::function<void(const Fault&)>;
  Faults(Run& run, const std::vector<Fault>& faults, Act begin, Act end);
  void handle(const Event& event) override;

 private:
  enum Kind : std::uint32_t { begins, ends };
  const std::vector<Fault>& faults_;
  Act begin_, end_;
};

}  // namespace spillway
