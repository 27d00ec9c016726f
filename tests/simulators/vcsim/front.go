package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/ioutil"
	"log"
	"net/http"
	"net/http/httptest"
	"reflect"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// One request as the tests see it.
type entry struct {
	Method  string `json:"method"` // SOAP method, REST operation, or "PUT /folder"
	Object  string `json:"object,omitempty"`
	Body    string `json:"body,omitempty"`
	Refused string `json:"refused,omitempty"`
	Session string `json:"session,omitempty"`
	Status  int    `json:"status"`
}

// What is to go wrong: with the requests of a method, after `skip` of them, `count` times.
type fault struct {
	Method    string `json:"method"`
	Action    string `json:"action"` // expire, drop_before, drop_after, fault, task_error, delay
	Fault     string `json:"fault"`
	Privilege string `json:"privilege"`
	Skip      int    `json:"skip"`
	Count     int    `json:"count"`
	DelayMS   int    `json:"delay_ms"`
}

type front struct {
	options     options
	description *description
	inner       http.Handler
	extras      *extras

	mutex   sync.Mutex
	journal []entry
	faults  []*fault
	expired map[string]bool
	waiting int // requests that a delay holds back

	released chan struct{} // closed when the faults are taken away
}

func newFront(o options, d *description, inner http.Handler) *front {
	return &front{options: o, description: d, inner: inner, extras: newExtras(o),
		expired: map[string]bool{}, released: make(chan struct{})}
}

func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case strings.HasPrefix(r.URL.Path, "/farm/nfc/"):
		f.note(entry{Method: "GET /nfc", Object: r.URL.Path, Status: f.extras.serveDisk(w, r)})
	case strings.HasPrefix(r.URL.Path, "/farm/"):
		f.control(w, r)
	case r.URL.Path == "/sdk" && r.Method == http.MethodPost:
		f.soap(w, r)
	case strings.HasPrefix(r.URL.Path, "/rest/"):
		f.rest(w, r)
	case strings.HasPrefix(r.URL.Path, "/folder/"):
		f.folder(w, r)
	default:
		f.inner.ServeHTTP(w, r)
	}
}

func (f *front) note(e entry) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.journal = append(f.journal, e)
	if e.Refused != "" {
		log.Printf("refused %s: %s", e.Method, e.Refused)
	}
}

// The fault that is due for this method, if any.
func (f *front) due(method string) *fault {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	for _, one := range f.faults {
		if one.Method != method && one.Method != "*" {
			continue
		}
		if one.Skip > 0 {
			one.Skip--
			continue
		}
		if one.Count > 0 {
			one.Count--
			return one
		}
	}
	return nil
}

func drop(w http.ResponseWriter) {
	if connection, _, err := w.(http.Hijacker).Hijack(); err == nil {
		connection.Close()
	}
}

func sessionOf(r *http.Request) string {
	cookie, err := r.Cookie("vmware_soap_session")
	if err != nil {
		return ""
	}
	return strings.Trim(cookie.Value, `"`)
}

func (f *front) hold(due *fault) {
	f.mutex.Lock()
	f.waiting++
	released := f.released
	f.mutex.Unlock()
	select {
	case <-released:
	case <-time.After(time.Duration(due.DelayMS) * time.Millisecond):
	}
	f.mutex.Lock()
	f.waiting--
	f.mutex.Unlock()
}

// A session that has run out is one the server does not know.
func (f *front) forgetSession(r *http.Request) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	if f.expired[sessionOf(r)] {
		r.Header.Del("Cookie")
	}
}

