#include "models/telemetry/digest.hpp"

#include <openssl/evp.h>

#include <array>
#include <boost/crc.hpp>

namespace spillway {
namespace {

std::string digest(std::string_view octets, const EVP_MD* kind) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
  unsigned length = 0;
  EVP_Digest(octets.data(), octets.size(), out.data(), &length, kind, nullptr);
  return hex({reinterpret_cast<const char*>(out.data()), length});
}

}  // namespace

std::string hex(std::string_view octets) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const char c : octets) {
    text += digits[static_cast<unsigned char>(c) >> 4];
    text += digits[static_cast<unsigned char>(c) & 15];
  }
  return text;
}

std::string md5_hex(std::string_view octets) { return digest(octets, EVP_md5()); }
std::string sha1_hex(std::string_view octets) { return digest(octets, EVP_sha1()); }
std::string sha256_hex(std::string_view octets) { return digest(octets, EVP_sha256()); }
std::string sha512_hex(std::string_view octets) { return digest(octets, EVP_sha512()); }

std::uint64_t fnv1a_64(std::string_view octets) {
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (const char c : octets) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  return hash;
}

std::uint32_t crc32(std::string_view octets) {
  boost::crc_32_type sum;
  sum.process_bytes(octets.data(), octets.size());
  return sum.checksum();
}

std::uint32_t crc32c(std::string_view octets) {
  boost::crc_optimal<32, 0x1edc6f41, 0xffffffff, 0xffffffff, true, true> sum;
  sum.process_bytes(octets.data(), octets.size());
  return static_cast<std::uint32_t>(sum.checksum());
}

}  // namespace spillway
