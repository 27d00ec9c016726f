// Data source git-repository: branches, tags and whether anything is changed.
#include "builders/core/git.h"

namespace farm::builders::data_source_git_repository {
namespace {

using value::Value;

class GitRepository final : public DataSource {
 public:
  Result<Value> ask(const Value& config, const DataSourceContext& context) override {
    const Git git = TRY(Git::open(text_option(config, "path", "."), context));
    const std::vector<std::string> branches =
        TRY(git.lines({"for-each-ref", "--format=%(refname:lstrip=2)", "refs/heads"}));
    const std::vector<std::string> tags =
        TRY(git.lines({"for-each-ref", "--format=%(refname:lstrip=2)", "refs/tags"}));
    const std::vector<std::string> changes = TRY(git.lines({"status", "--porcelain"}));
    // A detached HEAD has no branch: it is called HEAD.
    const Result<std::vector<std::string>> head =
        git.lines({"symbolic-ref", "--quiet", "--short", "HEAD"});
    return Value::object({{"head", Value::string(head && !head->empty() ? head->front() : "HEAD")},
                          {"branches", text_list(branches)},
                          {"tags", text_list(tags)},
                          {"is_clean", Value::boolean(changes.empty())}});
  }
};

}  // namespace

void register_component(DataSourceRegistry& registry) {
  registry.add("git-repository", [] { return std::make_unique<GitRepository>(); });
}

}  // namespace farm::builders::data_source_git_repository
