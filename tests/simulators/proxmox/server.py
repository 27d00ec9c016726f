"""Server: the HTTPS front of the simulated cluster. Order of checks as the real one has them:
authentication, path, token allowed, privilege, parameters, then the call itself. Every request goes
into the journal; faults can be put in front of any call."""

import email.parser
import hashlib
import http.server
import json
import os
import re
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import urllib.parse
import urllib.request
import uuid

from cluster import Cluster, Refused
from description import Description, is_true

TICKET_LIFE = 7200
LARGEST_BODY = 512 << 10
STORED = re.compile(r"[^A-Za-z0-9_.-]")


class Fault:
    """What happens to the next `times` requests of `method` whose path matches `path`.

    action: ("answer", status, reason), "drop" (nothing is done), "drop_after" (done, no answer)."""

    def __init__(self, method, path, action, times=1):
        self.method, self.path, self.action, self.times = method, re.compile(path), action, times


class Simulator:
    def __init__(self, version="8.4"):
        self.description = Description(version)
        self.version = version
        self.folder = tempfile.mkdtemp(prefix="pve-sim-")
        self.cluster = Cluster(self.folder)
        self.lock = threading.RLock()
        self.journal = []  # (method, path, {parameters})
        self.refusals = []  # (status, reason, errors) of requests that the description refuses
        self.faults = []
        self.observer = None  # called with (method, path) before a request is handled
        self.users = {"root@pam": "secret"}
        self.tokens = {"root@pam!packer": "11111111-2222-3333-4444-555555555555"}
        self.acl = {}  # user or token -> {path: {privileges}}; root@pam may do everything
        self.tickets = {}  # ticket -> (user, csrf token, end)
        self.ticket_life = TICKET_LIFE
        self.logins = []  # "password" or "ticket", per login
        self.downloads = {}  # URL -> bytes, what nodes can fetch besides the network
        self._make_certificate()
        self._server = _Server(("127.0.0.1", 0), self)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.key)
        self._context = context
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,),
                                        daemon=True)
        self._thread.start()

    @property
    def port(self):
        return self._server.server_address[1]

    @property
    def url(self):
        return "https://localhost:%d/api2/json" % self.port

    def close(self):
        self._server.shutdown()
        self._server.server_close()
        with self.lock:
            self.cluster.end()
        subprocess.run(["rm", "-rf", self.folder], check=False)

    def _make_certificate(self):
        self.certificate = os.path.join(self.folder, "pve-root-ca.pem")
        self.key = os.path.join(self.folder, "pve.key")
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
             "-nodes", "-keyout", self.key, "-out", self.certificate, "-days", "2", "-subj",
             "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
            check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60)

    def calls(self, method=None, path=None):
        """The journal, reduced to a method and to paths that match."""
        with self.lock:
            return [entry for entry in self.journal
                    if (method is None or entry[0] == method) and
                    (path is None or re.search(path, entry[1]))]

    def expire_tickets(self):
        with self.lock:
            self.tickets = {}

    # Who asks

    def log_in(self, username, password):
        known = self.users.get(username)
        ticket = self.tickets.get(password)
        if ticket and ticket[0] == username and ticket[2] > time.time():
            self.logins.append("ticket")
        elif known is not None and known == password:
            self.logins.append("password")
        else:
            raise Refused(401, "authentication failure")
        token = "%08X:%s" % (int(time.time()), uuid.uuid4().hex)
        made = "PVE:%s:%08X::%s+/=" % (username, int(time.time()), uuid.uuid4().hex)
        self.tickets[made] = (username, token, time.time() + self.ticket_life)
        return {"username": username, "ticket": made, "CSRFPreventionToken": token,
                "clustername": "sim"}

    def who(self, method, headers):
        """(user, whether by token)."""
        authorization = headers.get("Authorization", "")
        if authorization.startswith("PVEAPIToken"):
            name, _, secret = re.split(r"[= ]", authorization, maxsplit=1)[1].partition("=")
            if self.tokens.get(name) != secret:
                raise Refused(401, "Authentication failed!")
            return name, True
        cookie = headers.get("Cookie", "") or authorization
        found = re.search(r"PVEAuthCookie=([^;]+)", cookie)
        if not found:
            raise Refused(401, "No ticket")
        ticket = self.tickets.get(urllib.parse.unquote(found[1]))
        if ticket is None or ticket[2] <= time.time():
            raise Refused(401, "Authentication failed!")
        if method != "GET" and headers.get("CSRFPreventionToken") != ticket[1]:
            raise Refused(401, "Permission denied - invalid csrf token")
        return ticket[0], False

    def may(self, user, path, privileges, any_of=False):
        name = user.split("!")[0]
        rules = self.acl.get(user, {} if user != name and user in self.acl else
                             self.acl.get(name))
        if rules is None:
            return name == "root@pam"
        held = set()
        for granted, what in rules.items():
            if path == granted or path.startswith(granted.rstrip("/") + "/") or granted == "/":
                held |= what
        return bool(held & set(privileges)) if any_of else set(privileges) <= held

    def need(self, user, path, privileges, any_of=False):
        if not self.may(user, path, privileges, any_of):
            missing = [one for one in privileges if not self.may(user, path, [one])]
            raise Refused(403, "Permission check failed (%s, %s)" % (
                path, "|".join(privileges if any_of else missing[:1])))

    def check_permission(self, rule, user, values):
        if rule is None or rule[0] in ("userid-param", "userid-group"):
            return
        if rule[0] == "perm":
            path = re.sub(r"\{(\w+)\}", lambda m: str(values.get(m[1], "")), rule[1])
            if rule[1].endswith("{pool}") and "pool" not in values:
                raise Refused(403, "Permission check failed")
            self.need(user, path, rule[2], "any" in rule[3:])
            return
        refused = None
        for inner in rule[1:]:
            if not isinstance(inner, list):
                continue
            try:
                self.check_permission(inner, user, values)
                if rule[0] == "or":
                    return
            except Refused as one:
                if rule[0] == "and":
                    raise
                refused = refused or one
        if refused:
            raise refused

    # A request

    def handle(self, method, path, headers, values):
        """`data` of the answer."""
        with self.lock:
            self.cluster.advance()
            if (method, path) == ("POST", "/access/ticket"):
                self.journal.append((method, path, {"username": values.get("username")}))
                return self.log_in(values.get("username"), values.get("password"))
            user, by_token = self.who(method, headers)
            ha = re.fullmatch(r"/cluster/ha/resources/(?:vm:)?(\d+)", path)
            if ha and method == "DELETE":  # not in the description; named by errors and guides
                self.journal.append((method, path, {}))
                return self.unmanage(user, ha[1])
            found = self.description.find(method, path)
            if not found:
                self.refusals.append((501, "%s %s" % (method, path), None))
                raise Refused(501, "Method '%s %s' not implemented" % (method, path))
            operation, in_path = found
            self.journal.append((method, path, dict(values)))
            for name, value in in_path.items():
                if values.setdefault(name, value) != value:
                    raise Refused(400, "duplicate parameter '%s'" % name)
            if by_token and not operation.get("allowtoken", 1):
                raise Refused(403, "API token is not allowed for this call")
            permissions = operation.get("permissions") or {}
            self.check_permission(permissions.get("check"), user, values)
            self.check_node(in_path.get("node"))
            errors = self.description.faults(operation, values)
            if errors:
                self.refusals.append((400, "%s %s" % (method, path), errors))
                raise Refused(400, "Parameter verification failed.", errors)
            data = self.call(operation, user, values)
            fault = self.description.answer_fault(operation, data)
            if fault:
                raise AssertionError("%s %s: %s" % (method, path, fault))
            return data

    def check_node(self, node):
        if node is not None and node not in self.cluster.nodes:
            raise Refused(596, "hostname lookup '%s' failed - failed to get address info" % node)
        if node is not None and not self.cluster.nodes[node]["online"]:
            raise Refused(595, "No route to host")

    def unmanage(self, user, vmid):
        self.need(user, "/", ["Sys.Console"])
        machine = self.cluster.machines.get(int(vmid))
        if machine is None or not machine.managed:
            raise Refused(500, "cannot delete service 'vm:%s' - no such service" % vmid)
        machine.managed = False

    def call(self, operation, user, values):
        key = operation["method"] + " " + operation["path"]
        handler = getattr(self, HANDLERS[key])
        if handler.__name__ in ("create", "configure_now", "configure_later"):
            self.check_storage_rights(user, values)
        return handler(user, values)

    def check_storage_rights(self, user, values):
        for name, value in values.items():
            found = re.match(r"([A-Za-z][\w.-]*):(\d+(\.\d+)?|cloudinit)(,|$)", str(value))
            if re.fullmatch(r"(ide|sata|scsi|virtio)\d+|efidisk0|tpmstate0", name) and found:
                self.need(user, "/storage/" + found[1], ["Datastore.AllocateSpace"])

    def get_version(self, user, values):
        return {"version": self.version + ".1", "release": self.version, "repoid": "1a2b3c4d5e"}

    def permissions_of(self, user, values):
        return {}

    def get_nextid(self, user, values):
        return str(self.cluster.next_id())

    def resources(self, user, values):
        kind = values.get("type")
        entries = []
        if kind in (None, "vm"):
            for machine in self.cluster.machines.values():
                if not self.may(user, "/vms/%d" % machine.id, ["VM.Audit"]):
                    continue
                entry = {"id": "qemu/%d" % machine.id, "type": "qemu", "vmid": machine.id,
                         "node": machine.node, "name": machine.config.get("name", ""),
                         "status": "running" if machine.running else "stopped",
                         "template": 1 if machine.is_template else 0, "maxcpu": 1,
                         "maxmem": 512 << 20, "mem": 0, "uptime": 0}
                if "tags" in machine.config:
                    entry["tags"] = machine.config["tags"]
                if machine.managed:
                    entry["hastate"] = "started"
                if "lock" in machine.config:
                    entry["lock"] = machine.config["lock"]
                entries.append(entry)
        if kind in (None, "storage"):
            for name, storage in self.cluster.storages.items():
                for node in storage["nodes"] or self.cluster.nodes:
                    entries.append({"id": "storage/%s/%s" % (node, name), "type": "storage",
                                    "storage": name, "node": node, "status": "available",
                                    "content": ",".join(sorted(storage["content"]))})
        if kind in (None, "node"):
            for name, node in self.cluster.nodes.items():
                entries.append({"id": "node/" + name, "type": "node", "node": name,
                                "status": "online" if node["online"] else "offline",
                                "mem": node["mem"], "maxmem": node["maxmem"]})
        return entries

    def nodes(self, user, values):
        entries = []
        for name, node in self.cluster.nodes.items():
            entry = {"node": name, "status": "online" if node["online"] else "offline"}
            if node["online"]:
                entry.update(mem=node["mem"], maxmem=node["maxmem"], cpu=0.1, maxcpu=8)
            entries.append(entry)
        return entries

    def node_machines(self, user, values):
        return [{"vmid": machine.id, "name": machine.config.get("name", ""),
                 "status": "running" if machine.running else "stopped"}
                for machine in self.cluster.machines.values() if machine.node == values["node"]]

    def create(self, user, values):
        values = dict(values)
        node = values.pop("node")
        self.need(user, "/pool/" + values["pool"] if "pool" in values and not self.may(
            user, "/vms/" + values["vmid"], ["VM.Allocate"]) else "/vms/" + values["vmid"],
            ["VM.Allocate"])
        return self.cluster.create(node, user, values)

    def destroy(self, user, values):
        return self.cluster.destroy(values["node"], values["vmid"], user, values)

    def config_of(self, user, values):
        machine = self.cluster.machine(values["node"], values["vmid"])
        return dict(machine.config, digest=machine.digest())

    def configure_now(self, user, values):
        return self.configure(user, values, False)

    def configure_later(self, user, values):
        return self.configure(user, values, True)

    def configure(self, user, values, in_task):
        values = dict(values)
        node, vmid = values.pop("node"), values.pop("vmid")
        return self.cluster.configure(node, vmid, user, values, in_task)

    def clone(self, user, values):
        return self.cluster.clone(values["node"], values["vmid"], user, values)

    def resize(self, user, values):
        return self.cluster.resize(values["node"], values["vmid"], user, values)

    def send_key(self, user, values):
        self.cluster.send_key(values["node"], values["vmid"], values["key"])

    def monitor(self, user, values):
        word, _, rest = values["command"].partition(" ")
        if word != "sendkey":
            raise Refused(500, "unknown command: '%s'" % word)
        self.cluster.send_key(values["node"], values["vmid"], rest.strip())
        return ""

    def status(self, user, values):
        machine = self.cluster.machine(values["node"], values["vmid"])
        state = {"vmid": machine.id, "name": machine.config.get("name", ""),
                 "status": "running" if machine.running else "stopped",
                 "qmpstatus": "running" if machine.running else "stopped",
                 "ha": {"managed": 1 if machine.managed else 0}}
        if machine.is_template:
            state["template"] = 1
        if "lock" in machine.config:
            state["lock"] = machine.config["lock"]
        return state

    def start(self, user, values):
        return self.cluster.start(values["node"], values["vmid"], user)

    def stop(self, user, values):
        return self.cluster.stop(values["node"], values["vmid"], user)

    def shutdown(self, user, values):
        return self.cluster.shutdown(values["node"], values["vmid"], user)

    def template(self, user, values):
        return self.cluster.make_template(values["node"], values["vmid"], user)

    def interfaces(self, user, values):
        return self.cluster.interfaces(values["node"], values["vmid"])

    def node_storages(self, user, values):
        return [{"storage": name, "type": storage["type"], "active": 1, "enabled": 1, "shared": 0,
                 "content": ",".join(sorted(storage["content"]))}
                for name, storage in self.cluster.storages.items()]

    def content(self, user, values):
        return self.cluster.content(values["node"], values["storage"], values.get("content"))

    def allocate(self, user, values):
        return self.cluster.allocate(values["node"], values["storage"], values)

    def delete_volume(self, user, values):
        self.need(user, "/storage/" + values["storage"], ["Datastore.AllocateSpace"])
        return self.cluster.delete_volume(values["node"], values["storage"], values["volume"],
                                          user)

    def upload(self, user, values):
        raise Refused(500, "upload is no form")

    def take_upload(self, user, node, storage, fields, name, path):
        stored = STORED.sub("_", name)
        if not re.search(r"\.(?i:iso|img)$", stored):
            raise Refused(400, "Parameter verification failed.",
                          {"filename": "wrong file extension"})
        self.cluster.storage(node, storage, "iso")
        checksum = fields.get("checksum")

        def done():
            if checksum:
                with open(path, "rb") as file:
                    got = hashlib.new(fields["checksum-algorithm"], file.read()).hexdigest()
                if got != checksum.lower():
                    raise Refused(500, "checksum mismatch: got '%s' != expect '%s'" % (
                        got, checksum))
            self.cluster.keep_iso(node, storage, stored, path)
        return self.cluster.start_task(node, "imgcopy", "", user, done,
                                       lines=["starting file import from: upload",
                                              "target node: " + node])

    def download(self, user, values):
        node, storage, url = values["node"], values["storage"], values["url"]
        self.cluster.storage(node, storage, values["content"])
        stored = STORED.sub("_", values["filename"])

        def done():
            try:
                data = self.downloads.get(url)
                if data is None:
                    with urllib.request.urlopen(url, timeout=10) as answer:
                        data = answer.read()
            except OSError as error:
                raise Refused(500, "download failed: %s" % error) from error
            if "checksum" in values:
                got = hashlib.new(values["checksum-algorithm"], data).hexdigest()
                if got != values["checksum"].lower():
                    raise Refused(500, "checksum mismatch: got '%s' != expect '%s'" % (
                        got, values["checksum"]))
            path = os.path.join(self.folder, uuid.uuid4().hex)
            with open(path, "wb") as file:
                file.write(data)
            self.cluster.keep_iso(node, storage, stored, path)
        return self.cluster.start_task(node, "download", "", user, done,
                                       lines=["downloading %s to %s" % (url, stored)])

    def cluster_tasks(self, user, values):
        return [task.entry() for task in self.cluster.tasks.values()]

    def tasks(self, user, values):
        source = values.get("source", "archive")
        return [task.entry() for task in self.cluster.tasks.values()
                if task.node == values["node"] and
                (source == "all" or (source == "active") == (task.exit is None)) and
                ("vmid" not in values or task.id == values["vmid"])]

    def task_status(self, user, values):
        task = self.cluster.task(values["node"], values["upid"])
        status = {name: value for name, value in task.entry().items()
                  if name not in ("status", "endtime")}
        status["status"] = "running" if task.exit is None else "stopped"
        if task.exit is not None:
            status["exitstatus"] = task.exit
        return status

    def task_log(self, user, values):
        task = self.cluster.task(values["node"], values["upid"])
        first, limit = int(values.get("start", 0)), int(values.get("limit", 50))
        lines = list(enumerate(task.log, 1))[first:first + limit or None]
        return [{"n": number, "t": text} for number, text in lines]

    def abort_task(self, user, values):
        self.cluster.abort(values["node"], values["upid"])