func (f *front) soap(w http.ResponseWriter, r *http.Request) {
	body, _ := ioutil.ReadAll(r.Body)
	envelope, err := parseXML(body)
	var call *element
	if err == nil && envelope.child("Body") != nil && len(envelope.child("Body").children) == 1 {
		call = envelope.child("Body").children[0]
	}
	if call == nil {
		f.note(entry{Method: "?", Refused: "not a SOAP envelope", Status: 500})
		writeFault(w, "ClientFaultCode", "InvalidRequest", "not a SOAP envelope", "")
		return
	}
	// The session of the WaitForUpdatesEx a client abandons is not told apart from others.
	e := entry{Method: call.name, Object: call.at("_this"), Body: string(body),
		Session: sessionOf(r), Status: 200}
	if problem := f.description.checkRequest(call); problem != "" {
		e.Refused, e.Status = problem, 500
		f.note(e)
		writeFault(w, "ClientFaultCode", "InvalidRequest", problem, "")
		return
	}
	f.forgetSession(r)
	due := f.due(call.name)
	if due != nil {
		switch due.Action {
		case "expire":
			f.mutex.Lock()
			f.expired[sessionOf(r)] = true
			f.mutex.Unlock()
			r.Header.Del("Cookie")
		case "drop_before":
			e.Status = 0
			f.note(e)
			drop(w)
			return
		case "fault":
			e.Status = 500
			f.note(e)
			writeFault(w, "ServerFaultCode", due.Fault, due.Fault, noPermission(call, due.Privilege))
			return
		case "delay":
			f.hold(due)
		case "task_error":
			f.note(e)
			f.failTask(w, call, due.Fault)
			return
		}
	}
	recorder := httptest.NewRecorder()
	if !f.extras.serve(recorder, r, call) {
		r.Body = ioutil.NopCloser(bytes.NewReader(body))
		f.extras.before(call)
		f.passOn(recorder, r, &e)
		f.extras.after(call, recorder.Code)
	}
	e.Status = recorder.Code
	f.note(e)
	if due != nil && due.Action == "drop_after" {
		drop(w)
		return
	}
	copyAnswer(w, recorder)
}

// The simulator panics at some requests that are legal: that is an answer, too.
func (f *front) passOn(w *httptest.ResponseRecorder, r *http.Request, e *entry) {
	defer func() {
		if problem := recover(); problem != nil {
			e.Refused = fmt.Sprint("panic: ", problem)
			log.Printf("%s: %v\n%s", e.Method, problem, debug.Stack())
			writeFault(w, "ServerFaultCode", "SystemError", e.Refused, "")
		}
	}()
	f.inner.ServeHTTP(w, r)
}

func copyAnswer(w http.ResponseWriter, recorder *httptest.ResponseRecorder) {
	for name, values := range recorder.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(recorder.Code)
	w.Write(recorder.Body.Bytes())
}

func noPermission(call *element, privilege string) string {
	if privilege == "" {
		return ""
	}
	this := call.children[0]
	return fmt.Sprintf("<object type=%q>%s</object><privilegeId>%s</privilegeId>",
		this.mark, this.text, privilege)
}

func writeFault(w http.ResponseWriter, code, kind, text, members string) {
	w.Header().Set("Content-Type", "text/xml; charset=utf-8")
	w.WriteHeader(http.StatusInternalServerError)
	fmt.Fprintf(w, `<?xml version="1.0" encoding="UTF-8"?>
<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body><soapenv:Fault><faultcode>%s</faultcode><faultstring>%s</faultstring><detail><%sFault xmlns="urn:vim25" xsi:type="%s">%s</%sFault></detail></soapenv:Fault></soapenv:Body></soapenv:Envelope>`,
		code, escape(text), kind, kind, members, kind)
}

func writeAnswer(w http.ResponseWriter, method, content string) {
	w.Header().Set("Content-Type", "text/xml; charset=utf-8")
	fmt.Fprintf(w, `<?xml version="1.0" encoding="UTF-8"?>
<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body><%sResponse xmlns="urn:vim25">%s</%sResponse></soapenv:Body></soapenv:Envelope>`,
		method, content, method)
}

func escape(text string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;").Replace(text)
}

// A task that ends in this fault at once.
func (f *front) failTask(w http.ResponseWriter, call *element, kind string) {
	reflected, known := types.TypeFunc()(kind)
	if !known {
		reflected, _ = types.TypeFunc()("SystemError")
	}
	failure := reflect.New(reflected).Interface().(types.BaseMethodFault)
	this := types.ManagedObjectReference{Type: call.children[0].mark, Value: call.at("_this")}
	task := simulator.CreateTask(this, strings.TrimSuffix(call.name, "_Task"),
		func(*simulator.Task) (types.AnyType, types.BaseMethodFault) { return nil, failure })
	ref := task.Run()
	writeAnswer(w, call.name, fmt.Sprintf(`<returnval type="Task">%s</returnval>`, ref.Value))
}

