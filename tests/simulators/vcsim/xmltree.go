package main

import (
	"bytes"
	"encoding/xml"
	"io"
	"strings"
)

// An element with what the checks need of it.
type element struct {
	space    string
	name     string
	kind     string // of xsi:type, without a prefix
	mark     string // attribute "type" of an object reference
	text     string
	children []*element
}

func (e *element) child(name string) *element {
	for _, c := range e.children {
		if c.name == name {
			return c
		}
	}
	return nil
}

func (e *element) all(name string) []*element {
	var list []*element
	for _, c := range e.children {
		if c.name == name {
			list = append(list, c)
		}
	}
	return list
}

// Text of the element down a path; empty when absent.
func (e *element) at(path ...string) string {
	for _, name := range path {
		if e == nil {
			return ""
		}
		e = e.child(name)
	}
	if e == nil {
		return ""
	}
	return e.text
}

func parseXML(body []byte) (*element, error) {
	decoder := xml.NewDecoder(bytes.NewReader(body))
	root := &element{}
	stack := []*element{root}
	for {
		token, err := decoder.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		top := stack[len(stack)-1]
		switch t := token.(type) {
		case xml.StartElement:
			e := &element{space: t.Name.Space, name: t.Name.Local}
			for _, a := range t.Attr {
				value := a.Value[strings.Index(a.Value, ":")+1:]
				if a.Name.Local != "type" {
					continue
				}
				if a.Name.Space == "http://www.w3.org/2001/XMLSchema-instance" {
					e.kind = value
				} else if a.Name.Space == "" {
					e.mark = a.Value
				}
			}
			top.children = append(top.children, e)
			stack = append(stack, e)
		case xml.EndElement:
			stack = stack[:len(stack)-1]
		case xml.CharData:
			top.text += string(t)
		}
	}
	if len(root.children) != 1 {
		return nil, io.ErrUnexpectedEOF
	}
	return root.children[0], nil
}
