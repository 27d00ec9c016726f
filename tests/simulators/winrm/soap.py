"""Envelopes: what a request must be by SOAP 1.2, WS-Addressing, WS-Management (DSP0226) and the
WinRM shell protocol (MS-WSMV), and how answers and faults look. A request that breaks a rule gets
a fault that names it."""

import re
import uuid
import xml.etree.ElementTree as tree

SOAP = "http://www.w3.org/2003/05/soap-envelope"
ADDRESSING = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
WSMAN = "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"
MICROSOFT = "http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd"
SHELL = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"
TRANSFER = "http://schemas.xmlsoap.org/ws/2004/09/transfer"
RESOURCE = SHELL + "/cmd"
ANONYMOUS = ADDRESSING + "/role/anonymous"
XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"

ACTIONS = {TRANSFER + "/Create": "Create", TRANSFER + "/Delete": "Delete",
           **{"%s/%s" % (SHELL, verb): verb for verb in ("Command", "Receive", "Send", "Signal")}}
OPTIONS = {"Create": {"WINRS_NOPROFILE", "WINRS_CODEPAGE"},
           "Command": {"WINRS_CONSOLEMODE_STDIN", "WINRS_SKIP_CMD_SHELL"},
           "Receive": {"WSMAN_CMDSHELL_OPTION_KEEPALIVE"}}
KNOWN_HEADERS = {(ADDRESSING, name) for name in ("To", "ReplyTo", "Action", "MessageID")} | {
    (WSMAN, name) for name in ("ResourceURI", "MaxEnvelopeSize", "Locale", "OperationTimeout",
                               "OptionSet", "SelectorSet")} | {(MICROSOFT, "DataLocale"),
                                                               (MICROSOFT, "SessionId")}


class Broken(Exception):
    """The request breaks the protocol."""


class Fault(Exception):
    def __init__(self, code, subcode, message):
        super().__init__(message)
        self.code, self.subcode, self.message = code, subcode, message


def timed_out():
    return Fault(2150858793, "w:TimedOut",
                 "The WS-Management service cannot complete the operation within the time "
                 "specified in OperationTimeout.")


def shell_not_found(shell_id):
    return Fault(2150858843, "w:InvalidSelectors",
                 "The request for the Windows Remote Shell with ShellId %s failed because the shell "
                 "was not found on the server." % shell_id)


def aborted():
    return Fault(995, "w:InternalError",
                 "The I/O operation has been aborted because of either a thread exit or an "
                 "application request.")


