#include "real/import/http.hpp"

#include <gtest/gtest.h>
#include <httplib.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>

namespace spillway::real {
namespace {

/// A certificate for 127.0.0.1 that vouches for itself, and its key.
class Identity {
 public:
  Identity() {
    X509_set_version(certificate_.get(), 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate_.get()), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate_.get()), -60);
    X509_gmtime_adj(X509_getm_notAfter(certificate_.get()), 3600);
    X509_set_pubkey(certificate_.get(), key_.get());
    X509_NAME* name = X509_get_subject_name(certificate_.get());
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("127.0.0.1"), -1, -1, 0);
    X509_set_issuer_name(certificate_.get(), name);
    X509_EXTENSION* names = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "IP:127.0.0.1");
    X509_add_ext(certificate_.get(), names, -1);
    X509_EXTENSION_free(names);
    X509_sign(certificate_.get(), key_.get(), EVP_sha256());
  }
  X509* certificate() const { return certificate_.get(); }
  EVP_PKEY* key() const { return key_.get(); }
  void write(const std::filesystem::path& file) const {
    FILE* out = std::fopen(file.c_str(), "w");
    ASSERT_NE(out, nullptr);
    PEM_write_X509(out, certificate_.get());
    std::fclose(out);
  }

 private:
  std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key_{EVP_EC_gen("P-256"), EVP_PKEY_free};
  std::unique_ptr<X509, decltype(&X509_free)> certificate_{X509_new(), X509_free};
};

/// Says who asked.
class SecureServer {
 public:
  explicit SecureServer(const Identity& identity) : server_{identity.certificate(), identity.key()} {
    server_.Get("/who", [](const httplib::Request& request, httplib::Response& response) {
      response.set_content(request.get_header_value("Authorization") + "|" + request.get_header_value("X-Scope-OrgID"), "text/plain");
    });
    port_ = server_.bind_to_any_port("127.0.0.1");
    thread_ = std::thread{[this] { server_.listen_after_bind(); }};
    while (!server_.is_running()) std::this_thread::yield();
  }
  ~SecureServer() {
    server_.stop();
    thread_.join();
  }
  std::string url() const { return "https://127.0.0.1:" + std::to_string(port_); }

 private:
  httplib::SSLServer server_;
  int port_ = 0;
  std::thread thread_;
};

class HttpTest : public ::testing::Test {
 protected:
  void SetUp() override { std::filesystem::create_directories(folder_); }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  const std::filesystem::path folder_ = std::filesystem::path{testing::TempDir()} / ("spillway-http-test." + std::to_string(::getpid()));
};

TEST_F(HttpTest, AnAuthorityOfOnesOwnIsTrustedByName) {
  const Identity identity;
  const SecureServer server{identity};
  const Page stranger = ask(server.url(), "/who");
  EXPECT_EQ(stranger.status, 0);
  EXPECT_NE(stranger.problem.find("SSL_CERT_FILE"), std::string::npos) << stranger.problem;
  identity.write(folder_ / "authority.pem");
  ::setenv("SSL_CERT_FILE", (folder_ / "authority.pem").c_str(), 1);
  const Page known = ask(server.url(), "/who", {{"Authorization", "Bearer sesame"}, {"X-Scope-OrgID", "7"}});
  ::unsetenv("SSL_CERT_FILE");
  EXPECT_EQ(known.status, 200) << known.problem;
  EXPECT_EQ(known.body, "Bearer sesame|7");
}

TEST_F(HttpTest, HeadersComeFromTheCommandLineOrAFile) {
  std::ofstream{folder_ / "token"} << "Authorization: Basic abc=\r\n\nX-Scope-OrgID:  7\n";
  const HttpHeaders headers = headers_of({"Accept-Language: en", "@" + (folder_ / "token").string()});
  EXPECT_EQ(headers, (HttpHeaders{{"Accept-Language", "en"}, {"Authorization", "Basic abc="}, {"X-Scope-OrgID", "7"}}));
}

TEST_F(HttpTest, WhatIsNoHeaderIsRefusedWithoutShowingIt) {
  std::ofstream{folder_ / "token"} << "Authorization: ok\nhunter2\n";
  for (const std::string& text : {std::string{"hunter2"}, std::string{"Na me: hunter2"}, std::string{": hunter2"}, std::string{"A: hunter2\r\nB: x"},
                                  "@" + (folder_ / "token").string(), std::string{"@/no/such/hunter"}}) {
    try {
      headers_of({text});
      ADD_FAILURE() << text;
    } catch (const std::runtime_error& error) {
      EXPECT_EQ(std::string{error.what()}.find("hunter2"), std::string::npos) << error.what();
    }
  }
}

TEST(Url, HasAServerAndAPath) {
  EXPECT_EQ(url_of("https://a.example:3200/api?x=1")->server, "https://a.example:3200");
  EXPECT_EQ(url_of("https://a.example:3200/api?x=1")->path, "/api?x=1");
  EXPECT_EQ(url_of("http://a.example")->path, "");
  EXPECT_EQ(url_of("ftp://a.example/"), std::nullopt) << "is taken for a file";
}

}  // namespace
}  // namespace spillway::real
