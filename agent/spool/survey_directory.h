// SurveyDirectory: the files by which supervisor and runner speak of a survey: `order` and `answer`,
// both wire frames. It lies beside the lease directories and is no lease.
#pragma once

#include <string>

#include "common/base/result.h"
#include "common/wire/message.h"

namespace farm::agent {

class SurveyDirectory {
 public:
  explicit SurveyDirectory(std::string path) : path_(std::move(path)) {}

  const std::string& path() const { return path_; }
  /// Makes the directory (mode 0700) and replaces order and answer of an earlier survey.
  Result<void> write_order(const wire::SurveyOrder& order) const;
  bool ordered() const;
  Result<wire::SurveyOrder> order() const;
  Result<void> write_answer(const wire::Survey& survey) const;
  /// NotFound: there is none.
  Result<wire::Survey> answer() const;

 private:
  std::string path_;
};

}  // namespace farm::agent