class Request:
    """One checked request."""

    def __init__(self, body, url, max_envelope):
        if len(body) > max_envelope:
            raise Fault(2150858832, "w:EncodingLimit", "The request is larger than %d bytes" %
                        max_envelope)
        try:
            root = tree.fromstring(body)
        except tree.ParseError as error:
            raise Broken("not well-formed: %s" % error)
        if root.tag != "{%s}Envelope" % SOAP:
            raise Broken("the root is %s" % root.tag)
        if [child.tag for child in root] != ["{%s}Header" % SOAP, "{%s}Body" % SOAP]:
            raise Broken("an envelope has one header and one body")
        self.header, self.body = root
        self.check_headers(url)
        self.check_content()

    def one(self, space, name, required=True):
        found = self.header.findall("{%s}%s" % (space, name))
        if len(found) > 1 or (required and not found):
            raise Broken("%d headers %s" % (len(found), name))
        return found[0] if found else None

    def by_pywinrm(self):
        """Ansible's library: it names one made-up host for every machine and puts mustUnderstand into no
        namespace. Windows takes both."""
        return self.one(ADDRESSING, "To").text == "http://windows-host:5985/wsman"

    def must_understand(self, element, wanted="true"):
        if self.by_pywinrm():
            return
        if element.get("{%s}mustUnderstand" % SOAP) != wanted:
            raise Broken("%s without mustUnderstand=%s" % (element.tag, wanted))
        if element.get("mustUnderstand") is not None:
            raise Broken("mustUnderstand is an attribute of SOAP's namespace")

    def check_headers(self, url):
        for element in self.header:
            space, _, name = element.tag[1:].partition("}")
            if (space, name) not in KNOWN_HEADERS:
                raise Broken("unknown header %s" % element.tag)
        if not self.by_pywinrm() and self.one(ADDRESSING, "To").text != url:
            raise Broken("To is %s, not %s" % (self.one(ADDRESSING, "To").text, url))
        reply = list(self.one(ADDRESSING, "ReplyTo"))
        if [child.tag for child in reply] != ["{%s}Address" % ADDRESSING]:
            raise Broken("ReplyTo has one Address")
        if reply[0].text != ANONYMOUS:
            raise Broken("ReplyTo is %s" % reply[0].text)
        self.must_understand(reply[0])
        resource = self.one(WSMAN, "ResourceURI")
        self.must_understand(resource)
        if resource.text != RESOURCE:
            raise Fault(2150858752, "w:InvalidResourceURI", "no resource %s" % resource.text)
        action = self.one(ADDRESSING, "Action")
        self.must_understand(action)
        if action.text not in ACTIONS:
            raise Fault(2150858754, "a:ActionNotSupported", "no action %s" % action.text)
        self.verb = ACTIONS[action.text]
        self.action = action.text
        self.check_message_id()
        self.check_sizes()
        for space, name in ((WSMAN, "Locale"), (MICROSOFT, "DataLocale")):
            locale = self.one(space, name, required=False)
            if locale is not None:
                self.must_understand(locale, "false")
                if not re.fullmatch(r"[a-z]{2}-[A-Z]{2}", locale.get(XML_LANG) or ""):
                    raise Broken("%s without xml:lang" % name)

    def check_message_id(self):
        match = re.fullmatch(r"uuid:([0-9a-fA-F-]{36})", self.one(ADDRESSING, "MessageID").text or "")
        if not match:
            raise Broken("MessageID is no uuid")
        self.message_id = str(uuid.UUID(match.group(1)))

    def check_sizes(self):
        size = self.one(WSMAN, "MaxEnvelopeSize")
        self.must_understand(size)
        if not size.text.isdigit() or int(size.text) < 8192:
            raise Broken("MaxEnvelopeSize %s" % size.text)
        self.max_envelope = int(size.text)
        timeout = self.one(WSMAN, "OperationTimeout").text or ""
        match = re.fullmatch(r"PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?", timeout)
        if not match or timeout == "PT":
            raise Broken("OperationTimeout %s" % timeout)
        hours, minutes, seconds = (float(part or 0) for part in match.groups())
        self.timeout = hours * 3600 + minutes * 60 + seconds

    def check_content(self):
        options = self.one(WSMAN, "OptionSet", required=False)
        self.options = {}
        if options is not None:
            self.must_understand(options)
            for option in options:
                if option.tag != "{%s}Option" % WSMAN or option.get("Name") in self.options:
                    raise Broken("OptionSet has %s" % option.tag)
                self.options[option.get("Name")] = option.text
        unknown = set(self.options) - OPTIONS.get(self.verb, set())
        if unknown:
            raise Fault(2150858843, "w:InvalidOptions", "options %s of %s" % (unknown, self.verb))
        selectors = self.one(WSMAN, "SelectorSet", required=self.verb != "Create")
        self.shell_id = None
        if selectors is not None:
            if self.verb == "Create" or [(s.tag, s.get("Name")) for s in selectors] != [
                    ("{%s}Selector" % WSMAN, "ShellId")]:
                raise Broken("selectors of %s" % self.verb)
            self.shell_id = selectors[0].text
        wanted = {"Create": "Shell", "Delete": None, "Command": "CommandLine"}.get(
            self.verb, self.verb)
        children = list(self.body)
        if [child.tag for child in children] != ([] if wanted is None
                                                 else ["{%s}%s" % (SHELL, wanted)]):
            raise Broken("the body of %s holds %s" % (self.verb, [c.tag for c in children]))
        self.content = children[0] if children else None


def element(content, name):
    found = content.findall("{%s}%s" % (SHELL, name))
    if len(found) != 1:
        raise Broken("%d elements %s" % (len(found), name))
    return found[0]


HEAD = ('<s:Envelope xml:lang="en-US" xmlns:s="%s" xmlns:a="%s" xmlns:w="%s" xmlns:p="%s" '
        'xmlns:rsp="%s" xmlns:x="%s"><s:Header><a:Action>%%s</a:Action>'
        '<a:MessageID>uuid:%%s</a:MessageID><a:To>%s</a:To><a:RelatesTo>uuid:%%s</a:RelatesTo>'
        '</s:Header><s:Body>%%s</s:Body></s:Envelope>' % (
            SOAP, ADDRESSING, WSMAN, MICROSOFT, SHELL, TRANSFER, ANONYMOUS))


def answer(request, body):
    return HEAD % (request.action + "Response", uuid.uuid4(), request.message_id, body)


def escape(text):
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def fault(error, related=""):
    body = (
        '<s:Fault><s:Code><s:Value>s:%s</s:Value><s:Subcode><s:Value>%s</s:Value></s:Subcode>'
        '</s:Code><s:Reason><s:Text xml:lang="en-US">%s</s:Text></s:Reason><s:Detail>'
        '<f:WSManFault xmlns:f="http://schemas.microsoft.com/wbem/wsman/1/wsmanfault" Code="%d" '
        'Machine="WINGUEST"><f:Message>%s</f:Message></f:WSManFault></s:Detail></s:Fault>' % (
            "Receiver" if error.subcode in ("w:TimedOut", "w:InternalError") else "Sender",
            error.subcode, escape(error.message), error.code, escape(error.message)))
    return HEAD % (WSMAN + "/fault", uuid.uuid4(), related, body)
