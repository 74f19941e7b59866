#include "real/sink/verdict.hpp"

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
      return std::to_string(status);
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
  if (behaviour.kind != Behaviour::Kind::answer) return {behaviour.kind, 0, store_failed};
  if (!received.authorised) return {behaviour.kind, 401, false};
  if (behaviour.status / 100 != 2) return {behaviour.kind, behaviour.status, store_failed};
  if (!received.supported) return {behaviour.kind, 415, false};
  if (!received.small) return {behaviour.kind, 413, false};
  if (!received.readable) return {behaviour.kind, 400, false};
  return {behaviour.kind, behaviour.status, behaviour.store.value_or(true)};
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
