// BuildFixture: a BuildContext over real clocks and temporary folders, with a Ui and a ledger that
// remember, for tests of steps and platforms.
#pragma once

#include <gtest/gtest.h>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "builders/core/build_context.h"
#include "builders/core/component.h"
#include "common/io/files.h"

namespace farm::builders::testing {

class RecordingUi final : public Ui {
 public:
  void say(std::string_view text) override { add(text); }
  void message(std::string_view text) override { add(text); }
  void error(std::string_view text) override { add(text); }
  void picture(std::string_view caption, std::string_view png) override {
    pictures.emplace_back(caption, png);
  }
  void progress(std::string_view, uint64_t, uint64_t) override {}
  bool said(const std::string& part) const {
    const std::lock_guard lock(mutex_);
    for (const std::string& line : lines) {
      if (line.find(part) != std::string::npos) return true;
    }
    return false;
  }
  std::vector<std::string> lines;
  std::vector<std::pair<std::string, std::string>> pictures;

 private:
  void add(std::string_view text) {
    const std::lock_guard lock(mutex_);
    lines.emplace_back(text);
  }
  mutable std::mutex mutex_;
};

class RecordingLedger final : public ResourceLedger {
 public:
  Result<uint64_t> intend(const std::string& kind, const std::string& name) override {
    entries[++last] = kind + " " + name;
    history.push_back(entries[last]);
    return last;
  }
  Result<void> bound(uint64_t intent, const std::string& id) override {
    ids[intent] = id;
    return {};
  }
  Result<void> gone(uint64_t intent) override {
    entries.erase(intent);
    return {};
  }
  uint64_t last = 0;
  std::map<uint64_t, std::string> entries;  // what would be swept now
  std::map<uint64_t, std::string> ids;
  std::vector<std::string> history;
};

class BuildFixture : public ::testing::Test {
 protected:
  void SetUp() override {
    auto folder = io::TempDirectory::create("/tmp", "farm-test-");
    ASSERT_TRUE(folder);
    root_ = folder->release();
    for (const char* name : {"/work", "/temp", "/cache"}) {
      ASSERT_TRUE(io::make_directories(root_ + name));
    }
    render_.build_name = "base";
    render_.build_type = "qemu";
    render_.working_directory = root_ + "/work";
    render_.hcl2 = true;
    context_.working_directory = root_ + "/work";
    context_.temp_directory = root_ + "/temp";
    context_.cache_directory = root_ + "/cache";
    context_.run_uuid = "11111111-2222-4333-8444-555555555555";
  }
  void TearDown() override {
    context_.communicator.reset();
    EXPECT_TRUE(io::remove_tree(root_));
  }
  PrepareContext prepare_context() const {
    return PrepareContext{render_, environment_, root_ + "/work", false, false};
  }

  std::string root_;
  RecordingUi ui_;
  RecordingLedger ledger_;
  SystemClock clock_;
  SeededRandom random_{7};
  Environment environment_ = Environment::of_process();
  CancelToken cancel_;
  plan::RenderInputs render_;
  BuildContext context_{ui_,         ledger_, clock_, random_, environment_, cancel_, render_,
                        {},          {},      {},     {},      false,        false,
                        OnError::Cleanup, {},  {},     {},      {},           {},      0,
                        {},          {},      0,      {},      {},           {},      {}};
};

inline value::Value string_list(const std::vector<std::string>& texts) {
  value::Value::List list;
  for (const std::string& text : texts) list.push_back(value::Value::string(text));
  return value::Value::list(value::Type::string(), std::move(list));
}

inline value::Value string_map(const std::map<std::string, std::string>& texts) {
  value::Value::Map map;
  for (const auto& [key, text] : texts) map[key] = value::Value::string(text);
  return value::Value::map(value::Type::string(), std::move(map));
}

}  // namespace farm::builders::testing
