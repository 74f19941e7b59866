// What a container runtime does with a program's standard output: each line, with time and stream, goes to a log file (CRI).
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <string>
#include <thread>

#include "real/local/file_descriptor.hpp"

namespace spillway::real {

/// A named pipe whose lines go to a file as "<time> stdout F <line>". Beyond 16 KiB a line is cut in parts (P), as runtimes do.
class CriLog {
 public:
  /// Makes the pipe and the file's folders. Throws std::runtime_error with the reason.
  CriLog(std::filesystem::path pipe, const std::filesystem::path& file);
  /// Writes what is still in the pipe.
  ~CriLog();
  CriLog(const CriLog&) = delete;
  CriLog& operator=(const CriLog&) = delete;

  const std::filesystem::path& pipe() const { return pipe_; }  ///< for ProgramSpec::stdout_file
  std::int64_t lines() const { return lines_; }                ///< written to the file, whole ones
  void stop();

 private:
  void run();
  void take(std::string& pending);
  void write(std::string_view line, char flag);

  std::filesystem::path pipe_;
  FileDescriptor in_, out_;
  std::atomic<std::int64_t> lines_{0};
  std::atomic<bool> stopped_{false};
  std::thread thread_;
};

}  // namespace spillway::real
