#include "real/sink/sink.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <algorithm>
#include <chrono>
#include <set>
#include <stdexcept>
#include <string_view>

#include "models/wire/spans.hpp"
#include "real/grpc/wire.hpp"
#include "real/sink/decode.hpp"
#include "real/sink/coding.hpp"
#include "real/sink/span_store.hpp"
#include "real/sink/verdict.hpp"

namespace spillway::real {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;
using Request = http::request<http::string_body>;
using Response = http::response<http::string_body>;

constexpr std::size_t kReadAhead = 65536;

std::string_view view(boost::string_view text) { return {text.data(), text.size()}; }

std::string_view path_of(const Request& request) {
  const std::string_view target = view(request.target());
  return target.substr(0, target.find('?'));
}

bool is_stray(const Request& request, Backend::Accepts accepts) {
  const std::string_view path = path_of(request);
  const std::string_view wanted = accepts == Backend::Accepts::zipkin ? "/api/v2/spans" : names_of(signal_of(path)).path;
  return request.method() != http::verb::post || !path.ends_with(wanted);
}

/// Media type without its parameters.
std::string_view media_type(const Request& request) {
  const std::string_view type = view(request[http::field::content_type]);
  return type.substr(0, type.find_first_of("; "));
}

std::optional<BodyFormat> body_format(const Request& request, Backend::Accepts accepts) {
  const std::string_view type = media_type(request);
  const bool json = type == "application/json";
  if (accepts == Backend::Accepts::zipkin)
    return json || type.empty() ? std::optional{BodyFormat::zipkin_json} : std::nullopt;
  if (json) return BodyFormat::otlp_json;
  return type == "application/x-protobuf" ? std::optional{BodyFormat::otlp_proto} : std::nullopt;
}

/// The spans of a body with all that they carry, in its order; of a Zipkin body none.
std::vector<std::string> texts_of(BodyFormat format, std::string_view body) {
  std::vector<std::string> texts;
  if (format == BodyFormat::zipkin_json) return texts;
  const auto groups = format == BodyFormat::otlp_proto ? wire::decode_otlp_proto(body) : wire::decode_otlp_json(body);
  for (const wire::WireGroup& group : groups.value_or(wire::WireSpans{})) {
    for (const wire::WireSpan& span : group.spans) texts.push_back(span_text(span, group.resource));
  }
  return texts;
}

/// What is sent back, and when.
struct Answer {
  Verdict verdict;
  Duration latency{};
  Response response;
};

std::string retry_after(const Behaviour& behaviour) {
  const auto whole = std::chrono::floor<std::chrono::seconds>(*behaviour.retry_after);
  if (!behaviour.retry_after_date) return std::to_string(whole.count());
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return http_date(std::chrono::floor<std::chrono::seconds>(now + *behaviour.retry_after).count());
}

std::string success_body(const Behaviour& behaviour, bool json) {
  if (behaviour.garbled) return json ? "{" : "\xff\xff\xff";
  if (!json) return partial_success(behaviour.rejects);
  if (behaviour.rejects == 0) return "{}";
  return R"({"partialSuccess":{"rejectedSpans":")" + std::to_string(behaviour.rejects) + R"("}})";
}

Response make_response(const Request& request, const Verdict& verdict, const Behaviour& behaviour) {
  Response response{static_cast<http::status>(verdict.status), request.version()};
  response.keep_alive(request.keep_alive());
  const bool success = verdict.status / 100 == 2;
  const bool json = media_type(request) == "application/json";
  if (success) {
    response.set(http::field::content_type, json ? "application/json" : "application/x-protobuf");
    if (verdict.status == 200) response.body() = success_body(behaviour, json);
  } else {
    response.set(http::field::content_type, "text/plain");
    response.body() = std::to_string(verdict.status) + " as scripted or deserved\n";
  }
  if (behaviour.retry_after) response.set(http::field::retry_after, retry_after(behaviour));
  if (verdict.status == 204 || verdict.status == 304) response.body().clear();
  response.prepare_payload();
  return response;
}

void reset_socket(tcp::socket& socket) {
  error_code ignored;
  socket.set_option(asio::socket_base::linger{true, 0}, ignored);  // close() sends RST
  socket.close(ignored);
}

}  // namespace

struct Sink::State : std::enable_shared_from_this<State> {
  State(asio::io_context& io_context, SinkConfig configuration)
      : io{io_context}, config{std::move(configuration)}, acceptor{io} {
    if (!config.user.empty() || !config.password.empty())
      authorization = basic_authorization(config.user, config.password);
    counts.backend.backend = config.name;
    if (config.accepts == Backend::Accepts::otlp_grpc) {
      grpc = std::make_unique<GrpcServer>(io, [this](const GrpcCall& call, const GrpcServer::Reply& reply) { receive(call, reply); });
    }
  }

