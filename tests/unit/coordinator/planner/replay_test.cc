// A plan made again from its record is the same plan, and what is not in the record cannot be had.
#include "coordinator/planner/replay.h"

#include <gtest/gtest.h>

#include "builders/core/schema/catalog.h"
#include "common/plan/plan_world.h"
#include "common/plan/planner.h"
#include "common/wire/plan_record.h"
#include "tests/unit/common/plan/planning.h"

namespace farm::coordinator {
namespace {

constexpr const char* kHere = "/home/ann/images";

/// The user's machine: files from a map, variables, secrets and data sources that answer.
class UsersSide final : public functions::Outside {
 public:
  UsersSide(plan::Planning::Texts files, plan::Planning::Texts environment)
      : files_(std::move(files)), environment_(std::move(environment)) {}
  Result<std::string> read_file(const std::string& path) override {
    const auto found = files_.find(relative(path));
    if (found == files_.end()) return not_found("no file " + path);
    return found->second;
  }
  Result<bool> file_exists(const std::string& path) override {
    return files_.contains(relative(path));
  }
  Result<std::vector<std::string>> list_files(const std::string& directory) override {
    std::vector<std::string> names;
    for (const auto& [path, text] : files_) {
      if (path.starts_with(relative(directory) + "/")) {
        names.push_back(path.substr(relative(directory).size() + 1));
      }
    }
    return names;
  }
  std::string working_directory() override { return kHere; }
  std::string home_directory() override { return "/home/ann"; }
  std::optional<std::string> environment(const std::string& name) override {
    const auto found = environment_.find(name);
    if (found == environment_.end()) return std::nullopt;
    return found->second;
  }
  Result<std::string> secret(const std::string& kind,
                             const std::vector<std::string>& arguments) override {
    ++secrets_asked;
    return kind + " told " + arguments.back();
  }
  int secrets_asked = 0;

