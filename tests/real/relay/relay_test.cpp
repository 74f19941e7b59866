#include "real/relay/relay.hpp"

#include <gtest/gtest.h>

#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <thread>

namespace spillway::real {
namespace {

using namespace std::chrono_literals;
namespace asio = boost::asio;
using tcp = asio::ip::tcp;
using Clock = std::chrono::steady_clock;

tcp::endpoint any_port() { return {asio::ip::address_v4::loopback(), 0}; }

/// A relay on a thread of its own, in front of a listener that the test serves.
class RelayTest : public ::testing::Test {
 protected:
  RelayTest() {
    relay_ = std::make_unique<Relay>(io_, RelayConfig{any_port(), target_.local_endpoint(), [this] { return ++there_, 30ms; },
                                                      [this] { return ++back_, 20ms; }});
    thread_ = std::thread{[this] { io_.run(); }};
    client_.connect(relay_->endpoint());
    target_.accept(server_);
  }
  ~RelayTest() override {
    io_.stop();
    thread_.join();
  }
  static double ms_since(Clock::time_point t) { return std::chrono::duration<double, std::milli>(Clock::now() - t).count(); }
  static std::string read(tcp::socket& from, std::size_t size) {
    std::string text(size, '\0');
    boost::system::error_code error;
    text.resize(asio::read(from, asio::buffer(text), error));
    return text;
  }

  asio::io_context io_, own_;
  tcp::acceptor target_{own_, any_port()};
  tcp::socket client_{own_}, server_{own_};
  std::atomic<int> there_{0}, back_{0};
  std::unique_ptr<Relay> relay_;
  std::thread thread_;
};

TEST_F(RelayTest, ARequestAndItsAnswerTakeTheirTimeEachWay) {
  const auto sent = Clock::now();
  asio::write(client_, asio::buffer(std::string{"question"}));
  EXPECT_EQ(read(server_, 8), "question");
  EXPECT_GE(ms_since(sent), 30);
  asio::write(server_, asio::buffer(std::string{"answer"}));
  EXPECT_EQ(read(client_, 6), "answer");
  EXPECT_GE(ms_since(sent), 50);
  EXPECT_LT(ms_since(sent), 3000);
}

TEST_F(RelayTest, AMessageHasOneDelayHoweverLongItIs) {
  std::string much(3'000'000, '\0');
  for (std::size_t i = 0; i < much.size(); ++i) much[i] = static_cast<char>(i * 7 % 251);
  const auto sent = Clock::now();
  std::thread writer{[&] { asio::write(client_, asio::buffer(much)); }};
  EXPECT_EQ(read(server_, much.size()), much) << "in order and whole";
  writer.join();
  EXPECT_LT(ms_since(sent), 5000) << "184 reads, not 184 delays of 30 ms";
  EXPECT_EQ(there_, 1);
  for (int i = 0; i < 2; ++i) {
    asio::write(server_, asio::buffer(std::string{"a"}));
    read(client_, 1);
    asio::write(client_, asio::buffer(std::string{"q"}));
    read(server_, 1);
  }
  EXPECT_EQ(there_, 3);
  EXPECT_EQ(back_, 2);
}

TEST_F(RelayTest, TheEndOfOneSideArrivesAfterWhatItSaid) {
  asio::write(client_, asio::buffer(std::string{"last"}));
  client_.shutdown(tcp::socket::shutdown_send);
  EXPECT_EQ(read(server_, 100), "last");
  asio::write(server_, asio::buffer(std::string{"answer"}));
  server_.close();
  EXPECT_EQ(read(client_, 100), "answer");
}

TEST_F(RelayTest, ADeadTargetResetsTheClient) {
  target_.close();
  tcp::socket second{own_};
  second.connect(relay_->endpoint());
  char byte = 0;
  boost::system::error_code error;
  second.read_some(asio::buffer(&byte, 1), error);
  EXPECT_EQ(error, asio::error::connection_reset);
}

}  // namespace
}  // namespace spillway::real
