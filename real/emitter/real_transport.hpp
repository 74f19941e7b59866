// The transport of the measured world: the simulated clients' requests go to real programs over HTTP/1.1 or gRPC.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "models/network/transport.hpp"
#include "real/grpc/wire.hpp"

namespace spillway::real {

/// Where an endpoint's requests really go.
struct RealEndpoint {
  boost::asio::ip::tcp::endpoint address{};
  bool somebody = true;        ///< false: nobody has that address, connecting fails
  std::string host{};          ///< header
  std::string path{};
  DestinationSet reach = 0;
  std::string authorization{}; ///< header, may be empty
};

/// One connection per open request, kept for the next one. Answers enter the simulation as external events: before
/// each, `catch_up` brings its clock to the present. A 2xx answer is noted in the ledger as stored at every
/// destination behind the endpoint: for the senders' books "stored" means handed to the pipeline.
class RealTransport final : public Transport {
 public:
  RealTransport(boost::asio::io_context& io, Run& run, std::int64_t epoch_us, std::function<void()> catch_up);
  ~RealTransport() override;

  EndpointId add(RealEndpoint endpoint);
  const RealEndpoint& endpoint(EndpointId id) const { return endpoints_[id]; }
  void set_credential(CredentialId id, std::string authorization) { authorizations_[id] = std::move(authorization); }

  RequestId post(Post post) override;
  void abandon(RequestId request) override;

  std::int64_t sent_bytes() const { return sent_bytes_; }

 private:
  class Exchange;
  using Socket = boost::asio::ip::tcp::socket;
  void finish(std::shared_ptr<Exchange> exchange, const Answer& answer, bool reusable);
  void call(Post post);
  GrpcClient& channel(EndpointId endpoint);
  void end(const Post& post, const Answer& answer);

  boost::asio::io_context& io_;
  Run& run_;
  std::int64_t epoch_us_;
  std::function<void()> catch_up_;
  std::vector<RealEndpoint> endpoints_;
  std::map<CredentialId, std::string> authorizations_;
  std::map<EndpointId, std::vector<Socket>> idle_;
  std::map<EndpointId, std::unique_ptr<GrpcClient>> channels_;
  std::int64_t sent_bytes_ = 0;
};

}  // namespace spillway::real
