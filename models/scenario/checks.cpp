#include "models/scenario/checks.hpp"

#include <algorithm>
#include <set>

#include "models/scenario/addresses.hpp"
#include "models/scenario/bind.hpp"
#include "models/scenario/hints.hpp"
#include "models/scenario/service_graph.hpp"
#include "models/scenario/utf8.hpp"

namespace spillway::language {
namespace {

/// Runs every rule; one function per section of the file.
class Checker {
 public:
  Checker(const Scenario& scenario, Input& input)
      : s_{scenario}, input_{input}, places_{names_of(scenario.places)}, backends_{names_of(scenario.backends)} {}

  void run();

 private:
  void check_run();
  void check_places();
  void check_links();
  void check_services();
  void check_instrumentation(const Service& service);
  void check_operation(const Service& service, const Operation& operation);
  void check_choices(const Operation& operation);
  void check_host(const Service& service);
  void check_order(const Operation& operation);
  void check_call(const Service& service, const Call& call);
  void check_call_place(const Service& caller, const Service& callee, const Call& call);
  void check_traffic();
  void check_clients();
  void check_posts(const Client& client);
  void check_recording(const Client& client);
  void check_given_span(const Client& client, const GivenSpan& span);
  void check_collectors();
  void check_backends();
  void check_faults();
  void check_fault(const Fault& fault);
  void check_behaviour(const std::string& path, const Behaviour& behaviour, Backend::Accepts accepts);
  void check_backend_fault(const Fault& fault);
  void check_resolve_fault(const Fault& fault);
  void check_thresholds();

  void problem(const std::string& path, std::string message) { input_.problem(path, std::move(message)); }
  void warning(const std::string& path, std::string message) {
    input_.problem(path, std::move(message), Problem::Severity::warning);
  }
  /// The item of this name; a problem when there is none.
  template <class T>
  const T* find(const std::string& path, const std::string& name, const std::vector<T>& items,
                const std::string& complaint);
  bool known(const std::string& path, const std::string& name, const std::vector<std::string>& names,
             const std::string& complaint);
  void check_in(const std::string& path, const std::vector<std::string>& in);
  void check_between(const std::string& path, const std::vector<std::string>& between);
  Time end() const { return Time{} + s_.duration + s_.drain; }

