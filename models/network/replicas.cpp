#include "models/network/replicas.hpp"

#include <algorithm>

namespace spillway {

Replicas::Replicas(Run& run, Network& network, std::vector<Server*> processes, const std::string& name)
    : network_{network}, processes_{std::move(processes)}, draws_{run.sim.stream(name, "replica")} {}

bool Replicas::listening() const {
  return std::any_of(processes_.begin(), processes_.end(), [](const Server* process) { return process->listening(); });
}

// The network asked listening() at this very moment: somebody does.
Server& Replicas::choose() {
  ready_.clear();
  std::copy_if(processes_.begin(), processes_.end(), std::back_inserter(ready_),
               [](const Server* process) { return process->listening(); });
  Draws draws = draws_.next();
  const auto chosen = static_cast<std::size_t>(draws.uniform() * static_cast<double>(ready_.size()));
  return *ready_[std::min(chosen, ready_.size() - 1)];
}

void Replicas::receive(RequestId request) {
  const Post& post = network_.request(request);
  Server*& connected = connections_[{post.client, post.endpoint}];
  if (connected == nullptr || !connected->listening()) connected = &choose();
  connected->receive(request);
}

}  // namespace spillway
