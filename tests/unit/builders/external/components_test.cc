// Plugins at work, and plugins that misbehave: whatever they do ends in a sentence.
#include "builders/external/components.h"

#include <thread>

#include "builders/external/data_source.h"
#include "tests/support/fakes/fake_build.h"
#include "tests/unit/builders/external/plugin_maker.h"

namespace farm::builders::external {
namespace {

using value::Value;

class External : public ::testing::Test {
 protected:
  External() : directory_(*io::TempDirectory::create(::testing::TempDir(), "external")) {}

  Registry registry() {
    found_ = discover_plugins(maker_.folder(), build_.environment, {});
    EXPECT_EQ(found_.refused, std::vector<std::string>{});
    Registry made;
    register_plugins(made, found_.plugins);
    return made;
  }
  PrepareContext prepare_context() {
    return {build_.inputs, build_.environment, directory_.path(), false, false};
  }
  /// Runs the provisioner of the plugin `name`: the error's message, "" after success.
  std::string provision(const std::string& name, Value::Map options = {}) {
    std::unique_ptr<Provisioner> made = std::move(*registry().provisioner(name));
    EXPECT_TRUE(made->prepare(Value::object(std::move(options)), prepare_context()).ok());
    const Result<void> done = made->provision(build_.context);
    return done ? "" : done.error().message;
  }
  std::string path(const std::string& name) const { return directory_.path() + "/" + name; }

