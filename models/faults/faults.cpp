#include "models/faults/faults.hpp"

namespace spillway {

Faults::Faults(Run& run, const std::vector<Fault>& faults, Act begin, Act end)
    : faults_{faults}, begin_{std::move(begin)}, end_{std::move(end)} {
  const Target self = run.sim.add(*this);
  for (std::size_t i = 0; i < faults_.size(); ++i) {
    run.sim.schedule(faults_[i].at, self, begins, i);
    if (faults_[i].lasts) run.sim.schedule(faults_[i].at + *faults_[i].lasts, self, ends, i);
  }
}

void Faults::handle(const Event& event) {
  const Fault& fault = faults_[event.a];
  event.kind == begins ? begin_(fault) : end_(fault);
}

}  // namespace spillway
