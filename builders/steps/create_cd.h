// CreateCd: an ISO 9660 image (Rock Ridge, Joliet) from the template's files, made with xorriso.
// The files are not copied first: the tool reads them where they are.
#pragma once

#include <map>
#include <string>

#include "builders/core/step.h"
#include "builders/steps/media_options.h"

namespace farm::builders::steps {

class CreateCd final : public Step {
 public:
  /// The image's absolute path goes to `result` (empty when no CD is wanted). A build with several
  /// CDs gives each another `file_name`.
  CreateCd(CdOptions options, std::string& result, std::string file_name = "cd.iso")
      : options_(std::move(options)), result_(&result), file_name_(std::move(file_name)) {}
  std::string_view name() const override { return "create_cd"; }
  Result<void> run(BuildContext& context) override;
  Result<void> cleanup(BuildContext& context) override;

 private:
  using Tree = std::map<std::string, std::string>;  // path on the CD -> path here
  Result<Tree> gather(BuildContext& context, const std::string& staged) const;
  CdOptions options_;
  std::string* result_;
  std::string file_name_;
};

/// `tree` as a path list for mkisofs -graft-points: "target=source" with \ and = escaped.
std::string graft_list(const std::map<std::string, std::string>& tree);

}  // namespace farm::builders::steps
