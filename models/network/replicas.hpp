// Several processes behind one address, as a Kubernetes Service has them.
#pragma once

#include <map>
#include <utility>
#include <vector>

#include "models/network/network.hpp"

namespace spillway {

/// A client's connection goes to one process, drawn evenly among those that listen when it is made, and stays there until
/// that process no longer listens: kube-proxy chooses by connection, and HTTP clients keep theirs. Source: Kubernetes, Virtual
/// IPs and Service Proxies, proxy mode iptables. Leaves out: clients that hold several connections to one address, which
/// spread their requests (this is too uneven for them), and connections closed for idleness.
class Replicas final : public Server {
 public:
  /// `processes` outlive this. Requires two or more.
  Replicas(Run& run, Network& network, std::vector<Server*> processes, const std::string& name);
  bool listening() const override;
  void receive(RequestId request) override;

 private:
  Server& choose();
  Network& network_;
  std::vector<Server*> processes_;
  std::vector<Server*> ready_;  ///< of choose(), kept for its storage
  std::map<std::pair<const AnswerTo*, EndpointId>, Server*> connections_;  ///< looked up only: its order is of no account
  Sequence draws_;
};

}  // namespace spillway
