package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/template"

	"github.com/Masterminds/sprig/v3"
	"sigs.k8s.io/yaml"
)

// chart renders cert-manager's Helm chart and CRDs out of the module's sources, the way "helm template" does, and
// prints a JSON list of objects: CRDs first, then the rest by file name. Hooks (the start-up check) are left out.
func chart(args []string) error {
	flags := flag.NewFlagSet("chart", flag.ContinueOnError)
	module := flags.String("module", "", "directory of the module github.com/cert-manager/cert-manager")
	version := flags.String("version", "", "version, as v1.21.2")
	name := flags.String("release", "cert-manager", "release name")
	namespace := flags.String("namespace", "cert-manager", "release namespace")
	overrides := flags.String("values", "{}", "values over the chart's own, as JSON")
	if err := flags.Parse(args); err != nil {
		return err
	}
	directory := filepath.Join(*module, "deploy", "charts", "cert-manager")
	values, err := chartValues(filepath.Join(directory, "values.yaml"), *overrides)
	if err != nil {
		return err
	}
	engine := newEngine()
	files, err := filepath.Glob(filepath.Join(directory, "templates", "*"))
	if err != nil {
		return err
	}
	crds, err := filepath.Glob(filepath.Join(*module, "deploy", "crds", "*.yaml"))
	if err != nil {
		return err
	}
	if len(files) == 0 || len(crds) == 0 {
		return errors.New("no chart or no CRDs in " + *module)
	}
	scope := map[string]any{
		"Values":  values,
		"Chart":   map[string]any{"Name": "cert-manager", "Version": *version, "AppVersion": *version},
		"Release": map[string]any{"Name": *name, "Namespace": *namespace, "Service": "Helm"},
	}

	var first, rest []map[string]any
	for _, file := range append(files, crds...) {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		if strings.HasPrefix(filepath.Base(file), "_") {
			if _, err := engine.Parse(string(text)); err != nil {
				return err
			}
		}
		// The chart's own copies of the CRDs (from 1.21) are those of deploy/crds with labels.
		if !strings.HasSuffix(file, ".yaml") {
			continue
		}
		objects, err := render(engine, file, string(text), scope)
		if err != nil {
			return fmt.Errorf("%s: %w", filepath.Base(file), err)
		}
		for _, object := range objects {
			switch {
			case hasHook(object):
			case object["kind"] == "CustomResourceDefinition":
				first = append(first, object)
			default:
				rest = append(rest, object)
			}
		}
	}
	return json.NewEncoder(os.Stdout).Encode(append(unique(first), rest...))
}

func chartValues(file, overrides string) (map[string]any, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	values, over := map[string]any{}, map[string]any{}
	if err := yaml.Unmarshal(text, &values); err != nil {
		return nil, err
	}
	if err := json.Unmarshal([]byte(overrides), &over); err != nil {
		return nil, err
	}
	merge(values, over)
	return values, nil
}

func merge(base, over map[string]any) {
	for key, value := range over {
		if from, ok := value.(map[string]any); ok {
			if into, ok := base[key].(map[string]any); ok {
				merge(into, from)
				continue
			}
		}
		base[key] = value
	}
}

// newEngine has the functions that Helm adds to Go's templates, as far as this chart uses them.
func newEngine() *template.Template {
	engine := template.New("chart")
	functions := sprig.TxtFuncMap()
	functions["toYaml"] = func(value any) string {
		text, _ := yaml.Marshal(value)
		return strings.TrimSuffix(string(text), "\n")
	}
	functions["include"] = func(name string, data any) (string, error) {
		var out bytes.Buffer
		err := engine.ExecuteTemplate(&out, name, data)
		return out.String(), err
	}
	functions["tpl"] = func(text string, data any) (string, error) {
		var out bytes.Buffer
		one, err := template.Must(engine.Clone()).New("tpl").Parse(text)
		if err != nil {
			return "", err
		}
		err = one.Execute(&out, data)
		return out.String(), err
	}
	functions["required"] = func(message string, value any) (any, error) {
		if value == nil || value == "" {
			return value, errors.New(message)
		}
		return value, nil
	}
	functions["lookup"] = func(string, string, string, string) map[string]any { return map[string]any{} }
	return engine.Option("missingkey=zero").Funcs(functions)
}

// render executes one file and reads the YAML documents in it. Files without template lines are taken as they are.
func render(engine *template.Template, name, text string, scope map[string]any) ([]map[string]any, error) {
	if strings.Contains(text, "{{") {
		one, err := engine.New(name).Parse(text)
		if err != nil {
			return nil, err
		}
		var out bytes.Buffer
		if err := one.Execute(&out, scope); err != nil {
			return nil, err
		}
		text = strings.ReplaceAll(out.String(), "<no value>", "")
	}
	var objects []map[string]any
	for _, document := range strings.Split("\n"+text, "\n---") {
		var object map[string]any
		if err := yaml.Unmarshal([]byte(document), &object); err != nil {
			return nil, err
		}
		if object["kind"] != nil {
			objects = append(objects, object)
		}
	}
	return objects, nil
}

func hasHook(object map[string]any) bool {
	metadata, _ := object["metadata"].(map[string]any)
	annotations, _ := metadata["annotations"].(map[string]any)
	return annotations["helm.sh/hook"] != nil
}

// unique keeps the first object of each name: the chart's own CRDs come before those of deploy/crds.
func unique(objects []map[string]any) []map[string]any {
	seen, kept := map[any]bool{}, []map[string]any{}
	for _, object := range objects {
		metadata, _ := object["metadata"].(map[string]any)
		if !seen[metadata["name"]] {
			seen[metadata["name"]] = true
			kept = append(kept, object)
		}
	}
	return kept
}
