// Settings of HTTP and gRPC endpoints. Sources: confighttp, configgrpc, configtls, configauth, confignet of
// v0.111 and v0.159.
#include <algorithm>
#include <array>
#include <utility>

#include "models/collector/config_components.hpp"

namespace spillway::collector {
namespace {

constexpr auto kNewTls = &Semantics::tls_newer_keys;
constexpr std::array kTpm{
    Setting{"enabled", Shape::boolean, kNoEffect},
    Setting{"path", Shape::text, kNoEffect},
    Setting{"owner_auth", Shape::text, kNoEffect},
    Setting{"auth", Shape::text, kNoEffect},
};
constexpr std::array kTlsCommon{
    Setting{"ca_file", Shape::text, kNoEffect},
    Setting{"ca_pem", Shape::text, kNoEffect},
    Setting{"include_system_ca_certs_pool", Shape::boolean, kNoEffect},
    Setting{"cert_file", Shape::text, kNoEffect},
    Setting{"cert_pem", Shape::text, kNoEffect},
    Setting{"key_file", Shape::text, kNoEffect},
    Setting{"key_pem", Shape::text, kNoEffect},
    Setting{"min_version", Shape::text, kNoEffect},
    Setting{"max_version", Shape::text, kNoEffect},
    Setting{"cipher_suites", Shape::texts, kNoEffect},
    Setting{"reload_interval", Shape::duration, kNoEffect},
    Setting{"include_insecure_cipher_suites", Shape::boolean, kNoEffect, {}, kNewTls},
    Setting{"curve_preferences", Shape::texts, kNoEffect, {}, kNewTls},
    Setting{"tpm", Shape::section, kNoEffect, kTpm, kNewTls},
};
constexpr std::array kTlsClient{
    Setting{"insecure_skip_verify", Shape::boolean, kNoEffect},
    Setting{"server_name_override", Shape::text, kNoEffect},
};
constexpr std::array kTlsServer{
    Setting{"client_ca_file", Shape::text, kNoEffect},
    Setting{"client_ca_file_reload", Shape::boolean, kNoEffect},
};

constexpr std::array kMiddleware{Setting{"id", Shape::id, kUnknownEffect}};
constexpr std::array kCors{
    Setting{"allowed_origins", Shape::texts, kNoEffect},
    Setting{"allowed_headers", Shape::texts, kNoEffect},
    Setting{"exposed_headers", Shape::texts, kNoEffect, {}, &Semantics::cors_exposed_headers},
    Setting{"max_age", Shape::integer, kNoEffect},
};
constexpr std::array kDialer{Setting{"timeout", Shape::duration, kNoEffect}};
constexpr std::array kNetwork{
    Setting{"transport", Shape::text, kUnknownEffect},
    Setting{"dialer", Shape::section, kNoEffect, kDialer},
};
constexpr auto kNewServer = &Semantics::http_server_transport;
constexpr auto kMiddlewares = &Semantics::http_middlewares;
constexpr std::array kHttpServer{
    Setting{"cors", Shape::optional, kNoEffect, kCors},
    Setting{"include_metadata", Shape::boolean, kNoEffect},
    Setting{"response_headers", Shape::headers, kNoEffect},
    Setting{"compression_algorithms", Shape::texts, kUnknownEffect},
    Setting{"read_timeout", Shape::duration, kUnknownEffect},
    Setting{"read_header_timeout", Shape::duration, kUnknownEffect},
    Setting{"write_timeout", Shape::duration, kUnknownEffect},
    Setting{"idle_timeout", Shape::duration, kUnknownEffect},
    Setting{"transport", Shape::text, kUnknownEffect, {}, kNewServer},
    Setting{"dialer", Shape::section, kNoEffect, kDialer, kNewServer},
    Setting{"middlewares", Shape::maps, kUnknownEffect, kMiddleware, kMiddlewares},
    Setting{"keep_alives_enabled", Shape::boolean, kUnknownEffect, {}, &Semantics::keep_alives_enabled},
};

constexpr std::array kCookies{Setting{"enabled", Shape::boolean, kUnknownEffect}};
constexpr std::array kLevel{Setting{"level", Shape::integer, kSizeOnly}};
constexpr std::array kHttpClient{
    Setting{"proxy_url", Shape::text, kUnknownEffect},
    Setting{"read_buffer_size", Shape::integer, kNoEffect},
    Setting{"write_buffer_size", Shape::integer, kNoEffect},
    Setting{"headers", Shape::headers, kSizeOnly},
    Setting{"max_idle_conns", Shape::integer, kNoEffect},
    Setting{"max_idle_conns_per_host", Shape::integer, kNoEffect},
    Setting{"max_conns_per_host", Shape::integer, kUnknownEffect},
    Setting{"idle_conn_timeout", Shape::duration, kNoEffect},
    Setting{"disable_keep_alives", Shape::boolean, kUnknownEffect},
    Setting{"http2_read_idle_timeout", Shape::duration, kNoEffect},
    Setting{"http2_ping_timeout", Shape::duration, kNoEffect},
    Setting{"cookies", Shape::optional, kUnknownEffect, kCookies},
    Setting{"compression_params", Shape::section, kSizeOnly, kLevel, &Semantics::compression_params},
    Setting{"force_attempt_http2", Shape::boolean, kNoEffect, {}, kMiddlewares},
    Setting{"middlewares", Shape::maps, kUnknownEffect, kMiddleware, kMiddlewares},
};

constexpr std::array kServerParameters{
    Setting{"max_connection_idle", Shape::duration, kUnknownEffect},
    Setting{"max_connection_age", Shape::duration, kUnknownEffect},
    Setting{"max_connection_age_grace", Shape::duration, kUnknownEffect},
    Setting{"time", Shape::duration, kUnknownEffect},
    Setting{"timeout", Shape::duration, kUnknownEffect},
};
constexpr std::array kEnforcement{
    Setting{"min_time", Shape::duration, kUnknownEffect},
    Setting{"permit_without_stream", Shape::boolean, kUnknownEffect},
};
constexpr std::array kKeepalive{
    Setting{"server_parameters", Shape::optional, kUnknownEffect, kServerParameters},
    Setting{"enforcement_policy", Shape::optional, kUnknownEffect, kEnforcement},
};
constexpr std::array kGrpcServer{
    Setting{"max_concurrent_streams", Shape::unsigned32, kUnknownEffect},
    Setting{"read_buffer_size", Shape::integer, kNoEffect},
    Setting{"write_buffer_size", Shape::integer, kNoEffect},
    Setting{"keepalive", Shape::optional, kUnknownEffect, kKeepalive},
    Setting{"include_metadata", Shape::boolean, kNoEffect},
    Setting{"middlewares", Shape::maps, kUnknownEffect, kMiddleware, kMiddlewares},
};

constexpr std::array kKeepaliveClient{
    Setting{"time", Shape::duration, kNoEffect},
    Setting{"timeout", Shape::duration, kNoEffect},
    Setting{"permit_without_stream", Shape::boolean, kNoEffect},
};
constexpr std::array kGrpcClient{
    Setting{"keepalive", Shape::optional, kNoEffect, kKeepaliveClient},
    Setting{"read_buffer_size", Shape::integer, kNoEffect},
    Setting{"write_buffer_size", Shape::integer, kNoEffect},
    Setting{"headers", Shape::headers, kSizeOnly},
    Setting{"authority", Shape::text, kNoEffect},
    Setting{"user_agent", Shape::text, kNoEffect, {}, &Semantics::grpc_user_agent},
    Setting{"middlewares", Shape::maps, kUnknownEffect, kMiddleware, kMiddlewares},
};

void check_transport(Fields& fields, bool known) {
  const Value* const value = known ? fields.value().find("transport") : nullptr;
  if (value == nullptr || value->broken) return;
  const std::string* const text = text_of(*value);
  const bool cleared = value->kind == Value::Kind::null && (value->original || fields.reading().semantics.null_clears);
  if (text == nullptr && !cleared) return;
  constexpr std::array names{"tcp", "tcp4", "tcp6", "unix", "unixpacket"};
  const std::string name = text == nullptr ? "" : *text;
  if (std::ranges::find(names, name) == names.end())
    fields.refuse("transport", "invalid transport type \"" + name + "\" for a server; use tcp, tcp4, tcp6 or unix");
}

void check_not_both(Fields& fields, std::string_view file, std::string_view pem, std::string_view what) {
  if (has_text(fields.value(), file) && has_text(fields.value(), pem))
    fields.refuse(pem, "provide either " + std::string(what) + " file or PEM, but not both; drop one");
}

/// 1.0 to 1.3 as 0 to 3; -1 when absent or refused.
int tls_version(Fields& fields, std::string_view key) {
  const Value* const value = fields.value().find(key);
  const std::string* const text = value == nullptr ? nullptr : text_of(*value);
  if (text == nullptr || text->empty()) return -1;
  constexpr std::array names{"1.0", "1.1", "1.2", "1.3"};
  const auto* const found = std::ranges::find(names, *text);
  if (found != names.end()) return static_cast<int>(found - names.begin());
  fields.refuse(
      key, "invalid TLS " + std::string(key) + ": unsupported TLS version: \"" + *text + "\"; use \"1.0\" to \"1.3\"");
  return -1;
}

void check_tls(Fields& fields, bool server) {
  const Value& map = fields.value();
  const bool certificate = has_text(map, "cert_file") || has_text(map, "cert_pem");
  const bool key = has_text(map, "key_file") || has_text(map, "key_pem");
  if (certificate != key)
    fields.refuse("", "TLS configuration must include both certificate and key; give cert_file and key_file");
  if (server && !certificate && !key && fields.reading().semantics.tls_needs_certificate)
    fields.refuse("",
                  "TLS configuration must include both certificate and key for server connections; give cert_file "
                  "and key_file, or drop tls");
  check_not_both(fields, "ca_file", "ca_pem", "CA");
  check_not_both(fields, "cert_file", "cert_pem", "certificate");
  check_not_both(fields, "key_file", "key_pem", "key");
  const int lowest = tls_version(fields, "min_version");
  const int highest = tls_version(fields, "max_version");
  if (highest >= 0 && highest < (lowest < 0 ? 2 : lowest))
    fields.refuse("max_version",
                  "invalid TLS configuration: min_version cannot be greater than max_version; the least "
                  "is 1.2 unless given");
}

void server_tls(Fields& fields) {
  const Presence presence = fields.optional("tls", [](Fields& inner) {
    inner.quiet([&inner] {
      inner.unmodelled(kTlsCommon);
      inner.unmodelled(kTlsServer);
    });
    if (!is_switched_off(inner.value())) check_tls(inner, true);
  });
  if (presence == Presence::given) fields.leave_out("tls", kUnknownEffect);
}

/// Whether it says that there is no TLS.
bool client_tls(Fields& fields) {
  bool insecure = false;
  const Presence presence = fields.section("tls", [&insecure](Fields& inner) {
    inner.quiet([&inner] {
      inner.unmodelled(kTlsCommon);
      inner.unmodelled(kTlsClient);
    });
    inner.boolean("insecure", insecure);
    check_tls(inner, false);
  });
  if (presence == Presence::given && !insecure) fields.leave_out("tls", kUnknownEffect);
  return insecure;
}

/// Sizes and CPU were measured over HTTP.
void check_compression(Fields& fields, const std::string& compression, bool grpc) {
  const Semantics& semantics = fields.reading().semantics;
  constexpr std::array modelled{"gzip", "none", ""};
  if (std::ranges::find(modelled, compression) != modelled.end()) return;
  constexpr std::array common{"zlib", "deflate", "snappy", "zstd"};
  const bool known = std::ranges::find(common, compression) != common.end() ||
                     (compression == "lz4" && semantics.lz4_compression) ||
                     (compression == "x-snappy-framed" && semantics.framed_snappy);
  if (known && grpc) fields.leave_out("compression: " + compression + ", taken for that over HTTP", kSizeAndCostOnly);
  if (known) return;
  fields.refuse("compression", "unsupported compression type \"" + compression +
                                   "\"; use gzip, zstd, snappy, zlib, deflate" +
                                   (semantics.lz4_compression ? ", lz4" : "") + " or none");
}

/// Which levels a compression takes.
void check_compression_level(Fields& fields, const std::string& compression) {
  const Value* const parameters = fields.value().find("compression_params");
  const Value* const level = parameters == nullptr ? nullptr : parameters->find("level");
  const auto number = level == nullptr                   ? 0
                      : level->kind == Value::Kind::real ? static_cast<std::int64_t>(level->real)
                                                         : level->integer;
  if (number == 0) return;
  if (compression.empty() || compression == "none" || compression == "zstd") return;
  const bool deflate = compression == "gzip" || compression == "zlib" || compression == "deflate";
  if (deflate && number >= -2 && number <= 9) return;
  fields.refuse("compression_params", "unsupported parameters {Level:" + std::to_string(number) +
                                          "} for compression type \"" + compression + "\"; " +
                                          (deflate ? "give a level from 1 to 9" : "drop compression_params"));
}

bool is_scheme_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
}

bool has_valid_escapes(std::string_view text) {
  const auto hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); };
  for (std::size_t at = text.find('%'); at != std::string_view::npos; at = text.find('%', at + 1))
    if (at + 2 >= text.size() || !hex(text[at + 1]) || !hex(text[at + 2])) return false;
  return true;
}

