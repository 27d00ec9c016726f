#include "builders/communicators/ssh/agent_listener.h"

#include <fmt/format.h>

namespace farm::builders::ssh {
namespace {

// XDG_RUNTIME_DIR first: it is in memory, so that a machine switched off hard keeps nothing of it.
constexpr std::string_view kPerl = R"(use strict; use Socket;
my ($dir, $path);
sub leave { unlink $path if $path; rmdir $dir if $dir; exit 0 }
sub give {
  my ($to, $bytes) = @_;
  while (length $bytes) {
    my $put = syswrite($to, $bytes);
    return 0 unless $put;
    substr($bytes, 0, $put) = "";
  }
  return 1;
}
for my $base (grep { $_ ne "" && -d $_ && -w $_ } ($ENV{XDG_RUNTIME_DIR} || "", "/tmp")) {
  for (1 .. 16) {
    my $try = "$base/ssh-agent-" . join("", map { ("a" .. "z", 0 .. 9)[rand 36] } 1 .. 12);
    if (mkdir $try, 0700) { $dir = $try; last }
  }
  last if $dir;
}
exit 69 unless $dir;
$path = "$dir/socket";
$SIG{$_} = \&leave for qw(TERM HUP INT);
$SIG{PIPE} = "IGNORE";
socket(my $listen, PF_UNIX, SOCK_STREAM, 0) or leave();
bind($listen, sockaddr_un($path)) && listen($listen, 16) or leave();
my ($next, $down, %client, %got) = (0, "");
my $shell = $ENV{SHELL} || "";
give(\*STDOUT, "farm-agent-socket $path\t$shell\n") or leave();
for (;;) {
  my $ready = "";
  vec($ready, fileno $_, 1) = 1 for \*STDIN, $listen, values %client;
  next if select($ready, undef, undef, undef) < 0;
  if (vec($ready, fileno STDIN, 1)) {
    sysread(STDIN, $down, 65536, length $down) or leave();
    while (length $down >= 8) {
      my ($id, $size) = unpack("NN", $down);
      last if length $down < 8 + $size;
      give($client{$id}, pack("N", $size) . substr($down, 8, $size)) if $client{$id};
      substr($down, 0, 8 + $size) = "";
    }
  }
  for my $id (keys %client) {
    next unless vec($ready, fileno $client{$id}, 1);
    if (!sysread($client{$id}, $got{$id}, 65536, length $got{$id})) {
      close delete $client{$id};
      delete $got{$id};
      give(\*STDOUT, pack("NN", $id, 0)) or leave();
      next;
    }
    while (length $got{$id} >= 4) {
      my $size = unpack("N", $got{$id});
      last if length $got{$id} < 4 + $size;
      give(\*STDOUT, pack("NN", $id, $size) . substr($got{$id}, 4, $size)) or leave();
      substr($got{$id}, 0, 4 + $size) = "";
    }
  }
  if (vec($ready, fileno $listen, 1) && accept(my $new, $listen)) {
    $client{++$next} = $new;
    $got{$next} = "";
  }
}
__END__
)";

constexpr std::string_view kPython = R"(import os, select, signal, socket, struct, sys, tempfile
def leave(*_):
    for remove, what in ((os.unlink, path), (os.rmdir, folder)):
        try:
            remove(what)
        except OSError:
            pass
    os._exit(0)
def give(to, data):
    while data:
        data = data[os.write(to, data):]
base = os.environ.get("XDG_RUNTIME_DIR", "")
if not os.access(base, os.W_OK):
    base = "/tmp"
folder = tempfile.mkdtemp(prefix="ssh-agent-", dir=base)
path = folder + "/socket"
for name in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
    signal.signal(name, leave)
listen = socket.socket(socket.AF_UNIX)
listen.bind(path)
listen.listen(16)
clients, got, down, last = {}, {}, b"", 0
give(1, ("farm-agent-socket %s\t%s\n" % (path, os.environ.get("SHELL", ""))).encode())
try:
    while True:
        ready = select.select([0, listen] + list(clients.values()), [], [])[0]
        if 0 in ready:
            more = os.read(0, 65536)
            if not more:
                leave()
            down += more
            while len(down) >= 8:
                number, size = struct.unpack(">II", down[:8])
                if len(down) < 8 + size:
                    break
                if number in clients:
                    try:
                        give(clients[number].fileno(), struct.pack(">I", size) + down[8:8 + size])
                    except OSError:
                        pass
                down = down[8 + size:]
        for number in list(clients):
            if clients[number] not in ready:
                continue
            try:
                more = clients[number].recv(65536)
            except OSError:
                more = b""
            if not more:
                clients.pop(number).close()
                del got[number]
                give(1, struct.pack(">II", number, 0))
                continue
            got[number] += more
            while len(got[number]) >= 4:
                size = struct.unpack(">I", got[number][:4])[0]
                if len(got[number]) < 4 + size:
                    break
                give(1, struct.pack(">II", number, size) + got[number][4:4 + size])
                got[number] = got[number][4 + size:]
        if listen in ready:
            last += 1
            clients[last] = listen.accept()[0]
            got[last] = b""
except OSError:
    leave()
)";

}  // namespace

std::string listener_command() {
  // Perl stops reading its program at __END__; Python is told how long the program is. The second
  // Python is the one of RHEL 8, which is in nobody's PATH.
  return fmt::format(
      "sh -c 'if perl -MSocket -e 1 >/dev/null 2>&1; then echo {0}; exec perl 2>/dev/null; fi; "
      "for p in python3 /usr/libexec/platform-python; do "
      "if $p -c pass >/dev/null 2>&1; then echo {1}; "
      "exec $p -c \"exec(open(0,\\\"rb\\\",closefd=False).read({3}))\" 2>/dev/null; fi; done; echo {2}'",
      kPerlWord, kPythonWord, kNothingWord, kPython.size());
}

std::string_view listener_program(AgentListener kind) {
  return kind == AgentListener::Perl ? kPerl : kPython;
}

}  // namespace farm::builders::ssh
