// OTLP over gRPC on a real wire, without its library in sight: calls arrive and answers leave on one io_context thread.
// Messages are bytes; what is in them is decided elsewhere. The door to gRPC.
#pragma once

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "sim/time.hpp"

namespace spillway::real {

/// A call of TraceService/Export as it arrived.
struct GrpcCall {
  std::string message;  ///< as on the wire: compressed by gzip, or not
  std::string authorization;  ///< empty: none
  std::string method;
};

struct GrpcStatus {
  int code = 0;  ///< of gRPC
  std::string text;
  std::optional<Duration> retry_delay;  ///< RetryInfo
};

/// Listens between start() and stop(). Everything happens on the thread that runs the io_context.
class GrpcServer {
 public:
  /// Ends a call; may be called once, now or later, or never: then the client has to go.
  using Reply = std::function<void(const GrpcStatus& status, const std::string& response)>;
  using OnCall = std::function<void(const GrpcCall& call, Reply reply)>;

  GrpcServer(boost::asio::io_context& io, OnCall on_call);
  ~GrpcServer();
  GrpcServer(const GrpcServer&) = delete;
  GrpcServer& operator=(const GrpcServer&) = delete;

  /// Throws std::runtime_error when the address cannot be had. Returns the port.
  int start(const std::string& address, int port);
  void stop();  ///< connections are refused, open ones closed

 private:
  class Service;
  struct Running;
  boost::asio::io_context& io_;
  OnCall on_call_;
  std::unique_ptr<Running> running_;
};

/// A channel to one server.
class GrpcClient {
 public:
  GrpcClient(boost::asio::io_context& io, const std::string& address, int port);
  ~GrpcClient();
  GrpcClient(const GrpcClient&) = delete;
  GrpcClient& operator=(const GrpcClient&) = delete;

  using Ended = std::function<void(const GrpcStatus& status)>;
  /// Cancels the call, of which nobody wants to hear any more.
  using Cancel = std::function<void()>;
  /// `timeout` zero: none. `ended` is called on the io_context's thread.
  Cancel call(const std::string& message, const std::string& authorization, Duration timeout, Ended ended);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

/// google.rpc.Status with a RetryInfo, as it travels in grpc-status-details-bin.
std::string status_details(const GrpcStatus& status);

}  // namespace spillway::real