  const Scenario& s_;
  Input& input_;
  std::vector<std::string> places_, backends_;
  double combinations_ = 0;  ///< of drawn attributes, over all operations so far
};

void Checker::run() {
  check_run();
  check_places();
  check_links();
  check_services();
  check_traffic();
  check_clients();
  check_collectors();
  check_backends();
  check_addresses(s_, input_);
  check_faults();
  check_thresholds();
  check_service_graph(s_, input_);
}

template <class T>
const T* Checker::find(const std::string& path, const std::string& name, const std::vector<T>& items,
                       const std::string& complaint) {
  const T* found = find_by_name(items, name);
  if (!found && !input_.is_full()) known(path, name, names_of(items), complaint);
  return found;
}

/// A name that is missing altogether was reported while reading.
bool Checker::known(const std::string& path, const std::string& name, const std::vector<std::string>& names,
                    const std::string& complaint) {
  if (contains(names, name)) return true;
  if (!name.empty() || input_.given(path))
    problem(path, complaint + " '" + shortened(name, 60) + "'" + hint(name, names));
  return false;
}

/// Items of a list are placed at themselves, a single text at the key.
void Checker::check_in(const std::string& path, const std::vector<std::string>& in) {
  std::set<std::string> seen;
  for (std::size_t i = 0; i < in.size(); ++i) {
    const std::string item = join(path, std::to_string(i));
    const std::string& at = input_.given(item) ? item : path;
    if (!known(at, in[i], places_, "unknown place")) continue;
    if (!seen.insert(in[i]).second) problem(at, "'" + in[i] + "' is named twice; remove one");
  }
}

void Checker::check_between(const std::string& path, const std::vector<std::string>& between) {
  if (between.size() != 2)
    return problem(path, "two ends are needed, such as [aws, gcp]; there are " + std::to_string(between.size()));
  std::vector<std::string> ends = places_;
  ends.insert(ends.end(), backends_.begin(), backends_.end());
  for (std::size_t i = 0; i < between.size(); ++i)
    known(join(path, std::to_string(i)), between[i], ends, "unknown place or backend");
}

void Checker::check_run() {
  constexpr std::int64_t most_steps = 1'000'000;
  if (s_.warm_up && *s_.warm_up >= s_.duration)
    problem("warm_up", "the warm-up of " + show(*s_.warm_up) + " leaves nothing of the duration " + show(s_.duration) +
                           "; shorten it");
  if (s_.duration + s_.drain > from_seconds(kLongest))
    problem("drain", "duration and drain together are longer than 400d; shorten one");
  if (s_.record.step > Duration{} && (s_.duration + s_.drain) / s_.record.step > most_steps)
    problem("record.step", "a step of " + show(s_.record.step) + " makes more than 1000000 points; give a longer one");
  for (std::size_t i = 0; i < s_.sample_at.size(); ++i)
    if (s_.sample_at[i] > end())
      problem("sample_at." + std::to_string(i),
              "is after the end of the run at " + show(end() - Time{}) + "; give an earlier moment");
  if (s_.traffic.empty() && s_.clients.empty())
    warning({}, "there is neither traffic nor a client: nothing will happen; add a section 'traffic' or 'clients'");
}

void Checker::check_places() {
  for (const Place& place : s_.places) {
    const std::string path = "places." + place.name;
    if (place.name == "same" || place.name == "each")
      problem(path, "'" + place.name + "' has a meaning in calls; choose another name");
    if (contains(backends_, place.name))
      problem(path, "a backend has the name '" + place.name + "', too, and links could mean either; rename one");
  }
}

void Checker::check_links() {
  std::set<std::vector<std::string>> seen;
  for (const Link& link : s_.links) {
    if (!link.between.empty()) check_between(link.where.path + ".between", link.between);
    std::vector<std::string> ends = link.between;
    std::sort(ends.begin(), ends.end());
    if (!seen.insert(ends).second)
      problem(link.where.path, ends.empty() ? "a second link without 'between'; only one can be the default"
                                            : "a second link between the same two; remove one");
  }
}

void Checker::check_services() {
  for (const Service& service : s_.services) {
    const std::string& path = service.where.path;
    check_in(path + ".in", service.in);
    if (service.operations.empty()) problem(path, "has no operations; add 'operations:' with at least one");
    if (input_.given(path + ".runtime.workers") && service.runtime.kind != Runtime::Kind::workers)
      problem(path + ".runtime.workers", "has no effect without 'kind: workers'; add that or remove this");
    check_host(service);
    check_instrumentation(service);
    for (const Operation& operation : service.operations) check_operation(service, operation);
  }
}

void Checker::check_host(const Service& service) {
  const std::string path = service.where.path + ".runtime.host";
  if (service.runtime.kind == Runtime::Kind::shared) {
    find(input_.given(path) ? path : service.where.path + ".runtime", service.runtime.host, s_.hosts, "unknown host");
  } else if (input_.given(path)) {
    problem(path, "has no effect without 'kind: shared'; add that or remove this");
  }
}

/// `after` names calls before this one in the list, so nothing waits for itself.
void Checker::check_order(const Operation& operation) {
  std::vector<std::string> before;
  for (const Call& call : operation.parallel) {
    for (std::size_t i = 0; i < call.after.size(); ++i) {
      const std::string item = call.where.path + ".after." + std::to_string(i);
      known(input_.given(item) ? item : call.where.path + ".after", call.after[i], before,
            "no call before this one in the list has the operation");
    }
    before.push_back(call.operation);
  }
  for (const Call& call : operation.sequence) {
    if (!call.after.empty())
      warning(call.where.path + ".after", "has no effect in 'sequence', where each waits for all before; remove it");
  }
}

/// Keys that only one kind of instrumentation reads.
void Checker::check_instrumentation(const Service& service) {
  using Kind = Instrumentation::Kind;
  const Instrumentation& i = service.instrumentation;
  const std::string path = service.where.path + ".instrumentation";
  const auto only_for = [&](const char* key, Kind kind, const char* word) {
    if (i.kind != kind && input_.given(join(path, key)))
      problem(join(path, key),
              std::string{"has no effect without 'kind: "} + word + "'; change the kind or remove this");
  };
  only_for("work_per_post", Kind::zipkin_post, "zipkin_post");
  for (const char* key : {"max_queue_size", "max_export_batch_size", "schedule_delay"})
    only_for(key, Kind::otlp_batch, "otlp_batch");
  if (i.kind == Kind::none && !i.endpoints.empty() && input_.given(path + ".kind"))
    problem(path + ".endpoints", "nothing is sent with 'kind: none'; change the kind or remove this");
  if (i.kind != Kind::none && i.endpoints.empty() && !input_.given(path + ".endpoints"))
    problem(path, "'endpoints' is missing; add it: full URLs, exactly as the service is configured");
  if (i.kind == Kind::otlp_batch && i.max_export_batch_size > i.max_queue_size)
    problem(path + ".max_export_batch_size", std::to_string(i.max_export_batch_size) + " is above max_queue_size " +
                                                 std::to_string(i.max_queue_size) + "; lower it, or raise the queue");
}

void Checker::check_operation(const Service& service, const Operation& operation) {
  const std::string& path = operation.where.path;
  check_choices(operation);
  check_order(operation);
  for (const Call& call : operation.parallel) check_call(service, call);
  for (const Call& call : operation.sequence) check_call(service, call);
  for (std::size_t i = 0; i < operation.then.size(); ++i) {
    const std::string item = path + ".then." + std::to_string(i);
    find(input_.given(item) ? item : path + ".then", operation.then[i], service.operations,
         "'" + service.name + "' has no operation");
  }
}

/// Every combination of drawn attributes is kept once.
void Checker::check_choices(const Operation& operation) {
  constexpr double most_of_one = 1000, most_of_all = 100'000;
  double combinations = 1;
  for (const SpanAttribute& attribute : operation.attributes) combinations *= static_cast<double>(attribute.values.size());
  combinations_ += combinations;
  if (combinations > most_of_one || combinations_ > most_of_all)
    problem(operation.where.path + ".attributes",
            "its choices make more than 1000 combinations (or 100000 with those before); give fewer");
}

void Checker::check_call(const Service& caller, const Call& call) {
  const std::string& path = call.where.path;
  if (call.own_place_in_process && call.in != "each")
    problem(path + ".own_place_in_process", "has no effect without 'in: each'; add that or remove this");
  const Service* callee = find(path + ".to", call.to, s_.services, "unknown service");
  if (!callee) return;
  find(path + ".operation", call.operation, callee->operations, "'" + callee->name + "' has no operation");
  check_call_place(caller, *callee, call);
}

void Checker::check_call_place(const Service& caller, const Service& callee, const Call& call) {
  const std::string at = call.where.path + (input_.given(call.where.path + ".in") ? ".in" : "");
  if (call.in == "each") return;
  if (call.in != "same") {
    std::vector<std::string> allowed = callee.in;
    if (contains(places_, call.in) && !contains(callee.in, call.in))
      return problem(at, "'" + callee.name + "' does not run in '" + call.in + "'" + hint(call.in, allowed));
    allowed.insert(allowed.end(), {"same", "each"});
    known(at, call.in, allowed, "unknown place");
    return;
  }
  for (const std::string& place : caller.in)
    if (contains(places_, place) && !contains(callee.in, place))
      return problem(at, "'" + callee.name + "' does not run in '" + place + "', where '" + caller.name +
                             "' does; write 'in:' with a place, or 'each'");
}

void Checker::check_traffic() {
  for (const Traffic& traffic : s_.traffic) {
    const std::string& path = traffic.where.path;
    if (traffic.stop && *traffic.stop <= traffic.start)
      problem(path + ".stop", "stops at " + show(*traffic.stop - Time{}) + ", not after its start at " +
                                  show(traffic.start - Time{}) + "; give a later moment");
    const Time first = traffic.at.empty() ? traffic.start : traffic.at.front();
    if (first >= Time{} + s_.duration)
      warning(path, "begins after the end of the traffic at " + show(s_.duration) + "; nothing of it will happen");
    check_in(path + ".in", traffic.in);
    if (traffic.picture &&
        static_cast<double>(traffic.picture->width) * traffic.picture->height * traffic.picture->iterations > 4e9)
      problem(path + ".picture", "more than 4000000000 iterations; make the picture smaller");
    const Service* to = find(path + ".to", traffic.to, s_.services, "unknown service");
    if (!to) continue;
    find(path + ".operation", traffic.operation, to->operations, "'" + to->name + "' has no operation");
    for (const std::string& place : traffic.in)
      if (contains(places_, place) && !contains(to->in, place))
        problem(path + ".in", "'" + to->name + "' does not run in '" + place + "'" + hint(place, to->in));
  }
}

void Checker::check_clients() {
  for (const Client& client : s_.clients) {
    const std::string& path = client.where.path;
    if (client.in.empty() && !input_.given(path + ".in"))
      problem(path, "'in' is missing; add it: there are several places, name one");
    else
      known(path + ".in", client.in, places_, "unknown place");
    if (client.spans_per_trace > client.spans)
      problem(path + ".spans_per_trace", std::to_string(client.spans_per_trace) + " is above spans " +
                                             std::to_string(client.spans) + "; a trace does not reach over posts");
    check_posts(client);
    if (client.recording.posts.empty() && signal_of(client.url) != Signal::traces)
      problem(client.where.path + ".url", "spans cannot be sent to " + std::string{names_of(signal_of(client.url)).path} +
                                              "; give a recording, or send them to /v1/traces");
    check_recording(client);
  }
}

void Checker::check_posts(const Client& client) {
  constexpr std::int64_t most_spans = 1'000'000;
  std::int64_t spans = 0;
  for (std::size_t i = 0; i < client.posts.size(); ++i) {
    const GivenPost& post = client.posts[i];
    if (i > 0 && post.at < client.posts[i - 1].at)
      problem(post.where.path + ".at", "is before the post in front of it; write posts in ascending order");
    for (const GivenSpan& span : post.spans) check_given_span(client, span);
    spans += post.copies * static_cast<std::int64_t>(post.spans.size());
  }
  if (spans > most_spans)
    problem(client.where.path + ".posts", std::to_string(spans) + " spans are more than 1000000; give fewer copies");
}

/// What no model answers for.
void Checker::check_recording(const Client& client) {
  const std::string path = client.where.path + ".recording";
  for (std::size_t i = 0; i < client.recording.posts.size(); ++i) {
    const RecordedPost& post = client.recording.posts[i];
    const std::string& target = post.path.empty() ? client.url : post.path;
    const std::string* type = post.header("content-type");
    const bool proto = type != nullptr && type->starts_with("application/x-protobuf");
    const std::string number = "post " + std::to_string(i + 1) + ": ";
    if (target.find("api/v1/spans") != std::string::npos)
      problem(path, number + "version 1 of Zipkin's API is not modelled; record version 2, or leave it out");
    if (proto && target.find("api/v2") != std::string::npos)
      problem(path, number + "Zipkin's protobuf is not modelled; record JSON, or leave it out");
    const Signal called = signal_of(post.url.empty() ? client.url : post.url);
    const Signal meant = post.written.value_or(post.path.empty() ? called : signal_of(post.path));
    if (meant != called)
      problem(path, number + "is about " + std::string{names_of(meant).text} + ", the client's url about " +
                        std::string{names_of(called).text} + "; give it a client of its own, whose url ends with " +
                        std::string{names_of(meant).path});
  }
}

/// What Zipkin's format cannot say would be lost without a word.
void Checker::check_given_span(const Client& client, const GivenSpan& span) {
  if (span.trace.empty() && input_.given(span.where.path + ".trace"))
    problem(span.where.path + ".trace", "is empty; give a word or an id");
  if (client.format != WireFormat::zipkin_json) return;
  constexpr const char* lost = "Zipkin's format does not know this; give the tag that you mean among the attributes";
  if (!span.trace_state.empty()) problem(span.where.path + ".trace_state", lost);
  if (!span.status_message.empty()) problem(span.where.path + ".status_message", lost);
  if (span.status == SpanStatus::ok) problem(span.where.path + ".status", lost);
}

void Checker::check_collectors() {
  std::size_t instances = 0;
  for (const CollectorUse& collector : s_.collectors) {
    const std::string& path = collector.where.path;
    check_in(path + ".in", collector.in);
    instances += collector.in.size() * static_cast<std::size_t>(collector.replicas.value_or(1));
    const std::string_view version =
        std::string_view{collector.version}.substr(collector.version.starts_with('v') ? 1 : 0);
    const bool plain =
        std::all_of(version.begin(), version.end(), [](char c) { return c == '.' || (c >= '0' && c <= '9'); });
    if (!plain || std::count(version.begin(), version.end(), '.') == 0 || version.size() > 20)
      problem(path + ".version", "'" + shortened(collector.version, 40) + "' is no version; write it like 0.111.0");
  }
  if (instances > kMostInstances)
    problem("collectors", std::to_string(instances) + " instances over all places are more than " +
                              std::to_string(kMostInstances) + "; give fewer");
}

void Checker::check_backends() {
  std::size_t instances = 0;
  for (const Backend& backend : s_.backends) {
    const std::string& path = backend.where.path;
    check_in(path + ".in", backend.in);
    instances += std::max<std::size_t>(1, backend.in.size());
    check_behaviour(path + ".behaviour", backend.behaviour, backend.accepts);
    for (std::size_t i = 0; i < backend.script.size(); ++i)
      check_behaviour(path + ".script." + std::to_string(i), backend.script[i].behaviour, backend.accepts);
    for (std::size_t i = 1; i < backend.script.size(); ++i)
      if (backend.script[i].from_request <= backend.script[i - 1].from_request)
        problem(path + ".script." + std::to_string(i) + ".from_request",
                std::to_string(backend.script[i].from_request) + " is not above the step before, " +
                    std::to_string(backend.script[i - 1].from_request) + "; write steps in ascending order");
  }
  if (instances > kMostInstances)
    problem("backends", std::to_string(instances) + " instances over all places are more than " +
                            std::to_string(kMostInstances) + "; give fewer");
}

void Checker::check_behaviour(const std::string& path, const Behaviour& behaviour, Backend::Accepts accepts) {
  const bool grpc = accepts == Backend::Accepts::otlp_grpc;
  const bool answers = behaviour.kind == Behaviour::Kind::answer;
  if (behaviour.retry_after && !answers)
    problem(path + ".retry_after", "'retry_after' has no effect without 'answer'; add that or remove this");
  else if (behaviour.retry_after && grpc && behaviour.code == GrpcCode::ok)
    problem(path + ".retry_after", "goes with a code that is not OK; give code, e.g. UNAVAILABLE");
  if (!grpc && behaviour.retry_after && *behaviour.retry_after % std::chrono::seconds{1} != Duration{})
    problem(path + ".retry_after",
            show(*behaviour.retry_after) + " is not in whole seconds, as HTTP wants them; round it");
  if (grpc && behaviour.status != 200)
    problem(path + ".answer", "is a status of HTTP, and this backend accepts otlp_grpc; give a code, e.g. UNAVAILABLE");
  if (!grpc && behaviour.code != GrpcCode::ok)
    problem(path + ".code", "is a code of gRPC, and this backend speaks HTTP; give answer, e.g. 503");
  if (grpc && (behaviour.garbled || behaviour.retry_after_date))
    problem(path + (behaviour.garbled ? ".garbled" : ".retry_after_date"), "is for backends that speak HTTP");
}

void Checker::check_faults() {
  for (const Fault& fault : s_.faults) {
    if (fault.lasts && *fault.lasts <= Duration{} && fault.where.path.ends_with(".script"))
      problem(fault.where.path, "its steps by time are not in ascending order; write them so");
    check_fault(fault);
    for (const Backend& backend : s_.backends)
      if (fault.kind == Fault::Kind::backend && backend.name == fault.target)
        check_behaviour(fault.where.path, fault.behaviour, backend.accepts);
    if (fault.at > end())
      warning(fault.where.path + ".at",
              "is after the end of the run at " + show(end() - Time{}) + "; nothing of it will happen");
  }
}

void Checker::check_fault(const Fault& fault) {
  const std::string& path = fault.where.path;
  switch (fault.kind) {
    case Fault::Kind::backend:
      return check_backend_fault(fault);
    case Fault::Kind::collector: {
      const CollectorUse* use = find(path + ".collector", fault.target, s_.collectors, "unknown collector");
      if (use && fault.replica && use->replicas && *fault.replica >= *use->replicas)
        problem(path + ".replica", "'" + use->name + "' has " + std::to_string(*use->replicas) + " replicas; give 0 to " +
                                       std::to_string(*use->replicas - 1));
      if (use && !fault.in.empty()) known(path + ".in", fault.in, use->in, "'" + use->name + "' does not run in");
      return;
    }
    case Fault::Kind::link:
      return check_between(path + ".link", fault.between);
    case Fault::Kind::resolve:
      return check_resolve_fault(fault);
  }
}

/// Whether anybody asks for the name is known when the collectors' files are.
void Checker::check_resolve_fault(const Fault& fault) {
  const std::string& path = fault.where.path;
  if (!input_.given(path + ".to")) problem(path, "says which name, not what it resolves to; add to: names of backends or collectors, or []");
  std::set<std::string> known_names;
  const auto note = [&](const std::vector<std::string>& names) { known_names.insert(names.begin(), names.end()); };
  for (const CollectorUse& use : s_.collectors) {
    const std::int64_t replicas = use.replicas.value_or(1);
    for (const std::string& place : use.in)
      for (std::int64_t r = 0; r < replicas; ++r) note(instance_names(use.name, place, r, replicas));
  }
  for (const Backend& backend : s_.backends) {
    note({backend.name});
    for (const std::string& place : backend.in) note(instance_names(backend.name, place));
  }
  const std::vector<std::string> all(known_names.begin(), known_names.end());
  for (std::size_t i = 0; i < fault.to.size(); ++i) {
    const std::string item = join(path + ".to", std::to_string(i));
    known(input_.given(item) ? item : path + ".to", fault.to[i], all, "unknown backend, collector or instance");
  }
}

void Checker::check_backend_fault(const Fault& fault) {
  const std::string& path = fault.where.path;
  if (!input_.given(path + ".backend")) return;
  const Backend* backend = find(path + ".backend", fault.target, s_.backends, "unknown backend");
  if (!backend) return;
  if (!fault.in.empty()) known(path + ".in", fault.in, backend->in, "'" + backend->name + "' has no instance in");
  const auto keys = {"answer", "code", "hang", "reset", "refuse", "latency", "store"};
  const bool does_something =
      std::any_of(keys.begin(), keys.end(), [&](const char* key) { return input_.given(join(path, key)); });
  if (!does_something) problem(path, "says what is struck, not how; add answer, code, hang, reset, refuse, latency or store");
}

void Checker::check_thresholds() {
  for (const Expect& expect : s_.expect) {
    if (expect.at_least && expect.at_most && *expect.at_least > *expect.at_most)
      problem(expect.where.path + ".at_least", show(*expect.at_least, Unit::none) + " is above at_most " +
                                                   show(*expect.at_most, Unit::none) + "; nothing can satisfy both");
    if (expect.figure.empty() && input_.given(expect.where.path + ".figure"))
      problem(expect.where.path + ".figure", "is empty; name a figure of the record");
  }
  for (const Judge& judge : s_.judge)
    if (judge.figure.empty() && input_.given(judge.where.path + ".figure"))
      problem(judge.where.path + ".figure", "is empty; name a figure of the record");
}

}  // namespace

/// Steps at moments are what faults are, one after the other.
void timed_steps_to_faults(Backend& backend, std::vector<Fault>& faults) {
  const auto timed = std::stable_partition(backend.script.begin(), backend.script.end(), [](const ScriptStep& step) { return !step.from; });
  for (auto step = timed; step != backend.script.end(); ++step) {
    Fault fault;
    fault.at = *step->from;
    if (step + 1 != backend.script.end()) fault.lasts = *(step + 1)->from - *step->from;
    fault.target = backend.name;
    fault.behaviour = step->behaviour;
    fault.where = {backend.where.mark, backend.where.path + ".script"};
    faults.push_back(std::move(fault));
  }
  backend.script.erase(timed, backend.script.end());
}

void fill_defaults(Scenario& scenario) {
  if (scenario.places.empty()) scenario.places.push_back(Place{"local", {}, {}});
  const std::vector<std::string> everywhere = names_of(scenario.places);
  for (Service& service : scenario.services)
    if (service.in.empty()) service.in = everywhere;
  for (Client& client : scenario.clients)
    if (client.in.empty() && everywhere.size() == 1) client.in = everywhere.front();
  for (CollectorUse& collector : scenario.collectors) {
    if (collector.in.empty()) collector.in = everywhere;
    if (collector.addresses.empty()) collector.addresses = {collector.name};
  }
  for (Backend& backend : scenario.backends) {
    if (backend.addresses.empty()) backend.addresses = {backend.name};
    timed_steps_to_faults(backend, scenario.faults);
  }
}

void check(const Scenario& scenario, Input& input) { Checker{scenario, input}.run(); }

}  // namespace spillway::language
