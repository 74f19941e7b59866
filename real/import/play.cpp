#include "real/import/play.hpp"

#include <unistd.h>

#include <filesystem>
#include <stdexcept>

#include "models/world.hpp"

namespace spillway::real {
namespace {

/// A file of our own, gone at the end.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& text)
      : path_{(std::filesystem::temp_directory_path() / "spillway-XXXXXX.yaml").string()} {
    constexpr int suffix = 5;
    const int file = ::mkstemps(path_.data(), suffix);
    if (file < 0) throw std::runtime_error("cannot make a temporary file beside " + path_);
    std::size_t written = 0;
    while (written < text.size()) {
      const ssize_t count = ::write(file, text.data() + written, text.size() - written);
      if (count <= 0) break;
      written += static_cast<std::size_t>(count);
    }
    ::close(file);
    if (written < text.size()) {
      ::unlink(path_.c_str());
      throw std::runtime_error("cannot write the temporary file " + path_);
    }
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() { ::unlink(path_.c_str()); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

std::string first_of(const Problems& problems) {
  for (const Problem& problem : problems.all()) {
    if (problem.severity == Problem::Severity::error) return problem.path + ": " + problem.message;
  }
  return "it cannot be read";
}

}  // namespace

Histogram play_text(const std::string& scenario) {
  Problems problems;
  LoadedScenario loaded;
  {
    const TemporaryFile file{scenario};
    loaded = load_scenario(file.path(), {}, problems);
  }
  const auto prepared = loaded.scenario ? prepare(std::move(*loaded.scenario), problems) : nullptr;
  if (!prepared) throw std::runtime_error("the scenario made of the fit is not accepted: " + first_of(problems));
  Histogram all;
  for (const RequestStats& stats : simulate(*prepared, 0, {}).requests) {
    if (stats.place.empty()) all.merge(stats.latency);
  }
  return all;
}

}  // namespace spillway::real
