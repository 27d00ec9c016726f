#include "common/plan/planner.h"

#include <gtest/gtest.h>

#include <chrono>

#include "tests/unit/common/plan/planning.h"

namespace farm::plan {
namespace {

constexpr const char* kThree = R"(
source "null" "a" { communicator = "none" }
source "null" "b" { communicator = "none" }
build {
  name    = "web"
  sources = ["null.a", "null.b"]
  source "null.a" { name = "c" }
  post-processors {
    post-processor "checksum" { name = "sums" }
    post-processor "manifest" {}
  }
})";

std::vector<std::string> names(const Diagnosed<Plan>& planned) {
  std::vector<std::string> all;
  for (const JobSpec& job : planned.value->jobs) all.push_back(job.display_name);
  return all;
}

Diagnosed<Plan> plan_three(std::vector<std::string> only, std::vector<std::string> except) {
  Planning planning("a.pkr.hcl", kThree);
  planning.load.path = "a.pkr.hcl";
  planning.options.only = std::move(only);
  planning.options.except = std::move(except);
  return planning.run();
}

using Names = std::vector<std::string>;

TEST(Planner, KeepsTemplateOrderAndLocalNames) {
  const Diagnosed<Plan> planned = plan_three({}, {});
  EXPECT_EQ(names(planned), (Names{"web.null.a", "web.null.b", "web.null.c"}));
  EXPECT_EQ(planned.value->jobs[2].render.build_name, "a");  // without the local name
}

TEST(Planner, FiltersByGlobs) {
  EXPECT_EQ(names(plan_three({"*.b", "*.c"}, {})), (Names{"web.null.b", "web.null.c"}));
  EXPECT_EQ(names(plan_three({}, {"web.null.[ab]"})), (Names{"web.null.c"}));
}

TEST(Planner, ExceptEndsAPostProcessorSequence) {
  const Diagnosed<Plan> planned = plan_three({}, {"sums"});
  EXPECT_TRUE(planned.value->jobs[0].post_processors.empty());
}

TEST(Planner, WarnsOfPatternsWithoutMatch) {
  EXPECT_EQ(dump(plan_three({"nothing"}, {}).diagnostics),
            "warning an 'only' option was passed, but not all matches were found for the given "
            "build. | Wanted: nothing.\nThese could be matched: web.null.a, web.null.b, "
            "web.null.c.\n");
}

TEST(Planner, RefusesWhatCannotRunWhenAsked) {
  Planning planning("a.pkr.hcl", R"(
source "null" "a" { communicator = "none" }
build {
  sources = ["null.a"]
  provisioner "azure-dtlartifact" {}
})");
  planning.load.path = "a.pkr.hcl";
  planning.options.require_built_in = true;
  EXPECT_EQ(dump(planning.run().diagnostics),
            "error a.pkr.hcl:5:3 Missing plugins | The provisioner \"azure-dtlartifact\" can be "
            "checked but not run by this version of farm.\n");
}

// The shape of the templates that describe one guest for every hypervisor.
constexpr const char* kManyHypervisors = R"(
source "null" "a" { communicator = "none" }
source "parallels-iso" "a" { anything = 1 }
source "hyperv-vmcx" "a" { clone_from_vm_name = "x" }
build {
  sources = ["null.a", "parallels-iso.a", "hyperv-vmcx.a"]
  provisioner "windows-update" { except = ["null.a"] }
  provisioner "breakpoint" { only = ["hyperv-vmcx.a"] }
  post-processor "vagrant" { except = ["null.a"] }
  post-processor "atlas" { only = ["parallels-iso.a"] }
})";

TEST(Planner, OnlyWhatASelectedBuildUsesMustRunHere) {
  Planning planning("a.pkr.hcl", kManyHypervisors);
  planning.load.path = "a.pkr.hcl";
  planning.options.require_built_in = true;
  planning.options.only = {"null.*"};
  const Diagnosed<Plan> planned = planning.run();
  EXPECT_EQ(dump(planned.diagnostics), "");
  ASSERT_EQ(planned.value->jobs.size(), 1U);
  EXPECT_TRUE(planned.value->jobs[0].provisioners.empty());
}

