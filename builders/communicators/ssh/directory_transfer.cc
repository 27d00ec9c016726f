#include "builders/communicators/ssh/directory_transfer.h"

#include <sys/stat.h>

#include <fmt/format.h>

#include "builders/communicators/ssh/channel.h"
#include "builders/communicators/ssh/sftp.h"
#include "builders/communicators/ssh/tar_stream.h"
#include "common/io/files.h"

namespace farm::builders::ssh {
namespace {

std::string without_slashes(std::string path) {
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path;
}

/// Where a tree goes: into the target itself with a trailing slash, else into a directory of its
/// own there.
std::string target_of(const std::string& source, const std::string& target) {
  const std::string below = without_slashes(target);
  if (source.ends_with('/')) return below;
  const std::string name = io::base_name(without_slashes(source));
  if (name == "." || name == "..") return below;
  return below == "/" ? below + name : below + "/" + name;
}

/// Ends a command that took or gave an archive; what it said on stderr explains a failure.
Result<void> end_command(Channel& channel, const Wait& wait, const Result<void>& moved) {
  if (moved) TRY(channel.send_end(wait));
  std::string complaint;
  char buffer[4096];
  // A failed move that is not the connection's fault means that the command ended early.
  const bool ending = moved || moved.error().code == ErrorCode::Unavailable;
  for (bool open = ending; open;) {
    const Transfer rest = TRY(channel.try_read(ChannelStream::Output, buffer, sizeof buffer));
    const Transfer said = TRY(channel.try_read(ChannelStream::ErrorOutput, buffer, sizeof buffer));
    if (said.moved == Moved::Some && complaint.size() < sizeof buffer) {
      complaint.append(buffer, said.count);
    }
    open = rest.moved != Moved::End || said.moved != Moved::End;
    if (rest.moved == Moved::WouldBlock && said.moved == Moved::WouldBlock) {
      TRY(channel.wait(wait));
    }
  }
  if (!moved && complaint.empty()) return moved;
  while (complaint.ends_with('\n')) complaint.pop_back();
  const int status = TRY(channel.finish(wait));
  if (status == kDisconnected) return unavailable("tar: the connection was lost");
  if (status == 0) return moved;
  return Error{ErrorCode::Unavailable,
               fmt::format("tar on the machine ended with status {}: {}", status, complaint),
               false};
}

}  // namespace

Result<bool> DirectoryTransfer::has_tar(const Wait& wait) {
  Channel channel = TRY(Channel::open_command(session_, wait));
  TRY(channel.exec("command -v tar && command -v mkdir", wait));
  std::string answer;
  char buffer[512];
  for (size_t got = 1; got > 0; answer.append(buffer, got)) {
    got = TRY(channel.read_some(buffer, sizeof buffer, wait));
  }
  const int status = TRY(channel.finish(wait));
  if (status == kDisconnected) return unavailable("ssh: the connection was lost");
  return status == 0 && answer.find("tar") != std::string::npos;
}

Result<void> DirectoryTransfer::upload(const std::string& local, const std::string& remote,
                                       const std::vector<std::string>& exclude, const Wait& wait) {
  const std::vector<TreeEntry> tree = TRY(walk_tree(local, exclude));
  const std::string target = target_of(local, remote);
  const bool tar = TRY(has_tar(wait));
  return tar ? upload_tar(tree, target, wait) : upload_files(tree, target, wait);
}

Result<void> DirectoryTransfer::upload_tar(const std::vector<TreeEntry>& tree,
                                           const std::string& target, const Wait& wait) {
  const std::string word = TRY(remote_word(target));
  Channel channel = TRY(Channel::open_command(session_, wait));
  // -o: the files belong to who unpacks them; -m: they are new now, as with scp.
  TRY(channel.exec(fmt::format("mkdir -p {0} && exec tar -xomf - -C {0}", word), wait));
  return end_command(channel, wait, write_tar(tree, channel, wait));
}

Result<void> DirectoryTransfer::upload_files(const std::vector<TreeEntry>& tree,
                                             const std::string& target, const Wait& wait) {
  const auto sftp = TRY(Sftp::open(session_, wait));
  for (const TreeEntry& item : tree) {
    const std::string there = item.relative.empty() ? target : target + "/" + item.relative;
    if (item.directory) {
      TRY(sftp->make_directories(there, item.mode, wait));
      continue;
    }
    const UploadSource source = TRY(UploadSource::open(item.path));
    TRY(files_.upload(source, there, item.mode, {}, wait));
  }
  return {};
}

Result<void> DirectoryTransfer::download(const std::string& remote, const std::string& local,
                                         const std::vector<std::string>& exclude,
                                         const Wait& wait) {
  const std::string target = target_of(remote, local);
  TRY(io::make_directories(target));
  const bool tar = TRY(has_tar(wait));
  const std::string source = without_slashes(remote);
  return tar ? download_tar(source, target, exclude, wait)
             : download_files(source, target, exclude, wait);
}

Result<void> DirectoryTransfer::download_tar(const std::string& remote, const std::string& target,
                                             const std::vector<std::string>& exclude,
                                             const Wait& wait) {
  const std::string word = TRY(remote_word(remote));
  Channel channel = TRY(Channel::open_command(session_, wait));
  TRY(channel.exec(fmt::format("exec tar -chf - -C {} .", word), wait));
  return end_command(channel, wait, read_tar(channel, target, exclude, wait));
}

Result<void> DirectoryTransfer::download_files(const std::string& remote, const std::string& target,
                                               const std::vector<std::string>& exclude,
                                               const Wait& wait) {
  const auto sftp = TRY(Sftp::open(session_, wait));
  std::vector<std::string> pending = {""};
  while (!pending.empty()) {
    const std::string below = std::move(pending.back());
    pending.pop_back();
    const std::string there = below.empty() ? remote : remote + "/" + below;
    const std::vector<RemoteEntry> entries = TRY(sftp->list(there, wait));
    for (const RemoteEntry& entry : entries) {
      if (entry.name.find('/') != std::string::npos) {
        return denied("sftp: the machine sent a name that leads outside the target");
      }
      const std::string relative = below.empty() ? entry.name : below + "/" + entry.name;
      if (excluded(relative, exclude)) continue;
      // The listing has the link itself; stat() what it leads to.
      const RemoteEntry info = TRY(sftp->stat(remote + "/" + relative, wait));
      if (S_ISDIR(info.mode)) {
        TRY(io::make_directories(target + "/" + relative, (info.mode & 0777) | 0700));
        pending.push_back(relative);
      } else {
        TRY(files_.download(remote + "/" + relative, target + "/" + relative, {}, wait));
      }
    }
  }
  return {};
}

}  // namespace farm::builders::ssh