/// Host and optional numeric port of a URL, user information before "@" dropped.
bool is_authority(std::string_view text) {
  if (const std::size_t at = text.rfind('@'); at != std::string_view::npos) text.remove_prefix(at + 1);
  std::size_t host_end = text.find(':');
  if (text.starts_with('[')) {
    host_end = text.find(']');
    if (host_end == std::string_view::npos) return false;
    ++host_end;
  }
  const std::string_view host = text.substr(0, host_end);
  if (host.find_first_of(" \\^`{|}") != std::string_view::npos) return false;
  if (host_end == std::string_view::npos || host_end == text.size()) return true;
  if (text[host_end] != ':') return false;
  return std::ranges::all_of(text.substr(host_end + 1), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

bool is_url(std::string_view text) {
  if (std::ranges::any_of(text, [](unsigned char c) { return c < ' ' || c == 127; })) return false;
  text = text.substr(0, text.find('#'));
  std::size_t scheme = 0;
  while (scheme < text.size() && is_scheme_character(text[scheme])) ++scheme;
  const bool letter = !text.empty() && ((text[0] >= 'a' && text[0] <= 'z') || (text[0] >= 'A' && text[0] <= 'Z'));
  const bool has_scheme = letter && scheme < text.size() && text[scheme] == ':';
  if (text.starts_with(':')) return false;
  std::string_view rest = has_scheme ? text.substr(scheme + 1) : text;
  rest = rest.substr(0, rest.find('?'));
  if (!has_scheme && !rest.starts_with('/')) {
    const std::string_view first = rest.substr(0, rest.find('/'));
    if (first.find(':') != std::string_view::npos) return false;
  }
  if (!rest.starts_with("//")) return has_scheme && !rest.starts_with('/') ? true : has_valid_escapes(rest);
  const std::string_view authority =
      rest.substr(2, rest.find('/', 2) == std::string_view::npos ? std::string_view::npos : rest.find('/', 2) - 2);
  return is_authority(authority) && has_valid_escapes(rest.substr(2 + authority.size()));
}

std::string path_of_url(std::string_view text) {
  text = text.substr(0, text.find_first_of("?#"));
  if (const std::size_t scheme = text.find("://"); scheme != std::string_view::npos) {
    const std::size_t slash = text.find('/', scheme + 3);
    text = slash == std::string_view::npos ? std::string_view{} : text.substr(slash);
  }
  return (text.starts_with('/') ? "" : "/") + std::string(text);
}

std::optional<HostPort> split_host_port(std::string_view address, std::string& error) {
  const std::string in = "address " + std::string(address) + ": ";
  const std::size_t colon = address.rfind(':');
  if (colon == std::string_view::npos) return error = in + "missing port in address", std::nullopt;
  HostPort result{std::string(address.substr(0, colon)), std::string(address.substr(colon + 1))};
  if (address.starts_with('[')) {
    const std::size_t end = address.find(']');
    if (end == std::string_view::npos) return error = in + "missing ']' in address", std::nullopt;
    if (end + 1 == address.size()) return error = in + "missing port in address", std::nullopt;
    if (end + 1 != colon) return error = in + "too many colons in address", std::nullopt;
    result.host = address.substr(1, end - 1);
    return result;
  }
  if (result.host.find(':') != std::string::npos) return error = in + "too many colons in address", std::nullopt;
  return result;
}

void http_server(Fields& fields, std::string& auth) {
  server_tls(fields);
  fields.unmodelled(kHttpServer);
  check_transport(fields, fields.reading().semantics.http_server_transport);
  const Presence presence = fields.optional("auth", [&auth](Fields& inner) {
    std::vector<std::string> parameters;
    inner.id("authenticator", auth);
    inner.texts("request_params", parameters);
  });
  if (presence == Presence::disabled) auth.clear();
}

void http_client(Fields& fields, std::string& auth, std::string& compression) {
  client_tls(fields);
  fields.unmodelled(kHttpClient);
  fields.text("compression", compression);
  check_compression(fields, compression, false);
  check_compression_level(fields, compression);
  const Presence presence = fields.optional("auth", [&auth](Fields& inner) { inner.id("authenticator", auth); });
  if (presence == Presence::disabled) auth.clear();
}

void grpc_server(Fields& fields, std::int64_t& max_message, std::string& auth) {
  std::int64_t mib = 0;
  server_tls(fields);
  fields.unmodelled(kNetwork);
  fields.integer("max_recv_msg_size_mib", mib);
  fields.unmodelled(kGrpcServer);
  const Presence presence = fields.optional("auth", [&auth](Fields& inner) { inner.id("authenticator", auth); });
  if (presence == Presence::disabled) auth.clear();
  check_transport(fields, true);
  for (const std::string_view key : {"max_recv_msg_size_mib", "read_buffer_size", "write_buffer_size"}) {
    const Value* const value = fields.value().find(key);
    if (value != nullptr && value->kind == Value::Kind::integer && value->integer < 0)
      fields.refuse(key,
                    "invalid " + std::string(key) + " value: " + std::to_string(value->integer) + "; give 0 or more");
  }
  if (mib > 0) max_message = std::min<std::int64_t>(mib, 1 << 20) << 20;
}

void grpc_client(Fields& fields, OtlpGrpcExporterConfig& config) {
  std::string balancer = "round_robin";
  bool wait_for_ready = false;
  config.insecure = client_tls(fields);
  fields.unmodelled(kGrpcClient);
  fields.text("compression", config.compression);
  check_compression(fields, config.compression, true);
  fields.text("balancer_name", balancer);
  if (!balancer.empty() && balancer != "round_robin" && balancer != "pick_first")
    fields.refuse("balancer_name", "invalid balancer_name: " + balancer + "; use round_robin or pick_first");
  fields.boolean("wait_for_ready", wait_for_ready);
  if (wait_for_ready) fields.leave_out("wait_for_ready", kUnknownEffect);
  const Presence presence = fields.optional("auth", [&config](Fields& inner) { inner.id("authenticator", config.auth); });
  if (presence == Presence::disabled) config.auth.clear();
}

}  // namespace spillway::collector
