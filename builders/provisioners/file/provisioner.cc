#include <algorithm>
#include <sys/stat.h>

#include <fmt/format.h>

#include "builders/core/registry.h"
#include "builders/core/script.h"
#include "builders/provisioners/file/config.h"
#include "common/io/files.h"

namespace farm::builders::provisioner_file {
namespace {

class FileProvisioner final : public Provisioner {
 public:
  Findings prepare(const value::Value& config, const PrepareContext& context) override {
    Findings findings;
    config_ = decode(config, context, findings);
    return findings;
  }

  Result<void> provision(BuildContext& context) override {
    if (!context.communicator) return invalid_input("no communicator to transfer files with");
    if (config_.has_content) return upload_content(context);
    for (const std::string& source : config_.sources) {
      if (config_.download) {
        TRY(download(context, source));
      } else {
        TRY(upload(context, source));
      }
    }
    return {};
  }

 private:
  ProgressSink progress(BuildContext& context, const std::string& what) {
    return [&context, what](uint64_t done, uint64_t total) {
      context.ui.progress(what, done, total);
    };
  }

  Result<void> upload_content(BuildContext& context) {
    context.ui.say("Uploading content => " + config_.destination);
    return context.communicator->upload_bytes(config_.content, config_.destination, 0644,
                                              context.cancel);
  }

  Result<void> upload(BuildContext& context, const std::string& source) {
    context.ui.say("Uploading " + source + " => " + config_.destination);
    const std::string local = builders::resolve_path(context, source);
    struct stat status {};
    if (::stat(local.c_str(), &status) != 0) return not_found("source " + source + " is missing");
    if (S_ISDIR(status.st_mode)) {
      return context.communicator->upload_directory(local, config_.destination, {},
                                                    context.cancel);
    }
    std::string destination = config_.destination;
    if (destination.ends_with('/')) destination += io::base_name(source);
    return context.communicator->upload(local, destination, status.st_mode & 0777,
                                        progress(context, io::base_name(source)), context.cancel);
  }

  Result<void> download(BuildContext& context, const std::string& source) {
    if (source.find_first_of("*?[") != std::string::npos) return download_matches(context, source);
    const bool folder = source.ends_with('/');
    std::string shown = config_.destination;
    if (shown.ends_with('/') && !folder) shown += io::base_name(source);
    context.ui.say("Downloading " + source + " => " + shown);
    const std::string destination = builders::resolve_path(context, shown);
    TRY(io::make_directories(shown.ends_with('/') ? destination : io::parent_path(destination)));
    if (folder) {
      // Unlike an upload it comes with its name: users know it so.
      std::string named = source;
      while (named.size() > 1 && named.ends_with('/')) named.pop_back();
      return context.communicator->download_directory(named, destination, {}, context.cancel);
    }
    return context.communicator->download(source, destination,
                                          progress(context, io::base_name(source)), context.cancel);
  }

  // The machine's shell says what a pattern means there.
  Result<void> download_matches(BuildContext& context, const std::string& pattern) {
    context.ui.say("Downloading " + pattern + " => " + config_.destination);
    const std::string destination = builders::resolve_path(context, config_.destination);
    TRY(io::make_directories(destination));
    size_t found = 0;
    const std::vector<std::string> lines = TRY(matches(context, pattern));
    for (const std::string& line : lines) {
      const std::string path = line.substr(2);
      ++found;
      if (line.starts_with("d ")) {
        TRY(context.communicator->download_directory(path, destination, {}, context.cancel));
      } else {
        TRY(context.communicator->download(path, destination + "/" + io::base_name(path),
                                           progress(context, io::base_name(path)), context.cancel));
      }
    }
    if (found == 0) return not_found("no file in the machine matches " + pattern);
    return {};
  }

  // "f PATH" and "d PATH" of what matches.
  static Result<std::vector<std::string>> matches(BuildContext& context,
                                                  const std::string& pattern) {
    std::string text;
    RemoteCommand list;
    list.command = "for f in " + pattern_word(pattern) +
                   "; do if [ -d \"$f\" ]; then printf 'd %s\\n' \"$f\"; elif [ -e \"$f\" ]; "
                   "then printf 'f %s\\n' \"$f\"; fi; done";
    list.on_stdout = [&text](std::string_view bytes) { text += bytes; };
    const int status = TRY(context.communicator->run(list, context.cancel));
    if (status != 0) {
      return invalid_input(fmt::format("cannot list {} in the machine: exit status {}", pattern,
                                       status));
    }
    std::vector<std::string> lines;
    for (size_t at = 0; at < text.size();) {
      const size_t end = std::min(text.find('\n', at), text.size());
      if (end - at > 2) lines.push_back(text.substr(at, end - at));
      at = end + 1;
    }
    return lines;
  }

  // A word of sh in which only * ? [ ] have a meaning, and a ~ in front.
  static std::string pattern_word(const std::string& pattern) {
    std::string out;
    for (size_t i = 0; i < pattern.size(); ++i) {
      const char c = pattern[i];
      const bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
                         (c >= 'a' && c <= 'z') || (static_cast<unsigned char>(c) & 0x80U) != 0 ||
                         std::string_view("/*?[]-_.,+@%:^!").find(c) != std::string_view::npos ||
                         (c == '~' && i == 0);
      if (!plain) out += '\\';
      out += c;
    }
    return out;
  }

  Config config_;
};

}  // namespace

void register_component(Registry& registry) {
  registry.add_provisioner("file", [] { return std::make_unique<FileProvisioner>(); });
}

}  // namespace farm::builders::provisioner_file
