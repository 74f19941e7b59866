#include "analysis/calibration/application_fit.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>
#include <utility>

#include "analysis/calibration/request_classes.hpp"
#include "sim/stream.hpp"

namespace spillway::analysis {
namespace {

constexpr double kNanosecond = 1e-9;
constexpr double kTick = 1000;           ///< nanoseconds, so that nothing has a logarithm, too
constexpr std::size_t kLeastClass = 30;  ///< requests that a law is fitted to, at least

double seconds_of(std::int64_t nanoseconds) { return static_cast<double>(nanoseconds) * kNanosecond; }

/// Mean number of pieces of work from the beginning of the root to `end`.
double own_pieces(const std::vector<Segment>& segments, std::int64_t end) {
  double sum = 0;
  for (const Segment& s : segments) {
    sum += static_cast<double>(std::max<std::int64_t>(0, std::min(s.end, end) - std::max<std::int64_t>(0, s.start)));
  }
  return sum / static_cast<double>(end);
}

double square(double x) { return x * x; }

}  // namespace

void add_recording(Recordings& recordings, const std::string& name, const Traces& traces) {
  std::map<TracedOperation, std::uint32_t> known;
  for (std::uint32_t i = 0; i < recordings.operations.size(); ++i) known.emplace(recordings.operations[i], i);
  std::vector<std::uint32_t> number;
  for (const TracedOperation& operation : traces.operations) {
    const auto [found, is_new] = known.emplace(operation, static_cast<std::uint32_t>(recordings.operations.size()));
    if (is_new) {
      recordings.operations.push_back(operation);
      recordings.replicas.push_back(0);
    }
    number.push_back(found->second);
  }
  std::map<std::string, std::set<std::uint32_t>> instances;
  for (const TracedSpan& span : traces.spans) instances[traces.operations[span.operation].service].insert(span.host);
  for (std::size_t i = 0; i < number.size(); ++i) {
    const auto seen = static_cast<std::int64_t>(instances[traces.operations[i].service].size());
    recordings.replicas[number[i]] = std::max(recordings.replicas[number[i]], seen);
  }
  Recording recording;
  recording.name = name;
  for (std::size_t t = 0; t < traces.traces.size(); ++t) {
    std::optional<CallTree> tree = call_tree(traces, t, recording.problems);
    if (!tree) continue;
    for (CallNode& node : tree->nodes) node.operation = number[node.operation];
    recording.trees.push_back(std::move(*tree));
  }
  recordings.all.push_back(std::move(recording));
}

double quantile_of(std::vector<double> values, double p) {
  if (values.empty()) return 0;
  const auto rank = static_cast<std::size_t>(std::ceil(p * static_cast<double>(values.size())));
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(std::clamp<std::size_t>(rank, 1, values.size()) - 1);
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

Load load_of(const Recording& recording) {
  Load load;
  load.name = recording.name;
  load.requests = recording.trees.size();
  if (recording.trees.empty()) return load;
  std::vector<double> durations;
  std::vector<std::int64_t> begins;
  double sampled = 0;
  for (const CallTree& tree : recording.trees) {
    durations.push_back(seconds_of(tree.duration()));
    begins.push_back(tree.begins);
    sampled += tree.sampled;
  }
  std::sort(begins.begin(), begins.end());
  load.sampled = sampled / static_cast<double>(load.requests);
  load.mean = std::accumulate(durations.begin(), durations.end(), 0.0) / static_cast<double>(load.requests);
  load.p50 = quantile_of(durations, 0.50);
  load.p95 = quantile_of(durations, 0.95);
  load.p99 = quantile_of(durations, 0.99);
  load.seconds = seconds_of(begins.back() - begins.front());
  if (load.seconds <= 0) return load;
  const double gaps = static_cast<double>(begins.size() - 1), mean = load.seconds / gaps;
  load.rate = gaps / load.seconds / load.sampled;
  double squares = 0;
  for (std::size_t i = 1; i < begins.size(); ++i) {
    const double gap = seconds_of(begins[i] - begins[i - 1]) - mean;
    squares += gap * gap;
  }
  load.gap_cv = std::sqrt(squares / gaps) / mean;
  return load;
}

ApplicationFit::ApplicationFit(Recordings recordings, FitOptions options)
    : recordings_{std::move(recordings)}, options_{options} {
  for (std::size_t run = 0; run < recordings_.all.size(); ++run) {
    for (const CallTree& tree : recordings_.all[run].trees) {
      trees_.push_back(tree);
      run_of_.push_back(run);
    }
  }
  const auto least = static_cast<std::size_t>(options_.least_share * static_cast<double>(trees_.size()));
  shapes_ = group_by_shape(trees_, std::max<std::size_t>(1, least));
  for (std::size_t s = 0; s < shapes_.size(); ++s) {
    Class group{s, {}};
    for (const std::size_t tree : shapes_[s].trees) {
      group.members.push_back(members_.size());
      Member member;
      member.tree = tree;
      member.run = run_of_[tree];
      member.segments = segments_of(shapes_[s], trees_[tree], recordings_.operations);
      members_.push_back(std::move(member));
    }
    classes_.push_back(std::move(group));
  }
  measure_crowding();
  find_classes();
}

void ApplicationFit::measure_crowding() {
  busy_.resize(recordings_.all.size());
  for (const Member& m : members_) {
    const std::int64_t begins = trees_[m.tree].begins;
    for (const Segment& s : m.segments) busy_[m.run].add(begins + s.start, begins + s.end);
  }
  for (std::size_t run = 0; run < busy_.size(); ++run) {
    busy_[run].ready();
    double requests = 0, others = 0;
    for (Member& m : members_) {
      if (m.run != run) continue;
      const CallTree& tree = trees_[m.tree];
      const std::int64_t length = std::max<std::int64_t>(1, tree.duration());
      m.around.log_duration = std::log(seconds_of(length));
      m.around.own = own_pieces(m.segments, length);
      m.around.others = std::max(0.0, busy_[run].mean(tree.begins, tree.begins + length) - m.around.own);
      others += m.around.others;
      requests += 1;
    }
    // Of those that the sampler left out nothing is known but how many there were: as many beside each request, and
    // the time without any of them as if they came independently.
    const double sampled = std::max(1e-3, load_of(recordings_.all[run]).sampled);
    const double per_seen = 1 / sampled - 1;
    const double unseen = requests > 0 ? per_seen * others / requests : 0;
    unseen_idle_.push_back(std::pow(std::max(1e-9, busy_[run].idle_share()), per_seen));
    for (Member& m : members_) {
      if (m.run != run) continue;
      m.around.others += unseen;
      for (const Segment& s : m.segments) {
        const std::int64_t begins = trees_[m.tree].begins;
        const double all = s.end > s.start ? busy_[run].mean(begins + s.start, begins + s.end) : 1;
        m.others.push_back(std::max(0.0, all - 1) + unseen);
      }
    }
  }
}

// Only how cold the host was when the request began is the doing of others; from then on the request itself keeps it warm.
void ApplicationFit::set_coldness(double within) {
  cools_within_ = within;
  const double time = within / kNanosecond;
  for (std::size_t run = 0; run < busy_.size(); ++run) {
    std::vector<std::int64_t> begins;
    double length = 0;
    for (const Member& m : members_) {
      if (m.run != run) continue;
      begins.push_back(trees_[m.tree].begins);
      length += static_cast<double>(trees_[m.tree].duration());
    }
    if (begins.empty()) continue;
    length = std::max(1.0, length / static_cast<double>(begins.size()));
    const double on_average = time / length * (1 - std::exp(-length / time));
    const std::vector<double> cold = busy_[run].coldness(begins, time);
    std::size_t next = 0;
    for (Member& m : members_) {
      if (m.run != run) continue;
      const double first = cold[next++] * unseen_idle_[run];
      m.around.cold = first * on_average;
      m.cold.clear();
      for (const Segment& s : m.segments) m.cold.push_back(first * std::exp(-static_cast<double>(s.start) / time));
    }
  }
}

HostFit ApplicationFit::host_of(const std::vector<Class>& classes, Grouping grouping) const {
  std::vector<Surroundings> requests;
  for (std::size_t c = 0; c < classes.size(); ++c) {
    for (const std::size_t m : classes[c].members) {
      Surroundings& request = requests.emplace_back(members_[m].around);
      const std::size_t kind = grouping == Grouping::shapes ? classes[c].shape : c;
      request.group = kind * recordings_.all.size() + members_[m].run;
    }
  }
  HostFit host = fit_host(requests);
  host.cools_within = cools_within_;
  return host;
}

HostFit ApplicationFit::host_of_any_time(const std::vector<Class>& classes, Grouping grouping) {
  HostFit best;
  for (const double within : {0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5}) {
    set_coldness(within);
    const HostFit host = host_of(classes, grouping);
    if (best.requests == 0 || host.residual < best.residual) best = host;
  }
  set_coldness(best.cools_within);
  return best;
}

// What the host does to requests is seen best among those that are alike; but which are alike shows in durations from
// which that has been taken out. So both are found in turn, until they agree.
void ApplicationFit::find_classes() {
  constexpr int rounds = 8;
  const std::vector<Class> shapes = classes_;
  const HostFit by_shape = host_of_any_time(shapes, Grouping::shapes);
  HostFit host = by_shape;
  for (int round = 0; round < rounds; ++round) {
    classes_ = split_classes(shapes, host);
    const HostFit before = std::exchange(host, host_of_any_time(classes_, Grouping::classes));
    if (std::fabs(host.contention.value - before.contention.value) < 1e-4) break;
  }
  grouping_ = better(by_shape, host);
  if (grouping_ == Grouping::classes) return;
  set_coldness(by_shape.cools_within);
  classes_ = split_classes(shapes, by_shape);
}

std::vector<ApplicationFit::Class> ApplicationFit::split_classes(const std::vector<Class>& shapes,
                                                                  const HostFit& host) const {
  std::vector<Class> split;
  for (const Class& group : shapes) {
    std::vector<std::vector<double>> rows;
    for (const std::size_t m : group.members) {
      std::vector<double>& row = rows.emplace_back();
      for (std::size_t s = 0; s < members_[m].segments.size(); ++s) {
        const Segment& piece = members_[m].segments[s];
        const double slowdown = host.slowdown(members_[m].others[s], members_[m].cold[s]);
        const double alone = static_cast<double>(piece.end - piece.start) / slowdown;
        row.push_back(std::log(alone + kTick));
      }
    }
    const double share = static_cast<double>(group.members.size()) / static_cast<double>(members_.size());
    const auto most = std::max<std::size_t>(1, static_cast<std::size_t>(share * static_cast<double>(options_.most_classes)));
    for (const auto& part : alike(rows, kLeastClass, most)) {
      Class kind{group.shape, {}};
      for (const std::size_t i : part) kind.members.push_back(group.members[i]);
      split.push_back(std::move(kind));
    }
  }
  return split;
}

FittedApplication ApplicationFit::fit() const { return fit_of(classes_); }

FittedApplication ApplicationFit::resampled(std::uint64_t seed) const {
  const StreamKey key = stream_key(seed, 0, "calibration", "bootstrap");
  std::vector<Class> drawn = classes_;
  for (std::size_t c = 0; c < drawn.size(); ++c) {
    for (std::size_t i = 0; i < drawn[c].members.size(); ++i) {
      Draws draws{key, i, static_cast<std::uint32_t>(c)};
      const auto n = static_cast<double>(classes_[c].members.size());
      drawn[c].members[i] = classes_[c].members[static_cast<std::size_t>(draws.uniform() * n)];
    }
  }
  return fit_of(drawn);
}

FittedApplication ApplicationFit::fit_of(const std::vector<Class>& classes) const {
  FittedApplication application;
  application.operations = recordings_.operations;
  application.replicas = recordings_.replicas;
  for (const Recording& recording : recordings_.all) application.loads.push_back(load_of(recording));
  application.host = host_of(classes, grouping_);
  for (const Class& group : classes) {
    application.classes.push_back(fit_class(group, application.host, static_cast<double>(members_.size())));
  }
  if (!trees_.empty())
    application.left_out = 1 - static_cast<double>(members_.size()) / static_cast<double>(trees_.size());
  return application;
}

// Comparing requests of one shape is free of bias, comparing alike requests is more precise; where the two differ by more than
// chance, the difference is the latter's bias. The smaller expected squared error decides.
ApplicationFit::Grouping ApplicationFit::better(const HostFit& shapes, const HostFit& classes) {
  const Effect &a = shapes.contention, &b = classes.contention;
  const double chance = square(a.error) + square(b.error);
  const double bias = std::max(0.0, square(a.value - b.value) - chance);
  return square(a.error) <= square(b.error) + bias ? Grouping::shapes : Grouping::classes;
}

RequestClass ApplicationFit::fit_class(const Class& group, const HostFit& host, double all) const {
  const Shape& shape = shapes_[group.shape];
  RequestClass fitted;
  fitted.requests = group.members.size();
  fitted.share = static_cast<double>(fitted.requests) / all;
  for (std::size_t n = 0; n < shape.operation.size(); ++n) {
    FittedNode node;
    node.operation = shape.operation[n];
    node.parent = shape.parent[n];
    node.asynchronous = shape.asynchronous[n];
    node.calls = shape.calls[n];
    node.after = shape.after[n];
    fitted.nodes.push_back(std::move(node));
  }
  const std::vector<Segment>& pieces = members_[group.members.at(0)].segments;
  std::vector<double> values;
  for (std::size_t s = 0; s < pieces.size(); ++s) {
    values.clear();
    for (const std::size_t m : group.members) {
      const Segment& piece = members_[m].segments[s];
      values.push_back(seconds_of(piece.end - piece.start) / host.slowdown(members_[m].others[s], members_[m].cold[s]));
    }
    FittedNode& node = fitted.nodes[pieces[s].node];
    const bool before = pieces[s].kind == Segment::Kind::before_call;
    (before ? node.before : node.work) = fit_law(values);
    node.network = node.network || pieces[s].network;
  }
  fit_errors(group, fitted);
  return fitted;
}

void ApplicationFit::fit_errors(const Class& group, RequestClass& fitted) const {
  const auto all = static_cast<double>(group.members.size());
  for (std::size_t n = 0; n < fitted.nodes.size(); ++n) {
    double own = 0, failed_calls = 0, endured = 0;
    for (const std::size_t m : group.members) {
      const CallTree& tree = trees_[members_[m].tree];
      const bool below = std::any_of(tree.nodes[n].children.begin(), tree.nodes[n].children.end(),
                                     [&](std::uint32_t child) { return tree.nodes[child].error; });
      own += tree.nodes[n].error && !below;
      failed_calls += below;
      endured += below && !tree.nodes[n].error;
    }
    fitted.nodes[n].error = own / all;
    fitted.nodes[n].endures = failed_calls == 0 || endured > failed_calls / 2;
  }
}

}  // namespace spillway::analysis
