#include "real/sink/verdict.hpp"

#include <chrono>
#include <cstdio>

namespace spillway::real {

const Behaviour& behaviour_for(std::int64_t number, const Behaviour& standard, const std::vector<ScriptStep>& script,
                               const std::optional<Behaviour>& fault) {
  if (fault) return *fault;
  const Behaviour* chosen = &standard;
  for (const ScriptStep& step : script) {
    if (step.from_request <= number) chosen = &step.behaviour;
  }
  return *chosen;
}

std::string Verdict::name() const {
  switch (kind) {
    case Behaviour::Kind::answer:
      return grpc ? kGrpcCodeNames[static_cast<std::size_t>(status)] : std::to_string(status);
    case Behaviour::Kind::hang:
      return "hang";
    case Behaviour::Kind::reset:
      return "reset";
    case Behaviour::Kind::refuse:
      return "refuse";
  }
  return {};
}

Verdict judge(const Behaviour& behaviour, const Received& received) {
  const bool storable = received.authorised && received.supported && received.small && received.readable;
  const bool store_failed = behaviour.store.value_or(false) && storable;
  if (behaviour.kind != Behaviour::Kind::answer) return {behaviour.kind, 0, store_failed, false};
  if (!received.authorised) return {behaviour.kind, 401, false, false};
  if (behaviour.status / 100 != 2) return {behaviour.kind, behaviour.status, store_failed, false};
  if (!received.supported) return {behaviour.kind, 415, false, false};
  if (!received.small) return {behaviour.kind, 413, false, false};
  if (!received.readable) return {behaviour.kind, 400, false, false};
  return {behaviour.kind, behaviour.status, behaviour.store.value_or(true), false};
}

Verdict judge_grpc(const Behaviour& behaviour, const Received& received) {
  const auto answer = [&](GrpcCode code, bool store) {
    return Verdict{behaviour.kind, static_cast<int>(code), store, true};
  };
  const bool storable = received.authorised && received.small && received.readable;
  const bool store_failed = behaviour.store.value_or(false) && storable;
  if (behaviour.kind != Behaviour::Kind::answer) return answer(GrpcCode::ok, store_failed);
  if (!received.authorised) return answer(GrpcCode::unauthenticated, false);
  if (behaviour.code != GrpcCode::ok) return answer(behaviour.code, store_failed);
  if (!storable) return answer(GrpcCode::internal, false);
  return answer(GrpcCode::ok, behaviour.store.value_or(true));
}

std::string http_date(std::int64_t unix_seconds) {
  constexpr const char* days[] = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};
  constexpr const char* months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::chrono::sys_seconds moment{std::chrono::seconds{unix_seconds}};
  const auto day = std::chrono::floor<std::chrono::days>(moment);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss time{moment - day};
  char text[40];
  std::snprintf(text, sizeof text, "%s, %02u %s %04d %02d:%02d:%02d GMT", days[day.time_since_epoch().count() % 7],
                static_cast<unsigned>(date.day()), months[static_cast<unsigned>(date.month()) - 1],
                static_cast<int>(date.year()), static_cast<int>(time.hours().count()),
                static_cast<int>(time.minutes().count()), static_cast<int>(time.seconds().count()));
  return text;
}

// {partial_success 1: {rejected_spans 1}}
std::string partial_success(std::int64_t rejected) {
  if (rejected <= 0) return {};
  std::string number{'\x08'};
  for (auto rest = static_cast<std::uint64_t>(rejected); ; rest >>= 7) {
    number += static_cast<char>(rest >= 0x80 ? rest | 0x80 : rest);
    if (rest < 0x80) break;
  }
  return std::string{'\x0a', static_cast<char>(number.size())} + number;
}

std::string basic_authorization(std::string_view user, std::string_view password) {
  constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const std::string plain = std::string{user} + ':' + std::string{password};
  std::string text = "Basic ";
  for (std::size_t i = 0; i < plain.size(); i += 3) {
    std::uint32_t triple = 0;
    for (std::size_t k = 0; k < 3; ++k)
      triple = triple << 8U | (i + k < plain.size() ? static_cast<unsigned char>(plain[i + k]) : 0U);
    for (std::size_t k = 0; k < 4; ++k) text += i + k <= plain.size() ? alphabet[triple >> (18U - 6U * k) & 63U] : '=';
  }
  return text;
}

}  // namespace spillway::real
