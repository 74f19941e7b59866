// The count connector. Sources: countconnector of v0.111 and v0.158.
#include <utility>

#include "models/collector/config_components.hpp"

namespace spillway::collector {
namespace {

std::optional<spillway::Value> standard_of(Fields& fields) {
  const Value* const value = fields.take("default_value");
  if (value == nullptr) return std::nullopt;
  switch (value->kind) {
    case Value::Kind::text: return spillway::Value{value->text};
    case Value::Kind::integer: return spillway::Value{value->integer};
    case Value::Kind::real: return spillway::Value{value->real};
    default: break;
  }
  if (value->kind != Value::Kind::null) fields.leave_out("default_value", kUnknownEffect);
  return std::nullopt;
}

/// `by_span`: conditions and attributes are looked at; else the run says that they are not.
void metric(Fields& fields, bool by_span, CountConfig::Metric& out) {
  fields.text("description", out.description);
  if (by_span) out.conditions = ottl_conditions(fields, "conditions", ottl::Context::span);
  else if (fields.take("conditions") != nullptr) fields.leave_out("conditions", kUnknownEffect);
  fields.maps("attributes", [&](Fields& one) {
    std::string key;
    one.text("key", key);
    auto standard = standard_of(one);
    if (key.empty()) one.refuse("key", "attribute key missing; give key: the name of an attribute");
    if (by_span) out.attributes.emplace_back(std::move(key), std::move(standard));
  });
  if (!by_span && fields.value().find("attributes") != nullptr) fields.leave_out("attributes", kUnknownEffect);
}

/// Metrics that the file names, or the one of this name when it has no such section.
void metrics(Fields& fields, std::string_view section, bool by_span, CountConfig::Metric standard,
             std::vector<CountConfig::Metric>& out) {
  if (fields.value().find(section) == nullptr) return out.push_back(std::move(standard));
  fields.section(section, [&](Fields& inner) {
    inner.each([&](const Member& entry) {
      CountConfig::Metric one{entry.key, {}, {}, {}};
      if (entry.key.empty()) inner.refuse("", std::string(section) + ": metric name missing; give one");
      inner.section(entry, [&](Fields& settings) { metric(settings, by_span, one); });
      out.push_back(std::move(one));
    });
  });
}

}  // namespace

CountConfig count_connector(Fields& fields) {
  CountConfig config;
  metrics(fields, "spans", true, {"trace.span.count", "The number of spans observed.", {}, {}}, config.spans);
  metrics(fields, "spanevents", false, {"trace.span.event.count", "The number of span events observed.", {}, {}},
          config.span_events);
  metrics(fields, "metrics", false, {"metric.count", "The number of metrics observed.", {}, {}}, config.metrics);
  metrics(fields, "datapoints", false, {"metric.datapoint.count", "The number of data points observed.", {}, {}},
          config.metrics);
  metrics(fields, "logs", false, {"log.record.count", "The number of log records observed.", {}, {}}, config.logs);
  fields.each([](const Member&) {});  // the collector passes over keys that it does not know here
  return config;
}

}  // namespace spillway::collector
