// Digests of texts. The only door to the cryptographic library and to Boost.CRC.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace spillway {

std::string md5_hex(std::string_view octets);
std::string sha1_hex(std::string_view octets);
std::string sha256_hex(std::string_view octets);
std::string sha512_hex(std::string_view octets);
std::string hex(std::string_view octets);
std::uint64_t fnv1a_64(std::string_view octets);
std::uint32_t crc32(std::string_view octets);   ///< IEEE 802.3
std::uint32_t crc32c(std::string_view octets);  ///< Castagnoli

}  // namespace spillway
