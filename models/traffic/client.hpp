// A program that posts made-up spans on a timetable, as the scenario's `clients` section says.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <vector>

#include "models/instrumentation/instrumentation.hpp"
#include "models/network/transport.hpp"
#include "models/traffic/given_posts.hpp"

namespace spillway {

/// Posts in order, one at a time unless `concurrent`; a post waits for its moment and for the answer before it.
class ScriptedClient final : public Component, public AnswerTo {
 public:
  /// `targets`: one for all posts, or one for each post of the recording.
  ScriptedClient(Run& run, Transport& transport, const Client& spec, std::vector<ExportTarget> targets,
                 CredentialId credential, ResourceId resource, std::uint64_t source, Time end, bool note_posts);
  void handle(const Event& event) override;
  void answered(std::uint64_t token, const Answer& answer) override;
  AnswerCounts answers() const { return {spec_.name, answers_}; }
  /// In the order sent; empty unless they are noted.
  const std::vector<PostAnswers>& posts() const { return posts_; }

 private:
  enum Kind : std::uint32_t { due, again };
  struct Open {
    Payload payload;
    int attempts = 0;
    std::uint64_t number = 0;
  };
  Time moment(std::uint64_t number) const;
  std::uint64_t count() const;
  Signal signal(std::uint64_t number) const;
  void schedule_due();
  void begin_next();
  Payload make_payload();
  void make_up_spans();
  void take_recording();
  void post(std::uint32_t open);
  const ExportTarget& target(std::uint64_t number) const { return targets_[targets_.size() == 1 ? 0 : number]; }
  const ClientRetry& retry(std::uint64_t number) const;
  std::int64_t body_bytes(const Payload& payload) const;

  Run& run_;
  Transport& transport_;
  const Client& spec_;
  std::vector<ExportTarget> targets_;
  CredentialId credential_;
  ResourceId resource_;
  std::uint64_t source_;
  Time end_;
  Target self_;
  GivenPosts given_;  ///< empty: spans are made up
  std::vector<RecordedPost> recorded_;  ///< with their paths
  std::uint32_t root_shape_, child_shape_;
  std::uint64_t next_due_ = 0;    ///< the next post to become due
  std::uint64_t waiting_ = 0;     ///< due but not sent yet: an earlier answer is outstanding
  std::uint64_t begun_ = 0;       ///< posts that were begun
  std::uint64_t next_trace_ = 0;
  bool busy_ = false;
  Slab<Open> open_;
  ExportLosses losses_;
  std::map<std::string, std::int64_t> answers_;
  bool note_posts_;
  std::vector<PostAnswers> posts_;  ///< by number
  std::vector<Span> scratch_;
};

}  // namespace spillway
