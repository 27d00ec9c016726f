#include "common/base/diagnostic.h"

#include <gtest/gtest.h>

namespace farm {
namespace {

TEST(NearestName, FindsSlipsAndNothingElse) {
  const std::vector<std::string> options = {"memory", "machine_type", "cpus", "ssh_username"};
  struct Case {
    const char* name;
    std::string word;
    std::string expected;
  };
  const std::vector<Case> cases = {
      {"swapped letters", "memroy", "memory"},
      {"missing letter", "ssh_usrname", "ssh_username"},
      {"short word", "cpu", "cpus"},
      {"far away", "network", ""},
      {"empty", "", ""},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(nearest_name(c.word, options), c.expected);
  }
}

TEST(Diagnostics, WarningsAreNoErrors) {
  Diagnostics diagnostics;
  diagnostics.warning("a", "b");
  EXPECT_FALSE(diagnostics.has_errors());
  diagnostics.error("c", "d");
  EXPECT_TRUE(diagnostics.has_errors());
}

}  // namespace
}  // namespace farm
