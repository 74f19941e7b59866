#include "tests/real/sink/requests.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "models/wire/otlp_trace.pb.h"

namespace spillway::real::test {
namespace {

std::string big_endian(std::uint64_t value) {
  std::string bytes(8, '\0');
  for (std::size_t i = 8; i-- > 0; value >>= 8U) bytes[i] = static_cast<char>(value & 255U);
  return bytes;
}

std::string hex_trace(const SpanKey& key) { return hex16(key.trace_hi) + hex16(key.trace_lo); }

}  // namespace

SpanKey span_at(std::uint64_t number) {
  return {mix64(number / 10), mix64(number / 10 + 1'000'000'007), mix64(number + 77)};
}

std::string otlp_request(std::uint64_t first, int spans) {
  otlp::ExportTraceServiceRequest request;
  auto* scope = request.add_resource_spans()->add_scope_spans();
  for (std::uint64_t i = first; i < first + static_cast<std::uint64_t>(spans); ++i) {
    const SpanKey key = span_at(i);
    auto* span = scope->add_spans();
    span->set_trace_id(big_endian(key.trace_hi) + big_endian(key.trace_lo));
    span->set_span_id(big_endian(key.span_id));
    span->set_name("render tile");
    span->set_kind(2);
    span->set_start_time_unix_nano(1'700'000'000'000'000'000 + i);
    span->set_end_time_unix_nano(1'700'000'000'004'000'000 + i);
    for (int a = 0; a < 8; ++a) {
      auto* attribute = span->add_attributes();
      attribute->set_key("attribute.number." + std::to_string(a));
      attribute->mutable_value()->set_string_value("value " + std::to_string(mix64(i + static_cast<unsigned>(a))));
    }
  }
  return request.SerializeAsString();
}

std::string otlp_json_request(std::uint64_t first, int spans) {
  std::string text = R"({"resourceSpans":[{"resource":{"attributes":[{"key":"spans","value":{"stringValue":"x"}}]},)"
                     R"("scopeSpans":[{"scope":{"name":"t"},"spans":[)";
  for (int i = 0; i < spans; ++i) {
    const SpanKey key = span_at(first + static_cast<unsigned>(i));
    text += std::string(i > 0 ? "," : "") + R"({"traceId":")" + hex_trace(key) + R"(","spanId":")" +
            hex16(key.span_id) + R"(","name":"n","attributes":[{"key":"spanId","value":{"stringValue":"none"}}]})";
  }
  return text + "]}]}]}";
}

std::string zipkin_request(std::uint64_t first, int spans) {
  std::string text = "[";
  for (int i = 0; i < spans; ++i) {
    const SpanKey key = span_at(first + static_cast<unsigned>(i));
    text += std::string(i > 0 ? "," : "") + R"({"traceId":")" + hex_trace(key) + R"(","id":")" + hex16(key.span_id) +
            R"(","name":"n","localEndpoint":{"serviceName":"s"},"tags":{"id":"x"}})";
  }
  return text + "]";
}

bool HttpClient::connect() {
  close();
  fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port_);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) return true;
  close();
  return false;
}

void HttpClient::close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

HttpReply HttpClient::post(std::string_view path, std::string_view body,
                           const std::map<std::string, std::string>& headers, std::chrono::milliseconds timeout) {
  std::string request = "POST " + std::string{path} + " HTTP/1.1\r\nHost: sink\r\n";
  for (const auto& [name, value] : headers) request += name + ": " + value + "\r\n";
  request += "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n";
  request += body;
  return exchange(request, timeout);
}

namespace {

/// Fills headers, body and status once `bytes` holds a whole reply.
bool complete(const std::string& bytes, HttpReply& reply) {
  const std::size_t end = bytes.find("\r\n\r\n");
  if (end == std::string::npos) return false;
  reply.headers = bytes.substr(0, end);
  const std::size_t at = reply.headers.find("Content-Length: ");
  const std::size_t length =
      at == std::string::npos ? 0 : static_cast<std::size_t>(std::atol(reply.headers.c_str() + at + 16));
  if (bytes.size() < end + 4 + length) return false;
  reply.body = bytes.substr(end + 4, length);
  reply.status = std::atoi(reply.headers.c_str() + 9);
  return true;
}

}  // namespace

HttpReply HttpClient::exchange(std::string_view bytes, std::chrono::milliseconds timeout) {
  HttpReply reply;
  if (fd_ < 0 && !connect()) return reply.end = "refused", reply;
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) break;  // the reply, or its absence, tells why
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  std::string received;
  while (!complete(received, reply)) {
    pollfd waiting{fd_, POLLIN, 0};
    if (::poll(&waiting, 1, static_cast<int>(timeout.count())) == 0) return reply.end = "timeout", reply;
    char buffer[16384];
    const ssize_t got = ::recv(fd_, buffer, sizeof buffer, 0);
    if (got <= 0) {
      reply.end = got == 0 ? "closed" : errno == ECONNRESET ? "reset" : "error";
      close();
      return reply;
    }
    received.append(buffer, static_cast<std::size_t>(got));
  }
  return reply;
}

}  // namespace spillway::real::test
