#include "common/plan/plan_world.h"

namespace farm::plan {
namespace {

constexpr size_t kMaxRandoms = 1U << 20;
constexpr size_t kMaxRefused = 20;

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text.append(word).push_back('\0');
  return text;
}

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> words;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\0', at), text.size());
    words.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return words;
}

/// The question as people read it.
std::string words_of(PlanAnswer::Kind kind, const std::string& question) {
  const std::string first = question.substr(0, question.find('\0'));
  switch (kind) {
    case PlanAnswer::Kind::Environment:
      return "the environment variable " + first;
    case PlanAnswer::Kind::Secret:
      return first + "()";
    case PlanAnswer::Kind::DataSource:
      return "the data source " + first;
    case PlanAnswer::Kind::Unknown:
    case PlanAnswer::Kind::TreeKind:
    case PlanAnswer::Kind::TreeRead:
    case PlanAnswer::Kind::TreeList:
    case PlanAnswer::Kind::ReadFile:
    case PlanAnswer::Kind::FileExists:
    case PlanAnswer::Kind::ListFiles:
    case PlanAnswer::Kind::NamedFile:
      break;
  }
  return "the file " + first;
}

/// Never called: a replayed world asks nobody.
struct Nobody final : templates::FileTree, functions::Outside, Random {
  Kind kind(const std::string&) override { return Kind::Missing; }
  Result<std::string> read(const std::string&) override { return internal("nobody"); }
  Result<std::vector<std::string>> list(const std::string&) override { return internal("nobody"); }
  Result<std::string> read_file(const std::string&) override { return internal("nobody"); }
  Result<bool> file_exists(const std::string&) override { return internal("nobody"); }
  Result<std::vector<std::string>> list_files(const std::string&) override {
    return internal("nobody");
  }
  std::string working_directory() override { return {}; }
  std::string home_directory() override { return {}; }
  std::optional<std::string> environment(const std::string&) override { return std::nullopt; }
  Result<std::string> secret(const std::string&, const std::vector<std::string>&) override {
    return internal("nobody");
  }
  uint64_t next() override { return 0; }
};

RealWorld nobody() {
  static Nobody one;
  return {one, one, one};
}

}  // namespace

PlanWorld::PlanWorld(PlanRecord record)
    : record_(std::move(record)), real_(nobody()), recording_(false) {
  for (size_t i = 0; i < record_.answers.size(); ++i) {
    index_.try_emplace({record_.answers[i].kind, record_.answers[i].question}, i);
  }
}

PlanWorld::PlanWorld(PlanRecord record, const RealWorld& real)
    : record_(std::move(record)), real_(real), recording_(true) {
  record_.working_directory = real_.outside.working_directory();
  record_.home_directory = real_.outside.home_directory();
}

Error PlanWorld::refuse(std::string what) {
  if (refused_.size() < kMaxRefused) refused_.push_back(what);
  return denied(std::move(what) + " was not handed in with the template");
}

Result<std::string> PlanWorld::answer(Kind kind, const std::string& question, const Ask& ask) {
  const auto known = index_.find({kind, question});
  if (known != index_.end()) {
    const PlanAnswer& old = record_.answers[known->second];
    if (!old.ok) return old.error.value_or(internal("no reason was recorded"));
    return old.value;
  }
  if (!recording_) return refuse(words_of(kind, question));
  Result<std::string> given = ask();
  PlanAnswer made{kind, question, given.has_value(), {}, {}, std::nullopt};
  if (given) {
    made.value = *given;
  } else {
    made.error = given.error();
  }
  index_[{kind, question}] = record_.answers.size();
  record_.answers.push_back(std::move(made));
  return given;
}

DataSourceAsker PlanWorld::asker(DataSourceAsker real) {
  return [this, real = std::move(real)](const std::string& type,
                                        const value::Value& config) -> Result<value::Value> {
    const std::string question = type + '\0' + value::encode(config);
    const auto ask = [&]() -> Result<std::string> {
      const value::Value given = TRY(real(type, config));
      return value::encode(given);
    };
    const std::string outputs = TRY(answer(Kind::DataSource, question, ask));
    return value::decode(outputs);
  };
}

