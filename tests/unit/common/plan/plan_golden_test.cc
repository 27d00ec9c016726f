// Every folder of tests/templates holds a template, optional arguments and the plan it must give.

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "tests/unit/common/plan/planning.h"

namespace farm::plan {
namespace {

TEST(PlanGolden, CorpusGivesThePlansOnFile) {
  const bool update = std::getenv("FARM_UPDATE_GOLDEN") != nullptr;
  const std::vector<CorpusCase> cases = corpus();
  ASSERT_FALSE(cases.empty());
  for (const CorpusCase& c : cases) {
    SCOPED_TRACE(c.name);
    const std::unique_ptr<Planning> planning = c.planning();
    const Diagnosed<Plan> planned = planning->run();
    const std::string made =
        dump(planned.diagnostics) + (planned.value ? dump(*planned.value) : "");
    if (update) {
      std::ofstream(c.golden_path) << made;
    } else {
      EXPECT_EQ(made, c.golden);
    }
  }
  if (update) GTEST_SKIP() << "golden files rewritten";
}

}  // namespace
}  // namespace farm::plan
