#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <memory>
#include <pugixml.hpp>

#include "builders/post_processors/vagrant/provider.h"
#include "common/io/fd.h"
#include "common/io/files.h"

namespace farm::builders::post_processor_vagrant {
namespace {

constexpr uint64_t kMaxOvf = 16U << 20;

struct ReaderFree {
  void operator()(::archive* handle) const noexcept { ::archive_read_free(handle); }
};

// An OVA is a flat tar. Names that would lead elsewhere lose their folders.
Result<std::vector<std::string>> unpack(const std::string& ova, const std::string& folder,
                                        const CancelToken& cancel) {
  const std::unique_ptr<::archive, ReaderFree> reader(::archive_read_new());
  const auto failure = [&] {
    const char* text = ::archive_error_string(reader.get());
    return corrupt(ova + ": " + (text == nullptr ? "no tar archive" : text));
  };
  ::archive_read_support_format_tar(reader.get());
  if (::archive_read_open_filename(reader.get(), ova.c_str(), 1U << 20) != ARCHIVE_OK) {
    return failure();
  }
  std::vector<std::string> files;
  std::vector<char> buffer(1U << 20);
  while (true) {
    archive_entry* entry = nullptr;
    const int code = ::archive_read_next_header(reader.get(), &entry);
    if (code == ARCHIVE_EOF) return files;
    if (code < ARCHIVE_WARN) return failure();
    const char* name = ::archive_entry_pathname(entry);
    const std::string base = name == nullptr ? "" : io::base_name(name);
    if (::archive_entry_filetype(entry) != AE_IFREG || base.empty() || base == "..") continue;
    const std::string path = folder + "/" + base;
    io::Fd file = TRY(io::open_file(path, O_WRONLY | O_CREAT | O_TRUNC, 0644));
    while (true) {
      TRY(cancel.check());
      const la_ssize_t got = ::archive_read_data(reader.get(), buffer.data(), buffer.size());
      if (got < 0) return failure();
      if (got == 0) break;
      TRY(io::write_all(file.get(), {buffer.data(), static_cast<size_t>(got)}));
    }
    TRY(file.close());
    files.push_back(path);
  }
}

// The address of the first network adapter: Vagrant tells the machine apart by it.
Result<std::string> base_mac(const std::string& ovf) {
  const std::string text = TRY(io::read_file(ovf, kMaxOvf));
  pugi::xml_document document;
  if (!document.load_buffer(text.data(), text.size())) {
    return corrupt(io::base_name(ovf) + " is no XML document");
  }
  const pugi::xml_node adapter = document.find_node([](const pugi::xml_node& node) {
    const std::string_view name = node.name();
    const bool is_adapter = name == "Adapter" || name.ends_with(":Adapter");
    return is_adapter && std::string_view(node.attribute("slot").value()) == "0" &&
           !node.attribute("MACAddress").empty();
  });
  const std::string mac = adapter.attribute("MACAddress").value();
  if (mac.empty()) {
    return invalid_input(io::base_name(ovf) + ": no MAC address of the adapter in slot 0");
  }
  return mac;
}

}  // namespace

Result<BoxContent> make_virtualbox_box(const BoxInput& input) {
  std::vector<std::string> files;
  for (const std::string& file : input.artifact.files) {
    const std::string path = resolve_path(input.context, file);
    if (io::extension(path) != "ova") {
      files.push_back(path);
      continue;
    }
    input.context.ui.message("Unpacking OVA: " + file);
    const std::vector<std::string> unpacked = TRY(unpack(path, input.folder, input.context.cancel));
    files.insert(files.end(), unpacked.begin(), unpacked.end());
  }
  BoxContent content;
  std::string ovf;
  for (const std::string& file : files) {
    const bool is_ovf = io::extension(file) == "ovf";
    if (is_ovf && !ovf.empty()) return invalid_input("the artifact has more than one OVF file");
    if (is_ovf) ovf = file;
    content.members.push_back({file, is_ovf ? "box.ovf" : io::base_name(file)});
  }
  if (ovf.empty()) return invalid_input("the artifact has no OVF file");
  const std::string mac = TRY(base_mac(ovf));
  content.vagrantfile =
      "Vagrant.configure(\"2\") do |config|\n  config.vm.base_mac = " + ruby_string(mac) +
      "\nend\n";
  return content;
}

}  // namespace farm::builders::post_processor_vagrant