 private:
  static std::string relative(const std::string& path) {
    const std::string prefix = std::string(kHere) + "/";
    return path.starts_with(prefix) ? path.substr(prefix.size()) : path;
  }
  plan::Planning::Texts files_;
  plan::Planning::Texts environment_;
};

struct Recorded {
  plan::PlanRecord record;
  std::vector<plan::PlannedJob> jobs;
  std::vector<std::string> sensitive;
  bool good = false;
  std::vector<Diagnostic> mistakes;  // of loading
};

/// What farmctl does on the user's machine.
Recorded plan_and_record(const plan::Planning::Texts& files,
                         const plan::Planning::Texts& environment,
                         const templates::LoadOptions& load, const plan::PlanOptions& asked) {
  templates::MemoryTree tree(files);
  UsersSide outside(files, environment);
  SystemRandom random;
  plan::PlanRecord opening;
  opening.start_nanos = 1'700'000'000'123'456'789;
  opening.path = load.path;
  opening.config_type = load.config_type;
  opening.var_files = load.var_files;
  for (const auto& [name, value] : load.variables) opening.variables.push_back({name, value});
  opening.only = asked.only;
  opening.except = asked.except;
  opening.core_version = load.core_version;
  const WallTime start{opening.start_nanos};
  plan::PlanWorld world(opening, plan::RealWorld{tree, outside, random});
  plan::CatalogDataSources data_sources(
      builders::component_catalog(), plan::CatalogDataSources::Mode::Ask,
      [&](const std::string& name) { return world.outside().environment(name); },
      world.asker([](const std::string& type, const value::Value&) -> Result<value::Value> {
        if (type != "http") return unavailable("not here");
        return value::Value::object(
            {{"body", value::Value::string("page")},
             {"url", value::Value::string("https://example.test/")},
             {"request_headers", value::Value::map(value::Type::string(), {})}});
      }));
  templates::SourceTexts texts;
  const templates::LoadWorld load_world{world.files(),  texts, world.outside(),
                                        world.random(), start, data_sources};
  Recorded made;
  Diagnosed<templates::Template> loaded = templates::load_template(load, load_world);
  if (loaded.ok()) {
    plan::PlanOptions options = asked;
    options.require_built_in = true;
    Diagnosed<plan::Plan> planned =
        plan::plan_template(*loaded.value, options, builders::component_catalog());
    made.good = planned.ok();
    if (made.good) {
      const plan::PathProbe probe = world.probe([&](const std::string& path) {
        const bool there = files.contains(path.substr(std::string(kHere).size() + 1));
        return there ? std::vector<std::string>{path} : std::vector<std::string>();
      });
      for (plan::JobSpec& job : planned.value->jobs) {
        static_cast<void>(plan::take_named_files(job, kHere, "/home/ann", probe));
        made.jobs.push_back({job.display_name, plan::encode_job(job)});
      }
      made.sensitive = planned.value->sensitive;
    }
  }
  made.mistakes = loaded.diagnostics.items();
  made.record = world.take_record();
  return made;
}

Recorded plan_text(const std::string& text, plan::Planning::Texts environment = {}) {
  templates::LoadOptions load;
  load.path = "t.pkr.hcl";
  return plan_and_record({{"t.pkr.hcl", text}, {"script.sh", "echo hi"}}, environment, load, {});
}

/// As it comes out of the planner: through the bytes.
plan::PlanReply again(const plan::PlanRecord& record) {
  const Result<plan::PlanRecord> read =
      wire::decode_plan_record(wire::encode_plan_record(record), wire::kMaxPlanRecord);
  EXPECT_TRUE(read) << read.error().message;
  const Result<plan::PlanReply> reply =
      wire::decode_plan_reply(wire::encode_plan_reply(plan_again(*read)));
  EXPECT_TRUE(reply);
  return *reply;
}

void expect_same(const Recorded& made) {
  const plan::PlanReply reply = again(made.record);
  EXPECT_EQ(made.good, !reply.error) << (reply.error ? reply.error->message : "planned");
  if (!made.good || reply.error) return;
  ASSERT_EQ(reply.jobs.size(), made.jobs.size());
  for (size_t i = 0; i < made.jobs.size(); ++i) {
    EXPECT_EQ(reply.jobs[i].name, made.jobs[i].name);
    EXPECT_EQ(reply.jobs[i].spec, made.jobs[i].spec) << made.jobs[i].name;
  }
  EXPECT_EQ(reply.sensitive, made.sensitive);
}

TEST(Replay, EveryTemplateOfTheCorpusPlansToTheSameJobs) {
  size_t good = 0;
  for (const plan::CorpusCase& one : plan::corpus()) {
    SCOPED_TRACE(one.name);
    templates::LoadOptions load = one.load;
    load.path = one.path;
    const Recorded made = plan_and_record(one.files, one.environment, load, one.options);
    if (made.good) ++good;
    expect_same(made);
  }
  EXPECT_GT(good, 15U);
}

TEST(Replay, WhatIsRandomTimedAskedOrSecretIsTheSame) {
  const Recorded made = plan_text(R"(
variable "who" { default = env("WHO") }
variable "pass" {
  sensitive = true
  default   = "hush-hush"
}
data "http" "page" { url = "https://example.test/" }
locals {
  id    = uuidv4()
  stamp = timestamp()
  word  = vault("secret/data/x", "password")
  page  = data.http.page.body
  text  = file("script.sh")
  there = fileexists("absent")
}
source "file" "x" {
  content = "${local.id} ${local.stamp} ${local.word} ${local.page} ${var.who} ${local.text} ${path.cwd} ${pathexpand("~")} ${local.there} ${var.pass}"
  target  = "out"
}
build {
  sources = ["file.x"]
  provisioner "shell-local" { script = "/home/ann/images/script.sh" }
})",
                                  {{"WHO", "ann"}});
  ASSERT_TRUE(made.good) << (made.mistakes.empty() ? "planning"
                                                  : made.mistakes[0].summary + ": " +
                                                        made.mistakes[0].detail);
  expect_same(made);
  const Result<plan::JobSpec> job = plan::decode_job(again(made.record).jobs[0].spec);
  ASSERT_TRUE(job);
  const std::string content = job->builder.config.get("content")->without_marks().as_string();
  EXPECT_NE(content.find("vault told password page ann echo hi /home/ann/images /home/ann false"),
            std::string::npos)
      << content;
  // A file of the bundle is named as it lies there.
  EXPECT_EQ(job->provisioners[0].component.config.get("script")->as_string(), "script.sh");
}

TEST(Replay, WhatWasNotHandedInIsDeniedByName) {
  struct Attack {
    const char* name;
    const char* expression;
    const char* told;
  };
  // As if farmctl had been made to leave its reads out, or never planned this text.
  const Attack attacks[] = {
      {"absolute", "file(\"/etc/farm/coordinator.hcl\")", "the file /etc/farm/coordinator.hcl"},
      {"key", "filebase64(\"/var/lib/farm/coordinator/seal.key\")", "seal.key"},
      {"upwards", "file(\"../../../../etc/passwd\")", "etc/passwd"},
      {"template", "templatefile(\"/proc/self/environ\", {})", "/proc/self/environ"},
      {"exists", "fileexists(\"/etc/shadow\")", "/etc/shadow"},
      {"set", "join(\",\", fileset(\"/etc\", \"*\"))", "/etc"},
      {"secret", "vault(\"secret/x\", \"y\")", "vault()"},
      {"random", "uuidv4()", "a random number"},
  };
  for (const Attack& attack : attacks) {
    SCOPED_TRACE(attack.name);
    plan::PlanRecord record;
    record.path = "t.pkr.hcl";
    record.working_directory = kHere;
    const std::string text = std::string("locals { x = ") + attack.expression +
                             " }\nsource \"null\" \"x\" { communicator = \"none\" }\n"
                             "build { sources = [\"null.x\"] }\n";
    record.answers = {{plan::PlanAnswer::Kind::TreeKind, "t.pkr.hcl", true, "f", "", {}},
                      {plan::PlanAnswer::Kind::TreeRead, "t.pkr.hcl", true, text, "", {}}};
    const plan::PlanReply reply = again(record);
    ASSERT_TRUE(reply.error);
    EXPECT_EQ(reply.error->code, ErrorCode::Denied);
    EXPECT_NE(reply.error->message.find(attack.told), std::string::npos) << reply.error->message;
    EXPECT_TRUE(reply.jobs.empty());
  }
}

TEST(Replay, AnAbsoluteNameOfABuilderIsNoWayToAFile) {
  // The option names a file that farmctl did not find: it stays text, nobody opens it here.
  const Recorded made = plan_text(R"(
source "null" "x" { communicator = "none" }
build {
  sources = ["null.x"]
  provisioner "file" {
    source      = "/etc/farm/coordinator.hcl"
    destination = "/tmp/x"
  }
})");
  ASSERT_TRUE(made.good);
  expect_same(made);
}

TEST(PlanRecord, RefusesWhatIsNone) {
  EXPECT_FALSE(wire::decode_plan_record("", 100));
  EXPECT_FALSE(wire::decode_plan_record(std::string(64, 'x'), 100));
  const Recorded made = plan_text("source \"null\" \"x\" {}\n");
  const std::string good = wire::encode_plan_record(made.record);
  EXPECT_TRUE(wire::decode_plan_record(good, good.size()));
  EXPECT_FALSE(wire::decode_plan_record(good, good.size() - 1));
  for (size_t length = 0; length < good.size(); length += 13) {
    static_cast<void>(wire::decode_plan_record(good.substr(0, length), good.size()));
  }
  plan::PlanRecord wrong = made.record;
  wrong.answers.push_back({static_cast<plan::PlanAnswer::Kind>(200), "q", true, "", "", {}});
  EXPECT_FALSE(wire::decode_plan_record(wire::encode_plan_record(wrong), 1U << 20));
}

}  // namespace
}  // namespace farm::coordinator
