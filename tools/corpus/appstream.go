package main

import (
	"cmp"
	"errors"
	"fmt"
	"html"
	"io"
	"maps"
	"slices"
	"strings"

	"crosssum/internal/mining/gold"
	"crosssum/schemas"

	"gopkg.in/yaml.v3"
)

// component is one document of a DEP-11 file. Summary and Description are by language code, "C" for English.
type component struct {
	ID          string            `yaml:"ID"`
	Package     string            `yaml:"Package"`
	Summary     map[string]string `yaml:"Summary"`
	Description map[string]string `yaml:"Description"`
}

// readComponents calls f with each (component, language) that has a summary and a description. unknown counts texts by
// code that no row of the language table answers to.
func readComponents(r io.Reader, f func(gold.Entry), unknown map[string]int) error {
	documents := yaml.NewDecoder(r)
	for n := 0; ; n++ {
		var c component
		err := documents.Decode(&c)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("DEP-11 document %d: %w", n, err)
		}
		if c.ID == "" {
			continue // the header
		}
		summaries := byLanguage(c.Summary, unknown)
		for _, e := range byLanguage(c.Description, unknown) {
			for _, s := range summaries {
				if s.name == e.name {
					f(gold.Entry{Language: e.name, Key: "appstream:" + c.ID, Packages: []string{c.Package},
						Summary: strings.Join(strings.Fields(plain(s.text)), " "), Text: plain(e.text)})
				}
			}
		}
	}
}

type translation struct{ name, text string }

// byLanguage resolves codes. Where several mean one language (pt-PT and pt_PT), the shortest and then the smallest wins.
func byLanguage(texts map[string]string, unknown map[string]int) []translation {
	codes := slices.SortedFunc(maps.Keys(texts), func(a, b string) int {
		return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b))
	})
	var all []translation
	seen := map[string]bool{}
	for _, code := range codes {
		l, err := schemas.LanguageByCode(code)
		if err != nil {
			unknown[code]++
			continue
		}
		if !seen[l.Name] {
			seen[l.Name] = true
			all = append(all, translation{l.Name, texts[code]})
		}
	}
	slices.SortFunc(all, func(a, b translation) int { return strings.Compare(a.name, b.name) })
	return all
}

// plain turns a description's HTML into text: a line for each paragraph and list item.
func plain(markup string) string {
	var b strings.Builder
	for len(markup) > 0 {
		text, rest, found := strings.Cut(markup, "<")
		b.WriteString(text)
		if !found {
			break
		}
		tag, after, closed := strings.Cut(rest, ">")
		if !closed {
			b.WriteString("<" + rest) // a lone sign, not a tag
			break
		}
		switch strings.ToLower(strings.Trim(tag, "/ ")) {
		case "p", "li", "ul", "ol", "br":
			b.WriteByte('\x00')
		}
		markup = after
	}
	var lines []string
	for _, line := range strings.Split(b.String(), "\x00") {
		if line = strings.Join(strings.Fields(html.UnescapeString(line)), " "); line != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}
