// Linked into every test program of builders/: while FARM_OPTION_COVERAGE names a folder, remembers
// which option with a value was read by which source file in which test, and writes that to
// <folder>/<program>.tsv at the end. report.py makes the report of it.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <unistd.h>

#include "builders/core/option_observer.h"

namespace farm::testing {
namespace {

using value::Kind;
using value::Value;

bool has_entries(const Value& value) {
  return value.is_known() && !value.is_null() &&
         (value.type().kind() == Kind::Object || value.type().kind() == Kind::Map);
}

class Recorder final : public builders::OptionObserver, public ::testing::EmptyTestEventListener {
 public:
  explicit Recorder(std::string folder) : folder_(std::move(folder)) {}

  void on_read(const char* file, const Value& config, const std::string& name,
               const Value& option) override {
    std::string path = name;
    if (has_entries(config)) {
      // Copies of a value share their entries: their address tells which block this is.
      const auto block = blocks_.find(&config.entries());
      if (block != blocks_.end()) path = block->second + "." + name;
    }
    remember_blocks(path, option);
    const ::testing::TestInfo* test = ::testing::UnitTest::GetInstance()->current_test_info();
    if (test == nullptr) return;
    records_.emplace(file, path, std::string(test->test_suite_name()) + "." + test->name());
  }

  void OnTestEnd(const ::testing::TestInfo&) override { blocks_.clear(); }

  void OnTestProgramEnd(const ::testing::UnitTest&) override {
    std::string program(4096, '\0');
    const ssize_t length = ::readlink("/proc/self/exe", program.data(), program.size());
    program.resize(length > 0 ? static_cast<size_t>(length) : 0);
    std::ofstream out(folder_ + "/" + program.substr(program.rfind('/') + 1) + ".tsv");
    for (const auto& [file, option, test] : records_) {
      out << file << '\t' << option << '\t' << test << '\n';
    }
  }

 private:
  void remember_blocks(const std::string& path, const Value& option) {
    if (has_entries(option)) {
      blocks_[&option.entries()] = path;
      return;
    }
    const Kind kind = option.type().kind();
    if (kind != Kind::List && kind != Kind::Tuple && kind != Kind::Set) return;
    for (const Value& element : option.elements()) {
      if (has_entries(element)) blocks_[&element.entries()] = path;
    }
  }

  std::string folder_;
  std::map<const Value::Map*, std::string> blocks_;
  std::set<std::tuple<std::string, std::string, std::string>> records_;
};

// Before main(): gtest owns the listener, the observer lives as long as the program.
const bool g_recording = [] {
  const char* folder = std::getenv("FARM_OPTION_COVERAGE");
  if (folder == nullptr) return false;
  auto* recorder = new Recorder(folder);
  builders::observe_options(recorder);
  ::testing::UnitTest::GetInstance()->listeners().Append(recorder);
  return true;
}();

}  // namespace
}  // namespace farm::testing
