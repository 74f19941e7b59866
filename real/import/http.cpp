#include "real/import/http.hpp"

#include <httplib.h>

namespace spillway::real {
namespace {

constexpr std::size_t kLargestAnswer = std::size_t{256} << 20U;
constexpr int kSeconds = 30;  ///< for a connection, and without a byte

}  // namespace

std::optional<Url> url_of(const std::string& text) {
  if (!text.starts_with("http://")) return std::nullopt;
  const auto slash = text.find('/', 7);
  return Url{text.substr(0, slash), slash == std::string::npos ? "" : text.substr(slash)};
}

Page ask(const std::string& server, const std::string& path, const std::string& accept) {
  httplib::Client client{server};
  client.set_connection_timeout(kSeconds);
  client.set_read_timeout(kSeconds);
  Page answer;
  const httplib::Headers headers{{"Accept", accept}};
  const auto result = client.Get(path, headers, [&](const char* data, std::size_t size) {
    if (answer.body.size() + size > kLargestAnswer) return false;
    answer.body.append(data, size);
    return true;
  });
  if (result) answer.status = result->status;
  else answer.problem = answer.body.empty() ? httplib::to_string(result.error()) : "the answer is too long or breaks off";
  return answer;
}

std::string in_query(const std::string& text) {
  constexpr std::size_t behind = 3;  // "?x="
  return httplib::append_query_params("", {{"x", text}}).substr(behind);
}

}  // namespace spillway::real
