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
    Diagnosed<Plan> planned = planning->run();
    // Which components can run changes with every new one; the plan does not.
    std::erase_if(planned.diagnostics.items(), [](const Diagnostic& item) {
      return item.summary == "Component cannot run here yet";
    });
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

// One template in both syntaxes of HCL2.
TEST(PlanGolden, JsonAndNativeSyntaxPlanTheSame) {
  std::string plans[2];
  for (const CorpusCase& c : corpus()) {
    if (c.name != "hcl_json" && c.name != "hcl_json_native") continue;
    const Diagnosed<Plan> planned = c.planning()->run();
    ASSERT_FALSE(planned.diagnostics.has_errors()) << dump(planned.diagnostics);
    plans[c.name == "hcl_json" ? 0 : 1] = dump(*planned.value);
  }
  EXPECT_NE(plans[0], "");
  EXPECT_EQ(plans[0], plans[1]);
}

}  // namespace
}  // namespace farm::plan
