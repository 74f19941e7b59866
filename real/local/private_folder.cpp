#include "real/local/private_folder.hpp"

#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <stdexcept>
#include <string>

namespace spillway::real {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const fs::path& path, const std::string& what) {
  throw std::runtime_error("cannot make a private folder at " + path.string() + ": " + what + ": " +
                           std::strerror(errno));
}

void mount_memory(const fs::path& folder) {
  if (mount("tmpfs", folder.c_str(), "tmpfs", MS_NOSUID | MS_NODEV, nullptr) != 0) fail(folder, "tmpfs");
}

void bind(const fs::path& from, const fs::path& to) {
  if (mount(from.c_str(), to.c_str(), nullptr, MS_BIND | MS_REC, nullptr) != 0) fail(to, "bind " + from.string());
}

/// Everything in `folder` at the same name below `stage`.
void show_entries(const fs::path& folder, const fs::path& stage) {
  for (const fs::directory_entry& entry : fs::directory_iterator{folder}) {
    const fs::path shown = stage / entry.path().filename();
    if (entry.is_symlink()) {
      fs::copy_symlink(entry.path(), shown);
      continue;
    }
    if (entry.is_directory()) fs::create_directory(shown);
    else std::ofstream{shown};
    bind(entry.path(), shown);
  }
}

void become_root(const fs::path& stage) {
  if (chdir(stage.c_str()) != 0) fail(stage, "chdir");
  if (syscall(SYS_pivot_root, ".", ".") != 0) fail(stage, "pivot_root");
  if (umount2(".", MNT_DETACH) != 0) fail(stage, "umount");
  if (chdir("/") != 0) fail("/", "chdir");
}

}  // namespace

void put_private_folder(const fs::path& folder, const fs::path& stage) {
  if (fs::is_directory(folder)) return mount_memory(folder);
  fs::path near = folder;
  while (!fs::exists(near)) near = near.parent_path();
  // A folder in memory takes the place of the nearest one that exists, and shows all that was in there.
  fs::create_directory(stage);
  mount_memory(stage);
  show_entries(near, stage);
  fs::create_directories(stage / folder.lexically_relative(near));
  if (near == near.root_path()) return become_root(stage);
  if (mount(stage.c_str(), near.c_str(), nullptr, MS_MOVE, nullptr) != 0) fail(folder, "move");
}

}  // namespace spillway::real
