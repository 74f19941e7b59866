// What a reviewer says of a collector file that the collector itself accepts.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "models/collector/review/facts.hpp"

namespace spillway::collector::review {

enum class Weight : std::uint8_t {
  note,    ///< good to know; often meant that way
  warning  ///< loses data, or does not do what it looks like
};
std::string_view to_text(Weight weight);

struct Finding {
  std::string_view trap;  ///< name, e.g. "batch-before-tail-sampling"
  Weight weight = Weight::warning;
  Problem problem;  ///< place, key path, what happens and the way out; a warning
};

/// "file:line:column: warning: path: what; way out [trap]", with the source line.
std::string to_text(const Finding& finding);

/// Where findings of one trap go.
class Report {
 public:
  Report(std::string_view trap, Weight weight, std::vector<Finding>& out) : trap_(trap), weight_(weight), out_(out) {}
  void at(const Value& value, std::string path, std::string message);
  void at(const Mention& mention, const Line& line, std::string_view list, std::string message);
  /// At a setting of a component, or at the component when the setting is not written.
  void at(const Part& part, Keys keys, std::string message);
  /// The file as a whole.
  void whole(const Facts& facts, std::string message);

 private:
  void add(const Document& document, Mark mark, std::string path, std::string message);
  std::string_view trap_;
  Weight weight_;
  std::vector<Finding>& out_;
};

struct Trap {
  std::string_view name;
  Weight weight;
  std::string_view title;  ///< one phrase, for lists and annotations
  void (*look)(const Facts&, Report&);
};

std::span<const Trap> sampling_traps();
std::span<const Trap> exporter_traps();
std::span<const Trap> queue_traps();
std::span<const Trap> memory_traps();
std::span<const Trap> service_traps();
std::vector<Trap> all_traps();  ///< by name

/// Every finding, in the order of the file; none of a file that is too large.
std::vector<Finding> find_traps(const Facts& facts);

}  // namespace spillway::collector::review
