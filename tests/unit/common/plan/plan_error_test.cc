#include <gtest/gtest.h>

#include "tests/unit/common/plan/planning.h"

namespace farm::plan {
namespace {

struct Case {
  const char* name;
  const char* text;
  const char* expected;  // first diagnostic, whole
};

// What every case needs to be a template; appended after its own text so that lines stay.
constexpr const char* kRest =
    "\nsource \"null\" \"ok\" { communicator = \"none\" }\nbuild { sources = [\"null.ok\"] }\n";

const Case kCases[] = {
    {"build value in a core attribute",
     "source \"null\" \"n\" { communicator = \"none\" }\nbuild {\n  sources = [\"null.n\"]\n  "
     "provisioner \"shell-local\" {\n    inline = [\"x\"]\n    timeout = build.ID\n  }\n}",
     "error a.pkr.hcl:6:15 Unsuitable value type | \"timeout\" must be known before the build runs: "
     "of build.* only build.name may be used here."},
    {"build value in a build's name",
     "source \"null\" \"n\" {}\nbuild {\n  name = \"b-${build.ID}\"\n  sources = [\"null.n\"]\n}",
     "error a.pkr.hcl:3:10 Unsuitable value type | Unsuitable value: build.* and source.* are not "
     "known here."},
    {"null as a build's description",
     "source \"null\" \"n\" {}\nbuild {\n  description = null\n  sources = [\"null.n\"]\n}",
     "error a.pkr.hcl:3:17 Unsuitable value type | Unsuitable value: null value is not allowed."},
    {"version", "packer { required_version = \">= 99\" }",
     "error a.pkr.hcl:1:29 Unsupported Packer Core version | This template asks for version "
     "\">= 99\"; this program follows version 1.16.0. | Relax required_version if the template "
     "works with 1.16.0."},
    {"unset", "variable \"x\" {}",
     "error a.pkr.hcl:1:1 Unset variable \"x\" | A used variable must be set or have a default "
     "value. | Give one: -var x=..., PKR_VAR_x, or a *.pkrvars.hcl file."},
    {"validation",
     "variable \"x\" {\n  default = 1\n  validation {\n    condition = var.x > 1\n    "
     "error_message = \"Too small.\"\n  }\n}",
     "error a.pkr.hcl:2:13 Invalid value for default variable | Too small.\n\nThis was checked by "
     "the validation rule at a.pkr.hcl:3,3."},
    {"duplicate variable", "variable \"x\" { default = 1 }\nvariable \"x\" { default = 1 }",
     "error a.pkr.hcl:2:1 Duplicate variable | A variable named \"x\" was already declared at "
     "a.pkr.hcl:1."},
    {"duplicate local", "locals { a = 1 }\nlocals { a = 2 }",
     "error a.pkr.hcl:2:10 Duplicate local definition | A local named \"a\" was already declared "
     "at a.pkr.hcl:1."},
    {"missing local", "locals {\n  name = 1\n  b = local.nmae\n}",
     "error a.pkr.hcl:3:7 Unsupported attribute | There is no local value named \"nmae\": declare "
     "it in a `locals` block. | Did you mean \"name\"?"},
    {"cycle", "locals {\n  a = local.b\n  b = local.a\n}",
     "error a.pkr.hcl:2:3 Dependency cycle | These values depend on each other: local.a -> "
     "local.b -> local.a."},
    {"unknown source", "build { sources = [\"source.null.okk\"] }",
     "error a.pkr.hcl:1:20 Unknown source null.okk | No such source block is declared in this "
     "template. | Did you mean \"null.ok\"?"},
    {"source reference", "build { sources = [\"null\"] }",
     "error a.pkr.hcl:1:20 Invalid source reference | A source reference must have the form "
     "\"source.TYPE.NAME\" or \"TYPE.NAME\", not \"null\"."},
    {"source type", "source \"qemuu\" \"a\" {}\nbuild { sources = [\"qemuu.a\"] }",
     "error a.pkr.hcl:1:1 Unknown source type qemuu | There is no builder called \"qemuu\". | Did "
     "you mean \"qemu\"?"},
    {"retired",
     "build {\n  sources = [\"null.ok\"]\n  post-processor \"atlas\" {}\n}",
     "error a.pkr.hcl:3:3 Unknown post-processor type \"atlas\" | There is no post-processor "
     "called \"atlas\". | Atlas was shut down: use vagrant-cloud or vagrant-registry for boxes."},
    {"unknown option", "source \"file\" \"a\" {\n  target = \"x\"\n  contnt = \"y\"\n}\n"
     "build { sources = [\"file.a\"] }",
     "error a.pkr.hcl:3:3 Unsupported argument | An argument named \"contnt\" is not expected "
     "here. | Did you mean \"content\"?"},
    {"wrong type", "source \"file\" \"a\" {\n  target = [\"x\"]\n}\nbuild { sources = "
     "[\"file.a\"] }",
     "error a.pkr.hcl:2:12 Incorrect attribute value type | Inappropriate value for attribute "
     "\"target\": string required."},
    {"exclusive", "source \"file\" \"a\" {\n  target = \"x\"\n  source = \"s\"\n  content = "
     "\"c\"\n}\nbuild { sources = [\"file.a\"] }",
     "error a.pkr.hcl:4:3 Conflicting arguments | Only one of \"content\" and \"source\" may be "
     "set."},
    {"retries", "build {\n  sources = [\"null.ok\"]\n  provisioner \"shell-local\" {\n    inline "
     "= [\"x\"]\n    pause_before = \"5\"\n  }\n}",
     "error a.pkr.hcl:5:20 Failed to parse pause_before duration | time: missing unit in duration "
     "\"5\". | Durations have a unit: \"30s\", \"5m\", \"1h30m\"."},
    {"plugin", "packer {\n  required_plugins {\n    qemu = \">= 1\"\n  }\n}",
     "error a.pkr.hcl:3:12 Invalid plugin requirement | The requirement of plugin \"qemu\" must be "
     "an object with the text attributes `source` and `version`, and nothing else."},
};

TEST(PlanErrors, AreWholeSentencesWithPlaces) {
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.name);
    Planning planning("a.pkr.hcl", std::string(c.text) + kRest);
    const std::string all = dump(planning.run().diagnostics);
    // Multi-line details: compare as many characters as are expected.
    EXPECT_EQ(all.substr(0, std::string(c.expected).size()), c.expected) << all;
  }
}

TEST(PlanErrors, OneMistakeInAProvisionerShowsOnce) {
  Planning planning("a.pkr.hcl", R"(
source "null" "a" { communicator = "none" }
source "null" "b" { communicator = "none" }
build {
  sources = ["null.a", "null.b"]
  provisioner "shell-local" { inlin = ["x"] }
})");
  planning.load.path = "a.pkr.hcl";
  const Diagnosed<Plan> planned = planning.run();
  EXPECT_EQ(planned.diagnostics.size(), 2U) << dump(planned.diagnostics);
}

TEST(PlanErrors, LegacyTemplatesNameKeysAndPlaces) {
  Planning planning("a.json", R"({"builders": [
  {"type": "file", "targett": "x", "target": "y", "content": {"a": 1}}
]})");
  planning.load.path = "a.json";
  EXPECT_EQ(dump(planning.run().diagnostics),
            "error a.json:2:51 'content' expected type 'string', got object | The value cannot be "
            "read as string.\n"
            "error a.json:2:20 unknown configuration key: '\"targett\"' | There is no option of "
            "this name here. | Did you mean \"target\"?\n");
}

}  // namespace
}  // namespace farm::plan