func (f *front) rest(w http.ResponseWriter, r *http.Request) {
	body, _ := ioutil.ReadAll(r.Body)
	name, problem := f.description.rest.check(r, body)
	e := entry{Method: name, Body: string(body), Status: 200}
	if problem != "" {
		e.Method, e.Refused, e.Status = r.Method+" "+r.URL.Path, problem, 400
		f.note(e)
		w.WriteHeader(http.StatusBadRequest)
		json.NewEncoder(w).Encode(map[string]interface{}{
			"type": "com.vmware.vapi.std.errors.invalid_argument",
			"value": map[string]interface{}{"messages": []interface{}{
				map[string]interface{}{"id": "farm", "default_message": problem, "args": []string{}}}}})
		return
	}
	if due := f.due(name); due != nil && due.Action == "drop_before" {
		drop(w)
		return
	}
	r.Body = ioutil.NopCloser(bytes.NewReader(body))
	recorder := httptest.NewRecorder()
	f.passOn(recorder, r, &e)
	e.Status = recorder.Code
	f.note(e)
	copyAnswer(w, recorder)
}

func (f *front) folder(w http.ResponseWriter, r *http.Request) {
	method := r.Method + " /folder"
	e := entry{Method: method, Object: r.URL.Path + "?" + r.URL.RawQuery, Status: 200}
	query := r.URL.Query()
	// A host knows the datacenter by a name of its own and takes tickets instead of sessions.
	ticket, _ := r.Cookie("vmware_cgi_ticket")
	if ticket != nil && query.Get("dcPath") == "ha-datacenter" {
		query.Set("dcPath", "/DC0")
		r.URL.RawQuery = query.Encode()
	}
	// The simulator does not look into datastore clusters by a bare name.
	for _, one := range simulator.Map.All("Datastore") {
		store := one.Entity()
		if store.Name == query.Get("dsName") && store.Parent.Type == "StoragePod" {
			pod := simulator.Map.Get(*store.Parent).(mo.Entity).Entity()
			query.Set("dsName", pod.Name+"/"+store.Name)
			r.URL.RawQuery = query.Encode()
		}
	}
	f.forgetSession(r)
	if sessionOf(r) == "" && ticket == nil {
		e.Status = http.StatusUnauthorized
	} else if query.Get("dcPath") == "" || query.Get("dsName") == "" {
		e.Refused, e.Status = "dcPath and dsName are required", http.StatusBadRequest
	} else if r.Method == http.MethodPut && r.ContentLength < 0 {
		e.Refused, e.Status = "Content-Length is required", http.StatusLengthRequired
	}
	due := f.due(method)
	if due != nil && due.Action == "expire" {
		f.mutex.Lock()
		f.expired[sessionOf(r)] = true
		f.mutex.Unlock()
		e.Status = http.StatusUnauthorized
	}
	if due != nil && due.Action == "delay" {
		f.hold(due)
	}
	if due != nil && due.Action == "drop_before" {
		ioutil.ReadAll(&limited{r.Body, 4096})
		e.Status = 0
		f.note(e)
		drop(w)
		return
	}
	if e.Status != 200 {
		f.note(e)
		w.WriteHeader(e.Status)
		return
	}
	recorder := httptest.NewRecorder()
	f.inner.ServeHTTP(recorder, r)
	e.Status = recorder.Code
	f.note(e)
	copyAnswer(w, recorder)
}

func (f *front) control(w http.ResponseWriter, r *http.Request) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	var answer interface{} = map[string]bool{"done": true}
	switch r.Method + " " + r.URL.Path {
	case "GET /farm/journal":
		answer = append([]entry{}, f.journal...)
	case "DELETE /farm/journal":
		f.journal = nil
	case "POST /farm/faults":
		one := &fault{Count: 1}
		if err := json.NewDecoder(r.Body).Decode(one); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		f.faults = append(f.faults, one)
	case "DELETE /farm/faults":
		f.faults = nil
		close(f.released)
		f.released = make(chan struct{})
	case "GET /farm/waiting":
		answer = map[string]int{"waiting": f.waiting}
	case "GET /farm/state":
		answer = f.extras.state()
	case "POST /farm/library":
		f.mutex.Unlock()
		answer = makeLibrary(r.URL.Query().Get("name"), f.options)
		f.mutex.Lock()
	default:
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(answer)
}
