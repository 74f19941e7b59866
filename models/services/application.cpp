#include "models/services/application.hpp"

#include <algorithm>

namespace spillway {
namespace {

constexpr std::uint64_t token_of(std::uint32_t request, std::uint32_t node) { return std::uint64_t{request} << 32 | node; }

}  // namespace

Application::Application(Run& run, std::vector<RunningProcess>& processes, CallLatency latency, Time counted_from)
    : run_{run}, processes_{processes}, latency_{std::move(latency)}, counted_from_{counted_from}, self_{run.sim.add(*this)},
      work_key_{run.sim.stream("application", "work")}, sampling_key_{run.sim.stream("application", "head sampling")},
      attributes_key_{run.sim.stream("application", "attributes")} {}

std::uint32_t Application::add_plan(Plan plan) {
  PlanInUse use;
  use.walkable = walkable(plan);
  use.plan = std::move(plan);
  plans_.push_back(std::move(use));
  return static_cast<std::uint32_t>(plans_.size() - 1);
}

bool Application::walkable(const Plan& plan) const {
  return std::all_of(plan.nodes.begin(), plan.nodes.end(), [&](const PlanNode& node) {
    const RunningProcess& process = processes_[node.process];
    return process.service->runtime.kind == Runtime::Kind::unlimited &&
           (!process.exporter || process.exporter->takes_future_spans());
  });
}

bool Application::head_sampled(std::uint64_t trace, const RunningProcess& root) const {
  const double probability = root.service->instrumentation.sampling.probability;
  return probability >= 1 || Draws{sampling_key_, trace}.uniform() < probability;
}

// All draws of one execution come from its own address, in a fixed order.
Application::Draw Application::draw(const Plan& plan, std::uint32_t number, std::uint64_t trace) const {
  const PlanNode& node = plan.nodes[number];
  const Operation& operation = *node.operation;
  Draws draws{work_key_, trace, number};
  Draw result;
  const double fixed = operation.work.fixed.sample(draws);
  result.work = std::max(Duration{0}, from_seconds((fixed + node.picture_seconds) * operation.work.varies.sample(draws)));
  if (operation.error_probability > 0) result.error = draws.uniform() < operation.error_probability;
  if (node.probability < 1) result.called = draws.uniform() < node.probability;
  if (node.parent == kNoParent) {
    result.finish = std::max(Duration{0}, from_seconds(operation.finish.sample(draws)));
    return result;
  }
  if (!node.in_process) draw_network(plan, node, draws, result);
  result.finish = std::max(Duration{0}, from_seconds(operation.finish.sample(draws)));
  result.caller_work = std::max(Duration{0}, from_seconds(node.caller_work.sample(draws)));
  return result;
}

void Application::draw_network(const Plan& plan, const PlanNode& node, Draws& draws, Draw& result) const {
  const std::uint16_t from = plan.nodes[node.parent].place;
  result.there = std::max(Duration{0}, from_seconds(latency_.at(from, node.place).sample(draws)));
  result.back = std::max(Duration{0}, from_seconds(latency_.at(node.place, from).sample(draws)));
}

void Application::record(PlanInUse& use, Time arrived, Duration latency, bool ok) {
  if (trace_ != nullptr) trace_->add(arrived, latency);
  if (arrived < counted_from_) return;
  ++use.requests;
  use.errors += !ok;
  use.latency.add(seconds(latency));
}

void Application::begin(std::uint32_t plan, std::uint64_t trace) {
  PlanInUse& use = plans_[plan];
  const bool sampled = head_sampled(trace, processes_[use.plan.nodes[0].process]);
  const Time now = run_.sim.now();
  if (use.walkable) {
    walked_until_.resize(std::max(walked_until_.size(), use.plan.nodes.size()));
    const Reply reply = walk(use.plan, 0, trace, now, sampled);
    return record(use, now, reply.at - now, reply.ok);
  }
  std::vector<NodeState> states;
  if (!spare_states_.empty()) {
    states = std::move(spare_states_.back());
    spare_states_.pop_back();
  }
  states.assign(use.plan.nodes.size(), {});
  const std::uint32_t request = requests_.add({plan, trace, now, sampled, 0, std::move(states)});
  call(request, 0);
}

void Application::handle(const Event& event) {
  const auto request = static_cast<std::uint32_t>(event.a >> 32);
  const auto node = static_cast<std::uint32_t>(event.a);
  switch (static_cast<Kind>(event.kind)) {
    case enter_node: return enter(request, node);
    case returned: return reply(request, node);
    case call_timeout: {
      NodeState& state = requests_[request].nodes[node];
      state.given_up = true;
      const PlanInUse& use = plans_[requests_[request].plan];
      state.ended = true;
      emit(use.plan, node, true, requests_[request].trace, state.called, run_.sim.now(), true, requests_[request].sampled);
      if (use.plan.nodes[node].asynchronous) return;
      return child_done(request, use.plan.nodes[node].parent, false);
    }
  }
}

void Application::call(std::uint32_t id, std::uint32_t number) {
  Request& request = requests_[id];
  const Plan& plan = plans_[request.plan].plan;
  ++request.open_nodes;
  const Duration before = draw(plan, number, request.trace).caller_work;
  if (before == Duration{0}) return make_call(id, number);
  request.nodes[number].phase = Phase::called;
  processes_[plan.nodes[plan.nodes[number].parent].process].cpu->submit(before, *this, token_of(id, number));
}

void Application::make_call(std::uint32_t id, std::uint32_t number) {
  Request& request = requests_[id];
  const Plan& plan = plans_[request.plan].plan;
  const PlanNode& node = plan.nodes[number];
  NodeState& state = request.nodes[number];
  state.called = run_.sim.now();
  if (node.timeout > Duration{0}) state.timeout = run_.sim.start_timer(run_.sim.now() + node.timeout, self_, call_timeout, token_of(id, number));
  if (node.in_process || node.parent == kNoParent) return enter(id, number);
  run_.sim.schedule(run_.sim.now() + draw(plan, number, request.trace).there, self_, enter_node, token_of(id, number));
}

void Application::enter(std::uint32_t id, std::uint32_t number) {
  const Request& request = requests_[id];
  const Plan& plan = plans_[request.plan].plan;
  const Duration work = draw(plan, number, request.trace).work;
  processes_[plan.nodes[number].process].cpu->submit(work, *this, token_of(id, number));
}

void Application::task_done(std::uint64_t token, Time started) {
  const auto id = static_cast<std::uint32_t>(token >> 32);
  const auto number = static_cast<std::uint32_t>(token);
  Request& request = requests_[id];
  NodeState& state = request.nodes[number];
  if (state.phase == Phase::called) {
    state.phase = Phase::working;
    return make_call(id, number);
  }
  if (state.phase == Phase::finishing) {
    state.phase = Phase::finished;
    return finish_node(id, number);
  }
  state.started = started;
  state.failed = draw(plans_[request.plan].plan, number, request.trace).error;
  state.phase = state.failed ? Phase::finished : Phase::parallel;
  advance(id, number);
}

// Goes through the phases of an operation until it has to wait for a call.
void Application::advance(std::uint32_t id, std::uint32_t number) {
  for (;;) {
    NodeState& state = requests_[id].nodes[number];
    if (state.phase == Phase::finished) return finish_node(id, number);
    if (state.phase == Phase::finishing) {
      const Request& request = requests_[id];
      const Plan& plan = plans_[request.plan].plan;
      const Duration work = draw(plan, number, request.trace).finish;
      if (work > Duration{0}) return processes_[plan.nodes[number].process].cpu->submit(work, *this, token_of(id, number));
      state.phase = Phase::finished;
      continue;
    }
    if (start_children(id, number)) return;
    state.phase = static_cast<Phase>(static_cast<int>(state.phase) + 1);
    state.next = 0;
  }
}

// Starts what the current phase has to start next; false when the phase is over.
bool Application::start_children(std::uint32_t id, std::uint32_t number) {
  NodeState& state = requests_[id].nodes[number];
  const Plan& plan = plans_[requests_[id].plan].plan;
  const PlanNode& node = plan.nodes[number];
  const std::vector<std::uint32_t>& children = state.phase == Phase::parallel   ? node.parallel
                                               : state.phase == Phase::sequence ? node.sequence
                                                                                : node.then;
  if (state.phase == Phase::parallel) return start_parallel(id, number);
  while (state.next < children.size()) {
    const std::uint32_t child = children[state.next++];
    if (plan.nodes[child].probability < 1 && !draw(plan, child, requests_[id].trace).called) continue;
    if (!plan.nodes[child].asynchronous) ++state.pending;
    call(id, child);
    if (!plan.nodes[child].asynchronous) break;
  }
  return state.pending > 0;
}

// Starts those parallel calls whose turn it is: what they come after has ended.
bool Application::start_parallel(std::uint32_t id, std::uint32_t number) {
  Request& request = requests_[id];
  const Plan& plan = plans_[request.plan].plan;
  for (const std::uint32_t child : plan.nodes[number].parallel) {
    const PlanNode& node = plan.nodes[child];
    NodeState& state = request.nodes[child];
    const auto ended = [&](std::uint32_t before) { return request.nodes[before].ended; };
    if (state.begun || !std::all_of(node.after.begin(), node.after.end(), ended)) continue;
    state.begun = true;
    const bool made = node.probability >= 1 || draw(plan, child, request.trace).called;
    state.ended = !made || node.asynchronous;
    if (!made) continue;
    if (!node.asynchronous) ++request.nodes[number].pending;
    call(id, child);
  }
  return request.nodes[number].pending > 0;
}

void Application::child_done(std::uint32_t id, std::uint32_t number, bool ok) {
  NodeState& state = requests_[id].nodes[number];
  if (state.phase == Phase::finished) return;  // the caller failed over another call already
  const PlanNode& node = plans_[requests_[id].plan].plan.nodes[number];
  if (!ok && node.failure_mode == FailureMode::strict) {
    state.failed = true;
    state.phase = Phase::finished;
    return finish_node(id, number);
  }
  --state.pending;
  if (state.phase == Phase::parallel && node.ordered && start_parallel(id, number)) return;
  if (state.pending == 0) advance(id, number);
}

void Application::finish_node(std::uint32_t id, std::uint32_t number) {
  Request& request = requests_[id];
  PlanInUse& use = plans_[request.plan];
  const PlanNode& node = use.plan.nodes[number];
  const NodeState& state = request.nodes[number];
  const Time now = run_.sim.now();
  emit(use.plan, number, false, request.trace, state.started, now, state.failed && node.operation->error_sets_status,
       request.sampled);
  if (node.parent == kNoParent) {
    record(use, request.arrived, now - request.arrived, !state.failed);
    return node_closed(id);
  }
  if (node.in_process) return reply(id, number);
  run_.sim.schedule(now + draw(use.plan, number, request.trace).back, self_, returned, token_of(id, number));
}

// The answer of a call is back at its caller.
void Application::reply(std::uint32_t id, std::uint32_t number) {
  Request& request = requests_[id];
  const Plan& plan = plans_[request.plan].plan;
  NodeState& state = request.nodes[number];
  const bool late = state.given_up;
  const bool ok = !state.failed;
  run_.sim.cancel(state.timeout);
  if (!late) {
    emit(plan, number, true, request.trace, state.called, run_.sim.now(), !ok, request.sampled);
    state.ended = true;
    if (!plan.nodes[number].asynchronous) child_done(id, plan.nodes[number].parent, ok);
  }
  node_closed(id);
}

void Application::node_closed(std::uint32_t id) {
  if (--requests_[id].open_nodes > 0) return;
  Request done = requests_.take(id);
  spare_states_.push_back(std::move(done.nodes));
}

Application::Reply Application::walk(const Plan& plan, std::uint32_t number, std::uint64_t trace, Time called, bool sampled) {
  const PlanNode& node = plan.nodes[number];
  const Draw chance = draw(plan, number, trace);
  called += chance.caller_work;
  const Time started = called + chance.there;
  Reply own{started + chance.work, !chance.error};
  if (own.ok) own = walk_children(plan, node, trace, own.at, sampled);
  if (own.ok) own.at += chance.finish;
  emit(plan, number, false, trace, started, own.at, !own.ok && node.operation->error_sets_status, sampled);
  Reply reply{own.at + chance.back, own.ok};
  if (node.timeout > Duration{0} && reply.at > called + node.timeout) reply = {called + node.timeout, false};
  emit(plan, number, true, trace, called, reply.at, !reply.ok, sampled);
  return reply;
}

Application::Reply Application::walk_children(const Plan& plan, const PlanNode& node, std::uint64_t trace, Time from,
                                              bool sampled) {
  Time latest = from;
  Time first_failure = kNever;
  for (const std::uint32_t child : node.parallel) {
    Time begins = from;
    for (const std::uint32_t before : plan.nodes[child].after) begins = std::max(begins, walked_until_[before]);
    walked_until_[child] = begins;
    if (plan.nodes[child].probability < 1 && !draw(plan, child, trace).called) continue;
    if (first_failure <= begins && node.failure_mode == FailureMode::strict) continue;  // the caller has failed already
    const Reply reply = walk(plan, child, trace, begins, sampled);
    if (plan.nodes[child].asynchronous) continue;
    walked_until_[child] = reply.at;
    latest = std::max(latest, reply.at);
    if (!reply.ok) first_failure = std::min(first_failure, reply.at);
  }
  if (first_failure != kNever && node.failure_mode == FailureMode::strict) return {first_failure, false};
  for (const auto* list : {&node.sequence, &node.then}) {
    for (const std::uint32_t child : *list) {
      if (plan.nodes[child].probability < 1 && !draw(plan, child, trace).called) continue;
      const Reply reply = walk(plan, child, trace, latest, sampled);
      if (plan.nodes[child].asynchronous) continue;
      latest = reply.at;
      if (!reply.ok && node.failure_mode == FailureMode::strict) return {latest, false};
    }
  }
  return {latest, true};
}

// The nearest span above: the node's own CLIENT span, else the caller's span, and so on.
std::uint32_t Application::parent_ordinal(const Plan& plan, std::uint32_t number) const {
  for (const PlanNode* node = &plan.nodes[number]; node->parent != kNoParent; node = &plan.nodes[node->parent]) {
    if (plan.nodes[node->parent].shape != kNoShape) return own_ordinal(node->parent);
    if (plan.nodes[node->parent].client_shape != kNoShape) return client_ordinal(node->parent);
  }
  return kNoParent;
}

void Application::emit(const Plan& plan, std::uint32_t number, bool client, std::uint64_t trace, Time start, Time end,
                       bool failed, bool sampled) {
  const PlanNode& node = plan.nodes[number];
  std::uint32_t shape = client ? node.client_shape : node.shape;
  if (shape == kNoShape) return;
  RunningProcess& process = processes_[client ? plan.nodes[node.parent].process : node.process];
  if (!process.exporter) return;
  if (!client && node.choice != kNoChoice) {
    Draws draws{attributes_key_, trace, number};
    shape = plan.choices[node.choice].draw(draws);
  }
  Span span;
  span.trace = trace;
  span.start = start;
  span.duration = end - start;
  span.ordinal = client ? client_ordinal(number) : own_ordinal(number);
  span.parent = !client && node.client_shape != kNoShape ? client_ordinal(number) : parent_ordinal(plan, number);
  span.shape = shape;
  span.resource = process.process.resource;
  span.status = failed ? SpanStatus::error : SpanStatus::unset;
  span.bytes = run_.catalog.otlp_bytes(span);
  const DestinationSet reach = process.exporter->reach();
  span.item = run_.ledger.produce(reach);
  if (sampled) return process.exporter->finished(span);
  run_.ledger.hold(span.item, reach);
  run_.ledger.release(span.item, reach, process.head_sampled, run_.sim.now());
}

std::vector<RequestStats> Application::stats() const {
  std::vector<RequestStats> all;
  for (const PlanInUse& use : plans_) {
    const auto same = [&](const RequestStats& s) { return s.name == use.plan.name && s.place.empty(); };
    auto total = std::find_if(all.begin(), all.end(), same);
    if (total == all.end()) {
      all.push_back({use.plan.name, "", 0, 0, {}});
      total = all.end() - 1;
    }
    total->requests += use.requests;
    total->errors += use.errors;
    total->latency.merge(use.latency);
    all.push_back({use.plan.name, use.plan.place, use.requests, use.errors, use.latency});
  }
  return all;
}

}  // namespace spillway
