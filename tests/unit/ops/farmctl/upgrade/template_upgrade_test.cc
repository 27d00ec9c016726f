// Every legacy template of the corpus, upgraded, must give the plan that it gave before.

#include "ops/farmctl/upgrade/template_upgrade.h"

#include <gtest/gtest.h>

#include <regex>

#include "builders/core/schema/catalog.h"
#include "common/plan/render.h"
#include "tests/unit/common/plan/planning.h"

namespace farm::farmctl {
namespace {

using plan::ComponentKind;
using value::Kind;
using value::Value;

/// Values that only a running build has: the same words for both plans.
const std::map<std::string, Value>& build_values() {
  static const std::map<std::string, Value> values = [] {
    std::map<std::string, Value> made;
    for (const char* name :
         {"ID", "Host", "Port", "User", "Password", "ConnType", "PackerRunUUID", "PackerHTTPIP",
          "PackerHTTPPort", "PackerHTTPAddr", "SSHPublicKey", "SSHPrivateKey", "WinRMPassword"}) {
      made.emplace(name, Value::string(std::string("the-") + name));
    }
    return made;
  }();
  return values;
}

Value field_values() {
  Value::Map fields;
  for (const char* name : {"Vars", "Path", "EnvVarFile", "HTTPIP", "HTTPPort", "Name", "Provider",
                           "BuildName", "BuilderType", "ChecksumType", "Script", "Command",
                           "WinRMPassword", "SourceAMI", "OutputDir", "SSHHostPort"}) {
    fields.emplace(name, Value::string(std::string("field-") + name));
  }
  return Value::object(fields);
}

/// A config with every string rendered as it will be used.
Value rendered(const Value& v, const interpolate::Context& context) {
  if (v.is_null() || !v.is_known()) return v;
  switch (v.type().kind()) {
    case Kind::String: {
      std::string text = v.as_string();
      for (int i = 0; i < 3 && text.find("{{") != std::string::npos; ++i) {
        Result<std::string> next = interpolate::render(text, context);
        text = next ? *next : "<" + next.error().message + ">";
      }
      return Value::string(text);
    }
    case Kind::List:
    case Kind::Set:
    case Kind::Tuple: {
      Value::List items;
      for (const Value& item : v.elements()) items.push_back(rendered(item, context));
      return Value::tuple(items);
    }
    case Kind::Map:
    case Kind::Object: {
      Value::Map members;
      for (const auto& [key, item] : v.entries()) {
        members.insert_or_assign(rendered(Value::string(key), context).as_string(),
                                 rendered(item, context));
      }
      return Value::object(members);
    }
    default: return v;
  }
}

std::string component_text(const plan::ComponentSpec& spec, ComponentKind kind,
                           const plan::JobSpec& job, WallTime start) {
  const plan::ComponentSchema* schema = builders::component_catalog().find(kind, spec.type);
  const Value::Map build(build_values().begin(), build_values().end());
  Result<Value> config =
      plan::resolve_late(spec, *schema, &build, start, "/home/ann/images");
  if (!config) return "<" + config.error().message + ">";
  interpolate::Inputs inputs = job.render;
  inputs.template_dir = "images";
  inputs.build_name = "NAME";
  SeededRandom random(3);
  interpolate::Context context{inputs, random, field_values().entries(), &build_values(), {},
                               {},     false,  false,                    {}};
  context.extra["clean_resource_name"] =
      [](const std::vector<std::string>& words) -> Result<std::string> { return words.at(0); };
  std::string text = spec.type + "\n";
  const Value shown_config = rendered(config->without_marks(), context);
  for (const auto& [name, v] : shown_config.entries()) {
    text += "    " + name + " = " + plan::shown(v) + "\n";
  }
  return text;
}

std::string provisioner_text(const plan::ProvisionerSpec& spec, const plan::JobSpec& job,
                             WallTime start) {
  return component_text(spec.component, ComponentKind::Provisioner, job, start) + "    pause " +
         std::to_string(spec.pause_before.count()) + " timeout " +
         std::to_string(spec.timeout.count()) + " retries " + std::to_string(spec.max_retries) +
         "\n";
}

/// The plan with names of sources and spellings of the moment made equal.
std::string comparable(const plan::Plan& plan, bool legacy) {
  const WallTime start{1'704'164'645'000'000'000};
  std::string text;
  for (const plan::JobSpec& job : plan.jobs) {
    std::string one = "builder " + component_text(job.builder, ComponentKind::Builder, job, start);
    for (const auto& spec : job.provisioners) {
      one += "  provisioner " + provisioner_text(spec, job, start);
    }
    if (job.error_cleanup) one += "  cleanup " + provisioner_text(*job.error_cleanup, job, start);
    for (size_t i = 0; i < job.post_processors.size(); ++i) {
      for (const plan::PostProcessorSpec& spec : job.post_processors[i]) {
        one += "  post-processor " + std::to_string(i) + " " +
               component_text(spec.component, ComponentKind::PostProcessor, job, start);
        if (spec.keep_input_artifact) {
          one += *spec.keep_input_artifact ? "    keep\n" : "    no keep\n";
        }
      }
    }
    // In HCL2 the name of the source was written into the plan already.
    if (!legacy) {
      one = std::regex_replace(one, std::regex("\\b" + job.builder.name + "\\b"), "NAME");
    }
    text += one;
  }
  text = std::regex_replace(text, std::regex(legacy ? "1704164645" : "20240102030405"), "MOMENT");
  text = std::regex_replace(text, std::regex("/home/ann/images/images"), "images");
  text = std::regex_replace(
      text, std::regex("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"), "UUID");
  for (const std::string& secret : plan.sensitive) text += "sensitive " + secret + "\n";
  return text;
}

/// Upgrades what `before` loads; both must plan the same.
void expect_same_plan(const plan::CorpusCase& before) {
  const std::unique_ptr<plan::Planning> old_planning = before.planning();
  const Diagnosed<plan::Plan> old_plan = old_planning->run();
  ASSERT_FALSE(old_plan.diagnostics.has_errors()) << plan::dump(old_plan.diagnostics);
  SeededRandom random(5);
  const UpgradedTemplate upgraded =
      upgrade_template(*old_planning->loaded(), builders::component_catalog(), random, {});
  SCOPED_TRACE(upgraded.text);
  EXPECT_EQ(upgraded.unhandled, std::vector<std::string>());
  plan::CorpusCase after = before;
  after.files = {{"images/template.pkr.hcl", upgraded.text}};
  after.load.path = "images/template.pkr.hcl";
  const Diagnosed<plan::Plan> new_plan = after.planning()->run();
  std::string errors;
  for (const Diagnostic& item : new_plan.diagnostics.items()) {
    if (item.severity == Severity::Error) errors += item.summary + ": " + item.detail + "\n";
  }
  EXPECT_EQ(errors, "");
  ASSERT_TRUE(new_plan.value);
  EXPECT_EQ(comparable(*new_plan.value, false), comparable(*old_plan.value, true));
}

TEST(TemplateUpgrade, TheCorpusPlansTheSame) {
  size_t count = 0;
  for (const plan::CorpusCase& c : plan::corpus()) {
    if (!c.path.ends_with("template.json") || c.golden.starts_with("error ")) continue;
    SCOPED_TRACE(c.name);
    expect_same_plan(c);
    ++count;
  }
  EXPECT_GE(count, 15U);
}

TEST(TemplateUpgrade, GivenValuesReachWhatTheyReachedBefore) {
  plan::CorpusCase c;
  c.files["images/template.json"] = R"({
    "variables": {"base": "a", "derived": "{{user `base`}}-x", "needed": null,
                  "home": "{{env `FARM_TEST_REGION`}}"},
    "builders": [{"type": "file", "target": "{{user `derived`}}", "content":
                  "{{user `needed`}} {{user `home`}} {{user `nowhere`}}"}]})";
  c.load.path = "images/template.json";
  c.load.variables = {{"needed", "n"}};
  c.environment = {{"FARM_TEST_REGION", "north"}};
  expect_same_plan(c);
  c.environment.clear();
  c.load.variables = {{"needed", "n"}, {"base", "b"}, {"derived", "mine"}};
  expect_same_plan(c);
}

}  // namespace
}  // namespace farm::farmctl
