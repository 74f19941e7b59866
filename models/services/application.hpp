// Requests of users, played through the plan of their operation: work, calls, latencies, timeouts, spans.
//
// Two ways, same draws: where every process is without limit and exports through a batching queue, a request is
// walked at once when it arrives (no event per span). Otherwise it is played event by event.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "models/instrumentation/instrumentation.hpp"
#include "models/services/cpu.hpp"
#include "models/services/latency_trace.hpp"
#include "models/services/plan.hpp"
#include "models/traffic/request_taker.hpp"
#include "sim/histogram.hpp"

namespace spillway {

/// A process with what runs in it.
struct RunningProcess {
  Process process;
  const Service* service = nullptr;
  std::unique_ptr<Cpu> cpu;
  std::unique_ptr<SpanExporter> exporter;  ///< null: makes no spans
  Cause head_sampled{};
};

/// One-way latency between places, for calls between services.
struct CallLatency {
  std::uint16_t places = 0;
  std::vector<Distribution> between;  ///< from * places + to, seconds
  const Distribution& at(std::uint16_t from, std::uint16_t to) const { return between[from * places + to]; }
};

class Application final : public Component, public TaskOwner, public RequestTaker {
 public:
  /// Requests that arrive before `counted_from` are played like all others, but are left out of stats().
  Application(Run& run, std::vector<RunningProcess>& processes, CallLatency latency, Time counted_from = {});

  /// Plans of one traffic, one per place it enters at, and its source number (the high bits of its trace indices).
  std::uint32_t add_plan(Plan plan);
  void begin(std::uint32_t plan, std::uint64_t trace) override;

  void handle(const Event& event) override;
  void task_done(std::uint64_t token, Time started) override;

  /// Of requests that arrived at `counted_from` or later and are answered.
  std::vector<RequestStats> stats() const;
  /// Every answered request from now on also goes to `trace`, which outlives this.
  void watch(LatencyTrace& trace) { trace_ = &trace; }

 private:
  enum Kind : std::uint32_t { enter_node, returned, call_timeout };
  enum class Phase : std::uint8_t { called, working, parallel, sequence, then, finishing, finished };
  struct NodeState {
    Time called{};   ///< when the caller began the call
    Time started{};  ///< when the operation began to run
    std::uint32_t pending = 0;
    std::uint32_t next = 0;
    Phase phase = Phase::working;
    bool failed = false;
    bool given_up = false;  ///< the caller stopped waiting
    bool begun = false;     ///< its call, or the decision not to make it
    bool ended = false;     ///< its call, for those that come after it
    TimerId timeout;
  };
  struct Request {
    std::uint32_t plan = 0;
    std::uint64_t trace = 0;
    Time arrived{};
    bool sampled = true;
    std::uint32_t open_nodes = 0;
    std::vector<NodeState> nodes;
  };
  struct PlanInUse {
    Plan plan;
    bool walkable = false;
    std::int64_t requests = 0, errors = 0;
    Histogram latency;
  };
  struct Reply {
    Time at;
    bool ok;
  };
  struct Draw {  ///< what chance says about one execution of a node
    Duration work{};
    bool error = false;
    bool called = true;
    Duration there{}, back{};
    Duration finish{};
    Duration caller_work{};
  };

  bool walkable(const Plan& plan) const;
  bool head_sampled(std::uint64_t trace, const RunningProcess& root) const;
  Draw draw(const Plan& plan, std::uint32_t node, std::uint64_t trace) const;
  void draw_network(const Plan& plan, const PlanNode& node, Draws& draws, Draw& result) const;
  void record(PlanInUse& use, Time arrived, Duration latency, bool ok);

  // Event by event.
  void call(std::uint32_t request, std::uint32_t node);
  void make_call(std::uint32_t request, std::uint32_t node);
  void enter(std::uint32_t request, std::uint32_t node);
  void advance(std::uint32_t request, std::uint32_t node);
  bool start_children(std::uint32_t request, std::uint32_t node);
  bool start_parallel(std::uint32_t request, std::uint32_t node);
  void child_done(std::uint32_t request, std::uint32_t node, bool ok);
  void finish_node(std::uint32_t request, std::uint32_t node);
  void reply(std::uint32_t request, std::uint32_t node);
  void node_closed(std::uint32_t request);

  // All at once.
  Reply walk(const Plan& plan, std::uint32_t node, std::uint64_t trace, Time called, bool sampled);
  Reply walk_children(const Plan& plan, const PlanNode& node, std::uint64_t trace, Time from, bool sampled);

  void emit(const Plan& plan, std::uint32_t node, bool client, std::uint64_t trace, Time start, Time end, bool failed,
            bool sampled);
  std::uint32_t parent_ordinal(const Plan& plan, std::uint32_t node) const;

  Run& run_;
  std::vector<RunningProcess>& processes_;
  CallLatency latency_;
  Time counted_from_;
  LatencyTrace* trace_ = nullptr;
  Target self_;
  std::vector<PlanInUse> plans_;
  Slab<Request> requests_;
  std::vector<std::vector<NodeState>> spare_states_;
  std::vector<Time> walked_until_;  ///< by node, while a request is walked: when the call of it ended
  StreamKey work_key_, sampling_key_, attributes_key_;
};

}  // namespace spillway
