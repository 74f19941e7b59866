#include "real/grpc/wire.hpp"

#include <grpc/grpc.h>
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <boost/asio/post.hpp>
#include <chrono>
#include <mutex>
#include <stdexcept>
#include <utility>
#include <vector>

namespace spillway::real {
namespace {

namespace asio = boost::asio;

constexpr char kMethod[] = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

std::string bytes_of(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  std::string all;
  if (!buffer.Dump(&slices).ok()) return all;
  for (const grpc::Slice& slice : slices) all.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  return all;
}

grpc::ByteBuffer buffer_of(const std::string& bytes) {
  const grpc::Slice slice{bytes};
  return {&slice, 1};
}

grpc::Status to_library(const GrpcStatus& status) {
  if (status.code == 0) return grpc::Status::OK;
  return {static_cast<grpc::StatusCode>(status.code), status.text, status_details(status)};
}

void put_varint(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  out += static_cast<char>(value);
}

void put_bytes(std::string& out, int field, const std::string& bytes) {
  put_varint(out, static_cast<std::uint64_t>(field) << 3 | 2);
  put_varint(out, bytes.size());
  out += bytes;
}

void put_number(std::string& out, int field, std::int64_t value) {
  if (value == 0) return;
  put_varint(out, static_cast<std::uint64_t>(field) << 3);
  put_varint(out, static_cast<std::uint64_t>(value));
}

}  // namespace

// Status {code 1, message 2, details 3: Any {type_url 1, value 2: RetryInfo {retry_delay 1: Duration {1, 2}}}}.
std::string status_details(const GrpcStatus& status) {
  if (!status.retry_delay) return {};
  constexpr std::int64_t second = 1'000'000'000;
  std::string duration, info, any, all;
  put_number(duration, 1, status.retry_delay->count() / second);
  put_number(duration, 2, status.retry_delay->count() % second);
  put_bytes(info, 1, duration);
  put_bytes(any, 1, "type.googleapis.com/google.rpc.RetryInfo");
  put_bytes(any, 2, info);
  put_number(all, 1, status.code);
  put_bytes(all, 2, status.text);
  put_bytes(all, 3, any);
  return all;
}

/// Takes every method; hands calls over to the io_context.
class GrpcServer::Service final : public grpc::CallbackGenericService {
 public:
  Service(asio::io_context& io_context, OnCall handle) : io{io_context}, on_call{std::move(handle)} {}
  grpc::ServerGenericBidiReactor* CreateReactor(grpc::GenericCallbackServerContext* context) override;

  asio::io_context& io;
  OnCall on_call;
  std::weak_ptr<Service> self;
};

namespace {

/// One call on its way through the library's threads. Ends once: by a reply, or by its client's end.
class Call final : public grpc::ServerGenericBidiReactor {
 public:
  /// What outlives the call in the hands of whoever may reply.
  struct Handle {
    std::mutex mutex;
    Call* call = nullptr;
  };
  using Arrived = std::function<void(GrpcCall, GrpcServer::Reply)>;

  Call(grpc::GenericCallbackServerContext& context, Arrived arrived)
      : arrived_{std::move(arrived)}, handle_{std::make_shared<Handle>()} {
    handle_->call = this;
    call_.method = context.method();
    const auto& metadata = context.client_metadata();
    const auto found = metadata.find("authorization");
    if (found != metadata.end()) call_.authorization.assign(found->second.data(), found->second.size());
    StartRead(&request_);
  }
  void OnReadDone(bool ok) override {
    if (!ok) return end(*handle_, {13, "no message", {}}, {});
    call_.message = bytes_of(request_);
    arrived_(std::move(call_), [handle = handle_](const GrpcStatus& status, const std::string& response) {
      end(*handle, status, response);
    });
  }
  void OnCancel() override { end(*handle_, {1, "cancelled", {}}, {}); }
  void OnDone() override { delete this; }

