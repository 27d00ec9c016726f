#include <algorithm>
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

void take_argument(const std::string& line, CorpusCase& into) {
  const size_t blank = line.find(' ');
  const std::string flag = line.substr(0, blank);
  const std::string rest = blank == std::string::npos ? "" : line.substr(blank + 1);
  const size_t equals = rest.find('=');
  const std::string name = rest.substr(0, equals);
  const std::string value = equals == std::string::npos ? "" : rest.substr(equals + 1);
  if (flag == "-var") into.load.variables.emplace_back(name, value);
  if (flag == "-var-file") into.load.var_files.push_back("images/" + rest);
  if (flag == "-only") into.options.only.push_back(rest);
  if (flag == "-except") into.options.except.push_back(rest);
  if (flag == "env") into.environment[name] = value;
  if (flag == "-syntax-only") into.load.syntax_only = true;
}

CorpusCase read_case(const std::filesystem::path& folder) {
  CorpusCase made;
  made.name = folder.filename().string();
  made.path = "images";
  made.environment = {{"PKR_VAR_from_env", "env value"}};
  made.golden_path = (folder / "golden.plan").string();
  made.golden = read(made.golden_path);
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    const std::string name = std::filesystem::relative(entry.path(), folder).string();
    if (name == "golden.plan") continue;
    if (name == "arguments") {
      std::istringstream lines(read(entry.path()));
      for (std::string line; std::getline(lines, line);) take_argument(line, made);
      continue;
    }
    made.files["images/" + name] = read(entry.path());
    if (name == "template.json") made.path = "images/template.json";
  }
  made.load.path = made.path;
  return made;
}

}  // namespace

std::vector<CorpusCase> corpus() {
  std::vector<CorpusCase> cases;
  for (const auto& entry :
       std::filesystem::directory_iterator(FARM_SOURCE_DIR "/tests/templates")) {
    if (entry.is_directory()) cases.push_back(read_case(entry.path()));
  }
  std::sort(cases.begin(), cases.end(),
            [](const CorpusCase& a, const CorpusCase& b) { return a.name < b.name; });
  return cases;
}

std::unique_ptr<Planning> CorpusCase::planning() const {
  auto made = std::make_unique<Planning>(files, environment);
  made->load = load;
  made->options = options;
  return made;
}

}  // namespace farm::plan
