// Two records side by side: the simulated and the measured world under one of three classes of judgement, or any two
// records in a table of differences.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/intervals.hpp"
#include "sim/record.hpp"

namespace spillway::analysis {

enum class JudgeClass {
  exact,         ///< the same in all simulated replications, else in the one that had the same requests
  edge,          ///< equal up to what passes within 50 ms: see slack_of
  distribution,  ///< measured lies in the range where 99 % of single simulated runs have all figures judged so
};
std::string_view to_text(JudgeClass judged);
std::optional<JudgeClass> parse_judge_class(std::string_view text);

struct JudgeSpec {
  std::string figure;
  JudgeClass judged = JudgeClass::exact;
};

enum class Verdict { agree, differ, unknown };

struct Judgement {
  JudgeSpec spec;
  Unit unit = Unit::none;
  std::string simulated;  ///< the value, the mean or the text
  std::string allowed;    ///< "exactly", "+- 10 spans", "690 - 740 spans, 50 spans wide"
  std::string measured;
  double low = 0, high = 0;  ///< what was allowed; equal when exact, 0 for a text
  Verdict verdict = Verdict::unknown;
  std::string reason;
};
std::string_view to_text(Verdict verdict);

/// How far two worlds may be apart when they cut the same traffic at moments that differ by 50 ms: produced spans per
/// second of the destination times 50 ms, at least the spans of one request; for requests and plain numbers the same
/// with requests; for shares divided by what was produced; for moments 50 ms, or one step of a series. A figure
/// without a destination uses the busiest. Computed from the record, never typed by hand.
double slack_of(const Figure& figure, const RunRecord& record);

/// Where a single further replication lies with this probability. Where there are replications enough, the range of those seen
/// without the outermost on either side; else Student's prediction interval, which takes them for normal, and what was seen
/// beyond it: drain times have a long tail. Requires two replications.
struct Range {
  double low = 0, high = 0;
  bool empirical = false;
};
Range prediction_range(std::vector<double> replications, double probability = 0.99);

/// One row a specification, in their order. A count that only one of the worlds knows is 0 in the other. The slack is
/// the smaller one of the two records, so a simulation that produces too much does not excuse itself. Figures judged as
/// distributions share the one per cent of chance (Bonferroni): a world that is right is found to differ once in a hundred runs, however
/// many figures are looked at.
std::vector<Judgement> judge(const RunRecord& simulated, const RunRecord& measured,
                             const std::vector<JudgeSpec>& specs);

/// 99 when a row differs, else 98 when one is unknown, else 0.
int exit_code(const std::vector<Judgement>& rows);

/// A figure of two records.
struct Relative {
  Figure figure;
  Estimate a, b;
  double difference = 0;             ///< b - a, of the means
  std::optional<double> relative;    ///< difference over a; absent when a is 0
  std::optional<Interval> interval;  ///< 95 %, of the difference; absent when one side has a single replication
  bool paired =
      false;  ///< interval from pairs of equal replication number: both records have the same seed and numbers
};

/// One figure of two records; a count that only one of them knows is 0 in the other.
Relative relate(std::string_view figure, const RunRecord& a, const RunRecord& b);

/// All figures of either record that are numbers and not zero in both, in the order of the records.
std::vector<Relative> relate(const RunRecord& a, const RunRecord& b);

}  // namespace spillway::analysis
