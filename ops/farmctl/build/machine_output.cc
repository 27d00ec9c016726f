#include "ops/farmctl/build/build_output.h"
#include "ops/farmctl/build/elapsed_text.h"

namespace farm::farmctl {
namespace {

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case ',':
        out += "%!(PACKER_COMMA)";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\n':
        out += "\\n";
        break;
      default:
        out += c;
    }
  }
  return out;
}

class MachineOutput final : public BuildOutput {
 public:
  explicit MachineOutput(const OutputOptions& options) : options_(options), out_(options.fd) {}

  void begin(const std::vector<std::string>&) override {}

  void record(const std::string& name, const wire::LogRecord& record) override {
    const std::string& target = target_.target(name, record);
    const std::string text(record.text);
    switch (record.kind) {
      case wire::LogKind::Say:
        return say("==> " + target + ": " + text);
      case wire::LogKind::Detail:
        return line("", {"ui", "message", "    " + target + ": " + text});
      case wire::LogKind::Error:
        return error("==> " + target + ": " + text);
      case wire::LogKind::Progress:
      case wire::LogKind::Step:
      case wire::LogKind::Picture:
        return;
    }
  }

  void ended(const EndedBuild& build, Duration elapsed) override {
    const std::string took = elapsed_text(elapsed);
    if (build.succeeded) return say("Build '" + build.name + "' finished after " + took + ".");
    error("Build '" + build.name + "' errored after " + took + ": " + build.error);
  }

  void notice(const std::string& name, const std::string& text) override {
    say("==> " + name + ": " + text);
  }
  void say(const std::string& text) override { line("", {"ui", "say", text}); }
  void error(const std::string& text) override { line("", {"ui", "error", text}); }

  void summary(const std::vector<EndedBuild>& builds, Duration elapsed,
               bool interrupted) override {
    say("\n==> Wait completed after " + elapsed_text(elapsed));
    if (interrupted) return say("Cleanly cancelled builds after being interrupted.");
    errors(builds);
    artifacts(builds);
  }

  void flush() override { out_.flush(); }

 private:
  void errors(const std::vector<EndedBuild>& builds) {
    size_t count = 0;
    for (const EndedBuild& build : builds) count += build.succeeded ? 0 : 1;
    if (count == 0) return;
    line("", {"error-count", std::to_string(count)});
    error("\n==> Some builds didn't complete successfully and had errors:");
    for (const EndedBuild& build : builds) {
      if (build.succeeded) continue;
      line(build.name, {"error", build.error});
      error("--> " + build.name + ": " + build.error);
    }
  }

  void artifacts(const std::vector<EndedBuild>& builds) {
    bool any = false;
    for (const EndedBuild& build : builds) any = any || !build.artifacts.empty();
    if (!any) return say("\n==> Builds finished but no artifacts were created.");
    say("\n==> Builds finished. The artifacts of successful builds are:");
    for (const EndedBuild& build : builds) {
      if (build.artifacts.empty()) continue;
      line(build.name, {"artifact-count", std::to_string(build.artifacts.size())});
      for (size_t i = 0; i < build.artifacts.size(); ++i) {
        one_artifact(build.name, std::to_string(i), build.artifacts[i]);
      }
    }
  }

  void one_artifact(const std::string& name, const std::string& index,
                    const wire::ArtifactRecord& artifact) {
    line(name, {"artifact", index, "builder-id", artifact.builder_id});
    line(name, {"artifact", index, "id", artifact.id});
    line(name, {"artifact", index, "string", artifact.text});
    line(name, {"artifact", index, "files-count", std::to_string(artifact.files.size())});
    for (size_t i = 0; i < artifact.files.size(); ++i) {
      line(name, {"artifact", index, "file", std::to_string(i), artifact.files[i].path});
    }
    line(name, {"artifact", index, "end"});
    say("--> " + name + ": " + artifact.text);
  }

  void line(const std::string& target, const std::vector<std::string>& fields) {
    std::string text = std::to_string(options_.clock->wall().unix_seconds()) + "," + target;
    for (const std::string& field : fields) text += "," + escaped(field);
    out_.add(text + "\n");
  }

  OutputOptions options_;
  OutputBuffer out_;
  LineTarget target_;
};

}  // namespace

std::unique_ptr<BuildOutput> machine_output(const OutputOptions& options) {
  return std::make_unique<MachineOutput>(options);
}

}  // namespace farm::farmctl
