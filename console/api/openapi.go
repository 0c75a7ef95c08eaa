package api

import (
	"fmt"
	"path"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/console/access"
)

func (a *API) describe(*request) (any, error) { return a.OpenAPI(), nil }

// object is a JSON object on its way out; encoding/json writes its keys in order.
type object = map[string]any

// OpenAPI gives the description of the API (OpenAPI Specification 3.1.1), made of the table of calls.
func (a *API) OpenAPI() map[string]any {
	s := schemas{components: object{}, names: map[string]reflect.Type{}}
	paths := object{}
	for _, c := range a.calls() {
		item, ok := paths[c.path].(object)
		if !ok {
			item = object{}
			paths[c.path] = item
		}
		item[strings.ToLower(c.method)] = s.operation(c)
	}
	s.components["Problem"] = object{"type": "object", "description": "Problem details (RFC 9457).", "properties": object{
		"type": object{"type": "string"}, "title": object{"type": "string"}, "status": object{"type": "integer"},
		"detail": object{"type": "string"}, "hint": object{"type": "string", "description": "What to do."}}}
	return object{
		"openapi": "3.1.1",
		"info":    object{"title": "coldwatch", "version": coldwatch.Version, "license": object{"name": "Apache-2.0", "identifier": "Apache-2.0"}},
		"paths":   paths,
		"components": object{"schemas": s.components, "securitySchemes": object{
			"token":   object{"type": "http", "scheme": "bearer", "description": "coldwatch token create NAME --scope SCOPE"},
			"session": object{"type": "apiKey", "in": "cookie", "name": "coldwatch", "description": "Under TLS its name is __Host-coldwatch."},
		}},
	}
}

var placeholder = regexp.MustCompile(`\{(\w+)\}`)

func (s *schemas) operation(c call) object {
	var params []any
	for _, m := range placeholder.FindAllStringSubmatch(c.path, -1) {
		params = append(params, object{"name": m[1], "in": "path", "required": true, "schema": object{"type": "string"}})
	}
	for _, p := range c.query {
		params = append(params, object{"name": p.name, "in": "query", "description": p.about, "schema": object{"type": p.kind}})
	}
	op := object{"operationId": operationID(c), "summary": c.summary, "responses": s.responses(c), "x-coldwatch-rule": Who(c.rule)}
	if len(params) > 0 {
		op["parameters"] = params
	}
	if !c.rule.Public {
		op["security"] = []any{object{"token": []string{}}, object{"session": []string{}}}
	}
	switch {
	case c.in != nil:
		op["requestBody"] = object{"required": true, "content": object{"application/json": object{"schema": s.of(reflect.TypeOf(c.in))}}}
	case c.method == "POST" && c.media != "":
		bytes := object{"schema": object{"type": "string", "format": "binary"}}
		op["requestBody"] = object{"required": true, "content": object{c.media: bytes, "multipart/form-data": object{"schema": object{"type": "object"}}}}
	}
	return op
}

func (s *schemas) responses(c call) object {
	problem := func(what string) object {
		return object{"description": what, "content": object{"application/problem+json": object{"schema": object{"$ref": "#/components/schemas/Problem"}}}}
	}
	out := object{"4XX": problem("What the caller can mend."), "5XX": problem("What went wrong here.")}
	switch {
	case c.out == nil && c.media == "":
		out["204"] = object{"description": "Done."}
	case c.out == nil:
		out["200"] = object{"description": "The file.", "content": object{"application/octet-stream": object{"schema": object{"type": "string", "format": "binary"}}}}
	default:
		code := "200"
		if c.media != "" {
			code = "202"
		}
		out[code] = object{"description": "The answer.", "content": object{"application/json": object{"schema": s.of(reflect.TypeOf(c.out))}}}
	}
	return out
}

// operationID names a call: get-campaigns-id-history.
func operationID(c call) string {
	return strings.ToLower(c.method) + strings.NewReplacer("/v1", "", "/", "-", "{", "", "}", "", ".", "-").Replace(c.path)
}

// Who says in words who may use a route.
func Who(r access.Rule) string {
	if r.Public {
		return "anybody"
	}
	out := r.Least.String() + " and above"
	if r.Whole {
		out += ", of no organisation"
	}
	if r.Own {
		out += "; who belongs to an organisation gets its own"
	}
	if r.Scope != "" {
		out += fmt.Sprintf("; a token with scope %s", r.Scope)
	}
	return out
}

// schemas makes JSON Schema (2020-12) of Go types, as encoding/json writes them.
type schemas struct {
	components object
	names      map[string]reflect.Type
}

var timeType = reflect.TypeFor[time.Time]()

func (s *schemas) of(t reflect.Type) object {
	switch t.Kind() {
	case reflect.Pointer:
		return s.of(t.Elem())
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.String:
		return object{"type": "string"}
	case reflect.Float32, reflect.Float64:
		return object{"type": "number"}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return object{"type": "integer"}
	case reflect.Slice, reflect.Array:
		switch {
		case t.Name() == "RawMessage":
			return object{}
		case t.Elem().Kind() == reflect.Uint8:
			return object{"type": "string", "contentEncoding": "base64"}
		}
		return object{"type": "array", "items": s.of(t.Elem())}
	case reflect.Map:
		return object{"type": "object", "additionalProperties": s.of(t.Elem())}
	case reflect.Struct:
		if t == timeType {
			return object{"type": "string", "format": "date-time"}
		}
		if t.Name() == "" {
			return s.fields(t)
		}
		name := t.Name()
		if other, ok := s.names[name]; ok && other != t { // of another package
			name = strings.ToUpper(path.Base(t.PkgPath())[:1]) + path.Base(t.PkgPath())[1:] + name
		}
		if _, ok := s.names[name]; !ok {
			s.names[name] = t // at once: a type may hold itself
			s.components[name] = s.fields(t)
		}
		return object{"$ref": "#/components/schemas/" + name}
	}
	return object{} // anything
}

func (s *schemas) fields(t reflect.Type) object {
	props := object{}
	var required []string
	var walk func(reflect.Type)
	walk = func(t reflect.Type) {
		for i := range t.NumField() {
			f := t.Field(i)
			name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
			switch {
			case f.Anonymous && name == "" && f.Type.Kind() == reflect.Struct:
				walk(f.Type)
				continue
			case !f.IsExported() || name == "-":
				continue
			case name == "":
				name = f.Name
			}
			props[name] = s.of(f.Type)
			if !strings.Contains(options, "omit") {
				required = append(required, name)
			}
		}
	}
	walk(t)
	out := object{"type": "object", "properties": props}
	if len(required) > 0 {
		slices.Sort(required)
		out["required"] = required
	}
	return out
}
