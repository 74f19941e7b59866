// sending_queue and retry_on_failure. Sources: exporterhelper, configretry and configoptional of v0.111 and v0.159.
#include <set>
#include <utility>

#include "models/collector/config_components.hpp"

namespace spillway::collector {
namespace {

/// A sizer; as the collector keeps it in a struct, {} and null leave it alone. An empty ${…} clears it: then the
/// queue counts requests.
void sizer(Fields& fields, Sizer& out) {
  const Value* const value = fields.take("sizer");
  if (value == nullptr || value->kind == Value::Kind::moment) return;
  if (value->kind == Value::Kind::map && value->members.empty()) return;
  if (value->kind == Value::Kind::null) {
    if (value->original) out = Sizer::requests;
    return;
  }
  const std::string* const name = text_of(*value);
  if (name != nullptr && *name == "requests")
    out = Sizer::requests;
  else if (name != nullptr && *name == "items")
    out = Sizer::items;
  else if (name != nullptr && *name == "bytes")
    out = Sizer::bytes;
  else
    fields.refuse("sizer", "invalid sizer: \"" + (name != nullptr ? *name : std::string(go_type(*value))) +
                               "\"; use requests, items or bytes");
}

void check_batch(Fields& fields, const ExporterBatchConfig& batch) {
  if (batch.sizer == Sizer::requests)
    fields.refuse("sizer",
                  "`batch` supports only `items` or `bytes` sizer, found \"requests\"; give batch a sizer of "
                  "its own");
  if (batch.flush_timeout <= Duration{})
    fields.refuse("flush_timeout", "`flush_timeout` must be positive, found " +
                                       std::to_string(batch.flush_timeout.count()) + "; give e.g. 200ms");
  if (batch.min_size < 0)
    fields.refuse("min_size", "`min_size` must be non-negative, found " + std::to_string(batch.min_size));
  if (batch.max_size < 0)
    fields.refuse("max_size", "`max_size` must be non-negative, found " + std::to_string(batch.max_size));
  if (batch.max_size > 0 && batch.max_size < batch.min_size)
    fields.refuse("max_size", "`max_size` (" + std::to_string(batch.max_size) +
                                  ") must be greater or equal to `min_size` (" + std::to_string(batch.min_size) +
                                  "); raise it, or set 0 for no cap");
}

void partition(Fields& fields) {
  std::vector<std::string> keys;
  fields.section("partition", [&keys](Fields& inner) {
    inner.texts("metadata_keys", keys);
    unique_metadata_keys(inner, keys);
  });
  if (!keys.empty()) fields.leave_out("partition", kUnknownEffect);
}

/// sending_queue.batch: present, even null, means on; its sizer follows the queue's when only that one is written.
void batch(Fields& fields, QueueConfig& queue) {
  ExporterBatchConfig config;
  const Value* const section = fields.value().find("batch");
  // What stands in batch: ${…} is not seen when it is asked whether batch has a sizer.
  const bool hidden = fields.value().find("sizer") != nullptr && section != nullptr &&
                      section->kind == Value::Kind::map && section->original;
  const bool inherits = fields.value().find("sizer") != nullptr && section != nullptr &&
                        section->kind == Value::Kind::map && section->find("sizer") == nullptr;
  if (inherits) config.sizer = queue.sizer;
  const Presence presence = fields.optional("batch", [&](Fields& inner) {
    const int errors = inner.reading().errors;
    sizer(inner, config.sizer);
    if (hidden) config.sizer = queue.sizer;
    inner.duration("flush_timeout", config.flush_timeout);
    inner.integer("min_size", config.min_size);
    inner.integer("max_size", config.max_size);
    partition(inner);
    if (inner.reading().errors == errors && !is_switched_off(inner.value())) check_batch(inner, config);
  });
  if (presence == Presence::given || presence == Presence::null) queue.batch = config;
}

void check_newer_queue(Fields& fields, const QueueConfig& queue) {
  if (queue.num_consumers <= 0) fields.refuse("num_consumers", "`num_consumers` must be positive; give 1 or more");
  if (queue.queue_size <= 0)
    fields.refuse("queue_size",
                  "`queue_size` must be positive; give 1 or more, or disable the queue with enabled: false");
  if (!queue.storage.empty() && queue.wait_for_result)
    fields.refuse("wait_for_result",
                  "`wait_for_result` is not supported with a persistent queue configured with "
                  "`storage`; drop one of the two");
  if (queue.batch && queue.batch->sizer == queue.sizer && queue.batch->min_size > queue.queue_size)
    fields.refuse("queue_size", "`min_size` must be less than or equal to `queue_size`; " +
                                    std::to_string(queue.batch->min_size) + " is above " +
                                    std::to_string(queue.queue_size));
}

void check_plain_queue(Fields& fields, const QueueConfig& queue) {
  if (queue.queue_size <= 0)
    fields.refuse("queue_size", "queue size must be positive; give 1 or more, or set enabled: false");
  if (queue.num_consumers <= 0)
    fields.refuse("num_consumers", "number of queue consumers must be positive; give 1 or more");
}

void storage(Fields& fields, QueueConfig& queue) {
  const Value* const value = fields.value().find("storage");
  const bool cleared = value != nullptr && value->original && value->kind == Value::Kind::null;
  if (cleared && !fields.reading().semantics.null_clears)
    fields.refuse("storage", "id must not be empty; drop the key");
  fields.id("storage", queue.storage);
}

/// Everything but `enabled`.
void queue_keys(Fields& fields, QueueConfig& queue) {
  fields.integer("num_consumers", queue.num_consumers);
  fields.integer("queue_size", queue.queue_size);
  storage(fields, queue);
  if (!fields.reading().semantics.queue_sizers) return;
  sizer(fields, queue.sizer);
  fields.boolean("block_on_overflow", queue.block_on_overflow);
  fields.boolean("wait_for_result", queue.wait_for_result);
  batch(fields, queue);
}

void check_queue(Fields& fields, const QueueConfig& queue) {
  if (fields.reading().semantics.queue_sizers)
    check_newer_queue(fields, queue);
  else
    check_plain_queue(fields, queue);
}

void check_retry(Fields& fields, const RetryConfig& retry) {
  const bool newer = fields.reading().semantics.retry_always_checked;
  const auto negative = [&](std::string_view key) {
    const std::string name(key);
    fields.refuse(key,
                  newer ? name + " value must be greater than or equal to 0" : '\'' + name + "' must be non-negative");
  };
  if (retry.initial_interval < Duration{}) negative("initial_interval");
  if (retry.max_interval < Duration{}) negative("max_interval");
  if (retry.max_elapsed_time < Duration{}) negative("max_elapsed_time");
  if (retry.multiplier < 0) negative("multiplier");
  if (newer && retry.randomization_factor < 0) negative("randomization_factor");
  if (newer ? retry.randomization_factor > 1 : retry.randomization_factor < 0 || retry.randomization_factor > 1)
    fields.refuse("randomization_factor", newer ? "randomization_factor value must be less than or equal to 1"
                                                : "'randomization_factor' must be within [0, 1]");
  if (retry.max_elapsed_time <= Duration{}) return;
  if (retry.max_elapsed_time < retry.initial_interval)
    fields.refuse("max_elapsed_time",
                  "'max_elapsed_time' must not be less than 'initial_interval'; raise it, or set 0 "
                  "to retry for ever");
  if (retry.max_elapsed_time < retry.max_interval)
    fields.refuse("max_elapsed_time",
                  "'max_elapsed_time' must not be less than 'max_interval' (30s unless given); "
                  "raise it or lower max_interval");
}

}  // namespace

void unique_metadata_keys(Fields& fields, const std::vector<std::string>& keys) {
  std::set<std::string> seen;
  for (const std::string& written : keys) {
    const std::string key = lower(written);
    if (!seen.insert(key).second)
      fields.refuse("metadata_keys", "duplicate entry in metadata_keys: \"" + key + "\" (case-insensitive); drop one");
  }
}

void retry(Fields& fields, RetryConfig& config) {
  const Presence presence = fields.section("retry_on_failure", [&config](Fields& inner) {
    const int errors = inner.reading().errors;
    inner.boolean("enabled", config.enabled);
    inner.duration("initial_interval", config.initial_interval);
    inner.number("randomization_factor", config.randomization_factor);
    inner.number("multiplier", config.multiplier);
    inner.duration("max_interval", config.max_interval);
    inner.duration("max_elapsed_time", config.max_elapsed_time);
    const bool checked = config.enabled || inner.reading().semantics.retry_always_checked;
    if (inner.reading().errors == errors && checked) check_retry(inner, config);
  });
  if (presence == Presence::disabled) config.enabled = false;
}

void sending_queue(Fields& fields, QueueConfig& config) {
  const bool optional = fields.reading().semantics.optional_queue;
  const auto read = [&config, optional](Fields& inner) {
    const int errors = inner.reading().errors;
    if (!optional) inner.boolean("enabled", config.enabled);
    queue_keys(inner, config);
    const bool off = optional ? is_switched_off(inner.value()) : !config.enabled;
    if (inner.reading().errors == errors && !off) check_queue(inner, config);
  };
  const Presence presence = optional ? fields.optional("sending_queue", read) : fields.section("sending_queue", read);
  if (presence != Presence::disabled) return;
  config = QueueConfig{};
  config.enabled = false;
}

}  // namespace spillway::collector
