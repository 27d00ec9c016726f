#include <cstdio>
#include <ctime>

#include "ops/farmctl/build/build_output.h"
#include "ops/farmctl/build/elapsed_text.h"

namespace farm::farmctl {
namespace {

constexpr int kRed = 31;
// Green, cyan, magenta, yellow, blue: one per build, in turn.
constexpr int kColors[] = {32, 36, 35, 33, 34};

class HumanOutput final : public BuildOutput {
 public:
  explicit HumanOutput(const OutputOptions& options) : options_(options), out_(options.fd) {}

  void begin(const std::vector<std::string>& names) override {
    size_t index = 0;
    for (const std::string& name : names) colors_[name] = kColors[index++ % std::size(kColors)];
    if (!options_.color) return;
    for (const std::string& name : names) {
      plain_colored(name + ": output will be in this color.", color_of(name), true);
    }
    out_.add("\n");
  }

  void record(const std::string& name, const wire::LogRecord& record) override {
    const std::string& target = target_.target(name, record);
    std::string line = record.kind == wire::LogKind::Detail ? "    " : "==> ";
    line.append(target).append(": ").append(record.text);
    switch (record.kind) {
      case wire::LogKind::Say:
        return put(line, color_of(name), true);
      case wire::LogKind::Detail:
        return put(line, color_of(name), false);
      case wire::LogKind::Error:
        return put(line, kRed, true);
      case wire::LogKind::Progress:
        return progress(target, record.text, color_of(name));
      case wire::LogKind::Step:
      case wire::LogKind::Picture:
        return;
    }
  }

  void ended(const EndedBuild& build, Duration elapsed) override {
    const std::string took = elapsed_text(elapsed);
    if (build.succeeded) {
      put("Build '" + build.name + "' finished after " + took + ".", color_of(build.name), true);
    } else {
      put("Build '" + build.name + "' errored after " + took + ": " + build.error, kRed, true);
    }
  }

  void notice(const std::string& name, const std::string& text) override {
    put("==> " + name + ": " + text, color_of(name), true);
  }
  void say(const std::string& text) override { out_.add(text + "\n"); }
  void error(const std::string& text) override { out_.add(text + "\n"); }

  void summary(const std::vector<EndedBuild>& builds, Duration elapsed,
               bool interrupted) override {
    say("\n==> Wait completed after " + elapsed_text(elapsed));
    if (interrupted) return say("Cleanly cancelled builds after being interrupted.");
    bool any_error = false;
    bool any_artifact = false;
    for (const EndedBuild& build : builds) {
      if (!build.succeeded) {
        if (!any_error) error("\n==> Some builds didn't complete successfully and had errors:");
        any_error = true;
        error("--> " + build.name + ": " + build.error);
      }
      any_artifact = any_artifact || !build.artifacts.empty();
    }
    if (!any_artifact) return say("\n==> Builds finished but no artifacts were created.");
    say("\n==> Builds finished. The artifacts of successful builds are:");
    for (const EndedBuild& build : builds) {
      for (const wire::ArtifactRecord& artifact : build.artifacts) {
        say("--> " + build.name + ": " + artifact.text);
      }
    }
  }

  void flush() override { out_.flush(); }

 private:
  int color_of(const std::string& name) const {
    const auto found = colors_.find(name);
    return found == colors_.end() ? kColors[0] : found->second;
  }

  void plain_colored(const std::string& text, int color, bool bold) {
    if (!options_.color) return out_.add(text + "\n");
    out_.add("\033[" + std::to_string(bold ? 1 : 0) + ";" + std::to_string(color) + "m" + text +
             "\033[0m\n");
  }

  void put(const std::string& text, int color, bool bold) {
    plain_colored(options_.timestamps ? timestamp() + ": " + text : text, color, bold);
  }

  void progress(const std::string& target, std::string_view text, int color) {
    if (!options_.progress) return;
    const size_t first = text.find('\t');
    const size_t second = first == text.npos ? text.npos : text.find('\t', first + 1);
    if (second == text.npos) return;
    const double done = std::strtod(std::string(text.substr(first + 1)).c_str(), nullptr);
    const double total = std::strtod(std::string(text.substr(second + 1)).c_str(), nullptr);
    constexpr double kMiB = 1024.0 * 1024.0;
    char numbers[96];
    if (total > 0) {
      std::snprintf(numbers, sizeof numbers, "%.1f MiB / %.1f MiB %.0f%%", done / kMiB,
                    total / kMiB, 100.0 * done / total);
    } else {
      std::snprintf(numbers, sizeof numbers, "%.1f MiB", done / kMiB);
    }
    put("    " + target + ": " + std::string(text.substr(0, first)) + " " + numbers, color, false);
  }

  std::string timestamp() const {
    const auto seconds = static_cast<std::time_t>(options_.clock->wall().unix_seconds());
    std::tm parts{};
    ::localtime_r(&seconds, &parts);
    char text[64];
    size_t length = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S%z", &parts);
    std::string stamp(text, length);
    if (stamp.ends_with("+0000")) return stamp.substr(0, length - 5) + "Z";
    return stamp.insert(length - 2, ":");  // RFC 3339 wants +01:00
  }

  OutputOptions options_;
  OutputBuffer out_;
  LineTarget target_;
  std::map<std::string, int> colors_;
};

}  // namespace

std::unique_ptr<BuildOutput> human_output(const OutputOptions& options) {
  return std::make_unique<HumanOutput>(options);
}

}  // namespace farm::farmctl
