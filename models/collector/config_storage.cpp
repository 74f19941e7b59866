// The file_storage extension. Sources: filestorage of v0.111 and v0.159. Whether a directory exists is not known here.
#include <array>
#include <charconv>
#include <limits>

#include "models/collector/config_components.hpp"

namespace spillway::collector {
namespace {

constexpr std::int64_t kMiB = 1 << 20;

struct Compaction {
  bool on_start = false, on_rebound = false;
  std::int64_t needed_mib = 100, trigger_mib = 10;
  std::int64_t max_transaction_size = 65536;
  Duration check_interval = std::chrono::seconds{5};
};

constexpr std::array kUntold{
    Setting{"timeout", Shape::duration, kNoEffect},
    Setting{"recreate", Shape::boolean, kNoEffect, {}, &Semantics::storage_newer_keys},
};
constexpr std::array kUntoldCompaction{Setting{"cleanup_on_start", Shape::boolean, kNoEffect}};

void compaction(Fields& fields, FileStorageConfig& config, Compaction& compaction) {
  fields.boolean("on_start", compaction.on_start);
  fields.boolean("on_rebound", compaction.on_rebound);
  fields.text("directory", config.compaction_directory);
  fields.integer("rebound_needed_threshold_mib", compaction.needed_mib);
  fields.integer("rebound_trigger_threshold_mib", compaction.trigger_mib);
  fields.integer("max_transaction_size", compaction.max_transaction_size);
  fields.duration("check_interval", compaction.check_interval);
  fields.quiet([&fields] { fields.unmodelled(kUntoldCompaction); });
  if (compaction.on_rebound) fields.leave_out("on_rebound", kUnknownEffect);
}

/// Go's strconv.ParseInt(text, 8, 32).
std::optional<std::int64_t> octal(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 8);
  if (error != std::errc{} || end != text.data() + text.size() || text.starts_with('-')) return std::nullopt;
  if (negative) value = -value;
  const bool fits = value >= std::numeric_limits<std::int32_t>::min() && value <= std::numeric_limits<std::int32_t>::max();
  return fits ? std::optional{value} : std::nullopt;
}

void check_permissions(Fields& fields, const std::string& text) {
  const auto bits = octal(text);
  if (!bits)
    fields.refuse("directory_permissions",
                  "directory_permissions value must be a valid octal representation; write \"0750\"");
  else if ((*bits & 0777) != *bits)
    fields.refuse("directory_permissions",
                  "directory_permissions contain invalid bits for file access; give at most \"0777\"");
}

void check_size(Fields& fields, std::int64_t max_size, const Compaction& compaction) {
  if (max_size < 0) fields.refuse("max_size", "max size cannot be less than 0; 0 sets no limit");
  if (max_size <= 0 || !compaction.on_rebound) return;
  if (compaction.needed_mib > max_size / kMiB)
    fields.refuse("max_size", "compaction rebound needed threshold cannot be greater than max size; lower "
                              "compaction.rebound_needed_threshold_mib");
  if (compaction.trigger_mib > max_size / kMiB)
    fields.refuse("max_size", "compaction rebound trigger threshold cannot be greater than max size; lower "
                              "compaction.rebound_trigger_threshold_mib");
}

void check_folders(Fields& fields, const FileStorageConfig& config) {
  if (config.directory.empty())
    fields.refuse("directory", "directory must exist: an empty name is none; give one, or drop the key");
  if (config.compacts && config.compaction_directory.empty())
    fields.refuse("compaction", "directory must exist: an empty name is none; give compaction a directory");
}

}  // namespace

FileStorageConfig file_storage(Fields& fields) {
  FileStorageConfig config;
  Compaction compacting;
  std::int64_t max_size = 0;
  bool fsync = false, create_directory = false;
  std::string permissions = "0750";
  fields.text("directory", config.directory);
  if (fields.reading().semantics.storage_newer_keys) fields.integer("max_size", max_size);
  fields.boolean("fsync", fsync);
  fields.boolean("create_directory", create_directory);
  fields.text("directory_permissions", permissions);
  fields.quiet([&fields] { fields.unmodelled(kUntold); });
  fields.section("compaction", [&](Fields& inner) { compaction(inner, config, compacting); });
  config.compacts = compacting.on_start || compacting.on_rebound;
  if (fsync) fields.leave_out("fsync", kUnknownEffect);
  if (max_size > 0) fields.leave_out("max_size", kUnknownEffect);
  if (fields.reading().errors > 0) return config;
  check_folders(fields, config);
  if (compacting.max_transaction_size < 0)
    fields.refuse("compaction", "max transaction size for compaction cannot be less than 0");
  check_size(fields, max_size, compacting);
  if (compacting.on_rebound && compacting.check_interval <= Duration{})
    fields.refuse("compaction", "compaction check interval must be positive when rebound compaction is set");
  if (create_directory) check_permissions(fields, permissions);
  return config;
}

}  // namespace spillway::collector
