#include "ops/farmctl/common/data_source_program.h"

#include <array>
#include <unistd.h>

#include "common/io/process.h"

namespace farm::farmctl {
namespace {

constexpr const char* kProgram = "farmctl-data-source";
constexpr Duration kDeadline = std::chrono::minutes(10);
constexpr size_t kLargest = 128U << 20;

/// Beside this program (it may be one of libexec itself), else where farmctl has its helpers.
std::string program_path() {
  std::array<char, 4096> path{};
  const ssize_t size = ::readlink("/proc/self/exe", path.data(), path.size());
  if (size <= 0) return kProgram;
  const std::string self(path.data(), static_cast<size_t>(size));
  const std::string directory = self.substr(0, self.rfind('/'));
  const std::string beside = directory + "/" + kProgram;
  if (::access(beside.c_str(), X_OK) == 0) return beside;
  return directory + "/../libexec/farm/" + kProgram;
}

Result<value::Value> ask(const value::Value& question, const Environment& environment,
                         const std::string& working_directory) {
  io::RunOptions options;
  options.spawn.argv = {program_path()};
  options.spawn.environment = environment.all();
  options.spawn.directory = working_directory;
  options.spawn.die_with_parent = true;
  options.deadline = kDeadline;
  options.keep_bytes = kLargest;
  options.input = value::encode(question);
  const io::Finished done = TRY(io::run_program(options, CancelToken()));
  if (!done.status.success()) {
    const std::string said = io::last_lines(done.standard_error, 20);
    return unavailable(said.empty() ? std::string(kProgram) + " ended with " + done.status.text()
                                    : said);
  }
  return value::decode(done.standard_output);
}

}  // namespace

plan::DataSourceAsker data_source_program(const Environment& environment,
                                          const std::string& working_directory) {
  return [environment, working_directory](const std::string& type,
                                          const value::Value& config) -> Result<value::Value> {
    const value::Value question = value::Value::object(
        {{"type", value::Value::string(type)}, {"config", config.without_marks()}});
    value::Value answer = TRY(ask(question, environment, working_directory));
    // What came from a secret stays one.
    return config.has_sensitive() ? answer.with_sensitive() : answer;
  };
}

Result<std::string> read_checksum_file(const Environment& environment,
                                       const std::string& working_directory,
                                       const std::string& checksum, const std::string& url) {
  const value::Value question = value::Value::object(
      {{"checksum", value::Value::string(checksum)}, {"url", value::Value::string(url)}});
  const value::Value answer = TRY(ask(question, environment, working_directory));
  return answer.as_string();
}

functions::LocalOutside::SecretHook secret_program(const Environment& environment,
                                                   const std::string& working_directory) {
  return [environment, working_directory](
             const std::string& kind,
             const std::vector<std::string>& arguments) -> Result<std::string> {
    value::Value::List words;
    for (const std::string& argument : arguments) words.push_back(value::Value::string(argument));
    const value::Value question = value::Value::object(
        {{"secret", value::Value::string(kind)}, {"arguments", value::Value::tuple(words)}});
    const Result<value::Value> answer = ask(question, environment, working_directory);
    if (!answer) {
      Error error = answer.error();
      error.retryable = false;  // it was asked: the answer is not just unknown
      return error;
    }
    return answer->as_string();
  };
}

}  // namespace farm::farmctl
