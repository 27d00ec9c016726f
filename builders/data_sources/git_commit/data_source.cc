// Data source git-commit: who committed what and when.
#include <charconv>

#include "builders/core/git.h"
#include "common/template/functions/time_format.h"

namespace farm::builders::data_source_git_commit {
namespace {

using value::Value;

struct Commit {
  std::string tree;
  std::vector<std::string> parents;
  std::string author;
  std::string committer;
  std::string signature;
  std::string message;
};

/// Headers up to an empty line, then the message; a header goes on where a line begins with a
/// blank (git's object format).
Commit parse(const std::string& text) {
  Commit commit;
  std::string* open = nullptr;  // the header that may go on
  size_t start = 0;
  while (start < text.size()) {
    const size_t end = std::min(text.find('\n', start), text.size());
    const std::string line = text.substr(start, end - start);
    start = end + 1;
    if (line.empty()) break;
    if (line[0] == ' ') {
      if (open != nullptr) *open += line.substr(1) + "\n";
      continue;
    }
    const size_t blank = std::min(line.find(' '), line.size());
    const std::string name = line.substr(0, blank);
    const std::string rest = line.substr(std::min(blank + 1, line.size()));
    open = nullptr;
    if (name == "tree") commit.tree = rest;
    if (name == "parent") commit.parents.push_back(rest);
    if (name == "author") commit.author = rest;
    if (name == "committer") commit.committer = rest;
    if (name == "gpgsig" || name == "gpgsig-sha256") {
      commit.signature = rest + "\n";
      open = &commit.signature;
    }
  }
  commit.message = text.substr(std::min(start, text.size()));
  return commit;
}

struct Signed {
  std::string who;  // "A U Thor <author@example.com>"
  std::string when;  // RFC 3339, UTC
};

Signed split(const std::string& text) {
  const size_t mail = text.rfind('>');
  if (mail == std::string::npos) return {text, {}};
  Signed made{text.substr(0, mail + 1), {}};
  int64_t seconds = 0;
  const char* from = text.data() + std::min(mail + 2, text.size());
  if (std::from_chars(from, text.data() + text.size(), seconds).ec == std::errc{}) {
    made.when = functions::format_go_layout(functions::civil_time_of_unix(seconds),
                                            functions::kRfc3339Layout);
  }
  return made;
}

class GitCommit final : public DataSource {
 public:
  Result<Value> ask(const Value& config, const DataSourceContext& context) override {
    const Git git = TRY(Git::open(text_option(config, "path", "."), context));
    const std::string hash = TRY(git.resolve(text_option(config, "commit_ish", "HEAD"), "commit"));
    const std::string text = TRY(git.run({"cat-file", "commit", hash}));
    const std::vector<std::string> branches = TRY(git.lines(
        {"for-each-ref", "--points-at=" + hash, "--format=%(refname:lstrip=2)", "refs/heads"}));
    const Commit commit = parse(text);
    const Signed committer = split(commit.committer);
    return Value::object({{"hash", Value::string(hash)},
                          {"branches", text_list(branches)},
                          {"author", Value::string(split(commit.author).who)},
                          {"committer", Value::string(committer.who)},
                          {"timestamp", Value::string(committer.when)},
                          {"pgp_signature", Value::string(commit.signature)},
                          {"message", Value::string(commit.message)},
                          {"tree_hash", Value::string(commit.tree)},
                          {"parent_hashes", text_list(commit.parents)}});
  }
};

}  // namespace

void register_component(DataSourceRegistry& registry) {
  registry.add("git-commit", [] { return std::make_unique<GitCommit>(); });
}

}  // namespace farm::builders::data_source_git_commit
