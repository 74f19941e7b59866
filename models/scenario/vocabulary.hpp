// The table of the scenario language: every key of every struct of scenario.hpp, once, with meaning, unit and range.
// Defaults are the values of the fields themselves. The reader and the JSON Schema are both made from it (bind.hpp says
// how). To add a key: add the field to scenario.hpp and one line here.
#pragma once

#include "models/scenario/bind.hpp"
#include "models/scenario/scenario.hpp"
#include "models/scenario/words.hpp"

namespace spillway::language {

template <>
inline constexpr const char* short_form<Work> = "fixed";
template <>
inline constexpr const char* short_form<Runtime> = "kind";

// Sections, in the order of scenario.hpp.

template <class V>
void describe(V& v, Place& place) {
  v.about("a region of a cloud, a data centre, a laptop: somewhere things run");
  v.field("provider", place.provider, About{"aws, gcp, azure, on_premises …; for the price book"});
  v.field("region", place.region, About{"region in the provider's spelling; for the price book"});
}

template <class V>
void describe(V& v, Link& link) {
  v.about("one-way delay and capacity between two places, or for all that no other link names");
  v.field("between", link.between,
          About{"two places, or a place and a backend; the same place twice: inside it; absent: the default link"});
  v.field("latency", link.latency, About{"one way", Unit::seconds, 0, 3600});
  v.field("bandwidth", link.bandwidth_bytes_per_second,
          About{"capacity; 0: not limited", Unit::bytes_per_second, 0, 1e12});
  v.field("prices", link.prices, About{"of what leaves the first of `between`: ids in the price book (`spillway prices`)"});
  v.needs("prices", {"between"});
}

template <class V>
void describe(V& v, Picture& picture) {
  v.about("a picture of the Mandelbrot set; the work of a render follows from the iterations that it takes");
  v.field("width", picture.width, About{"pixels", Unit::none, 1, 4096});
  v.field("height", picture.height, About{"pixels", Unit::none, 1, 4096});
  v.field("iterations", picture.iterations, About{"cap per pixel", Unit::none, 1, 100'000});
  v.field("centre_x", picture.centre_x, About{"real part of the centre", Unit::none, -4, 4});
  v.field("centre_y", picture.centre_y, About{"imaginary part of the centre", Unit::none, -4, 4});
  v.field("zoom", picture.zoom, About{"1 shows 3.0 units of the real axis", Unit::none, 1e-3, 1e15});
}

template <class V>
void describe(V& v, Work& work) {
  v.about("CPU time on one core: (fixed + per_pixel x pixels + per_iteration x iterations) x varies");
  v.field("fixed", work.fixed, About{"CPU time that does not depend on the picture", Unit::seconds, 0, kDay});
  v.field("per_pixel", work.per_pixel_seconds, About{"CPU time per pixel of the tile", Unit::seconds, 0, 1});
  v.field("per_iteration", work.per_iteration_seconds,
          About{"CPU time per iteration of the tile", Unit::seconds, 0, 1});
  v.field("varies", work.varies,
          About{"factor on all of it, a law without unit; its mean should be 1", Unit::none, 0, 1e6});
}

template <class V>
void describe(V& v, Call& call) {
  v.about("a call of an operation of a service");
  v.required("to", call.to, About{"service that is called"});
  v.required("operation", call.operation, About{"operation that is called"});
  v.field("in", call.in, About{"same: the caller's place; each: one call for every place of the callee; or a place"});
  v.field("client_span", call.client_span, About{"name of the CLIENT span, {place} is replaced; empty: none"});
  v.field("own_place_in_process", call.own_place_in_process,
          About{"with `in: each`: the caller's own place is not called, the callee's `then` runs in process"});
  v.field("timeout", call.timeout, About{"the caller stops waiting", Unit::seconds, 1e-6, kDay});
  v.field("probability", call.probability, About{"that the call is made at all", Unit::share, 0, 1});
  v.field("after", call.after, About{"parallel: operations of earlier calls of the list that have to end first"});
  v.field("work", call.work, About{"CPU time of the caller before this call", Unit::seconds, 0, kDay});
  v.field("asynchronous", call.asynchronous, About{"true: the caller does not wait for it"});
}

template <class V>
void describe(V& v, Operation& operation) {
  v.about("something a service does on request");
  v.field("span_name", operation.span_name, About{"name of its span; absent: the name of the operation"});
  v.field("span_kind", operation.span_kind, About{"kind of its span"});
  v.field("span", operation.span, About{"false: it makes no span of its own"});
  v.field("attributes", operation.attributes,
          About{"attributes of its span; {choose: {value: weight, …}} draws one for every span"});
  v.nested("work", operation.work, "CPU time before the calls");
  v.list("parallel", operation.parallel, "calls started together, all awaited", kMostCalls);
  v.list("sequence", operation.sequence, "calls made one after the other, after the parallel ones", kMostCalls);
  v.field("then", operation.then, About{"operations of the same service that run in process afterwards, in order"});
  v.field("finish", operation.finish, About{"CPU time after the calls", Unit::seconds, 0, kDay});
  v.field("error_probability", operation.error_probability, About{"that it fails by itself", Unit::share, 0, 1});
  v.field("error_sets_status", operation.error_sets_status, About{"a failure sets the status of the span to error"});
  v.field("log_lines", operation.log_lines, About{"lines written to stdout by one execution", Unit::none, 0, 10'000});
}

template <class V>
void describe(V& v, HeadSampling& sampling) {
  v.about("head sampling, decided once at the root");
  v.field("probability", sampling.probability, About{"of keeping a trace", Unit::share, 0, 1});
  v.field("parent_based", sampling.parent_based, About{"follow the caller's decision where there is one"});
}

template <class V>
void describe(V& v, Instrumentation& instrumentation) {
  v.about("how a service's spans leave the process");
  v.required("kind", instrumentation.kind,
             About{"zipkin_post: every span POSTed on its own to every endpoint, no queue, no retry; "
                   "otlp_batch: the SDK's batch span processor over OTLP/HTTP"});
  v.field("endpoints", instrumentation.endpoints, About{"full URLs, exactly as the service is configured"});
  v.nested("sampling", instrumentation.sampling, "head sampling");
  v.field("timeout", instrumentation.timeout, About{"of one export request", Unit::seconds, 1e-3, kDay});
  v.field("work_per_post", instrumentation.work_per_post,
          About{"zipkin_post: CPU time of the service per POST", Unit::seconds, 0, kDay});
  v.field("max_queue_size", instrumentation.max_queue_size,
          About{"otlp_batch: spans waiting", Unit::none, 1, 10'000'000});
  v.field("max_export_batch_size", instrumentation.max_export_batch_size,
          About{"otlp_batch: spans in a request", Unit::none, 1, 10'000'000});
  v.field("schedule_delay", instrumentation.schedule_delay,
          About{"otlp_batch: longest wait for a batch", Unit::seconds, 1e-3, kDay});
}

template <class V>
void describe(V& v, Runtime& runtime) {
  v.about("how many requests a replica works on at once");
  v.field("kind", runtime.kind,
          About{"unlimited; event_loop: one thread, work blocks everything behind it; workers: a pool; "
                "shared: the processors of a host"});
  v.field("workers", runtime.workers, About{"threads of the pool", Unit::none, 1, 100'000});
  v.field("host", runtime.host, About{"shared: name of the host"});
}

template <class V>
void describe(V& v, Host& host) {
  v.about("processors that several services share evenly, one set in each place");
  v.field("cores", host.cores, About{"processors; 0: no limit but contention", Unit::none, 0, 10'000});
  v.field("contention", host.contention,
          About{"n tasks run at 1 / (1 + contention x (n - 1)) of the speed of one", Unit::none, 0, 100});
  v.field("cold_slowdown", host.cold_slowdown,
          About{"work that begins after a long idle time takes 1 + this times as long", Unit::none, 0, 100});
  v.field("cools_within", host.cools_within,
          About{"time constant in which an idle host cools and a busy one warms", Unit::seconds, 1e-6, kDay});
}

template <class V>
void describe(V& v, Service& service) {
  v.about("an application: one replica in each of its places");
  v.field("in", service.in, About{"places, one replica in each; absent: all places"});
  v.nested("runtime", service.runtime, "how many requests a replica works on at once");
  v.field("failure_mode", service.failure_mode,
          About{"a failed or late call fails the caller (strict) or leaves its part out (degraded)"});
  v.field("resource", service.resource, About{"resource attributes beside service.name"});
  v.nested("instrumentation", service.instrumentation, "how its spans leave the process; absent: they do not");
  v.section("operations", service.operations, "what the service does on request, by name", kMostOperations);
}

template <class V>
void describe(V& v, Traffic& traffic) {
  v.about("requests from users");
  v.required("to", traffic.to, About{"service"});
  v.required("operation", traffic.operation, About{"operation"});
  v.field("in", traffic.in, About{"places it enters at, an even random choice; absent: all of the service's"});
  v.field("rate", traffic.rate_per_second, About{"mean rate over all places", Unit::per_second, 1e-6, kHighestRate});
  v.field("arrivals", traffic.arrivals, About{"poisson: independent; constant: evenly spaced"});
  v.field("start", traffic.start, About{"first moment", Unit::seconds, 0, kLongest});
  v.field("stop", traffic.stop, About{"last moment; absent: the end of the run", Unit::seconds, 0, kLongest});
  v.field("at", traffic.at, About{"exact moments, ascending, instead of a rate", Unit::seconds, 0, kLongest});
  v.nested("picture", traffic.picture, "picture that each request asks for");
  v.exactly_one({"rate", "at"});
  v.excludes("at", {"arrivals", "start", "stop"});
}

template <class V>
void describe(V& v, ClientRetry& retry) {
  v.about("what a client does when it is refused, cannot connect or waits too long");
  v.field("attempts", retry.attempts, About{"in total; 1: no retry", Unit::none, 1, 1000});
  v.field("after", retry.after, About{"pause between attempts", Unit::seconds, 0, kDay});
}

template <class V>
void describe(V& v, GivenSpan& span) {
  v.about("a span of a post");
  v.required("trace", span.trace, About{"a word, from which the id is made, or the id: 32 or 16 hex digits"});
  v.field("id", span.id, About{"a word within the trace, or 16 hex digits; absent: a made-up id"});
  v.field("parent", span.parent, About{"id of the parent, as above; absent: none"});
  v.field("name", span.name, About{"name of the span"});
  v.field("kind", span.kind, About{"kind of the span"});
  v.field("service", span.service, About{"service.name of its resource; absent: the client's name; empty: none"});
  v.field("resource", span.resource, About{"the other attributes of its resource"});
  v.field("start", span.start, About{"how long before the post; absent: its duration", Unit::seconds, 0, kLongest});
  v.field("duration", span.duration, About{"from start to end", Unit::seconds, 0, kLongest});
  v.field("status", span.status, About{"status of the span"});
  v.field("status_message", span.status_message, About{"text beside the status"});
  v.field("trace_state", span.trace_state, About{"W3C trace state"});
  v.field("attributes", span.attributes, About{"attributes of the span"});
}

template <class V>
void describe(V& v, GivenPost& post) {
  v.about("a post whose spans are chosen");
  v.required("at", post.at, About{"moment, ascending", Unit::seconds, 0, kLongest});
  v.list("spans", post.spans, "its spans, in order", kMostSteps);
  v.field("copies", post.copies, About{"how often all of them, each time in other traces", Unit::none, 1, 1'000'000});
}

template <class V>
void describe(V& v, Client& client) {
  v.about("a program that posts made-up spans on a timetable, in order over one connection");
  v.field("in", client.in, About{"place; may be absent when there is only one"});
  v.required("url", client.url, About{"where it posts, e.g. http://otel-collector:9411/api/v2/spans"});
  v.field("format", client.format, About{"body of a post"});
  v.field("spans", client.spans, About{"per post", Unit::none, 1, 100'000});
  v.field("spans_per_trace", client.spans_per_trace, About{"0: each post is one trace", Unit::none, 0, 100'000});
  v.field("attributes", client.attributes, About{"string attributes per span", Unit::none, 0, 128});
  v.field("attribute_bytes", client.attribute_bytes,
          About{"length of each attribute's value; 0: value-0, value-1 …", Unit::none, 0, 65'536});
  v.field("first", client.first, About{"moment of the first post", Unit::seconds, 0, kLongest});
  v.field("every", client.every, About{"from post to post", Unit::seconds, 1e-7, kLongest});
  v.field("count", client.count, About{"posts", Unit::none, 1, 10'000'000});
  v.field("at", client.at,
          About{"exact moments, ascending, instead of first, every and count", Unit::seconds, 0, kLongest});
  v.list("posts", client.posts, "chosen spans at exact moments, instead of made-up ones", kMostSteps);
  v.field("recording", client.recording,
          About{"file of posts as JSON lines, or what a collector's file exporter wrote, instead of made-up ones"});
  v.field("timeout", client.timeout, About{"of one post", Unit::seconds, 1e-6, kDay});
  v.nested("retry", client.retry, "what happens to a post that failed");
  v.field("concurrent", client.concurrent,
          About{"true: do not wait for earlier answers (one connection per open post)"});
  v.field("user", client.user, About{"for basic authentication"});
  v.field("password", client.password, About{"for basic authentication"});
  v.excludes("at", {"first", "every", "count"});
  v.excludes("recording", {"at", "count", "spans", "spans_per_trace", "attributes", "attribute_bytes", "format"});
  v.excludes("posts", {"recording", "at", "first", "every", "count", "spans", "spans_per_trace", "attributes",
                       "attribute_bytes"});
  v.needs("user", {"password"});
  v.needs("password", {"user"});
}

template <class V>
void describe(V& v, CollectorUse& collector) {
  v.about("a collector: the user's own files, unmodified, plus what they cannot know");
  v.required("config", collector.config, About{"file or files, relative to the scenario's folder, merged in order; collector files, manifests with a "
                   "ConfigMap or an OpenTelemetryCollector, or values of the Helm chart"});
  v.field("key", collector.key, About{"which configuration, when manifests hold several: a ConfigMap's key or name/key"});
  v.field("version", collector.version, About{"version of the collector, e.g. 0.111.0; absent: the tag of the image, else 0.159.0"});
  v.field("in", collector.in, About{"places, one instance in each, or so many as `replicas` says; absent: all places"});
  v.field("replicas", collector.replicas,
          About{"processes in each place behind its addresses, each connection to one of them; absent: what a manifest says, else 1", Unit::none, 1, kMostInstances});
  v.field("addresses", collector.addresses, About{"host or host:port under which it is known; absent: its name"});
  v.field("environment", collector.environment, About{"environment variables for ${env:…} in its files"});
  v.field("cpus", collector.cpus, About{"logical CPUs that the Go runtime sees", Unit::none, 1, 1024});
  v.field("memory", collector.memory,
          About{"of its machine or cgroup, for limit_percentage; absent: memory_limit, else 512MiB", Unit::bytes, 0, 1e15});
  v.field("memory_limit", collector.memory_limit,
          About{"of its container: a process that needs more is killed, and started again at once, then after 10 s, 20 s "
                "and so on up to 5 min; absent: none", Unit::bytes, 1e6, 1e15});
  v.field("prices", collector.prices, About{"of its CPU, memory or processes: ids in the price book (`spillway prices`)"});
  v.field("costs", collector.costs, About{"CPU and memory parameters over the standard ones: file, or files in order"});
}

/// What a backend does; flat keys beside others of the same map.
template <class V>
void describe_behaviour(V& v, Behaviour& behaviour) {
  using Kind = Behaviour::Kind;
  v.chooses("answer", behaviour.kind, Kind::answer, behaviour.status,
            About{"HTTP status; 2xx stores", Unit::none, 200, 599});
  v.chooses("code", behaviour.kind, Kind::answer, behaviour.code,
            About{"gRPC status of a backend that accepts otlp_grpc; OK stores"});
  v.sets("hang", behaviour.kind, Kind::hang, "true: reads the request and never answers");
  v.sets("reset", behaviour.kind, Kind::reset, "true: closes the connection instead of answering");
  v.sets("refuse", behaviour.kind, Kind::refuse, "true: refuses the connection");
  v.field("retry_after", behaviour.retry_after, About{"Retry-After header in whole seconds, or RetryInfo", Unit::seconds, 0, kDay});
  v.field("retry_after_date", behaviour.retry_after_date, About{"true: Retry-After is a date instead of seconds"});
  v.field("latency", behaviour.latency, About{"until the answer; absent: the backend's own", Unit::seconds, 0, kDay});
  v.field("store", behaviour.store, About{"whether the data is kept; absent: when the status is 2xx"});
  v.field("rejects", behaviour.rejects,
          About{"spans of each request that are not stored, the last ones, told as a partial success", Unit::none, 0, 1e9});
  v.field("garbled", behaviour.garbled, About{"true: the body of a success is no OTLP response"});
  v.at_most_one({"answer", "code", "hang", "reset", "refuse"});
  v.needs("retry_after_date", {"retry_after"});
  v.excludes("refuse", {"store", "latency"});
}

template <class V>
void describe(V& v, Behaviour& behaviour) {
  v.about("what a backend does with a request");
  describe_behaviour(v, behaviour);
}

template <class V>
void describe(V& v, ScriptStep& step) {
  v.about("a change of behaviour from the n-th request on, or from a moment on");
  v.field("from_request", step.from_request, About{"counted from 1, ascending", Unit::none, 1, 1e15});
  v.field("from", step.from, About{"moment, ascending; wins over steps by number", Unit::seconds, 0, kLongest});
  v.exactly_one({"from_request", "from"});
  describe_behaviour(v, step.behaviour);
}

template <class V>
void describe(V& v, Backend& backend) {
  v.about("something that stores or swallows telemetry");
  v.field("in", backend.in, About{"places with an instance of its own; absent: one instance, outside all places"});
  v.field("addresses", backend.addresses, About{"host or host:port under which it is known; absent: its name"});
  v.field("accepts", backend.accepts, About{"protocol"});
  v.field("latency", backend.latency, About{"until it answers, without the network", Unit::seconds, 0, kDay});
  v.nested("behaviour", backend.behaviour, "what it does with every request");
  v.list("script", backend.script, "changes of behaviour by number of request", kMostSteps);
  v.field("user", backend.user, About{"when set, requests without it are answered 401"});
  v.field("password", backend.password, About{"goes with user"});
  v.field("prices", backend.prices, About{"of what it takes and stores: ids in the price book (`spillway prices`)"});
  v.field("retention", backend.retention, About{"how long it keeps what it stores; for the bill", Unit::seconds, 3600, 36500 * kDay});
  v.field("stored_bytes_per_span", backend.stored_bytes_per_span,
          About{"on its disk; 0: the size of the spans in OTLP", Unit::bytes, 0, 1e9});
  v.needs("user", {"password"});
  v.needs("password", {"user"});
}

template <class V>
void describe(V& v, Fault& fault) {
  v.about("a cause at a time: a backend that misbehaves, a collector that gets a signal, a link that is cut, a name that "
          "resolves to other addresses");
  v.required("at", fault.at, About{"moment", Unit::seconds, 0, kLongest});
  v.field("for", fault.lasts, About{"length; absent: until the end of the run", Unit::seconds, 1e-9, kLongest});
  v.chooses("backend", fault.kind, Fault::Kind::backend, fault.target, About{"backend that misbehaves"});
  v.chooses("collector", fault.kind, Fault::Kind::collector, fault.target, About{"collector that gets a signal"});
  v.chooses("link", fault.kind, Fault::Kind::link, fault.between,
            About{"two places, or a place and a backend, that are cut off"});
  v.chooses("resolve", fault.kind, Fault::Kind::resolve, fault.target,
            About{"host name that a dns resolver of load_balancing asks for"});
  About to{"resolve: the backends and collectors, or place/name of single instances, whose addresses it resolves to; []: none"};
  to.may_be_empty = true;
  v.field("to", fault.to, to);
  v.field("in", fault.in, About{"place of the instance; absent: all"});
  v.field("replica", fault.replica, About{"collector: which of its replicas, from 0; absent: all", Unit::none, 0, kMostInstances - 1});
  describe_behaviour(v, fault.behaviour);
  v.field("signal", fault.signal, About{"collector: TERM shuts down, KILL ends at once, HUP reloads"});
  v.field("restart_after", fault.restart_after,
          About{"collector: starts again; absent: stays down", Unit::seconds, 0, kLongest});
  v.field("grace", fault.grace, About{"collector, TERM: then KILL", Unit::seconds, 0, kLongest});
  v.exactly_one({"backend", "collector", "link", "resolve"});
  for (const char* key : {"answer", "code", "hang", "reset", "refuse", "retry_after", "retry_after_date", "latency", "store",
                          "rejects", "garbled"})
    v.needs(key, {"backend"});
  for (const char* key : {"signal", "restart_after", "grace", "replica"}) v.needs(key, {"collector"});
  v.excludes("collector", {"for"});
  v.needs("to", {"resolve"});
  v.excludes("link", {"in"});
  v.excludes("resolve", {"in"});
}

template <class V>
void describe(V& v, Expect& expect) {
  v.about("a threshold on a figure of the record");
  v.required("figure", expect.figure, About{"name, e.g. ledger.grafana-cloud.stored.share"});
  v.field("at_least", expect.at_least, About{"lower limit, in the figure's unit", Unit::any, -1e300});
  v.field("at_most", expect.at_most, About{"upper limit, in the figure's unit", Unit::any, -1e300});
  v.at_least_one({"at_least", "at_most"});
}

template <class V>
void describe(V& v, Judge& judge) {
  v.about("how a figure is compared between the simulated and the measured world");
  v.required("figure", judge.figure, About{"name, e.g. ledger.grafana-cloud.stored"});
  v.required("as", judge.judged,
             About{"exact: equal; edge: within rate x 50 ms; distribution: inside the 99 % interval"});
}

template <class V>
void describe(V& v, RecordSpec& record) {
  v.about("what the run record keeps");
  v.field("step", record.step, About{"of the time series", Unit::seconds, 1e-3, kDay});
  v.field("span_ids", record.span_ids, About{"list which span ids reached which backend, how often and when (small runs)"});
  v.field("posts", record.posts, About{"list the posts of `clients` with what each was answered (small runs)"});
  v.field("spans", record.spans,
          About{"full: list the spans that OTLP backends stored, with all that they carry (small runs)"});
}

template <class V>
void describe(V& v, Scenario& s) {
  constexpr double highest_seed = 18446744073709551615.0;
  v.about("a scenario of spillway: traffic, services, collectors, backends and faults");
  v.required("scenario", s.name, About{"name, for reports"});
  v.field("description", s.description, About{"what it shows"});
  v.field("seed", s.seed, About{"of the random draws", Unit::none, 0, highest_seed});
  v.field("replications", s.replications, About{"independent runs", Unit::none, 1, 10'000});
  v.field("duration", s.duration, About{"of the traffic", Unit::seconds, 1e-9, kLongest});
  v.field("drain", s.drain, About{"run on after the traffic ends, without new requests", Unit::seconds, 0, kLongest});
  v.duration_or_auto("warm_up", s.warm_up,
                     About{"requests arriving in it are left out of request statistics; auto: by MSER-5", Unit::seconds, 0, kLongest});
  v.field("sample_at", s.sample_at, About{"moments at which figures are read, ascending", Unit::seconds, 0, kLongest});
  v.nested("record", s.record, "what the run record keeps");
  v.section("places", s.places, "where things run; absent: one place named local", kMostPlaces);
  v.list("links", s.links, "delays and capacities", kMostSteps);
  v.section("services", s.services, "applications", kMostServices);
  v.section("hosts", s.hosts, "processors that services share", kMostServices);
  v.section("traffic", s.traffic, "requests from users", kMostSources);
  v.section("clients", s.clients, "programs that post made-up spans", kMostSources);
  v.section("collectors", s.collectors, "collectors", kMostInstances);
  v.section("backends", s.backends, "what stores or swallows telemetry", kMostInstances);
  v.list("faults", s.faults, "causes in time", kMostSteps);
  v.list("expect", s.expect, "thresholds; one that fails ends the command with exit code 99", kMostSteps);
  v.list("judge", s.judge, "figures to compare with the measured world", kMostSteps);
}

}  // namespace spillway::language