  void hold_port();
  void listen();
  void refuse();
  void accept();
  void serve(tcp::socket socket);
  void apply_refusal();
  bool refuses_next() const { return behaviour(counts.backend.requests + 1).kind == Behaviour::Kind::refuse; }
  const Behaviour& behaviour(std::int64_t number) const {
    return behaviour_for(number, config.behaviour, config.script, fault);
  }

  Answer receive(const Request& request);
  void receive(const GrpcCall& call, const GrpcServer::Reply& reply);
  Received read(const Request& request);
  Received read(const GrpcCall& call);
  void read_body(BodyFormat format, Signal signal, Coding coding, std::string_view body, Received& received);
  void count(const Verdict& verdict, std::int64_t rejects, std::size_t body_bytes);

  asio::io_context& io;
  SinkConfig config;
  tcp::acceptor acceptor;
  std::unique_ptr<GrpcServer> grpc;  ///< in place of the acceptor
  bool started = false;
  bool listening = false;
  std::uint64_t listener = 0;  ///< how often it was opened: connections of an earlier one come too late
  std::optional<std::string> authorization;
  std::optional<Behaviour> fault;
  std::set<Connection*> connections;
  SpanStore store;
  std::size_t body_size = 0;  // of the request at hand, decompressed
  SinkCounts counts;
  std::vector<RequestLogEntry> log;
  std::string inflated;        ///< reused from request to request
  std::vector<SpanKey> spans;  ///< of the request at hand, reused
  std::vector<std::string> texts;  ///< of the same spans, when contents are noted
  std::vector<std::string> contents;
  std::map<SpanKey, std::vector<Time>> arrivals;  ///< when they are noted
};

/// One client's connection; kept alive by its pending operation, told by the sink when the sink goes.
class Sink::Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(tcp::socket socket, State& sink) : sink_{&sink}, socket_{std::move(socket)}, timer_{sink.io} {
    sink_->connections.insert(this);
  }
  ~Connection() {
    if (sink_ != nullptr) sink_->connections.erase(this);
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void read();
  void abort() {
    timer_.cancel();
    reset_socket(socket_);
  }
  void leave_sink() {
    sink_ = nullptr;
    abort();
  }

 private:
  void on_read(error_code error);
  void refuse_unread(http::status status);
  void answer_later(Answer answer);
  void write();
  void on_written(error_code error);
  void wait_for_close();

  State* sink_;
  tcp::socket socket_;
  asio::steady_timer timer_;
  boost::beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  Response response_;
};

void Sink::Connection::read() {
  parser_.emplace();
  parser_->body_limit(sink_->config.body_limit);
  http::async_read(socket_, buffer_, *parser_,
                   [self = shared_from_this()](error_code error, std::size_t) { self->on_read(error); });
}

void Sink::Connection::on_read(error_code error) {
  if (sink_ == nullptr || !socket_.is_open()) return;
  if (error == http::error::body_limit) return refuse_unread(http::status::payload_too_large);
  if (error && error.category() == http::make_error_code(http::error::bad_version).category() &&
      error != http::error::end_of_stream && error != http::error::partial_message)
    return refuse_unread(http::status::bad_request);
  if (error) return abort();
  Answer answer = sink_->receive(parser_->get());
  switch (answer.verdict.kind) {
    case Behaviour::Kind::answer:
      return answer_later(std::move(answer));
    case Behaviour::Kind::hang:
      return wait_for_close();
    case Behaviour::Kind::reset:
    case Behaviour::Kind::refuse:
      break;
  }
  abort();
  sink_->apply_refusal();
}

/// For a request that was not read to its end: answer at once, then close.
void Sink::Connection::refuse_unread(http::status status) {
  ++sink_->counts.strays;
  response_ = Response{status, 11};
  response_.keep_alive(false);
  response_.prepare_payload();
  write();
}

void Sink::Connection::answer_later(Answer answer) {
  response_ = std::move(answer.response);
  if (answer.latency <= Duration::zero()) return write();
  timer_.expires_after(answer.latency);
  timer_.async_wait([self = shared_from_this()](error_code error) {
    if (!error && self->sink_ != nullptr && self->socket_.is_open()) self->write();
  });
}

