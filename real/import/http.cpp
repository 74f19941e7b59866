#include "real/import/http.hpp"

#include <httplib.h>

#include <algorithm>
#include <fstream>
#include <stdexcept>

namespace spillway::real {
namespace {

constexpr std::size_t kLargestAnswer = std::size_t{256} << 20U;
constexpr int kSeconds = 30;  ///< for a connection, and without a byte

/// As RFC 9110 has names: what could end the line or the name is refused.
bool is_name(const std::string& text) {
  const auto fits = [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' || c == '_'; };
  return !text.empty() && std::all_of(text.begin(), text.end(), fits);
}

bool is_value(const std::string& text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c == '\t' || (static_cast<unsigned char>(c) >= ' ' && c != 127); });
}

void take_header(const std::string& line, const std::string& from, HttpHeaders& headers) {
  const auto colon = line.find(':');
  const std::string name = line.substr(0, colon);
  const auto begin = colon == std::string::npos ? colon : line.find_first_not_of(" \t", colon + 1);
  const std::string value = begin == std::string::npos ? "" : line.substr(begin);
  if (colon == std::string::npos || !is_name(name) || !is_value(value))
    throw std::runtime_error(from + " is no header; write it as 'Authorization: Bearer …', or @FILE for a file of such lines");
  headers.emplace_back(name, value);
}

std::string why(httplib::Error error) {
  std::string text = httplib::to_string(error);
  if (error == httplib::Error::SSLServerVerification)
    text += "; if its authority is one of your own, name its file in SSL_CERT_FILE";
  return text;
}

}  // namespace

std::optional<Url> url_of(const std::string& text) {
  if (!text.starts_with("http://") && !text.starts_with("https://")) return std::nullopt;
  const auto slash = text.find('/', text.find("//") + 2);
  return Url{text.substr(0, slash), slash == std::string::npos ? "" : text.substr(slash)};
}

HttpHeaders headers_of(const std::vector<std::string>& texts) {
  HttpHeaders headers;
  for (const std::string& text : texts) {
    if (!text.starts_with('@')) {
      take_header(text, "what was given", headers);
      continue;
    }
    std::ifstream in{text.substr(1)};
    if (!in) throw std::runtime_error("cannot read the headers in " + text.substr(1));
    int number = 0;
    for (std::string line; std::getline(in, line);) {
      ++number;
      if (!line.empty() && line.back() == '\r') line.pop_back();
      if (!line.empty()) take_header(line, text.substr(1) + ":" + std::to_string(number), headers);
    }
  }
  return headers;
}

Page ask(const std::string& server, const std::string& path, const HttpHeaders& headers, const std::string& accept) {
  httplib::Client client{server};
  client.set_connection_timeout(kSeconds);
  client.set_read_timeout(kSeconds);
  Page answer;
  httplib::Headers sent{headers.begin(), headers.end()};
  sent.emplace("Accept", accept);
  const auto result = client.Get(path, sent, [&](const char* data, std::size_t size) {
    if (answer.body.size() + size > kLargestAnswer) return false;
    answer.body.append(data, size);
    return true;
  });
  if (result) answer.status = result->status;
  else answer.problem = answer.body.empty() ? why(result.error()) : "the answer is too long or breaks off";
  return answer;
}

std::string in_query(const std::string& text) {
  constexpr std::size_t behind = 3;  // "?x="
  return httplib::append_query_params("", {{"x", text}}).substr(behind);
}

}  // namespace spillway::real
