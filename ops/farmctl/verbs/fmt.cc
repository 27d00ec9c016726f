// farmctl fmt: HCL2 files in canonical layout. Prints the path of each file that changes.

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include <fcntl.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/template/hcl2/body.h"
#include "common/template/source/file_tree.h"
#include "common/template/source/source_texts.h"
#include "ops/farmctl/format/hcl_format.h"
#include "ops/farmctl/verbs/verb.h"

namespace farm::farmctl {
namespace {

constexpr int kUnformatted = 3;

const std::vector<Flag>& fmt_flags() {
  static const std::vector<Flag> flags = {
      {"check", FlagKind::Switch, "write nothing; exit code 3 when a file is not formatted"},
      {"diff", FlagKind::Switch, "show the differences"},
      {"write", FlagKind::Setting, "do not write the files"},
      {"recursive", FlagKind::Switch, "also the directories below"},
  };
  return flags;
}

bool is_hcl_file(const std::string& name) {
  return name.ends_with(".pkr.hcl") || name.ends_with(".pkrvars.hcl");
}

/// Editors' backup and lock files, hidden files.
bool is_skipped(const std::string& name) {
  return name.starts_with(".") || name.ends_with("~") ||
         (name.starts_with("#") && name.ends_with("#"));
}

/// Writes beside the file and renames, so that a full disk never leaves half a template.
Result<void> replace_file(const std::string& path, const std::string& text) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return system_error("stat " + path, errno);
  std::error_code ignored;
  const std::string target = std::filesystem::canonical(path, ignored).string();
  std::string temporary = (target.empty() ? path : target) + ".XXXXXX";
  const int fd = ::mkstemp(temporary.data());
  if (fd < 0) return system_error("create " + temporary, errno);
  size_t done = 0;
  while (done < text.size()) {
    const ssize_t wrote = ::write(fd, text.data() + done, text.size() - done);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) break;
    done += static_cast<size_t>(wrote);
  }
  const bool good = done == text.size() && ::fchmod(fd, status.st_mode & 07777) == 0;
  const int problem = errno;
  ::close(fd);
  if (good && ::rename(temporary.c_str(), (target.empty() ? path : target).c_str()) == 0) return {};
  const int failure = good ? errno : problem;
  ::unlink(temporary.c_str());
  return system_error("write " + path, failure);
}

/// A unified diff by the `diff` program, which reads the new text from a file.
Result<void> show_diff(const std::string& path, const std::string& before,
                       const std::string& after) {
  std::string names[2] = {"/tmp/farmctl-fmt-XXXXXX", "/tmp/farmctl-fmt-XXXXXX"};
  const std::string* texts[2] = {&before, &after};
  for (int i = 0; i < 2; ++i) {
    const int fd = ::mkstemp(names[i].data());
    if (fd < 0) return system_error("create a temporary file", errno);
    const ssize_t wrote = ::write(fd, texts[i]->data(), texts[i]->size());
    ::close(fd);
    if (wrote != static_cast<ssize_t>(texts[i]->size())) {
      return system_error("write a temporary file", errno);
    }
  }
  std::fflush(stdout);
  std::vector<std::string> words = {"diff", "--label=old/" + path, "--label=new/" + path, "-u",
                                    names[0], names[1]};
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  pid_t pid = 0;
  const int failure =
      ::posix_spawnp(&pid, "diff", nullptr, nullptr, pointers.data(), environ);
  if (failure == 0) ::waitpid(pid, nullptr, 0);
  for (const std::string& name : names) ::unlink(name.c_str());
  if (failure != 0) return system_error("run diff", failure);
  return {};
}

class Formatter {
 public:
  Formatter(Invocation& invocation, const ParsedFlags& flags)
      : output_(invocation.output), check_(flags.on("check")), diff_(flags.on("diff")),
        write_(flags.setting("write") && !flags.on("check")), recursive_(flags.on("recursive")) {}

  void argument(const std::string& path) {
    if (path == "-") return standard_input();
    switch (disk_.kind(path)) {
      case templates::FileTree::Kind::Missing:
        fail("Error: cannot tell whether " + path + " is a directory: it does not exist");
        return;
      case templates::FileTree::Kind::Directory: return directory(path);
      case templates::FileTree::Kind::File: break;
    }
    if (!is_hcl_file(path)) return fail("Error: file " + path + " is not a HCL file");
    file(path);
  }

  int exit_code() const {
    if (failed_) return kFailure;
    return check_ && changed_ ? kUnformatted : kSuccess;
  }

 private:
  void fail(const std::string& message) {
    output_.error(message);
    failed_ = true;
  }

  void directory(const std::string& path) {
    const Result<std::vector<std::string>> names = disk_.list(path);
    if (!names) return fail("Error: " + names.error().message);
    for (const std::string& name : *names) {
      if (!is_skipped(name) && is_hcl_file(name)) file(templates::join_path(path, name));
    }
    if (!recursive_) return;
    std::vector<std::string> folders;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(path, error)) {
      const std::string name = entry.path().filename().string();
      if (entry.is_directory(error) && !entry.is_symlink(error) && !is_skipped(name)) {
        folders.push_back(name);
      }
    }
    std::sort(folders.begin(), folders.end());
    for (const std::string& name : folders) directory(templates::join_path(path, name));
  }

  bool parses(const std::string& path, const std::string& text) {
    Diagnostics problems;
    hcl2::parse_native(text, path, problems);
    if (!problems.has_errors()) return true;
    templates::SourceTexts texts;
    texts.add(path, text);
    output_.diagnostics(problems, texts);
    failed_ = true;
    return false;
  }

  void standard_input() {
    const Result<std::string> text = disk_.read("-");
    if (!text) return fail("Error: " + text.error().message);
    if (!parses("<stdin>", *text)) return;
    const std::string formatted = format_hcl(*text);
    changed_ = changed_ || formatted != *text;
    if (!check_) output_.raw(formatted);
  }

  void file(const std::string& path) {
    const Result<std::string> text = disk_.read(path);
    if (!text) return fail("Error: " + text.error().message);
    if (!parses(path, *text)) return;
    const std::string formatted = format_hcl(*text);
    if (formatted == *text) return;
    changed_ = true;
    output_.say(path);
    if (write_) {
      const Result<void> written = replace_file(path, formatted);
      if (!written) return fail("Error: " + written.error().message);
    }
    if (diff_) {
      const Result<void> shown = show_diff(path, *text, formatted);
      if (!shown) fail("Error: " + shown.error().message);
    }
  }

  Output& output_;
  templates::DiskTree disk_;
  bool check_;
  bool diff_;
  bool write_;
  bool recursive_;
  bool failed_ = false;
  bool changed_ = false;
};

}  // namespace

int run_fmt(Invocation& invocation) {
  int exit_code = kSuccess;
  const std::optional<ParsedFlags> flags = parse_or_explain(
      invocation, {"fmt", "[PATH...]", "Rewrites HCL2 files in canonical format.", 0, 100'000},
      fmt_flags(), exit_code);
  if (!flags) return exit_code;
  Formatter formatter(invocation, *flags);
  std::vector<std::string> paths = flags->arguments();
  if (paths.empty()) paths.emplace_back(".");
  for (const std::string& path : paths) formatter.argument(path);
  return formatter.exit_code();
}

}  // namespace farm::farmctl