 private:
  static void end(Handle& handle, const GrpcStatus& status, const std::string& response) {
    const std::lock_guard lock{handle.mutex};
    Call* const call = std::exchange(handle.call, nullptr);
    if (call == nullptr) return;
    call->response_ = buffer_of(response);
    if (status.code == 0) call->StartWriteAndFinish(&call->response_, {}, grpc::Status::OK);
    else call->Finish(to_library(status));
  }

  Arrived arrived_;
  std::shared_ptr<Handle> handle_;
  GrpcCall call_;
  grpc::ByteBuffer request_, response_;
};

}  // namespace

grpc::ServerGenericBidiReactor* GrpcServer::Service::CreateReactor(grpc::GenericCallbackServerContext* context) {
  return new Call{*context, [weak = self](GrpcCall call, Reply reply) {
                    const auto service = weak.lock();
                    if (!service) return;
                    asio::post(service->io, [weak, call = std::move(call), reply = std::move(reply)] {
                      if (const auto still = weak.lock()) still->on_call(call, reply);
                    });
                  }};
}

/// Of one life: a service belongs to one server for good.
struct GrpcServer::Running {
  std::shared_ptr<Service> service;
  std::unique_ptr<grpc::Server> server;
};

GrpcServer::GrpcServer(asio::io_context& io, OnCall on_call) : io_{io}, on_call_{std::move(on_call)} {}

GrpcServer::~GrpcServer() { stop(); }

int GrpcServer::start(const std::string& address, int port) {
  int bound = 0;
  grpc::ServerBuilder builder;
  auto service = std::make_shared<Service>(io_, on_call_);
  service->self = service;
  builder.RegisterCallbackGenericService(service.get());
  builder.AddListeningPort(address + ":" + std::to_string(port), grpc::InsecureServerCredentials(), &bound);
  builder.SetMaxReceiveMessageSize(-1);
  builder.AddChannelArgument(GRPC_ARG_ENABLE_PER_MESSAGE_DECOMPRESSION, 0);  // sizes as on the wire
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  auto server = builder.BuildAndStart();
  if (server == nullptr || bound == 0)
    throw std::runtime_error("cannot listen for gRPC on " + address + ":" + std::to_string(port));
  running_ = std::make_unique<Running>(Running{std::move(service), std::move(server)});
  return bound;
}

// A deadline in the past: calls that are under way are cancelled.
void GrpcServer::stop() {
  if (running_ == nullptr) return;
  running_->server->Shutdown(std::chrono::system_clock::now());
  running_->server->Wait();
  running_.reset();
}

struct GrpcClient::State {
  State(asio::io_context& io_context, std::shared_ptr<grpc::Channel> to) : io{io_context}, stub{std::move(to)} {}
  asio::io_context& io;
  grpc::GenericStub stub;
};

GrpcClient::GrpcClient(asio::io_context& io, const std::string& address, int port)
    : state_{std::make_shared<State>(
          io, grpc::CreateChannel(address + ":" + std::to_string(port), grpc::InsecureChannelCredentials()))} {}

GrpcClient::~GrpcClient() = default;

GrpcClient::Cancel GrpcClient::call(const std::string& message, const std::string& authorization, Duration timeout,
                                    Ended ended) {
  struct Open {
    grpc::ClientContext context;
    grpc::ByteBuffer request, response;
  };
  auto open = std::make_shared<Open>();
  open->request = buffer_of(message);
  if (!authorization.empty()) open->context.AddMetadata("authorization", authorization);
  if (timeout > Duration{0}) open->context.set_deadline(std::chrono::system_clock::now() + timeout);
  state_->stub.UnaryCall(&open->context, kMethod, {}, &open->request, &open->response,
                         [state = state_, open, ended = std::move(ended)](const grpc::Status& status) {
                           const GrpcStatus told{status.error_code(), status.error_message(), {}};
                           asio::post(state->io, [told, ended] { ended(told); });
                         });
  return [open] { open->context.TryCancel(); };
}

}  // namespace spillway::real
