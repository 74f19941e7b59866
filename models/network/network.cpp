#include "models/network/network.hpp"

namespace spillway {
namespace {

// Linux: the first repetition after 200 ms (a new connection: 1 s), doubled each time. A connection whose owner closed it is
// repeated eight times, then given up; the probe that may go out before the first repetition is left out.
constexpr Duration kFirstRepetition = std::chrono::milliseconds{200};
constexpr Duration kFirstConnect = std::chrono::seconds{1};
constexpr Duration kOrphansLive = kFirstRepetition * 511;
constexpr Duration kLongestPause = std::chrono::seconds{120};

// Go keeps two for a host unless it is told otherwise (http.DefaultMaxIdleConnsPerHost).
constexpr std::uint8_t kIdleConnections = 2;

}  // namespace

GrpcCode grpc_code_of(const Answer& answer) {
  switch (answer.kind) {
    case Answer::Kind::grpc: return static_cast<GrpcCode>(answer.status);
    case Answer::Kind::timed_out: return GrpcCode::deadline_exceeded;
    case Answer::Kind::status:  // an HTTP/1 server: no connection comes about
    case Answer::Kind::refused:
    case Answer::Kind::reset: return GrpcCode::unavailable;
  }
  return GrpcCode::unknown;
}

std::string to_text(const Answer& answer) {
  switch (answer.kind) {
    case Answer::Kind::status: return std::to_string(answer.status);
    case Answer::Kind::refused: return "refused";
    case Answer::Kind::reset: return "reset";
    case Answer::Kind::timed_out: return "timed out";
    case Answer::Kind::grpc: return kGrpcCodeNames[static_cast<std::size_t>(answer.status)];
  }
  return {};
}

Network::Network(Run& run, std::uint16_t places)
    : run_{run},
      self_{run.sim.add(*this)},
      places_{places},
      links_(std::size_t{places} * places),
      draws_{run.sim.stream("network", "latency")},
      vanished_{run.ledger.add_loss("network", "request without a client")} {}

void Network::set_latency(std::uint16_t from, std::uint16_t to, Distribution latency_seconds, double bytes_per_second) {
  link(from, to).latency = std::move(latency_seconds);
  link(from, to).bytes_per_second = bytes_per_second;
}

void Network::set_cut(std::uint16_t a, std::uint16_t b, bool cut) { link(a, b).cut = link(b, a).cut = cut; }

EndpointId Network::add_endpoint(Endpoint endpoint) {
  endpoints_.push_back(std::move(endpoint));
  idle_.push_back(0);
  return static_cast<EndpointId>(endpoints_.size() - 1);
}

// When a message that starts now is there; kNever over a cut link.
Time Network::delivery(std::uint16_t from, std::uint16_t to, std::int64_t bytes) {
  Link& l = link(from, to);
  if (l.cut) return kNever;
  ++l.messages;
  l.bytes += bytes;
  double latency = l.latency.mean();
  if (!l.latency.is_constant()) {
    Draws draws = draws_.next();
    latency = l.latency.sample(draws);
  }
  Time leaves = run_.sim.now();
  if (l.bytes_per_second > 0) {
    l.free_at = std::max(l.free_at, leaves) + from_seconds(static_cast<double>(bytes) / l.bytes_per_second);
    leaves = l.free_at;
  }
  return leaves + std::max(Duration{0}, from_seconds(latency));
}

bool Network::can_connect(EndpointId id) {
  const Endpoint& to = endpoints_[id];
  return to.server != nullptr && to.server->listening() && !link(to.from, to.to).cut;
}

RequestId Network::post(Post post) {
  const Duration timeout = post.timeout;
  std::uint8_t& idle = idle_[post.endpoint];
  Request request;
  request.connecting = idle == 0;
  if (idle > 0) --idle;
  request.at_server = true;
  request.sent = run_.sim.now();
  request.post = std::move(post);
  const RequestId id = requests_.add(std::move(request));
  // Before the repetitions of a packet: the kernel's clock is coarse, so theirs come late.
  if (timeout > Duration{0}) requests_[id].timeout = run_.sim.start_timer(run_.sim.now() + timeout, self_, time_out, id);
  send(id);
  return id;
}

void Network::send(RequestId id) {
  Request& request = requests_[id];
  const Endpoint& to = endpoints_[request.post.endpoint];
  const Time there = delivery(to.from, to.to, request.post.body_bytes);
  if (there == kNever) return try_again(id, request_again);
  request.connecting = false;
  run_.sim.schedule(there, self_, arrive, id);
}

void Network::send_back(RequestId id) {
  const Endpoint& to = endpoints_[requests_[id].post.endpoint];
  const Time back = delivery(to.to, to.from, 200);
  if (back == kNever) return try_again(id, answer_again);
  run_.sim.schedule(back, self_, return_answer, id);
}

// What nobody owns any more is not sent again for ever.
void Network::repeat(RequestId id) {
  Request& request = requests_[id];
  request.lost = request.client_gone && run_.sim.now() - request.sent >= kOrphansLive;
  request.lost ? finish(id) : send(id);
}

// The packet vanished: the kernel sends it again later. Over gRPC nobody does here, see network.hpp.
void Network::try_again(RequestId id, Kind what) {
  Request& request = requests_[id];
  if (request.post.format == WireFormat::otlp_grpc) {
    request.lost = true;
    request.at_server = false;
    return;
  }
  const Duration first = request.connecting ? kFirstConnect : kFirstRepetition;
  const Duration pause = std::min(first * (std::int64_t{1} << std::min<int>(request.tries, 10)), kLongestPause);
  ++request.tries;
  request.again = run_.sim.start_timer(run_.sim.now() + pause, self_, what, id);
}

void Network::handle(const Event& event) {
  const auto id = static_cast<RequestId>(event.a);
  switch (static_cast<Kind>(event.kind)) {
    case arrive: return on_arrival(id);
    case return_answer: return on_answer(id);
    case time_out: return on_timeout(id);
    case request_again: return repeat(id);
    case answer_again: return send_back(id);
  }
}

void Network::on_arrival(RequestId id) {
  Server* server = endpoints_[requests_[id].post.endpoint].server;
  if (server == nullptr || !server->listening()) {
    answer(id, {Answer::Kind::refused, 0, Duration{-1}, {}});
    return;
  }
  server->receive(id);
}

void Network::answer(RequestId id, const Answer& answer) {
  Request& request = requests_[id];
  request.at_server = false;
  request.answer = answer;
  if (request.client_gone) return finish(id);
  request.tries = 0;
  request.sent = run_.sim.now();
  send_back(id);
}

void Network::never_answer(RequestId id) {
  Request& request = requests_[id];
  request.at_server = false;
  request.lost = true;
  if (request.client_gone) finish(id);
}

void Network::on_answer(RequestId id) {
  if (requests_[id].client_gone) return finish(id);
  Request& request = requests_[id];
  run_.sim.cancel(request.timeout);
  AnswerTo* client = request.post.client;
  const std::uint64_t token = request.post.token;
  const Answer answer = request.answer;
  std::uint8_t& idle = idle_[request.post.endpoint];
  if (answer.kind == Answer::Kind::refused) idle = 0;
  if (answer.kind == Answer::Kind::status) idle = std::min<std::uint8_t>(idle + 1, kIdleConnections);
  finish(id);
  client->answered(token, answer);
}

void Network::on_timeout(RequestId id) {
  Request& request = requests_[id];
  AnswerTo* client = request.post.client;
  const std::uint64_t token = request.post.token;
  leave(id);
  client->answered(token, {Answer::Kind::timed_out, 0, Duration{-1}, {}});
}

void Network::abandon(RequestId id) {
  requests_[id].abandoned = true;
  run_.sim.cancel(requests_[id].timeout);
  leave(id);
}

// The client stops waiting and closes the connection. What was written to it still goes its way: until the server is done
// the request itself holds the items, since they may still be stored.
void Network::leave(RequestId id) {
  Request& request = requests_[id];
  request.client_gone = true;
  if (request.lost || request.connecting) return finish(id);
  if (!request.at_server && run_.sim.pending(request.again)) return finish(id);  // an answer that nobody waits for
  if (!request.at_server) return;
  request.holds = true;
  run_.hold(request.post.payload, endpoints_[request.post.endpoint].reach);
}

void Network::finish(RequestId id) {
  const Request request = requests_.take(id);
  run_.sim.cancel(request.again);
  if (!request.holds) return;
  run_.release(request.post.payload, endpoints_[request.post.endpoint].reach, end_of(request));
}

// With a yes the server has taken over, though nobody is there to hear it. A client that heard of its timeout says itself
// whether it gives up or tries again.
Cause Network::end_of(const Request& request) const {
  if (!request.lost && request.answer.cause.index != 0) return request.answer.cause;
  const bool taken = !request.lost && request.answer.success();
  return taken || !request.abandoned ? Ledger::handed_over() : vanished_;
}

}  // namespace spillway
