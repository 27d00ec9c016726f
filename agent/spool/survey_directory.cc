#include "agent/spool/survey_directory.h"

#include "common/io/files.h"
#include "common/wire/codec.h"

namespace farm::agent {
namespace {

template <class Wanted>
Result<Wanted> read_frame(const std::string& path) {
  const std::string bytes = TRY(io::read_file(path));
  wire::Message message = TRY(wire::decode(bytes));
  if (Wanted* wanted = std::get_if<Wanted>(&message)) return std::move(*wanted);
  return corrupt(path + " holds another message");
}

}  // namespace

Result<void> SurveyDirectory::write_order(const wire::SurveyOrder& order) const {
  TRY(io::remove_tree(path_));
  TRY(io::make_directories(path_, 0700));
  return io::write_file_atomic(path_ + "/order", wire::encode(order), 0600);
}

bool SurveyDirectory::ordered() const { return io::exists(path_ + "/order"); }

Result<wire::SurveyOrder> SurveyDirectory::order() const {
  return read_frame<wire::SurveyOrder>(path_ + "/order");
}

Result<void> SurveyDirectory::write_answer(const wire::Survey& survey) const {
  return io::write_file_atomic(path_ + "/answer", wire::encode(survey), 0600);
}

Result<wire::Survey> SurveyDirectory::answer() const {
  return read_frame<wire::Survey>(path_ + "/answer");
}

}  // namespace farm::agent
