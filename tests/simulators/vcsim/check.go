package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io/ioutil"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

type member struct {
	Name     string
	Type     string
	Array    bool
	Required bool
	RefType  string
}

type method struct {
	Params    []member
	Privilege string
}

type description struct {
	ManagedObjects map[string]struct {
		Base    string
		Methods map[string]method
	}
	Types map[string]struct {
		Base   string
		Fields []member
	}
	Enums map[string][]string
	rest  restDescription
}

// Types that exist only as a base of others: the real type must be said.
var abstract = map[string]bool{
	"VirtualDevice": true, "VirtualController": true, "VirtualEthernetCard": true,
	"VirtualDeviceBackingInfo": true, "CustomizationIdentitySettings": true,
	"CustomizationName": true, "CustomizationIpGenerator": true, "CustomizationIpV6Generator": true,
	"CustomizationOptions": true, "SessionManagerServiceRequestSpec": true, "CryptoSpec": true,
}

func loadDescription(folder string) (*description, error) {
	d := &description{}
	for file, into := range map[string]interface{}{"vim25.json": d, "rest.json": &d.rest} {
		bytes, err := ioutil.ReadFile(filepath.Join(folder, file))
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal(bytes, into); err != nil {
			return nil, fmt.Errorf("%s: %s", file, err)
		}
	}
	return d, nil
}

func (d *description) findMethod(object, name string) (method, bool) {
	for object != "" {
		o, known := d.ManagedObjects[object]
		if !known {
			return method{}, false
		}
		if m, ok := o.Methods[name]; ok {
			return m, true
		}
		object = o.Base
	}
	return method{}, false
}

func (d *description) isA(kind, base string, parent func(string) string) bool {
	for kind != "" {
		if kind == base {
			return true
		}
		kind = parent(kind)
	}
	return false
}

func (d *description) allFields(kind string) []member {
	t, known := d.Types[kind]
	if !known {
		return nil
	}
	return append(append([]member{}, d.allFields(t.Base)...), t.Fields...)
}

// Why the request is no legal one; empty when it is.
func (d *description) checkRequest(call *element) string {
	if call.space != "urn:vim25" {
		return fmt.Sprintf("%s is in namespace %q", call.name, call.space)
	}
	if len(call.children) == 0 || call.children[0].name != "_this" || call.children[0].mark == "" {
		return call.name + ": the first member must be _this with a type"
	}
	object := call.children[0].mark
	m, known := d.findMethod(object, call.name)
	if !known {
		return fmt.Sprintf("%s has no method %s", object, call.name)
	}
	return d.checkMembers(call.name, call.children[1:], m.Params)
}

func (d *description) checkMembers(where string, given []*element, declared []member) string {
	next := 0
	counts := make([]int, len(declared))
	for _, e := range given {
		at := -1
		for i, m := range declared {
			if m.Name == e.name {
				at = i
			}
		}
		if at < 0 {
			return fmt.Sprintf("%s has no member %s", where, e.name)
		}
		if at < next {
			return fmt.Sprintf("%s.%s comes after %s", where, e.name, declared[next].Name)
		}
		next = at
		counts[at]++
		if counts[at] > 1 && !declared[at].Array {
			return fmt.Sprintf("%s.%s is given twice", where, e.name)
		}
		if problem := d.checkValue(where+"."+e.name, e, declared[at]); problem != "" {
			return problem
		}
	}
	for i, m := range declared {
		if m.Required && counts[i] == 0 {
			return fmt.Sprintf("%s lacks the required member %s", where, m.Name)
		}
	}
	return ""
}

func (d *description) checkValue(where string, e *element, m member) string {
	text := strings.TrimSpace(e.text)
	kind := m.Type
	if kind == "anyType" {
		if e.kind == "" {
			return where + " must say its type"
		}
		kind = e.kind
	}
	bits := 64
	switch kind {
	case "string":
		return ""
	case "boolean":
		if text == "true" || text == "false" || text == "1" || text == "0" {
			return ""
		}
		return fmt.Sprintf("%s: %q is no boolean", where, text)
	case "byte", "short", "int", "long":
		bits = map[string]int{"byte": 8, "short": 16, "int": 32, "long": 64}[kind]
		if _, err := strconv.ParseInt(text, 10, bits); err != nil {
			return fmt.Sprintf("%s: %q is no %s", where, text, kind)
		}
		return ""
	case "dateTime":
		if _, err := time.Parse(time.RFC3339Nano, text); err != nil {
			return fmt.Sprintf("%s: %q is no date", where, text)
		}
		return ""
	case "base64Binary":
		if _, err := base64.StdEncoding.DecodeString(text); err != nil {
			return where + " is no base64"
		}
		return ""
	case "ManagedObjectReference":
		return d.checkReference(where, e, m)
	}
	if values, ok := d.Enums[kind]; ok {
		for _, v := range values {
			if v == text {
				return ""
			}
		}
		return fmt.Sprintf("%s: %q is no %s", where, text, kind)
	}
	return d.checkStructure(where, e, kind)
}

func (d *description) checkReference(where string, e *element, m member) string {
	if e.mark == "" || strings.TrimSpace(e.text) == "" {
		return where + " is no object reference"
	}
	_, known := d.ManagedObjects[e.mark]
	_, wanted := d.ManagedObjects[m.RefType]
	base := func(kind string) string { return d.ManagedObjects[kind].Base }
	if known && wanted && !d.isA(e.mark, m.RefType, base) {
		return fmt.Sprintf("%s refers to a %s, not to a %s", where, e.mark, m.RefType)
	}
	return ""
}

func (d *description) checkStructure(where string, e *element, declared string) string {
	kind := declared
	if e.kind != "" {
		kind = e.kind
	}
	if _, known := d.Types[kind]; !known {
		return fmt.Sprintf("%s: unknown type %s", where, kind)
	}
	base := func(k string) string { return d.Types[k].Base }
	if _, known := d.Types[declared]; known && !d.isA(kind, declared, base) {
		return fmt.Sprintf("%s: %s is no %s", where, kind, declared)
	}
	if abstract[kind] {
		return fmt.Sprintf("%s must say which kind of %s it is (xsi:type)", where, kind)
	}
	if strings.TrimSpace(e.text) != "" && len(e.children) == 0 {
		return fmt.Sprintf("%s: text where members of %s are expected", where, kind)
	}
	return d.checkMembers(where, e.children, d.allFields(kind))
}
