// Where recordings come from: files, folders of files, and the HTTP APIs of tracing backends.
#pragma once

#include <string>

#include "real/import/http.hpp"
#include "real/import/trace_reader.hpp"

namespace spillway::real {

struct SourceOptions {
  std::string api;            ///< jaeger, zipkin, tempo; empty: asks the server
  std::int64_t limit = 1000;  ///< traces to ask for (Jaeger: of each service)
  std::string lookback = "1h";
  HttpHeaders headers{};      ///< of every question to a server
};

/// Reads all of it into `reader`. A URL with a path is asked for as it stands, one without is that of a backend.
/// Throws std::runtime_error with the reason when nothing can be read at all.
void read_source(const std::string& source, const SourceOptions& options, TraceReader& reader);

}  // namespace spillway::real
