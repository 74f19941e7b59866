// What `check` says of a collector file, for people, for programs and for the annotations of GitHub.
#pragma once

#include <string>
#include <vector>

#include "models/collector/config.hpp"
#include "models/collector/review/capacity.hpp"
#include "models/collector/review/findings.hpp"

namespace spillway::app {

enum class ReviewFormat { text, json, github };

struct FileReview {
  std::string file;
  collector::LoadedConfig config;
  Problems problems;
  collector::review::Load load;
  bool too_large = false;  ///< to be looked at for traps
  std::vector<collector::review::Finding> findings;
  std::vector<collector::review::Capacity> capacities;

  std::size_t count(collector::review::Weight weight) const;
};

/// The verdict, how the file was read, what is not modelled, what it carries. Problems and findings are not in it.
std::string summary_of(const FileReview& review);
/// One list of objects, one per file.
std::string json_of(const std::vector<FileReview>& reviews);
/// "::warning file=…,line=…,col=…,title=…::…", one a line.
std::string annotations_of(const FileReview& review);

}  // namespace spillway::app
