#include <sys/stat.h>

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
    std::string destination = builders::resolve_path(context, config_.destination);
    context.ui.say("Downloading " + source + " => " + config_.destination);
    const bool into_directory = destination.ends_with('/');
    TRY(io::make_directories(into_directory ? destination : io::parent_path(destination)));
    if (source.ends_with('/') || source.find('*') != std::string::npos) {
      return context.communicator->download_directory(source, destination, {}, context.cancel);
    }
    if (into_directory) destination += io::base_name(source);
    return context.communicator->download(source, destination,
                                          progress(context, io::base_name(source)), context.cancel);
  }

  Config config_;
};

}  // namespace

void register_component(Registry& registry) {
  registry.add_provisioner("file", [] { return std::make_unique<FileProvisioner>(); });
}

}  // namespace farm::builders::provisioner_file
