// The simulated network between places. Latency per direction is drawn per message; a link may be cut.
//
// While it is, packets vanish and nobody is told. What was written to an open connection is sent again by the kernel, even
// after its sender gave up and closed it: when the cut ends such a request still arrives, and is stored a second time when
// it was repeated meanwhile. A new connection does not come about. So it counts whether a client has an idle connection.
//
// Leaves out: the time that a connection's set-up takes (one more round trip: first requests are faster here than in reality),
// queueing in switches, packet loss. Calls over gRPC share one connection; those that time out during a cut are lost here, while
// a real channel may deliver them afterwards: v0.111 did so with some in one trial, v0.159 with none (duplicates come out low).
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "models/network/transport.hpp"

namespace spillway {

/// A program that listens. One object per listening socket.
class Server {
 public:
  virtual ~Server() = default;
  /// False: connections are refused.
  virtual bool listening() const = 0;
  /// A request arrived. To be answered once through Network::answer, now or later.
  virtual void receive(RequestId request) = 0;
};

/// A URL resolved from one place.
struct Endpoint {
  Server* server = nullptr;  ///< null: nobody has that address, connecting fails
  std::uint16_t from = 0;    ///< places, as indices into the link table
  std::uint16_t to = 0;
  DestinationSet reach = 0;  ///< destinations that lie behind it
  std::string url;
  std::string host;          ///< of the URL
  std::string server_name;   ///< "aws/otel-collector", "grafana-cloud"; empty: nobody has the address
};

class Network final : public Component, public Transport {
 public:
  /// `places` counts all nodes of the link table, backends outside all places included.
  Network(Run& run, std::uint16_t places);

  void set_latency(std::uint16_t from, std::uint16_t to, Distribution latency_seconds, double bytes_per_second);
  void set_cut(std::uint16_t a, std::uint16_t b, bool cut);
  EndpointId add_endpoint(Endpoint endpoint);
  /// What went this way so far: bodies of requests and answers.
  std::int64_t messages(std::uint16_t from, std::uint16_t to) const { return links_[from * places_ + to].messages; }
  std::int64_t bytes(std::uint16_t from, std::uint16_t to) const { return links_[from * places_ + to].bytes; }
  const Endpoint& endpoint(EndpointId id) const { return endpoints_[id]; }
  void set_server(EndpointId id, Server* server) { endpoints_[id].server = server; }

  RequestId post(Post post) override;
  void abandon(RequestId request) override;
  bool can_connect(EndpointId endpoint) override;
  void handle(const Event& event) override;

  /// For servers.
  const Post& request(RequestId id) { return requests_[id].post; }
  void answer(RequestId id, const Answer& answer);
  /// The server took the request and will stay silent: the client has to run into its timeout.
  void never_answer(RequestId id);

 private:
  enum Kind : std::uint32_t { arrive, return_answer, time_out, request_again, answer_again };
  struct Link {
    Distribution latency = Distribution::constant(0.0003);
    double bytes_per_second = 0;
    bool cut = false;
    std::int64_t messages = 0, bytes = 0;  ///< that went over it
    Time free_at{};  ///< when the last byte sent so far has left, for a limited link
  };
  struct Request {
    Post post;
    TimerId timeout;
    Answer answer;
    bool at_server = false;   ///< the server has to answer it yet
    bool client_gone = false;
    bool abandoned = false;   ///< … without hearing of it: it will not say what became of its items
    bool lost = false;        ///< nothing more will happen to it
    bool connecting = false;  ///< no connection yet: without its client nothing is left of it
    std::uint8_t tries = 0;   ///< packets that vanished
    Time sent{};              ///< the first of them
    TimerId again;
    bool holds = false;       ///< the request itself holds its items, since its client no longer does
  };

  Link& link(std::uint16_t from, std::uint16_t to) { return links_[from * places_ + to]; }
  Time delivery(std::uint16_t from, std::uint16_t to, std::int64_t bytes);
  void send(RequestId id);
  void send_back(RequestId id);
  void try_again(RequestId id, Kind what);
  void repeat(RequestId id);
  void on_arrival(RequestId id);
  void on_answer(RequestId id);
  void on_timeout(RequestId id);
  void leave(RequestId id);
  void finish(RequestId id);
  Cause end_of(const Request& request) const;

  Run& run_;
  Target self_;
  std::uint16_t places_;
  std::vector<Link> links_;
  std::vector<Endpoint> endpoints_;
  std::vector<std::uint8_t> idle_;  ///< open connections that wait for a request, by endpoint
  Slab<Request> requests_;
  Sequence draws_;
  Cause vanished_;
};

}  // namespace spillway
