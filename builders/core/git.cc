#include "builders/core/git.h"

#include <algorithm>

#include "common/io/files.h"
#include "common/io/process.h"

namespace farm::builders {
namespace {

constexpr Duration kDeadline = std::chrono::minutes(2);

std::map<std::string, std::string> quiet_environment(const Environment& environment) {
  std::map<std::string, std::string> variables = environment.all();
  // The repository is the one at the path, whatever the caller's shell was working on.
  for (const char* name : {"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY"}) {
    variables.erase(name);
  }
  variables["GIT_OPTIONAL_LOCKS"] = "0";
  variables["GIT_TERMINAL_PROMPT"] = "0";
  variables["GIT_PAGER"] = "cat";
  variables["LC_ALL"] = "C.UTF-8";
  return variables;
}

}  // namespace

Result<Git> Git::open(const std::string& path, const DataSourceContext& context) {
  Git git(io::join_path(context.working_directory, path), context);
  const Result<std::string> inside = git.run({"rev-parse", "--git-dir"});
  if (!inside) {
    return inside.error().code == ErrorCode::NotFound
               ? inside.error()
               : not_found("no git repository at \"" + path + "\": " + inside.error().message);
  }
  return git;
}

Result<std::string> Git::run(const std::vector<std::string>& arguments) const {
  io::RunOptions options;
  // A repository may belong to somebody else (a container's mount); it is only read here, and its
  // configuration must not start programs.
  options.spawn.argv = {"git", "-C", directory_, "-c", "safe.directory=*", "-c",
                        "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null"};
  options.spawn.argv.insert(options.spawn.argv.end(), arguments.begin(), arguments.end());
  options.spawn.environment = quiet_environment(context_.environment);
  options.deadline = kDeadline;
  options.keep_bytes = 64U << 20;
  const io::Finished done = TRY(io::run_program(options, context_.cancel));
  if (done.status.success()) return done.standard_output;
  std::string said = io::last_lines(done.standard_error, 1);
  if (said.starts_with("fatal: ")) said.erase(0, 7);
  return invalid_input(said.empty() ? "git ended with " + done.status.text() : said);
}

Result<std::vector<std::string>> Git::lines(const std::vector<std::string>& arguments) const {
  const std::string text = TRY(run(arguments));
  std::vector<std::string> all;
  for (size_t start = 0; start < text.size();) {
    const size_t end = std::min(text.find('\n', start), text.size());
    if (end > start) all.push_back(text.substr(start, end - start));
    start = end + 1;
  }
  return all;
}

Result<std::string> Git::resolve(const std::string& name, const std::string& kind) const {
  Result<std::string> hash =
      run({"rev-parse", "--verify", "--quiet", "--end-of-options", name + "^{" + kind + "}"});
  if (!hash) return invalid_input("\"" + name + "\" names no " + kind + " of the repository");
  while (hash->ends_with('\n')) hash->pop_back();
  return hash;
}

std::string text_option(const value::Value& config, const std::string& name,
                        const std::string& fallback) {
  const value::Value* v = config.get(name);
  const bool set = v != nullptr && !v->is_null() && v->is_known() && !v->as_string().empty();
  return set ? v->as_string() : fallback;
}

value::Value text_list(const std::vector<std::string>& items) {
  value::Value::List list;
  for (const std::string& item : items) list.push_back(value::Value::string(item));
  return value::Value::list(value::Type::string(), std::move(list));
}

}  // namespace farm::builders
