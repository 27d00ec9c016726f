// A configuration-management provisioner on a recording guest: which commands it runs there and
// what files it leaves, in order.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "builders/core/registry.h"
#include "common/io/files.h"
#include "tests/support/fakes/fake_build.h"

namespace farm::builders {

inline value::Value text(const std::string& utf8) {
  return value::Value::string(utf8);
}
inline value::Value flag(bool on) {
  return value::Value::boolean(on);
}
inline value::Value texts(const std::vector<std::string>& list) {
  value::Value::List elements;
  for (const std::string& one : list) elements.push_back(text(one));
  return value::Value::tuple(std::move(elements));
}

class ProvisionerFixture : public ::testing::Test {
 protected:
  explicit ProvisionerFixture(void (*register_component)(Registry&), const char* type)
      : directory_(*io::TempDirectory::create(::testing::TempDir(), "staging")) {
    Registry registry;
    register_component(registry);
    provisioner_ = std::move(*registry.provisioner(type));
  }

  std::string path(const std::string& name) const { return directory_.path() + "/" + name; }
  void file(const std::string& name, const std::string& content = "x") {
    ASSERT_TRUE(io::make_directories(io::parent_path(path(name))).has_value());
    ASSERT_TRUE(io::write_file(path(name), content).has_value());
  }
  void folder(const std::string& name) {
    ASSERT_TRUE(io::make_directories(path(name)).has_value());
  }
  Findings prepare(value::Value::Map options) {
    const PrepareContext context{build_.inputs, build_.environment, directory_.path(), false,
                                 false};
    return provisioner_->prepare(value::Value::object(std::move(options)), context);
  }
  /// Prepares and runs; the error's message, or "" after success.
  std::string run(value::Value::Map options) {
    build_.guest->commands.clear();
    build_.guest->files.clear();
    build_.ui.lines.clear();
    const Findings findings = prepare(std::move(options));
    if (!findings.ok()) return findings.text();
    const Result<void> done = provisioner_->provision(build_.context);
    return done ? "" : done.error().message;
  }
  /// Answers commands that contain `part` with `status`; all others succeed.
  void fail(const std::string& part, int status) {
    build_.guest->on_command = [part, status](const RemoteCommand& command) -> Result<int> {
      return command.command.find(part) != std::string::npos ? status : 0;
    };
  }
  const std::vector<std::string>& commands() const { return build_.guest->commands; }
  std::string guest_file(const std::string& name) const {
    const auto found = build_.guest->files.find(name);
    return found == build_.guest->files.end() ? "(missing)" : found->second.bytes;
  }
  std::string local_folder(const std::string& name) const { return "dir <" + path(name) + "/>"; }
  std::string local_file(const std::string& name) const { return "<" + path(name) + ">"; }
  void over_winrm() { build_.context.generated["ConnType"] = text("winrm"); }
  bool ran(const std::string& command) const {
    for (const std::string& one : commands()) {
      if (one == command) return true;
    }
    return false;
  }

  io::TempDirectory directory_;
  farm::testing::FakeBuild build_{directory_.path()};
  std::unique_ptr<Provisioner> provisioner_;
};

}  // namespace farm::builders
