// Data source git-tree: the files of a commit.
#include "builders/core/git.h"

namespace farm::builders::data_source_git_tree {
namespace {

using value::Value;

class GitTree final : public DataSource {
 public:
  Result<Value> ask(const Value& config, const DataSourceContext& context) override {
    const Git git = TRY(Git::open(text_option(config, "path", "."), context));
    const std::string hash = TRY(git.resolve(text_option(config, "commit_ish", "HEAD"), "tree"));
    // From the top of the repository, wherever `path` is. Entries are NUL-separated:
    // "MODE TYPE HASH<TAB>PATH".
    const std::string text = TRY(git.run({"ls-tree", "-r", "-z", "--full-tree", hash}));
    std::vector<std::string> files;
    for (size_t start = 0; start < text.size();) {
      const size_t end = std::min(text.find('\0', start), text.size());
      const std::string entry = text.substr(start, end - start);
      start = end + 1;
      const size_t tab = entry.find('\t');
      // Submodules are commits of another repository, not files.
      if (tab == std::string::npos || entry.find(" blob ") > tab) continue;
      files.push_back(entry.substr(tab + 1));
    }
    return Value::object({{"hash", Value::string(hash)}, {"files", text_list(files)}});
  }
};

}  // namespace

void register_component(DataSourceRegistry& registry) {
  registry.add("git-tree", [] { return std::make_unique<GitTree>(); });
}

}  // namespace farm::builders::data_source_git_tree