VM = "/nodes/{node}/qemu/{vmid}"
STORAGE = "/nodes/{node}/storage"
HANDLERS = {
    "GET /version": "get_version", "GET /nodes/{node}/version": "get_version",
    "GET /access/permissions": "permissions_of", "GET /cluster/nextid": "get_nextid",
    "GET /cluster/resources": "resources", "GET /cluster/tasks": "cluster_tasks",
    "GET /nodes": "nodes", "GET /nodes/{node}/qemu": "node_machines",
    "POST /nodes/{node}/qemu": "create", "DELETE " + VM: "destroy",
    "GET " + VM + "/config": "config_of", "PUT " + VM + "/config": "configure_now",
    "POST " + VM + "/config": "configure_later", "POST " + VM + "/clone": "clone",
    "PUT " + VM + "/resize": "resize", "PUT " + VM + "/sendkey": "send_key",
    "POST " + VM + "/monitor": "monitor", "GET " + VM + "/status/current": "status",
    "POST " + VM + "/status/start": "start", "POST " + VM + "/status/stop": "stop",
    "POST " + VM + "/status/shutdown": "shutdown", "POST " + VM + "/template": "template",
    "GET " + VM + "/agent/network-get-interfaces": "interfaces",
    "GET " + STORAGE: "node_storages", "GET " + STORAGE + "/{storage}/content": "content",
    "POST " + STORAGE + "/{storage}/content": "allocate",
    "DELETE " + STORAGE + "/{storage}/content/{volume}": "delete_volume",
    "POST " + STORAGE + "/{storage}/upload": "upload",
    "POST " + STORAGE + "/{storage}/download-url": "download",
    "GET /nodes/{node}/tasks": "tasks", "GET /nodes/{node}/tasks/{upid}/status": "task_status",
    "GET /nodes/{node}/tasks/{upid}/log": "task_log",
    "DELETE /nodes/{node}/tasks/{upid}": "abort_task"}


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, address, simulator):
        self.simulator = simulator
        super().__init__(address, _Handler)

    def finish_request(self, request, client_address):
        request.settimeout(60)
        request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        request = self.simulator._context.wrap_socket(request, server_side=True)
        super().finish_request(request, client_address)
        try:
            request.close()
        except OSError:
            pass

    def handle_error(self, request, client_address):
        """Clients that do not trust the certificate or vanish are part of the game."""


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *arguments):
        pass

    def answer(self, status, reason, document):
        body = b"" if document is None else json.dumps(document).encode()
        self.send_response(status, reason.replace("\n", " ").strip())
        if document is not None:
            self.send_header("Content-Type", "application/json;charset=UTF-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def refuse(self, refused):
        # Authentication fails without a body.
        bare = refused.status == 401 and refused.reason != "authentication failure"
        document = {"data": None, "message": refused.reason + "\n"}
        if refused.errors:
            document["errors"] = refused.errors
        self.answer(refused.status, refused.reason, None if bare else document)

    def fault(self, method, path):
        with self.server.simulator.lock:
            for fault in self.server.simulator.faults:
                if fault.times > 0 and fault.method == method and fault.path.search(path):
                    fault.times -= 1
                    return fault.action
        return None

    def drop(self):
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def serve(self, method):
        simulator = self.server.simulator
        url = urllib.parse.urlsplit(self.path)
        path = url.path
        if not path.startswith(simulator.description.base):
            self.answer(501, "no such file '%s'" % path, None)
            return
        path = urllib.parse.unquote(path[len(simulator.description.base):], errors="replace") \
            if "/tasks/" in path else path[len(simulator.description.base):]
        try:
            values = dict(urllib.parse.parse_qsl(url.query, keep_blank_values=True))
            length = int(self.headers.get("Content-Length") or 0)
            uploading = method == "POST" and path.endswith("/upload")
            if uploading:
                upload = self.read_upload(length)
            else:
                self.read_form(method, length, values)
            if simulator.observer:
                simulator.observer(method, path)
            action = self.fault(method, path)
            if action == "drop":
                self.drop()
                return
            if action and action[0] == "answer":
                raise Refused(action[1], action[2])
            data = self.upload(path, *upload) if uploading else simulator.handle(
                method, path, self.headers, values)
            if action == "drop_after":
                self.drop()
                return
            self.answer(200, "OK", {"data": data})
        except Refused as refused:
            self.refuse(refused)
        except AssertionError as error:  # our own answer does not fit the description
            simulator.refusals.append((500, str(error), None))
            self.answer(500, "simulator: %s" % error, None)

    def read_form(self, method, length, values):
        if method in ("GET", "DELETE"):
            if length:
                self.rfile.read(length)
                raise Refused(501, "Unexpected content for method '%s'" % method)
            return
        if length > LARGEST_BODY:
            raise Refused(501, "for data too large")
        body = self.rfile.read(length).decode()
        kind = self.headers.get("Content-Type", "").split(";")[0].strip()
        if kind == "application/json":
            values.update({name: str(value) for name, value in json.loads(body or "{}").items()})
        elif not body or kind == "application/x-www-form-urlencoded":
            values.update(urllib.parse.parse_qsl(body, keep_blank_values=True))
        else:
            raise Refused(506, "unsupported content type '%s'" % kind)

    def read_upload(self, length):
        """(fields, file name, path of the content); the fields come before the file."""
        kind = self.headers.get("Content-Type", "")
        boundary = re.search(r"boundary=\"?([^\";]+)", kind)
        if not length:
            raise Refused(501, "upload without Content-Length")
        if not kind.startswith("multipart/form-data") or not boundary:
            raise Refused(506, "unsupported content type '%s'" % kind)
        body = self.rfile.read(length)
        mark = b"--" + boundary[1].encode()
        if not body.rstrip().endswith(mark + b"--"):
            raise Refused(400, "upload is cut off")
        fields, name, path = {}, None, None
        for part in body.split(mark)[1:-1]:
            head, _, content = part.partition(b"\r\n\r\n")
            content = content[:-2]
            headers = email.parser.Parser().parsestr(head.decode().strip() + "\n\n")
            field = headers.get_param("name", header="content-disposition")
            file_name = headers.get_param("filename", header="content-disposition")
            if file_name is None:
                if path is not None:
                    raise Refused(400, "field '%s' comes after the file" % field)
                fields[field] = content.decode()
            elif field != "filename":
                raise Refused(400, "wrong field name '%s' for file upload" % field)
            else:
                name = file_name
                path = os.path.join(self.server.simulator.folder, uuid.uuid4().hex)
                with open(path, "wb") as file:
                    file.write(content)
        if path is None:
            raise Refused(400, "upload without a file")
        return fields, name, path

    def upload(self, path, fields, name, local):
        simulator = self.server.simulator
        with simulator.lock:
            simulator.cluster.advance()
            user, _ = simulator.who("GET", self.headers)  # no CSRF token is asked for here
            operation, in_path = simulator.description.find("POST", path)
            values = dict(fields, filename=name, **in_path)
            simulator.journal.append(("POST", path, dict(fields, filename=name)))
            simulator.check_permission(operation["permissions"]["check"], user, values)
            simulator.check_node(in_path["node"])
            errors = simulator.description.faults(operation, values)
            if errors:
                simulator.refusals.append((400, "POST " + path, errors))
                raise Refused(400, "Parameter verification failed.", errors)
            return simulator.take_upload(user, in_path["node"], in_path["storage"], fields, name,
                                         local)

    def do_GET(self):
        self.serve("GET")

    def do_POST(self):
        self.serve("POST")

    def do_PUT(self):
        self.serve("PUT")

    def do_DELETE(self):
        self.serve("DELETE")
