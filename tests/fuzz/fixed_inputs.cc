// Drives a fuzz target without libFuzzer: every file of the corpus folder, then a fixed number of
// mutations of them from a fixed seed, so that the suite runs the same inputs everywhere.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);
extern "C" __attribute__((weak)) int LLVMFuzzerInitialize(int* argc, char*** argv);

namespace {

constexpr int kMutations = 3'000;

std::string mutate(std::string text, const std::vector<std::string>& corpus, std::mt19937& random) {
  const int rounds = 1 + static_cast<int>(random() % 4);
  for (int i = 0; i < rounds; ++i) {
    const size_t at = text.empty() ? 0 : random() % text.size();
    switch (random() % 5) {
      case 0:
        if (!text.empty()) text[at] = static_cast<char>(random() & 0xff);
        break;
      case 1:
        text.insert(at, 1, "{}[]()\"$%<>\\/#\n:,=-.0"[random() % 21]);
        break;
      case 2:
        if (!text.empty()) text.erase(at, 1 + random() % 8);
        break;
      case 3: {
        const std::string& other = corpus[random() % corpus.size()];
        const size_t from = other.empty() ? 0 : random() % other.size();
        text.insert(at, other.substr(from, random() % 32));
        break;
      }
      default:
        if (!text.empty()) text.insert(at, text.substr(at, random() % 64));
        break;
    }
  }
  return text;
}

void run(const std::string& text) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(text.data()), text.size());
}

}  // namespace

int main(int argc, char** argv) {
  if (LLVMFuzzerInitialize != nullptr) LLVMFuzzerInitialize(&argc, &argv);
  std::vector<std::string> corpus;
  if (argc > 1 && std::filesystem::is_directory(argv[1])) {
    std::vector<std::filesystem::path> paths;
    for (const auto& entry : std::filesystem::directory_iterator(argv[1])) {
      paths.push_back(entry.path());
    }
    std::sort(paths.begin(), paths.end());
    for (const auto& path : paths) {
      std::stringstream bytes;
      bytes << std::ifstream(path, std::ios::binary).rdbuf();
      corpus.push_back(bytes.str());
    }
  }
  if (corpus.empty()) corpus.emplace_back("a = \"${b}\" {}");
  for (const std::string& text : corpus) run(text);
  std::mt19937 random(20'240'102);
  for (int i = 0; i < kMutations; ++i) run(mutate(corpus[random() % corpus.size()], corpus, random));
  std::printf("%zu corpus files and %d mutations: no finding\n", corpus.size(), kMutations);
  return 0;
}
