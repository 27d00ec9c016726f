// PlanWorld: the world that a template is planned in, behind a PlanRecord. Over a real world every
// answer is written into the record; without one the record is all there is, and what is not in it
// is refused. The same question gets the same answer within one plan.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "common/base/random.h"
#include "common/plan/catalog_data_sources.h"
#include "common/plan/named_files.h"
#include "common/plan/plan_record.h"
#include "common/template/functions/function.h"
#include "common/template/source/file_tree.h"

namespace farm::plan {

/// What answers while a record is made. All must outlive the PlanWorld.
struct RealWorld {
  templates::FileTree& files;
  functions::Outside& outside;
  Random& random;
};

class PlanWorld {
 public:
  /// Replays: `record` is what it has been told, with the bundle's bytes filled in.
  explicit PlanWorld(PlanRecord record);
  /// Records.
  PlanWorld(PlanRecord record, const RealWorld& real);
  PlanWorld(const PlanWorld&) = delete;
  PlanWorld& operator=(const PlanWorld&) = delete;

  templates::FileTree& files() { return files_; }
  functions::Outside& outside() { return outside_; }
  Random& random() { return random_; }
  /// `real` may be null when replaying.
  DataSourceAsker asker(DataSourceAsker real);
  PathProbe probe(PathProbe real);

  const PlanRecord& record() const { return record_; }
  PlanRecord take_record() { return std::move(record_); }
  /// What was asked for and is not in the record, as words for people; only when replaying.
  const std::vector<std::string>& refused() const { return refused_; }

 private:
  using Kind = PlanAnswer::Kind;
  using Ask = std::function<Result<std::string>()>;
  Result<std::string> answer(Kind kind, const std::string& question, const Ask& ask);
  Error refuse(std::string what);

  class Files final : public templates::FileTree {
   public:
    explicit Files(PlanWorld& world) : world_(world) {}
    FileTree::Kind kind(const std::string& path) override;
    Result<std::string> read(const std::string& path) override;
    Result<std::vector<std::string>> list(const std::string& directory) override;

   private:
    PlanWorld& world_;
  };
  class Outside final : public functions::Outside {
   public:
    explicit Outside(PlanWorld& world) : world_(world) {}
    Result<std::string> read_file(const std::string& path) override;
    Result<bool> file_exists(const std::string& path) override;
    Result<std::vector<std::string>> list_files(const std::string& directory) override;
    std::string working_directory() override { return world_.record_.working_directory; }
    std::string home_directory() override { return world_.record_.home_directory; }
    std::optional<std::string> environment(const std::string& name) override;
    Result<std::string> secret(const std::string& kind,
                               const std::vector<std::string>& arguments) override;

   private:
    PlanWorld& world_;
  };
  class Numbers final : public Random {
   public:
    explicit Numbers(PlanWorld& world) : world_(world) {}
    uint64_t next() override;

   private:
    PlanWorld& world_;
    size_t at_ = 0;
  };

  PlanRecord record_;
  const RealWorld real_;
  const bool recording_;
  std::map<std::pair<Kind, std::string>, size_t> index_;  // into record_.answers
  std::vector<std::string> refused_;
  Files files_{*this};
  Outside outside_{*this};
  Numbers random_{*this};
};

}  // namespace farm::plan
