#include "real/emitter/real_transport.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <charconv>
#include <optional>

#include "real/emitter/encode.hpp"
#include "real/sink/coding.hpp"

namespace spillway::real {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;

/// One request and its answer. Lives as long as an operation of it is under way.
class RealTransport::Exchange : public std::enable_shared_from_this<Exchange> {
 public:
  Exchange(RealTransport& owner, Post post) : owner_{owner}, post_{std::move(post)}, socket_{owner.io_}, timer_{owner.io_} {}

  void start() {
    prepare();
    if (post_.timeout > Duration{0}) start_timer();
    const RealEndpoint& to = owner_.endpoints_[post_.endpoint];
    if (!to.somebody) {
      asio::post(owner_.io_, [self = shared_from_this()] { self->end(Answer::Kind::refused); });
      return;
    }
    auto& idle = owner_.idle_[post_.endpoint];
    while (!idle.empty() && !socket_.is_open()) {
      socket_ = std::move(idle.back());
      idle.pop_back();
      if (!usable()) socket_.close();
    }
    if (socket_.is_open()) return send();
    socket_.async_connect(to.address, [self = shared_from_this()](error_code error) {
      if (error) return self->end(Answer::Kind::refused);
      self->socket_.set_option(asio::ip::tcp::no_delay{true}, error);
      self->send();
    });
  }

  const Post& request() const { return post_; }
  Socket& socket() { return socket_; }
  bool done = false;

 private:
  void prepare() {
    const RealEndpoint& to = owner_.endpoints_[post_.endpoint];
    if (post_.recorded != nullptr) return prepare_recorded(to, *post_.recorded);
    request_.method(http::verb::post);
    request_.target(to.path);
    request_.version(11);
    request_.set(http::field::host, to.host);
    request_.set(http::field::content_type, content_type(post_.format));
    const auto credential = owner_.authorizations_.find(post_.credential);
    if (credential != owner_.authorizations_.end()) request_.set(http::field::authorization, credential->second);
    request_.body() = encode(post_.payload, owner_.run_.catalog, post_.format, owner_.epoch_us_);
    request_.prepare_payload();
    owner_.sent_bytes_ += static_cast<std::int64_t>(request_.body().size());
  }

  void prepare_recorded(const RealEndpoint& to, const RecordedPost& recorded) {
    request_.method_string(recorded.method);
    request_.target(recorded.path);
    request_.version(11);
    request_.set(http::field::host, to.host);
    for (const auto& [name, value] : recorded.headers) request_.set(name, value);
    const auto credential = owner_.authorizations_.find(post_.credential);
    if (credential != owner_.authorizations_.end()) request_.set(http::field::authorization, credential->second);
    request_.body() = encode_body(coding_of(recorded.compress).value_or(Coding::plain), recorded.body);
    request_.prepare_payload();
    owner_.sent_bytes_ += static_cast<std::int64_t>(request_.body().size());
  }

  // An idle connection that the server has closed reads as end of file.
  bool usable() {
    error_code error;
    socket_.non_blocking(true, error);
    char byte = 0;
    socket_.receive(asio::buffer(&byte, 1), Socket::message_peek, error);
    return error == asio::error::would_block;
  }

  void start_timer() {
    timer_.expires_after(post_.timeout);
    timer_.async_wait([self = shared_from_this()](error_code error) {
      if (!error) self->end(Answer::Kind::timed_out);
    });
  }

  void send() {
    http::async_write(socket_, request_, [self = shared_from_this()](error_code error, std::size_t) {
      if (error) return self->end(Answer::Kind::reset);
      http::async_read(self->socket_, self->buffer_, self->response_, [self](error_code failed, std::size_t) {
        failed ? self->end(Answer::Kind::reset) : self->end_with_status();
      });
    });
  }

  void end_with_status() {
    Answer answer{Answer::Kind::status, static_cast<int>(response_.result_int()), Duration{-1}, {}};
    const auto header = response_[http::field::retry_after];
    int wait = 0;
    if (std::from_chars(header.data(), header.data() + header.size(), wait).ec == std::errc{}) answer.retry_after = std::chrono::seconds{wait};
    timer_.cancel();
    owner_.finish(shared_from_this(), answer, response_.keep_alive());
  }

  void end(Answer::Kind kind) {
    timer_.cancel();
    owner_.finish(shared_from_this(), {kind, 0, Duration{-1}, {}}, false);
  }

  RealTransport& owner_;
  Post post_;
  Socket socket_;
  asio::steady_timer timer_;
  http::request<http::string_body> request_;
  http::response<http::string_body> response_;
  boost::beast::flat_buffer buffer_;
};

RealTransport::RealTransport(asio::io_context& io, Run& run, std::int64_t epoch_us, std::function<void()> catch_up)
    : io_{io}, run_{run}, epoch_us_{epoch_us}, catch_up_{std::move(catch_up)} {}

RealTransport::~RealTransport() = default;

EndpointId RealTransport::add(RealEndpoint endpoint) {
  endpoints_.push_back(std::move(endpoint));
  return static_cast<EndpointId>(endpoints_.size() - 1);
}

GrpcClient& RealTransport::channel(EndpointId endpoint) {
  auto& client = channels_[endpoint];
  const auto& to = endpoints_[endpoint].address;
  if (!client) client = std::make_unique<GrpcClient>(io_, to.address().to_string(), to.port());
  return *client;
}

// To nobody: the same as over HTTP, a connection that is refused.
void RealTransport::call(Post post) {
  const auto shared = std::make_shared<Post>(std::move(post));
  const RealEndpoint& to = endpoints_[shared->endpoint];
  if (!to.somebody) return asio::post(io_, [this, shared] { end(*shared, {Answer::Kind::refused, 0, Duration{-1}, {}}); });
  const std::string message = encode(shared->payload, run_.catalog, shared->format, epoch_us_);
  const auto credential = authorizations_.find(shared->credential);
  sent_bytes_ += static_cast<std::int64_t>(message.size());
  channel(shared->endpoint)
      .call(message, credential == authorizations_.end() ? "" : credential->second, shared->timeout,
            [this, shared](const GrpcStatus& status) { end(*shared, grpc_answer(static_cast<GrpcCode>(status.code))); });
}

RequestId RealTransport::post(Post post) {
  if (post.format == WireFormat::otlp_grpc) {
    call(std::move(post));
    return 0;
  }
  std::make_shared<Exchange>(*this, std::move(post))->start();
  return 0;
}

// Only collectors abandon requests, and here those are real programs.
void RealTransport::abandon(RequestId) {}

void RealTransport::finish(std::shared_ptr<Exchange> exchange, const Answer& answer, bool reusable) {
  if (std::exchange(exchange->done, true)) return;
  const Post& post = exchange->request();
  if (reusable) idle_[post.endpoint].push_back(std::move(exchange->socket()));
  else exchange->socket().close();
  end(post, answer);
}

void RealTransport::end(const Post& post, const Answer& answer) {
  catch_up_();
  if (answer.success()) {
    const DestinationSet reach = endpoints_[post.endpoint].reach;
    post.payload.for_each([&](const Span& span) {
      for (DestinationSet rest = reach; rest != 0; rest &= rest - 1) run_.ledger.store(span.item, __builtin_ctzll(rest));
    });
  }
  post.client->answered(post.token, answer);
}

}  // namespace spillway::real
