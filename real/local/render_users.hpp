// Users of real Mandelbrot services: the scenario's own traffic as render requests.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "models/network/transport.hpp"
#include "models/traffic/arrivals.hpp"
#include "real/emitter/real_transport.hpp"
#include "real/local/plan_of_lab.hpp"
#include "models/telemetry/payload.hpp"

namespace spillway::real {

class RenderUsers final : public RequestTaker, public AnswerTo {
 public:
  /// Requests arrive at the moments and places at which they do in the simulation. Statistics leave out those that
  /// arrive before `counted_from`.
  RenderUsers(Run& run, RealTransport& transport, const Scenario& scenario, const LabPlan& plan, Time counted_from);
  void begin(std::uint32_t plan, std::uint64_t trace) override;
  void answered(std::uint64_t token, const Answer& answer) override;

  /// As Application::stats: for each operation all places together, then each place. Latencies are those that the user
  /// saw; answers other than 2xx are errors.
  std::vector<RequestStats> stats() const;
  /// Requests by answer: "200", "504", "timed out".
  const std::map<std::string, std::int64_t>& answers() const { return answers_; }
  std::size_t open() const { return open_count_; }

 private:
  struct Wish {
    EndpointId endpoint = 0;
    RecordedPost request;
    RequestStats stats;
  };
  struct Open {
    std::uint32_t wish = 0;
    Time arrived{};
  };
  void add_wish(const Scenario& scenario, const Traffic& traffic, const ServicePlan& service);

  Run& run_;
  RealTransport& transport_;
  Time counted_from_;
  std::vector<Wish> wishes_;
  std::vector<std::unique_ptr<Arrivals>> arrivals_;
  Slab<Open> open_;
  std::size_t open_count_ = 0;
  std::map<std::string, std::int64_t> answers_;
};

}  // namespace spillway::real
