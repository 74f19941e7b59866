#include "real/sink/verdict.hpp"

#include <gtest/gtest.h>

namespace spillway::real {
namespace {

Behaviour status(int code) {
  Behaviour behaviour;
  behaviour.status = code;
  return behaviour;
}

TEST(Verdict, TheLastStepThatHasBegunIsInForce) {
  const Behaviour standard = status(200);
  const std::vector<ScriptStep> script{{3, {}, status(503)}, {5, {}, status(202)}};
  const auto in_force = [&](std::int64_t number) {
    return behaviour_for(number, standard, script, std::nullopt).status;
  };
  EXPECT_EQ(in_force(1), 200);
  EXPECT_EQ(in_force(2), 200);
  EXPECT_EQ(in_force(3), 503);
  EXPECT_EQ(in_force(4), 503);
  EXPECT_EQ(in_force(5), 202);
  EXPECT_EQ(behaviour_for(4, standard, script, status(429)).status, 429);
}

TEST(Verdict, StoresOnSuccessUnlessTheBehaviourSaysOtherwise) {
  EXPECT_TRUE(judge(status(200), {}).store);
  EXPECT_FALSE(judge(status(503), {}).store);
  Behaviour swallow = status(200);
  swallow.store = false;
  EXPECT_FALSE(judge(swallow, {}).store);
  Behaviour lying = status(503);
  lying.store = true;
  EXPECT_TRUE(judge(lying, {}).store);
  EXPECT_EQ(judge(lying, {}).name(), "503");
}

TEST(Verdict, LooksAtCredentialsThenAtItsScriptThenAtTheRequest) {
  Received bad;
  bad.authorised = bad.supported = bad.readable = bad.small = false;
  EXPECT_EQ(judge(status(503), bad).status, 401);
  EXPECT_EQ(judge(status(200), bad).status, 401);
  bad.authorised = true;
  EXPECT_EQ(judge(status(503), bad).status, 503);
  EXPECT_EQ(judge(status(200), bad).status, 415);
  bad.supported = true;
  EXPECT_EQ(judge(status(200), bad).status, 413);
  bad.small = true;
  EXPECT_EQ(judge(status(200), bad).status, 400);
  EXPECT_FALSE(judge(status(200), bad).store);
}

TEST(Verdict, OverGrpcIsACode) {
  Behaviour busy;
  busy.code = GrpcCode::unavailable;
  EXPECT_EQ(judge_grpc(busy, {}).name(), "UNAVAILABLE");
  EXPECT_FALSE(judge_grpc(busy, {}).store);
  EXPECT_TRUE(judge_grpc({}, {}).store);
  EXPECT_EQ(judge_grpc(busy, {.authorised = false}).name(), "UNAUTHENTICATED");
  EXPECT_EQ(judge_grpc({}, {.readable = false}).name(), "INTERNAL");
}

TEST(Verdict, DatesAreThoseOfHttp) {
  EXPECT_EQ(http_date(784111777), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(http_date(0), "Thu, 01 Jan 1970 00:00:00 GMT");
}

TEST(Verdict, APartialSuccessIsEncoded) {
  EXPECT_EQ(partial_success(0), "");
  EXPECT_EQ(partial_success(3), "\x0a\x02\x08\x03");
  EXPECT_EQ(partial_success(300), "\x0a\x03\x08\xac\x02");
}

TEST(Verdict, BasicAuthorizationIsTheOneOfTheStandard) {
  EXPECT_EQ(basic_authorization("Aladdin", "open sesame"), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
  EXPECT_EQ(basic_authorization("", ""), "Basic Og==");
  EXPECT_EQ(basic_authorization("a", "b"), "Basic YTpi");
}

}  // namespace
}  // namespace spillway::real
