#include "sim/app/output.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <system_error>

#include "sim/record.hpp"

namespace spillway::app {
namespace fs = std::filesystem;
namespace {

constexpr std::array kWritten{"record.json", "series.csv", "summary.txt", "scenario.yaml", "parameters.yaml", "import.json"};

[[noreturn]] void fail(const fs::path& path, const std::string& what, int error) {
  throw std::runtime_error(path.string() + ": " + what + ": " + std::generic_category().message(error));
}

bool is_ours(const fs::path& file) {
  for (const char* name : kWritten) {
    if (file.filename() == name) return true;
  }
  return false;
}

/// A folder beside the target that vanishes unless it was moved away.
class TemporaryFolder {
 public:
  explicit TemporaryFolder(const fs::path& target) {
    std::string name = (target.parent_path() / ("." + target.filename().string() + ".XXXXXX")).string();
    if (mkdtemp(name.data()) == nullptr) fail(target.parent_path(), "cannot make a folder in it", errno);
    path_ = name;
    const mode_t mask = umask(0);
    umask(mask);
    if (chmod(path_.c_str(), 0777 & ~mask) != 0) fail(path_, "cannot set its permissions", errno);
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

/// After it the new content is at `target`; what was there before is at `made`, if anything.
void swap_into_place(const fs::path& made, const fs::path& target) {
  if (renameat2(AT_FDCWD, made.c_str(), AT_FDCWD, target.c_str(), RENAME_EXCHANGE) == 0) return;
  const bool cannot_exchange = errno == ENOENT || errno == EINVAL || errno == ENOSYS;
  if (!cannot_exchange) fail(target, "cannot be replaced", errno);
  std::error_code ignored;
  fs::remove_all(target, ignored);  // only here two steps: the file system cannot exchange, or nothing is there
  if (std::rename(made.c_str(), target.c_str()) != 0) fail(target, "cannot be written", errno);
}

/// Absolute, without a slash at the end, links followed: the folder itself is replaced, never a link to it.
fs::path resolved(const fs::path& folder) {
  fs::path path = fs::weakly_canonical(fs::absolute(folder));
  return path.has_filename() ? path : path.parent_path();
}

}  // namespace

std::optional<std::string> objection_to(const fs::path& folder) {
  std::error_code error;
  const fs::path target = resolved(folder);
  const fs::file_status status = fs::status(target, error);
  if (status.type() == fs::file_type::not_found) return std::nullopt;
  if (status.type() != fs::file_type::directory) return folder.string() + ": is not a folder; name another one";
  fs::recursive_directory_iterator entries{target, error};
  if (error) return folder.string() + ": cannot be read: " + error.message();
  for (const fs::directory_entry& entry : entries) {
    const bool plain_folder = entry.is_directory(error) && !entry.is_symlink(error);
    if (plain_folder || (entry.is_regular_file(error) && !entry.is_symlink(error) && is_ours(entry.path()))) continue;
    return folder.string() + ": holds " + entry.path().lexically_relative(target).string() +
           ", which no run wrote, so it is not replaced; name another folder or remove the file";
  }
  return std::nullopt;
}

void write_folder(const fs::path& folder, const Files& files) {
  if (const auto objection = objection_to(folder)) throw std::runtime_error(*objection);
  const fs::path target = resolved(folder);
  fs::create_directories(target.parent_path());
  const TemporaryFolder temporary{target};
  for (const auto& [name, content] : files) {
    const fs::path file = temporary.path() / name;
    fs::create_directories(file.parent_path());
    write_file_atomically(file, content);
  }
  swap_into_place(temporary.path(), target);
}

}  // namespace spillway::app
