package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
)

type schema struct {
	Type       string
	Ref        string `json:"$ref"`
	Properties map[string]*schema
	Required   []string
	Items      *schema
	Enum       []string
}

type operation struct {
	Method     string
	ID         string
	Parameters []struct {
		Name     string
		In       string
		Required bool
		Schema   schema
	}
	Body *schema
}

type restDescription struct {
	Paths   map[string][]operation
	Schemas map[string]*schema
}

var placeholder = regexp.MustCompile(`\\\{[a-z]+\\\}`)

// Why the request is no legal one; empty when it is. Also gives the operation's name.
func (d *restDescription) check(r *http.Request, body []byte) (string, string) {
	path := r.URL.Path
	problem := "no such path: " + path
	for template, operations := range d.Paths {
		pattern := placeholder.ReplaceAllString(regexp.QuoteMeta(template), `[^/]+`)
		if ok, _ := regexp.MatchString("^"+pattern+"$", path); !ok {
			continue
		}
		for _, o := range operations {
			if o.Method != r.Method {
				continue
			}
			if p := d.checkOperation(&o, r, body); p == "" {
				return o.ID, ""
			} else {
				problem = o.ID + ": " + p
			}
		}
	}
	return "", problem
}

func (d *restDescription) checkOperation(o *operation, r *http.Request, body []byte) string {
	known := map[string]bool{}
	for _, p := range o.Parameters {
		if p.In != "query" {
			continue
		}
		known[p.Name] = true
		value := r.URL.Query().Get(p.Name)
		if value == "" && p.Required {
			return "query " + p.Name + " is missing"
		}
		if value != "" && len(p.Schema.Enum) != 0 && !contains(p.Schema.Enum, value) {
			return fmt.Sprintf("query %s cannot be %q", p.Name, value)
		}
	}
	for name := range r.URL.Query() {
		if !known[name] {
			return "unknown query " + name
		}
	}
	if o.Body == nil {
		if len(strings.TrimSpace(string(body))) != 0 {
			return "a body where none is expected"
		}
		return ""
	}
	var value interface{}
	if err := json.Unmarshal(body, &value); err != nil {
		return "body: " + err.Error()
	}
	return d.checkJSON("body", value, o.Body)
}

func contains(list []string, one string) bool {
	for _, each := range list {
		if each == one {
			return true
		}
	}
	return false
}

func (d *restDescription) checkJSON(where string, value interface{}, s *schema) string {
	if s.Ref != "" {
		s = d.Schemas[s.Ref[strings.LastIndex(s.Ref, "/")+1:]]
	}
	if s == nil {
		return ""
	}
	switch s.Type {
	case "string":
		text, ok := value.(string)
		if !ok {
			return where + " is no string"
		}
		if len(s.Enum) != 0 && !contains(s.Enum, text) {
			return fmt.Sprintf("%s cannot be %q", where, text)
		}
	case "boolean":
		if _, ok := value.(bool); !ok {
			return where + " is no boolean"
		}
	case "integer":
		if number, ok := value.(float64); !ok || number != float64(int64(number)) {
			return where + " is no integer"
		}
	case "array":
		list, ok := value.([]interface{})
		if !ok {
			return where + " is no array"
		}
		for i, one := range list {
			if p := d.checkJSON(fmt.Sprintf("%s[%d]", where, i), one, s.Items); p != "" {
				return p
			}
		}
	case "object":
		object, ok := value.(map[string]interface{})
		if !ok {
			return where + " is no object"
		}
		for name, one := range object {
			property, known := s.Properties[name]
			if !known && len(s.Properties) != 0 {
				return where + " has no member " + name
			}
			if known {
				if p := d.checkJSON(where+"."+name, one, property); p != "" {
					return p
				}
			}
		}
		for _, name := range s.Required {
			if _, given := object[name]; !given {
				return where + " lacks " + name
			}
		}
	}
	return ""
}