TEST(Planner, ASelectedBuildOfAnUnknownHypervisorIsRefused) {
  Planning planning("a.pkr.hcl", kManyHypervisors);
  planning.load.path = "a.pkr.hcl";
  planning.options.except = {"hyperv-vmcx.a"};
  EXPECT_EQ(dump(planning.run().diagnostics).substr(0, 48),
            "error a.pkr.hcl:3:1 Unknown source type parallel");
}

TEST(Planner, ANameThatMeansNothingIsWrongEvenWhenNotSelected) {
  Planning planning("a.pkr.hcl", R"(
source "null" "a" { communicator = "none" }
source "qemuu" "a" {}
build { sources = ["null.a", "qemuu.a"] })");
  planning.load.path = "a.pkr.hcl";
  planning.options.only = {"null.a"};
  EXPECT_EQ(dump(planning.run().diagnostics).substr(0, 45),
            "error a.pkr.hcl:3:1 Unknown source type qemuu");
}

TEST(Planner, LegacyBuildersThatAreLeftOutAreNotLookedAt) {
  Planning planning("a.json", R"({"builders": [
  {"type": "null", "communicator": "none"},
  {"type": "parallels-iso", "x": 1},
  {"type": "hyperv-vmcx", "x": 1}],
 "provisioners": [{"type": "windows-update", "except": ["null"]}],
 "post-processors": [{"type": "atlas", "only": ["parallels-iso"]}]})");
  planning.load.path = "a.json";
  planning.options.require_built_in = true;
  planning.options.only = {"null"};
  const Diagnosed<Plan> planned = planning.run();
  EXPECT_EQ(dump(planned.diagnostics), "");
  EXPECT_EQ(planned.value->jobs.size(), 1U);
}

TEST(Planner, VmwareTemplatesWrittenForRemoteHostsStillCheck) {
  Planning planning("a.json", R"({"builders": [{"type": "vmware-iso", "guest_os_type": "x",
 "iso_url": "http://h/a.iso", "iso_checksum": "none", "ssh_username": "u", "ssh_password": "p",
 "shutdown_command": "s", "remote_type": "", "remote_host": "h", "remote_username": "u",
 "remote_password": "p", "remote_datastore": "d"}]})");
  planning.load.path = "a.json";
  const Diagnosed<Plan> planned = planning.run();
  EXPECT_FALSE(planned.diagnostics.has_errors()) << dump(planned.diagnostics);
}

TEST(Planner, LaterVariableValuesWin) {
  struct Case {
    const char* name;
    bool environment;
    bool automatic;
    bool file;
    bool argument;
    const char* expected;
  };
  for (const Case& c : {Case{"default", false, false, false, false, "default"},
                        Case{"environment", true, false, false, false, "env"},
                        Case{"automatic file", true, true, false, false, "auto"},
                        Case{"-var-file", true, true, true, false, "file"},
                        Case{"-var", true, true, true, true, "arg"}}) {
    SCOPED_TRACE(c.name);
    std::map<std::string, std::string> files = {
        {"d/a.pkr.hcl", "variable \"x\" { default = \"default\" }\n" + std::string(kThree)}};
    if (c.automatic) files["d/z.auto.pkrvars.hcl"] = "x = \"auto\"";
    files["v.pkrvars.json"] = "{\"x\": \"file\"}";
    std::map<std::string, std::string> environment;
    if (c.environment) environment["PKR_VAR_x"] = "env";
    Planning planning(files, environment);
    planning.load.path = "d";
    if (c.file) planning.load.var_files = {"v.pkrvars.json"};
    if (c.argument) planning.load.variables = {{"x", "arg"}};
    const Diagnosed<Plan> planned = planning.run();
    EXPECT_EQ(dump(planned.diagnostics), "");
    EXPECT_EQ(planning.loaded()->variables.at(0).value.as_string(), c.expected);
  }
}