  io::TempDirectory directory_;
  PluginMaker maker_{directory_.path()};
  farm::testing::FakeBuild build_{directory_.path()};
  Discovery found_;
};

// Sends one line and reads the answer into $line.
constexpr const char* kAsk = "ask() { printf '%s\\n' \"$1\"; read -r line; }\nread -r start\n";

TEST_F(External, ProvisionerTalksToTheGuest) {
  maker_.provisioner("good",
                     std::string(kAsk) +
                         "printf '%s\\n' \"$start\" > start.json\n"
                         "echo '{\"type\": \"say\", \"text\": \"hello\"}'\n"
                         "ask '{\"type\": \"call\", \"id\": 1, \"method\": \"guest.run\", "
                         "\"params\": {\"command\": \"uname\"}}'\n"
                         "printf '%s\\n' \"$line\" > reply.json\n"
                         "ask '{\"type\": \"call\", \"id\": 2, \"method\": "
                         "\"guest.upload_text\", \"params\": {\"remote\": \"/x\", \"text\": "
                         "\"t\", \"mode\": \"0600\"}}'\n"
                         "ask '{\"type\": \"call\", \"id\": 3, \"method\": \"guest.fly\", "
                         "\"params\": {\"remote\": \"/x\", \"local\": \"y\"}}'\n"
                         "printf '%s\\n' \"$line\" > refused.json\n"
                         "echo to-the-log >&2\n"
                         "echo '{\"type\": \"done\"}'");
  build_.guest->on_command = [](const RemoteCommand& command) -> Result<int> {
    command.on_stdout("Linux\n");
    return 4;
  };
  EXPECT_EQ(provision("good", {{"a", Value::number(1)}, {"b", Value::string("x")}}), "");
  const std::string start = *io::read_file(path("start.json"));
  EXPECT_NE(start.find("\"config\":{\"a\":1,\"b\":\"x\"}"), std::string::npos) << start;
  EXPECT_NE(start.find("\"protocol\":1"), std::string::npos);
  EXPECT_NE(start.find("\"name\":\"base\""), std::string::npos);
  EXPECT_EQ(
      *io::read_file(path("reply.json")),
      "{\"id\":1,\"ok\":true,\"result\":{\"status\":4,\"stderr\":\"\",\"stdout\":\"Linux\\n\"},"
      "\"type\":\"reply\"}\n");
  EXPECT_EQ(
      *io::read_file(path("refused.json")),
      "{\"error\":\"there is no method 'guest.fly'\",\"id\":3,\"ok\":false,\"type\":\"reply\"}\n");
  EXPECT_EQ(build_.guest->files["/x"].bytes, "t");
  EXPECT_EQ(build_.guest->files["/x"].mode, 0600U);
  EXPECT_EQ(build_.ui.lines,
            (std::vector<std::string>{"say hello", "msg Linux", "msg to-the-log"}));
}

TEST_F(External, FailureIsThePluginsOwnText) {
  maker_.provisioner("sad", "read -r start\necho '{\"type\": \"failed\", \"error\": \"no luck\"}'");
  EXPECT_EQ(provision("sad"), "plugin sad: no luck");
}

TEST_F(External, MisbehaviourCostsOnlyItsOwnBuild) {
  struct Case {
    const char* name;
    std::string serve;
    std::string message;  // how it starts
  };
  const std::string call = "{\"type\": \"call\", \"id\": 1, \"method\": \"x\"}";
  const std::vector<Case> cases = {
      {"hangs", "exec sleep 600", "it has said nothing for 1 s"},
      {"crashes", "kill -SEGV $$", "it ended without a result: killed by signal 11"},
      {"dies", "echo broken >&2; exit 3", "it ended without a result: exit status 3: broken"},
      {"leaves", "read -r start; exit 0", "it ended without a result: exit status 0"},
      {"closes", "exec 1>&-; exec sleep 600", "it ended without a result: its output is closed"},
      {"babbles", "echo hello; sleep 600", "it has sent a line that is no message: hello"},
      {"invents", "echo '{\"type\": \"reboot\"}'; sleep 600",
       "it has sent a message of the unknown type 'reboot'"},
      {"mute", "echo '{\"type\": \"say\"}'; sleep 600", "it has sent a 'say' without text"},
      {"nameless", "echo '{\"type\": \"call\"}'; sleep 600",
       "it has sent a call without id or method"},
      {"flood",
       "pad=$(printf '%60000s' | tr ' ' x)\nexec yes \"{\\\"type\\\": \\\"alive\\\", \\\"pad\\\": "
       "\\\"$pad\\\"}\"",
       "it has said more than 32 MiB"},
      {"longline", "head -c 3000000 /dev/zero | tr '\\0' x; sleep 600",
       "it has sent a line of more than 1 MiB"},
      {"deep", "printf '%s\\n' \"$(printf '%5000s' | tr ' ' '[')\"; sleep 600",
       "it has sent a line that is too long or too deep"},
  };
  for (const Case& c : cases) maker_.provisioner(c.name, c.serve, "\"silence_seconds\": 1,");
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const std::string message = provision(c.name);
    EXPECT_TRUE(message.starts_with("plugin " + std::string(c.name) + ": " + c.message)) << message;
  }
}

TEST_F(External, ChildrenOfAPluginGoWithIt) {
  maker_.provisioner("parent",
                     "sleep 600 & echo $! > child.pid; echo '{\"type\": \"done\"}'; sleep 600");
  EXPECT_EQ(provision("parent"), "");
  const pid_t child = std::stoi(*io::read_file(path("child.pid")));
  const Instant deadline = io::steady_now() + std::chrono::seconds(10);
  // Killed; until it is reaped it is still there as a dead process.
  const auto gone = [&] {
    const auto status = io::read_file("/proc/" + std::to_string(child) + "/stat", 1024);
    return !status || status->find(") Z ") != std::string::npos;
  };
  while (!gone() && io::steady_now() < deadline) std::this_thread::yield();
  EXPECT_TRUE(gone());
}

TEST_F(External, CancellationIsTold) {
  maker_.provisioner("polite",
                     "read -r start\ntouch started\nread -r line\n"
                     "printf '%s\\n' \"$line\" > heard\n"
                     "echo '{\"type\": \"failed\", \"error\": \"stopped\"}'");
  std::thread canceller([&] {
    while (!io::exists(path("started"))) std::this_thread::yield();
    build_.cancel.cancel();
  });
  EXPECT_EQ(provision("polite"), "Build was cancelled.");
  canceller.join();
  EXPECT_EQ(*io::read_file(path("heard")), "{\"type\":\"cancel\"}\n");
}

TEST_F(External, BuilderUsesTheLedgerAndMakesAnArtifact) {
  maker_.make(
      "maker", "{\"component\": \"x-maker\", \"kind\": \"builder\", \"options\": []}",
      std::string(kAsk) +
          "ask '{\"type\": \"call\", \"id\": 1, \"method\": \"ledger.intend\", \"params\": "
          "{\"kind\": \"path\", \"name\": \"/tmp/x\"}}'\n"
          "ask '{\"type\": \"call\", \"id\": 2, \"method\": \"connect\", \"params\": "
          "{\"instance_id\": \"i-1\"}}'\n"
          "ask '{\"type\": \"call\", \"id\": 3, \"method\": \"provision\"}'\n"
          "ask '{\"type\": \"call\", \"id\": 4, \"method\": \"ledger.gone\", \"params\": "
          "{\"intent\": 1}}'\n"
          "echo image > made.img\n"
          "echo '{\"type\": \"done\", \"artifact\": {\"id\": \"made\", \"text\": \"Made it\", "
          "\"files\": [\"made.img\"]}}'");
  std::unique_ptr<Builder> builder = std::move(*registry().builder("x-maker"));
  ASSERT_TRUE(builder->prepare(Value::object({}), prepare_context()).ok());
  bool provisioned = false;
  build_.context.provision = [&](BuildContext& context) -> Result<void> {
    provisioned = context.instance_id == "i-1";
    return {};
  };
  const auto built = builder->run(build_.context);
  ASSERT_TRUE(built.has_value()) << built.error().message;
  ASSERT_TRUE(built->has_value());
  EXPECT_EQ((*built)->text, "Made it");
  EXPECT_EQ((*built)->builder_id, "external.x-maker");
  EXPECT_EQ((*built)->files, std::vector<std::string>{"made.img"});
  EXPECT_TRUE(provisioned);
  EXPECT_EQ(build_.ledger.events, (std::vector<std::string>{"intend path /tmp/x", "gone 1"}));
}

TEST_F(External, LedgerTakesWhatIsTheRunsOwn) {
  // The build's own entry, which a plugin must not close.
  ASSERT_TRUE(build_.ledger.intend("process", "qemu").has_value());
  ASSERT_TRUE(io::write_file(path("there"), "x").has_value());
  const auto call = [](int id, const std::string& method, const std::string& params) {
    return "ask '{\"type\": \"call\", \"id\": " + std::to_string(id) + ", \"method\": \"ledger." +
           method + "\", \"params\": {" + params + "}}'\nprintf '%s\\n' \"$line\" >> replies\n";
  };
  maker_.make(
      "lab",
      "{\"component\": \"x-lab\", \"kind\": \"builder\", \"options\": [], \"resources\": "
      "[\"box\"]}",
      std::string(kAsk) + call(1, "gone", "\"intent\": 1") +
          call(2, "intend", "\"kind\": \"box\", \"name\": \"b-1\"") +
          call(3, "bound", "\"intent\": 2, \"id\": \"id-1\"") +
          call(4, "intend", "\"kind\": \"ship\", \"name\": \"s\"") +
          call(5, "intend", "\"kind\": \"path\", \"name\": \"" + path("there") + "\"") +
          call(6, "intend", "\"kind\": \"path\", \"name\": \"/a/../b\"") +
          call(7, "intend", "\"kind\": \"box\", \"name\": \"\"") +
          call(8, "keep", "\"intent\": 2") + call(9, "gone", "\"intent\": 2") +
          "echo '{\"type\": \"done\"}'");
  std::unique_ptr<Builder> builder = std::move(*registry().builder("x-lab"));
  ASSERT_TRUE(builder->prepare(Value::object({}), prepare_context()).ok());
  ASSERT_TRUE(builder->run(build_.context).has_value());
  const std::string replies = *io::read_file(path("replies"));
  for (const char* words :
       {"1 is no open ledger entry of this run",
        "a ledger entry is of kind 'path', 'process' or one of the component's resources, not "
        "'ship'",
        "a path is written into the ledger before it is there: ", "a path in the ledger has no '..'",
        "'name' of a ledger entry is text of 1 to 1024 bytes without control characters",
        "2 is no open ledger entry of this run"}) {
    EXPECT_NE(replies.find(words), std::string::npos) << words << "\n" << replies;
  }
  EXPECT_EQ(build_.ledger.events,
            (std::vector<std::string>{"intend process qemu", "intend x-lab/box b-1",
                                      "bound 2 id-1", "gone 2"}));
}

TEST_F(External, OneRunWritesAThousandEntries) {
  maker_.make("flood",
              "{\"component\": \"x-flood\", \"kind\": \"builder\", \"options\": [], "
              "\"resources\": [\"box\"]}",
              std::string(kAsk) +
                  "i=0; while [ $i -le 1000 ]; do i=$((i+1)); ask '{\"type\": \"call\", \"id\": 1, "
                  "\"method\": \"ledger.intend\", \"params\": {\"kind\": \"box\", \"name\": "
                  "\"b\"}}'; done\nprintf '%s' \"$line\" > reply\necho '{\"type\": \"done\"}'");
  std::unique_ptr<Builder> builder = std::move(*registry().builder("x-flood"));
  ASSERT_TRUE(builder->prepare(Value::object({}), prepare_context()).ok());
  ASSERT_TRUE(builder->run(build_.context).has_value());
  EXPECT_EQ(build_.ledger.events.size(), 1000U);
  EXPECT_NE(io::read_file(path("reply"))->find("one run writes at most 1000 ledger entries"),
            std::string::npos);
}

TEST_F(External, ReaperRemovesWhatAKilledBuildLeft) {
  maker_.make("lab",
              "{\"component\": \"x-lab\", \"kind\": \"builder\", \"resources\": [\"box\"], "
              "\"options\": [{\"name\": \"where\", \"type\": \"string\"}]}",
              std::string(kAsk) +
                  "printf '%s\\n' \"$start\" > start.json\n"
                  "case $start in\n"
                  "  *stuck*) echo '{\"type\": \"failed\", \"error\": \"it is in use\"}' ;;\n"
                  "  *) echo '{\"type\": \"done\"}' ;;\n"
                  "esac");
  const Registry made = registry();
  const Reaper* reaper = made.reaper("x-lab/box");
  ASSERT_NE(reaper, nullptr);
  EXPECT_EQ(made.reaper("box"), nullptr);
  const BuildContext& build = build_.context;
  ReapContext context{build.ui,     build.clock,  build.random,      build.environment,
                      build.cancel, build.render, directory_.path(), {}};
  EXPECT_EQ((*reaper)(context, {"x-lab/box", "b-1", ""}).error().message,
            "the job's options of x-lab are gone");
  context.components = {{plan::ComponentKind::Builder, "x-lab",
                         Value::object({{"where", Value::string("rack 4")}})}};
  const Result<void> removed = (*reaper)(context, {"x-lab/box", "b-1", "id-1"});
  ASSERT_TRUE(removed.has_value()) << removed.error().message;
  const std::string start = *io::read_file(path("start.json"));
  EXPECT_NE(start.find("\"kind\":\"reaper\""), std::string::npos) << start;
  EXPECT_NE(start.find("{\"where\":\"rack 4\"}"), std::string::npos) << start;
  EXPECT_NE(start.find("\"resource\":{\"id\":\"id-1\",\"kind\":\"box\",\"name\":\"b-1\"}"),
            std::string::npos)
      << start;
  EXPECT_EQ((*reaper)(context, {"x-lab/box", "stuck", ""}).error().message,
            "plugin lab: it is in use");
}

TEST_F(External, ArtifactsThatAreNotThereAreALie) {
  maker_.make("liar", "{\"component\": \"x-liar\", \"kind\": \"builder\", \"options\": []}",
              "echo '{\"type\": \"done\", \"artifact\": {\"files\": [\"/nowhere/x\"]}}'");
  std::unique_ptr<Builder> builder = std::move(*registry().builder("x-liar"));
  ASSERT_TRUE(builder->prepare(Value::object({}), prepare_context()).ok());
  EXPECT_EQ(builder->run(build_.context).error().message,
            "the artifact names a file that is not there: /nowhere/x");
}

TEST_F(External, PostProcessorsPassOnOrAdd) {
  maker_.make("posts", "{\"component\": \"x-same\", \"kind\": \"post-processor\", \"options\": []}",
              "read -r start\nprintf '%s\\n' \"$start\" > start.json\n"
              "echo '{\"type\": \"done\", \"same\": true}'");
  std::unique_ptr<PostProcessor> made = std::move(*registry().post_processor("x-same"));
  ASSERT_TRUE(made->prepare(Value::object({}), prepare_context()).ok());
  artifact::Artifact input;
  input.id = "in";
  input.files = {"a", "b"};
  const auto processed = made->process(build_.context, input);
  ASSERT_TRUE(processed.has_value()) << processed.error().message;
  EXPECT_EQ(processed->artifact->id, "in");
  EXPECT_TRUE(processed->keep_input);
  EXPECT_NE(io::read_file(path("start.json"))->find("\"files\":[\"a\",\"b\"]"), std::string::npos);
}

TEST_F(External, DataSourcesAnswer) {
  maker_.make(
      "asks",
      "{\"component\": \"x-ask\", \"kind\": \"data-source\", \"options\": [],"
      " \"outputs\": [{\"name\": \"n\", \"type\": \"number\"}]}",
      "echo '{\"type\": \"done\", \"outputs\": {\"n\": 3, \"l\": [\"a\", true, null, 1.5]}}'");
  (void)registry();
  DataSourceRegistry sources;
  register_data_sources(sources, found_.plugins);
  const auto source = std::move(*sources.make("x-ask"));
  const auto answer =
      source->ask(Value::object({}), {build_.environment, directory_.path(), CancelToken()});
  ASSERT_TRUE(answer.has_value()) << answer.error().message;
  EXPECT_EQ(*value::to_json(*answer), "{\"l\":[\"a\",true,null,1.5],\"n\":3}");
}

}  // namespace
}  // namespace farm::builders::external