void Sink::Connection::write() {
  http::async_write(socket_, response_,
                    [self = shared_from_this()](error_code error, std::size_t) { self->on_written(error); });
}

void Sink::Connection::on_written(error_code error) {
  if (sink_ == nullptr || !socket_.is_open()) return;
  sink_->apply_refusal();
  if (!socket_.is_open()) return;
  if (!error && response_.keep_alive()) return read();
  error_code ignored;
  socket_.shutdown(tcp::socket::shutdown_send, ignored);
  wait_for_close();
}

/// Swallows whatever comes until the client closes.
void Sink::Connection::wait_for_close() {
  buffer_.clear();
  socket_.async_read_some(buffer_.prepare(kReadAhead), [self = shared_from_this()](error_code error, std::size_t) {
    if (self->sink_ == nullptr || !self->socket_.is_open()) return;
    if (error) return self->abort();
    self->wait_for_close();
  });
}

void Sink::State::hold_port() {
  if (grpc) return;  // the port is the server's own as long as it listens
  error_code error;
  const tcp::endpoint wanted = acceptor.is_open() ? acceptor.local_endpoint(error) : config.endpoint;
  acceptor.close(error);
  acceptor.open(wanted.protocol(), error);
  if (!error) acceptor.set_option(asio::socket_base::reuse_address{true}, error);
  if (!error) acceptor.bind(wanted, error);
  if (!error) config.endpoint = acceptor.local_endpoint(error);
  if (error)
    throw std::runtime_error("backend " + config.name + " cannot have " + wanted.address().to_string() + ":" +
                             std::to_string(wanted.port()) + ": " + error.message());
}

void Sink::State::listen() {
  if (listening) return;
  if (grpc) {
    listening = true;
    const int port = grpc->start(config.endpoint.address().to_string(), config.endpoint.port());
    config.endpoint.port(static_cast<unsigned short>(port));
    return;
  }
  acceptor.listen(asio::socket_base::max_listen_connections);
  listening = true;
  ++listener;
  accept();
}

void Sink::State::refuse() {
  if (grpc) grpc->stop();
  if (listening) hold_port();  // bound but not listening: the kernel refuses connections, and nobody takes the port
  listening = false;
  const std::set<Connection*> open = connections;
  for (Connection* connection : open) connection->abort();
}

void Sink::State::accept() {
  acceptor.async_accept([weak = weak_from_this(), opened = listener](error_code error, tcp::socket socket) {
    const std::shared_ptr<State> state = weak.lock();
    if (!state || !state->listening || state->listener != opened) return reset_socket(socket);
    if (!error) state->serve(std::move(socket));
    state->accept();
  });
}

void Sink::State::serve(tcp::socket socket) {
  error_code ignored;
  socket.set_option(tcp::no_delay{true}, ignored);
  std::make_shared<Connection>(std::move(socket), *this)->read();
}

void Sink::State::apply_refusal() {
  if (refuses_next()) refuse();
}

Received Sink::State::read(const Request& request) {
  Received received;
  spans.clear();
  texts.clear();
  received.authorised = !authorization || view(request[http::field::authorization]) == *authorization;
  const auto format = body_format(request, config.accepts);
  const std::optional<Coding> coding = coding_of(view(request[http::field::content_encoding]));
  received.supported = format && coding;
  if (!received.supported) return received;
  read_body(*format, signal_of(path_of(request)), *coding, request.body(), received);
  return received;
}

Received Sink::State::read(const GrpcCall& call) {
  Received received;
  spans.clear();
  texts.clear();
  received.authorised = !authorization || call.authorization == *authorization;
  read_body(BodyFormat::otlp_proto, signal_of(call.method), call.message.starts_with("\x1f\x8b") ? Coding::gzip : Coding::plain, call.message, received);
  return received;
}

void Sink::State::read_body(BodyFormat format, Signal signal, Coding coding, std::string_view body, Received& received) {
  if (coding != Coding::plain) {
    const Decoded result = decode_body(coding, body, config.inflated_limit, inflated);
    received.small = result != Decoded::too_large;
    received.readable = result == Decoded::ok;
    body = inflated;
  }
  body_size = body.size();
  if (received.readable && received.small) received.readable = decode_items(format, signal, body, spans);
  if (received.readable && config.note_contents && signal == Signal::traces) texts = texts_of(format, body);
  if (!received.readable) spans.clear();
}

