// Every folder of tests/templates holds a template, optional arguments and the plan it must give.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/unit/common/plan/planning.h"

namespace farm::plan {
namespace {

std::string read(const std::filesystem::path& path) {
  std::ifstream in(path);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

TEST(PlanGolden, CorpusGivesThePlansOnFile) {
  const std::filesystem::path corpus = FARM_SOURCE_DIR "/tests/templates";
  const bool update = std::getenv("FARM_UPDATE_GOLDEN") != nullptr;
  std::vector<std::filesystem::path> cases;
  for (const auto& entry : std::filesystem::directory_iterator(corpus)) {
    if (entry.is_directory()) cases.push_back(entry.path());
  }
  std::sort(cases.begin(), cases.end());
  ASSERT_FALSE(cases.empty());
  for (const std::filesystem::path& folder : cases) {
    SCOPED_TRACE(folder.filename().string());
    std::map<std::string, std::string> files;
    std::string path = "images";
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      const std::string name = entry.path().filename().string();
      if (name == "golden.plan") continue;
      files["images/" + name] = read(entry.path());
      if (name == "template.json") path = "images/template.json";
    }
    Planning planning(files, {{"PKR_VAR_from_env", "env value"}});
    planning.load.path = path;
    const Diagnosed<Plan> planned = planning.run();
    const std::string made = dump(planned.diagnostics) + (planned.value ? dump(*planned.value) : "");
    if (update) {
      std::ofstream(folder / "golden.plan") << made;
    } else {
      EXPECT_EQ(made, read(folder / "golden.plan"));
    }
  }
  if (update) GTEST_SKIP() << "golden files rewritten";
}

}  // namespace
}  // namespace farm::plan
