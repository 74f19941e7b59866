// A client and a server with a network of two nodes between them.
#pragma once

#include <deque>
#include <ostream>
#include <string>
#include <vector>

#include "models/network/network.hpp"
#include "tests/models/bench.hpp"

namespace spillway {

struct NetBench : Bench {
  NetBench() {
    set_latency(100ms);
    endpoint = network.add_endpoint({nullptr, 0, 1, reach, "http://server", "server", "server"});
  }
  void set_latency(Duration one_way) {
    network.set_latency(0, 1, Distribution::constant(seconds(one_way)), 0);
    network.set_latency(1, 0, Distribution::constant(seconds(one_way)), 0);
  }
  Network network{run, 2};
  EndpointId endpoint = 0;
};

/// Posts once each time, never again, and notes the answers. Holds its items until then, as every client does.
class PostingClient final : public AnswerTo {
 public:
  struct Heard {
    double at = 0;
    std::string text;
    bool operator==(const Heard&) const = default;
  };
  PostingClient(NetBench& bench, Duration timeout) : bench_{bench}, timeout_{timeout} {}

  RequestId post_now(std::int64_t items, std::int64_t body_bytes = 100, CredentialId credential = 0) {
    Payload payload = bench_.payload(items);
    bench_.run.hold(payload, bench_.reach);
    Post post;
    post.endpoint = bench_.endpoint;
    post.payload = payload.clone();
    post.body_bytes = body_bytes;
    post.credential = credential;
    post.timeout = timeout_;
    post.client = this;
    post.token = open_.size();
    open_.push_back(std::move(payload));
    return bench_.network.post(std::move(post));
  }
  void answered(std::uint64_t token, const Answer& answer) override {
    heard.push_back({bench_.now(), to_text(answer)});
    bench_.run.release(open_[token], bench_.reach, answer.success() ? Ledger::handed_over() : bench_.lost);
    open_[token].clear();
  }
  /// Killed: it holds nothing any more and wants no answer.
  void die(RequestId request) {
    bench_.network.abandon(request);
    for (Payload& payload : open_) {
      bench_.run.release(payload, bench_.reach, bench_.lost);
      payload.clear();
    }
  }
  std::vector<Heard> heard;

 private:
  NetBench& bench_;
  Duration timeout_;
  std::deque<Payload> open_;
};
using Heard = std::vector<PostingClient::Heard>;

inline void PrintTo(const PostingClient::Heard& heard, std::ostream* out) { *out << heard.text << " at " << heard.at; }

}  // namespace spillway