void Sink::State::receive(const GrpcCall& call, const GrpcServer::Reply& reply) {
  if (call.method != names_of(signal_of(call.method)).method) {
    ++counts.strays;
    return reply({static_cast<int>(GrpcCode::unimplemented), "traces, metrics and logs only", {}}, {});
  }
  const std::int64_t number = ++counts.backend.requests;
  const Behaviour& now = behaviour(number);
  counts.backend.body_bytes += static_cast<std::int64_t>(call.message.size());
  const Verdict verdict = judge_grpc(now, read(call));
  count(verdict, now.rejects, call.message.size());
  if (verdict.kind == Behaviour::Kind::hang) return;
  if (verdict.kind != Behaviour::Kind::answer) return reply({static_cast<int>(GrpcCode::unavailable), "reset", {}}, {});
  GrpcStatus status{verdict.status, "as scripted or deserved", {}};
  if (verdict.status != 0) status.retry_delay = now.retry_after;
  const auto timer = std::make_shared<asio::steady_timer>(io);
  timer->expires_after(config.latency ? config.latency(now, number) : Duration{});
  timer->async_wait([weak = weak_from_this(), timer, reply, status, body = partial_success(now.rejects)](error_code) {
    reply(status, body);
    if (const auto state = weak.lock()) state->apply_refusal();
  });
}

Answer Sink::State::receive(const Request& request) {
  Answer answer;
  if (is_stray(request, config.accepts)) {
    ++counts.strays;
    answer.verdict.status = 404;
    answer.response = make_response(request, answer.verdict, {});
    return answer;
  }
  const std::int64_t number = ++counts.backend.requests;
  const Behaviour& now = behaviour(number);
  counts.backend.body_bytes += static_cast<std::int64_t>(request.body().size());
  answer.verdict = judge(now, read(request));
  if (answer.verdict.status == 200 && config.accepts == Backend::Accepts::zipkin) answer.verdict.status = 202;
  count(answer.verdict, now.rejects, request.body().size());
  if (answer.verdict.kind != Behaviour::Kind::answer) return answer;
  if (config.latency) answer.latency = config.latency(now, number);
  answer.response = make_response(request, answer.verdict, now);
  return answer;
}

void Sink::State::count(const Verdict& verdict, std::int64_t rejects, std::size_t body_bytes) {
  const Time at = config.clock ? config.clock() : Time{};
  const auto arrived = static_cast<std::int64_t>(spans.size());
  counts.backend.spans += arrived;
  ++counts.backend.answers[verdict.name()];
  if (!counts.first) counts.first = at;
  counts.last = at;
  if (log.size() < config.log_limit)
    log.push_back({at, arrived, static_cast<std::int64_t>(body_bytes), verdict.name()});
  if (!verdict.store) return;
  counts.backend.stored_bytes += static_cast<std::int64_t>(body_size);  // rejected spans included
  const auto kept = static_cast<std::size_t>(std::max<std::int64_t>(0, arrived - rejects));
  for (std::size_t i = 0; i < kept; ++i) {
    if (config.note_arrivals) arrivals[spans[i]].push_back(at);
    if (store.add(spans[i]) && i < texts.size()) contents.push_back(std::move(texts[i]));
  }
}

Sink::Sink(asio::io_context& io, SinkConfig config) : state_{std::make_shared<State>(io, std::move(config))} {}

Sink::~Sink() {
  const std::set<Connection*> open = state_->connections;
  for (Connection* connection : open) connection->leave_sink();
}

void Sink::start() {
  state_->started = true;
  state_->hold_port();
  if (!state_->refuses_next()) state_->listen();
}

tcp::endpoint Sink::endpoint() const { return state_->config.endpoint; }

void Sink::set_behaviour(std::optional<Behaviour> fault) {
  state_->fault = std::move(fault);
  if (!state_->started) return;
  if (state_->refuses_next()) return state_->refuse();
  state_->listen();
}

void Sink::close_listener() { state_->refuse(); }
void Sink::open_listener() { state_->listen(); }

SinkCounts Sink::counters() const {
  SinkCounts counts = state_->counts;
  counts.stored = state_->store.stored();
  counts.duplicates = state_->store.duplicates();
  counts.traces = state_->store.traces();
  counts.span_set = state_->store.span_set();
  return counts;
}

const std::vector<RequestLogEntry>& Sink::log() const { return state_->log; }
std::vector<SpanKey> Sink::stored_spans() const { return state_->store.sorted(); }
const std::map<SpanKey, std::vector<Time>>& Sink::arrivals() const { return state_->arrivals; }
std::vector<std::string> Sink::contents() const {
  std::vector<std::string> sorted = state_->contents;
  std::sort(sorted.begin(), sorted.end());
  return sorted;
}

}  // namespace spillway::real
