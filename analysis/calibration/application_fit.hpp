// From recorded traces to an application: who calls whom in which order, how long each works by itself, how requests slow
// each other down, how they arrive.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "analysis/calibration/call_tree.hpp"
#include "analysis/calibration/contention.hpp"
#include "analysis/calibration/law_fit.hpp"
#include "analysis/calibration/shapes.hpp"

namespace spillway::analysis {

/// One recording under one load.
struct Recording {
  std::string name;  ///< where it came from
  std::vector<CallTree> trees;
  TraceProblems problems;
};

/// Several recordings of one application; their operations have the same numbers.
struct Recordings {
  std::vector<TracedOperation> operations;
  std::vector<std::int64_t> replicas;  ///< by operation: instances of its service that were seen
  std::vector<Recording> all;
};

/// Adds what was read. Traces that are not whole are counted and left out.
void add_recording(Recordings& recordings, const std::string& name, const Traces& traces);

/// Requests of one recording.
struct Load {
  std::string name;
  std::size_t requests = 0;  ///< whole traces
  double seconds = 0;        ///< from the first to the last
  double rate = 0;           ///< per second, of all requests: those that the sampler left out are counted in
  double sampled = 1;        ///< share that was recorded
  double gap_cv = 0;         ///< of the time between recorded requests; 1: Poisson
  double p50 = 0, p95 = 0, p99 = 0, mean = 0;  ///< of the roots, seconds
};
Load load_of(const Recording& recording);
/// Nearest rank; 0 of nothing.
double quantile_of(std::vector<double> values, double p);

struct FittedNode {
  std::uint32_t operation = 0, parent = 0;
  bool asynchronous = false;
  std::vector<std::uint32_t> calls;  ///< in the order of their beginning
  std::vector<std::uint32_t> after;  ///< calls of the caller that it waits for
  FittedLaw work;                    ///< of a node without calls: all; else after the last call
  FittedLaw before;                  ///< of the caller, before the call: its own work, or the network
  bool network = false;              ///< `before` is the way there and back
  double error = 0;                  ///< share of executions that failed by themselves
  bool endures = true;               ///< a failed call did not fail it
};

/// Requests that are alike: one shape, and the parts of their time belong together.
struct RequestClass {
  double share = 0;  ///< of all requests
  std::size_t requests = 0;
  std::vector<FittedNode> nodes;
};

struct FitOptions {
  double least_share = 0.01;      ///< of the requests, for a shape to be kept
  std::size_t most_classes = 24;
};

struct FittedApplication {
  std::vector<TracedOperation> operations;
  std::vector<std::int64_t> replicas;
  std::vector<Load> loads;
  HostFit host;
  std::vector<RequestClass> classes;
  double left_out = 0;  ///< share of requests in shapes too rare to keep
};

/// The pieces of work of all requests with what surrounded them; computed once, fitted many times.
class ApplicationFit {
 public:
  ApplicationFit(Recordings recordings, FitOptions options = {});

  FittedApplication fit() const;
  /// The same from requests drawn with replacement within each class: what else might have been recorded.
  FittedApplication resampled(std::uint64_t seed) const;
  bool empty() const { return members_.empty(); }

 private:
  struct Member {  ///< one request
    std::size_t tree = 0;
    std::size_t run = 0;
    Surroundings around;
    std::vector<Segment> segments;
    std::vector<double> others;  ///< by segment: pieces of work that ran beside it, its own request's among them
    std::vector<double> cold;    ///< by segment: coldness of the host when it began
  };
  struct Class {
    std::size_t shape = 0;
    std::vector<std::size_t> members;
  };
  void measure_crowding();
  void set_coldness(double within);
  void find_classes();
  std::vector<Class> split_classes(const std::vector<Class>& shapes, const HostFit& host) const;
  enum class Grouping : std::uint8_t { shapes, classes };  ///< within which requests are compared with each other
  HostFit host_of(const std::vector<Class>& classes, Grouping grouping) const;
  HostFit host_of_any_time(const std::vector<Class>& classes, Grouping grouping);
  static Grouping better(const HostFit& shapes, const HostFit& classes);
  FittedApplication fit_of(const std::vector<Class>& classes) const;
  RequestClass fit_class(const Class& group, const HostFit& host, double all) const;
  void fit_errors(const Class& group, RequestClass& fitted) const;

  Recordings recordings_;
  FitOptions options_;
  std::vector<CallTree> trees_;
  std::vector<std::size_t> run_of_;  ///< by tree
  std::vector<Shape> shapes_;
  std::vector<Member> members_;
  std::vector<Class> classes_;
  Grouping grouping_ = Grouping::shapes;
  std::vector<BusyTime> busy_;         ///< by run
  std::vector<double> unseen_idle_;    ///< by run: share of the time in which no request ran that was not recorded
  double cools_within_ = 0.01;         ///< seconds
};

}  // namespace spillway::analysis
