#include "models/scenario/checks.hpp"

namespace spillway {

void fill_defaults(Scenario&, const Input&) {}
void check(const Scenario&, Input&) {}

}  // namespace spillway