PathProbe PlanWorld::probe(PathProbe real) {
  return [this, real = std::move(real)](const std::string& absolute) {
    std::vector<std::string> found;
    const Result<std::string> there =
        answer(Kind::NamedFile, absolute, [&]() -> Result<std::string> {
          found = real(absolute);
          return std::string(found.empty() ? "" : "1");
        });
    if (!there || there->empty()) return std::vector<std::string>();
    // Asked again while recording, or replayed: the name itself stands for what is there.
    if (found.empty()) found = recording_ ? real(absolute) : std::vector<std::string>{absolute};
    return found;
  };
}

templates::FileTree::Kind PlanWorld::Files::kind(const std::string& path) {
  const Result<std::string> text =
      world_.answer(PlanAnswer::Kind::TreeKind, path, [&]() -> Result<std::string> {
        const FileTree::Kind kind = world_.real_.files.kind(path);
        return std::string(kind == Kind::File ? "f" : kind == Kind::Directory ? "d" : "");
      });
  if (!text || text->empty()) return Kind::Missing;
  return *text == "d" ? Kind::Directory : Kind::File;
}

Result<std::string> PlanWorld::Files::read(const std::string& path) {
  return world_.answer(PlanAnswer::Kind::TreeRead, path,
                       [&] { return world_.real_.files.read(path); });
}

Result<std::vector<std::string>> PlanWorld::Files::list(const std::string& directory) {
  const auto ask = [&]() -> Result<std::string> {
    const std::vector<std::string> found = TRY(world_.real_.files.list(directory));
    return joined(found);
  };
  const std::string names = TRY(world_.answer(PlanAnswer::Kind::TreeList, directory, ask));
  return split(names);
}

Result<std::string> PlanWorld::Outside::read_file(const std::string& path) {
  return world_.answer(PlanAnswer::Kind::ReadFile, path,
                       [&] { return world_.real_.outside.read_file(path); });
}

Result<bool> PlanWorld::Outside::file_exists(const std::string& path) {
  const auto ask = [&]() -> Result<std::string> {
    const bool found = TRY(world_.real_.outside.file_exists(path));
    return std::string(found ? "1" : "");
  };
  const std::string there = TRY(world_.answer(PlanAnswer::Kind::FileExists, path, ask));
  return !there.empty();
}

Result<std::vector<std::string>> PlanWorld::Outside::list_files(const std::string& directory) {
  const auto ask = [&]() -> Result<std::string> {
    const std::vector<std::string> found = TRY(world_.real_.outside.list_files(directory));
    return joined(found);
  };
  const std::string paths = TRY(world_.answer(PlanAnswer::Kind::ListFiles, directory, ask));
  return split(paths);
}

std::optional<std::string> PlanWorld::Outside::environment(const std::string& name) {
  const Result<std::string> value =
      world_.answer(PlanAnswer::Kind::Environment, name, [&]() -> Result<std::string> {
        const std::optional<std::string> set = world_.real_.outside.environment(name);
        return set ? "=" + *set : std::string();
      });
  if (!value || value->empty()) return std::nullopt;
  return value->substr(1);
}

Result<std::string> PlanWorld::Outside::secret(const std::string& kind,
                                               const std::vector<std::string>& arguments) {
  return world_.answer(PlanAnswer::Kind::Secret, kind + '\0' + joined(arguments),
                       [&] { return world_.real_.outside.secret(kind, arguments); });
}

uint64_t PlanWorld::Numbers::next() {
  std::string& bytes = world_.record_.randoms;
  if (world_.recording_) {
    const uint64_t number = world_.real_.random.next();
    if (bytes.size() / 8 < kMaxRandoms) {
      for (size_t i = 0; i < 8; ++i) bytes += static_cast<char>(number >> (8 * i) & 0xff);
    }
    return number;
  }
  if (bytes.size() - at_ < 8) {
    static_cast<void>(world_.refuse("a random number"));
    return 0;
  }
  uint64_t number = 0;
  for (size_t i = 0; i < 8; ++i) {
    number |= uint64_t{static_cast<uint8_t>(bytes[at_ + i])} << (8 * i);
  }
  at_ += 8;
  return number;
}

}  // namespace farm::plan
