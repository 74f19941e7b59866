#include "real/import/sources.hpp"

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <vector>

#include "real/import/http.hpp"

namespace spillway::real {
namespace {

using nlohmann::json;

json parsed(const std::string& text) { return json::parse(text, nullptr, false); }

std::vector<std::string> texts_of(const json& list) {
  std::vector<std::string> texts;
  for (const json& item : list.is_array() ? list : json::array()) {
    if (item.is_string()) texts.push_back(item.get<std::string>());
  }
  return texts;
}

/// A backend, asked through its API.
class Backend {
 public:
  Backend(std::string server, const SourceOptions& options, TraceReader& reader)
      : server_{std::move(server)}, options_{options}, reader_{reader} {}

  void read() {
    const std::string api = options_.api.empty() ? recognised() : options_.api;
    if (api == "jaeger") return read_jaeger();
    if (api == "zipkin") return read_from("/api/v2/traces?limit=" + std::to_string(options_.limit));
    if (api == "tempo") return read_tempo();
    throw std::runtime_error(server_ + ": is no Jaeger, Zipkin or Tempo as far as it answers; say which with --api");
  }

 private:
  std::string recognised() const {
    const json jaeger = parsed(get("/api/services").body);
    if (jaeger.is_object() && jaeger.contains("data")) return "jaeger";
    if (parsed(get("/api/v2/services").body).is_array()) return "zipkin";
    const Page tempo = get("/api/echo");
    return tempo.status == 200 && tempo.body.starts_with("echo") ? "tempo" : "";
  }
  void read_jaeger() {
    const json services = parsed(expect("/api/services"));
    for (const std::string& service : texts_of(services.is_object() ? services.value("data", json::array()) : json::array())) {
      read_from("/api/traces?service=" + in_query(service) + "&limit=" + std::to_string(options_.limit) +
                "&lookback=" + in_query(options_.lookback));
    }
  }
  void read_tempo() {
    const json found = parsed(expect("/api/search?limit=" + std::to_string(options_.limit)));
    const json traces = found.is_object() ? found.value("traces", json::array()) : json::array();
    for (const json& trace : traces.is_array() ? traces : json::array()) {
      const json& id = trace.is_object() && trace.contains("traceID") ? trace["traceID"] : trace;
      if (id.is_string()) read_from("/api/traces/" + in_query(id.get<std::string>()));
    }
  }
  Page get(const std::string& path) const { return ask(server_, path, options_.headers); }
  std::string expect(const std::string& path) const {
    Page answer = get(path);
    if (answer.problem.empty() && answer.status == 200) return std::move(answer.body);
    throw std::runtime_error(server_ + path + ": " +
                             (answer.problem.empty() ? "answers " + std::to_string(answer.status) : answer.problem));
  }
  void read_from(const std::string& path) { reader_.read(bytes_of(expect(path)), server_ + path); }

  std::string server_;
  const SourceOptions& options_;
  TraceReader& reader_;
};

void read_path(const std::filesystem::path& path, TraceReader& reader) {
  if (!std::filesystem::is_directory(path)) return reader.read(bytes_of(path), path.string());
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator{path}) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  for (const auto& file : files) reader.read(bytes_of(file), file.string());
}

}  // namespace

void read_source(const std::string& source, const SourceOptions& options, TraceReader& reader) {
  const std::optional<Url> url = url_of(source);
  if (!url) return read_path(source, reader);
  if (url->path.empty() || url->path == "/") return Backend{url->server, options, reader}.read();
  Page answer = ask(url->server, url->path, options.headers);
  if (!answer.problem.empty() || answer.status != 200)
    throw std::runtime_error(source + ": " +
                             (answer.problem.empty() ? "answers " + std::to_string(answer.status) : answer.problem));
  reader.read(bytes_of(std::move(answer.body)), source);
}

}  // namespace spillway::real
