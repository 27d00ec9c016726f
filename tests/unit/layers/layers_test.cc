// The layer table of ARCHITECTURE.md, checked: reads the #include lines of every source file and
// fails on an edge outside the table. A new folder needs a row here and there.
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace farm {
namespace {

namespace fs = std::filesystem;

struct Layer {
  std::string folder;                  // files below it
  std::vector<std::string> may_include;  // folders, besides itself
};

// Longest folder wins.
const std::vector<Layer>& layers() {
  static const std::vector<Layer> kLayers = {
      {"common/base", {}},
      {"common/io", {"common/base"}},
      {"common/net", {"common/base", "common/io"}},
      {"common/value", {"common/base"}},
      {"common/audit", {"common/base", "common/io"}},
      {"common/seal", {"common/base", "common/io"}},
      {"common/artifact", {"common/base", "common/io", "common/value"}},
      {"common/template", {"common/base", "common/io", "common/value"}},
      {"common/plan",
       {"common/base", "common/io", "common/value", "common/template", "common/artifact"}},
      {"common/wire", {"common/base", "common/plan", "common/artifact", "schemas"}},
      {"common/transfer", {"common/base", "common/io", "common/wire"}},
      {"builders", {"common"}},
      {"agent", {"common", "builders/core"}},
      {"agent/runner", {"common", "builders/core", "agent"}},
      // Puts the program together: hands the runner's entry to the zygote.
      {"agent/agent_loop.cc", {"common", "builders/core", "builders/external", "agent"}},
      {"coordinator", {"common", "builders/core/schema", "schemas"}},
      {"ops/farmctl",
       {"common", "builders/core/schema", "builders/core", "builders/external/catalog"}},
      {"ops/farmctl/build",
       {"common", "builders/core", "builders/external", "coordinator", "agent", "ops/farmctl"}},
      {"ops/farmctl/data",
       {"common", "builders/core", "builders/external", "builders/steps/checksum_file.h"}},
      {"ops/farmctl/local", {"common", "coordinator", "ops/farmctl"}},
  };
  return kLayers;
}

// Third-party interfaces that one folder alone may know.
const std::map<std::string, std::string>& owners() {
  static const std::map<std::string, std::string> kOwners = {
      {"rocksdb/", "coordinator/store"},
      {"libssh2", "builders/communicators/ssh"},
      {"libssh/", "builders/provisioners/ansible"},
      {"zmq", "common/net/zmq"},
      {"curl/", "common/net/http"},
      {"flatbuffers/", "common/wire"},
      {"sodium", "common/seal"},
  };
  return kOwners;
}

bool below(const std::string& path, const std::string& folder) {
  return path == folder || path.starts_with(folder + "/");
}

const Layer* layer_of(const std::string& path) {
  const Layer* best = nullptr;
  for (const Layer& layer : layers()) {
    if (below(path, layer.folder) && (best == nullptr || layer.folder.size() > best->folder.size()))
      best = &layer;
  }
  return best;
}

struct Include {
  std::string file;
  std::string target;
  bool quoted;
};

std::vector<Include> all_includes() {
  std::vector<Include> includes;
  const fs::path root = FARM_SOURCE_DIR;
  for (const char* top : {"common", "builders", "agent", "coordinator", "ops"}) {
    for (const auto& entry : fs::recursive_directory_iterator(root / top)) {
      const std::string extension = entry.path().extension();
      if (extension != ".h" && extension != ".cc") continue;
      std::ifstream file(entry.path());
      std::string line;
      while (std::getline(file, line)) {
        if (!line.starts_with("#include ")) continue;
        const bool quoted = line[9] == '"';
        const size_t end = line.find(quoted ? '"' : '>', 10);
        includes.push_back({fs::relative(entry.path(), root), line.substr(10, end - 10), quoted});
      }
    }
  }
  return includes;
}

TEST(Layers, NoIncludeLeavesTheTable) {
  for (const Include& include : all_includes()) {
    if (!include.quoted) continue;
    SCOPED_TRACE(include.file + " includes " + include.target);
    const Layer* layer = layer_of(include.file);
    ASSERT_NE(layer, nullptr) << "no row of the layer table covers this file";
    bool allowed = below(include.target, layer->folder) && layer_of(include.target) == layer;
    for (const std::string& folder : layer->may_include) allowed |= below(include.target, folder);
    EXPECT_TRUE(allowed);
  }
}

TEST(Layers, AComponentNeverIncludesASibling) {
  for (const Include& include : all_includes()) {
    if (!include.quoted) continue;
    for (const char* kind : {"builders/platforms", "builders/provisioners",
                             "builders/post_processors", "builders/data_sources"}) {
      if (!below(include.file, kind) || !below(include.target, kind)) continue;
      const size_t start = std::string(kind).size() + 1;
      EXPECT_EQ(include.file.substr(0, include.file.find('/', start)),
                include.target.substr(0, include.target.find('/', start)))
          << include.file << " includes " << include.target;
    }
  }
}

TEST(Layers, EachLibraryIsKnownToOneFolder) {
  for (const Include& include : all_includes()) {
    for (const auto& [prefix, folder] : owners()) {
      if (!include.target.starts_with(prefix)) continue;
      EXPECT_TRUE(below(include.file, folder))
          << include.file << " includes <" << include.target << ">, which belongs to " << folder;
    }
  }
}

TEST(Layers, OnlyWireReadsGeneratedProtocolCode) {
  for (const Include& include : all_includes()) {
    if (include.target.find("_generated.h") == std::string::npos) continue;
    const bool store = include.target.find("record_generated") != std::string::npos &&
                       below(include.file, "coordinator/store");
    EXPECT_TRUE(below(include.file, "common/wire") || store)
        << include.file << " includes " << include.target;
  }
}

TEST(Files, NoSourceIsLongerThan500Lines) {
  const fs::path root = FARM_SOURCE_DIR;
  for (const char* top : {"common", "builders", "agent", "coordinator", "ops"}) {
    for (const auto& entry : fs::recursive_directory_iterator(root / top)) {
      const std::string extension = entry.path().extension();
      if (extension != ".h" && extension != ".cc") continue;
      std::ifstream file(entry.path());
      std::string line;
      int lines = 0;
      while (std::getline(file, line)) ++lines;
      EXPECT_LE(lines, 500) << fs::relative(entry.path(), root);
    }
  }
}

}  // namespace
}  // namespace farm
