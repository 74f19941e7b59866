// A figure is a dotted name of one number (or one text) of a run, the same in every world:
//
//   ledger.<destination>.produced | stored | lost | sampled_out | in_flight | duplicates | stored_though_given_up
//   ledger.<destination>.lost.<cause>            and sampled_out.<cause>; summed over components
//   ledger.<destination>.….share                 of what was produced; on any of the counts above
//   ledger.<destination>.lost[.<cause>].first_at seconds since the start; never when it did not happen
//   ledger.<destination>.span_set                hash of the set of stored span ids, a text
//   ledger.<destination>.contents                the same over the stored spans with all that they carry
//   requests.<name>[@<place>].count | errors | errors.share | mean | p<percentile>, e.g. p50, p99, p99.9
//   metric.<name>[{label=value,…}][@<time>]      at the end, or in the snapshot nearest to <time> (500 ms at most)
//   series.<name>[{label=value,…}].peak | first_at_least(<n>) | zero_after(<time>)
//   answers.<client>.<status>
//   posts.<client>.answers                       of its posts in order, e.g. "503+200 x3, 200", a text
//   backend.<name>.requests | body_bytes | stored_bytes | spans | answers.<status>
//   bill.total | bill.<backend, collector or link>.<price>   US dollars a month at the rates of the run
//   run.events | fingerprint
//
// <destination> ends before the first `.produced`, `.stored` and so on, hence may hold '-', '/' and '.'. <cause> is a
// part of a cause's name with '_' for spaces, optionally followed by @ and a part of the component's name:
// `queue_full@aws/`. Names of requests may have '_' for spaces as well. A metric's labels pick out the series that
// have all of them, and those are summed; a value with a comma or a brace in it is put in double quotes. When no
// series has exactly the name, endings that exporters add are left out of the comparison (_total, _seconds, _bytes,
// _milliseconds). A time is spelled 30s, 1m30s or 250ms.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/units.hpp"
#include "sim/record.hpp"
#include "sim/time.hpp"

namespace spillway::analysis {

/// A parsed name. Fields that a kind has no use for stay as they are here.
struct Figure {
  enum class Kind {
    ledger_count,
    ledger_share,
    ledger_first_at,
    ledger_span_set,
    ledger_contents,
    request_count,
    request_errors,
    request_error_share,
    request_mean,
    request_quantile,
    metric,
    series_peak,
    series_first_at_least,
    series_zero_after,
    answers,
    post_answers,
    backend_count,
    backend_answers,
    bill,
    run_events,
    run_fingerprint,
  };
  enum class Fate { produced, stored, lost, sampled_out, in_flight, duplicates, stored_though_given_up };

  Kind kind = Kind::run_events;
  std::string name;  ///< as written
  Unit unit = Unit::none;
  std::string subject;  ///< destination, request, metric, client or backend
  Fate fate = Fate::produced;
  std::string cause, component;  ///< parts of names, folded; empty: any
  std::string place;             ///< of a request; empty: all
  std::string detail;            ///< status of an answer; price; for backend_count requests, body_bytes, stored_bytes or spans
  Labels labels;
  std::optional<Time> at;  ///< of a metric's snapshot; of zero_after
  double level = 0;        ///< of first_at_least; probability of a quantile
};

struct ParsedFigure {
  std::optional<Figure> figure;
  std::string error;  ///< what is wrong with the name and the way out, when there is no figure
};
ParsedFigure parse_figure(std::string_view name);

/// What one replication says about a figure.
struct Observation {
  enum class Kind {
    number,
    never,  ///< a moment that did not come; its number is infinity
    text,
    absent,  ///< nothing of that name in this replication; `text` says what is missing
  };
  Kind kind = Kind::absent;
  double number = 0;
  std::string text;  ///< the text, what is absent, or a remark on a number
};

/// Evaluates on one replication; `step` is the distance of the points of its series.
Observation observe(const Figure& figure, const Replication& replication, Duration step);

/// A figure over all replications of a record.
struct Observations {
  Figure figure;
  std::vector<Observation> each;  ///< one a replication
  std::string error;              ///< not a figure of this record, with the nearest ones; empty when all is well
};

/// Absent in every replication is an error. A count that is absent in some of them is 0 there, because programs show
/// many counters from their first increment on only; a share, a latency or a moment stays absent.
Observations observe(std::string_view figure, const RunRecord& record);

/// For comparing two records of which only the other one knows the figure: a count that is absent everywhere becomes
/// 0 and the error goes away. Leaves any other figure as it is.
void count_as_zero(Observations& observations);

/// Every figure that the record can answer without a parameter of the asker's choice, in the order of the record.
/// Labels that only name the asking process (service_*, otel_scope_*, server_*, url_path) are left out.
std::vector<std::string> figures_of(const RunRecord& record);

/// Up to `count` of `known`, nearest spelling first, none farther than half the length of `name`.
std::vector<std::string> nearest_names(std::string_view name, const std::vector<std::string>& known, std::size_t count);

}  // namespace spillway::analysis