TEST(Planner, DefaultsInJsonCallOnlyEnv) {
  Planning planning("a.pkr.json", R"({"variable": {
  "x": {"default": "${upper(\"a\")}", "description": "no ${template} %{here}"},
  "y": {"default": "${env(\"HOME\")}"}}})");
  planning.load.path = "a.pkr.json";
  EXPECT_EQ(dump(planning.run().diagnostics),
            "error a.pkr.json:2:23 Call to unknown function | There is no function named \"upper\" "
            "in variable defaults: only env() may be called there. Use a local for computed "
            "values.\n");
}

TEST(Planner, TextsInJsonVariableFilesAreNoTemplates) {
  Planning planning(Planning::Texts{{"a.pkr.hcl", "variable \"x\" {}\n" + std::string(kThree)},
                                    {"v.pkrvars.json", R"({"x": "p%{ss${w"})"}});
  planning.load.path = "a.pkr.hcl";
  planning.load.var_files = {"v.pkrvars.json"};
  EXPECT_EQ(dump(planning.run().diagnostics), "");
  EXPECT_EQ(planning.loaded()->variables.at(0).value.as_string(), "p%{ss${w");
}

TEST(Planner, BothSyntaxesGiveTheSameConfigs) {
  Planning hcl("a.pkr.hcl", R"(
variable "cpus" { default = "2" }
source "qemu" "vm" {
  iso_url      = "x.iso"
  iso_checksum = "none"
  cpus         = var.cpus
  headless     = true
  qemuargs     = [["-m", "512"]]
  ssh_username = "u"
}
build {
  sources = ["qemu.vm"]
  provisioner "shell" { inline = ["id"] }
})");
  hcl.load.path = "a.pkr.hcl";
  Planning json("a.json", R"({
  "variables": {"cpus": "2"},
  "builders": [{"type": "qemu", "name": "vm", "iso_url": "x.iso", "iso_checksum": "none",
    "cpus": "{{user `cpus`}}", "headless": "true", "qemuargs": [["-m", 512]],
    "ssh_username": "u"}],
  "provisioners": [{"type": "shell", "inline": "id"}]})");
  json.load.path = "a.json";
  const Diagnosed<Plan> a = hcl.run();
  const Diagnosed<Plan> b = json.run();
  ASSERT_EQ(dump(a.diagnostics) + dump(b.diagnostics), "");
  EXPECT_EQ(a.value->jobs[0].builder.config, b.value->jobs[0].builder.config);
  EXPECT_EQ(a.value->jobs[0].provisioners[0].component.config,
            b.value->jobs[0].provisioners[0].component.config);
  EXPECT_EQ(a.value->jobs[0].display_name, b.value->jobs[0].display_name);
}

std::string chain_of(int count) {
  std::string text = "locals {\n  c0 = \"a\"\n";
  for (int i = 1; i < count; ++i) {
    text += "  c" + std::to_string(i) + " = local.c" + std::to_string(i - 1) + "\n";
  }
  return text + "}\n" + kThree;
}

int64_t nanos_to_plan(int count) {
  Planning planning("a.pkr.hcl", chain_of(count));
  planning.load.path = "a.pkr.hcl";
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(dump(planning.run().diagnostics), "");
  return (std::chrono::steady_clock::now() - start).count();
}

TEST(Planner, LocalsCostLinearTime) {
  nanos_to_plan(100);  // first use builds tables
  const int64_t small = nanos_to_plan(500);
  const int64_t large = nanos_to_plan(5000);
  // Ten times the locals; quadratic work would be a hundred times. Wide, for busy machines.
  EXPECT_LT(large, small * 40);
}

}  // namespace
}  // namespace farm::plan
