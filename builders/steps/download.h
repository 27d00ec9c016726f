// Download: brings an ISO or disk image to this machine: several URLs, every checksum form, a
// cache shared by builds with a lock per file, resumed transfers, local files used in place.
#pragma once

#include <string>

#include "builders/core/step.h"
#include "builders/steps/checksum.h"
#include "builders/steps/iso_options.h"
#include "common/io/fd.h"

namespace farm::builders::steps {

class Download final : public Step {
 public:
  /// `what` is for people ("ISO"); the absolute path goes to `result`, which must outlive the step.
  Download(IsoOptions options, std::string what, std::string& result)
      : options_(std::move(options)), what_(std::move(what)), result_(&result) {}
  std::string_view name() const override { return "download"; }
  Result<void> run(BuildContext& context) override;
  /// The cached file may be evicted again.
  Result<void> cleanup(BuildContext&) override {
    held_.reset();
    return {};
  }

 private:
  Result<std::string> fetch_one(BuildContext& context, const std::string& url);
  Result<std::string> use_local(BuildContext& context, const std::string& path,
                                const Checksum& checksum);
  Result<std::string> fetch_remote(BuildContext& context, const std::string& url,
                                   const Checksum& checksum, const std::string& cache_key);

  IsoOptions options_;
  std::string what_;
  std::string* result_;
  io::Fd held_;
};

/// Where `url` is kept: iso_target_path, or SHA-1 of `cache_key` in the cache directory.
std::string download_target(const BuildContext& context, const IsoOptions& options,
                            const std::string& cache_key);

/// The checksum a `checksum=` query of the URL asks for (taken out of `url`), else `option`.
std::string take_url_checksum(std::string& url, const std::string& option);

}  // namespace farm::builders::steps
