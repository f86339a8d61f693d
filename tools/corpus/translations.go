package main

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"crosssum/internal/mining/gold"
)

// readTranslation calls f with each record of a Translation file: stanzas with Package, Description-md5 and
// Description-XX, whose first line is the summary and whose indented rest is the text.
func readTranslation(r io.Reader, language string, f func(gold.Entry)) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 1<<16), 1<<20)
	var e gold.Entry
	var body []string
	in := false
	emit := func() {
		if e.Key != "" && e.Summary != "" {
			e.Text = paragraphs(body)
			f(e)
		}
		e, body, in = gold.Entry{Language: language}, nil, false
	}
	emit()
	for lines.Scan() {
		line := lines.Text()
		if !utf8.ValidString(line) {
			continue // seen in no archive; a bad row must not stop a fetch
		}
		switch {
		case line == "":
			emit()
		case in && line[0] == ' ':
			body = append(body, line[1:])
		default:
			in = false
			name, value, _ := strings.Cut(line, ":")
			value = strings.TrimSpace(value)
			switch {
			case name == "Package":
				e.Packages = []string{value}
			case name == "Description-md5":
				e.Key = "ddtp:" + value
			case strings.HasPrefix(name, "Description-"):
				e.Summary, in = value, true
			}
		}
	}
	emit()
	if err := lines.Err(); err != nil {
		return fmt.Errorf("Translation of %s: %w", language, err)
	}
	return nil
}

// paragraphs joins the wrapped lines of a description. " ." ends a paragraph; a line that is indented once more stands
// on its own, as Debian's policy has it.
func paragraphs(lines []string) string {
	var b strings.Builder
	open := false // the line before may be continued
	for _, line := range lines {
		text := strings.TrimSpace(line)
		if text == "." || text == "" {
			open = false
			continue
		}
		verbatim := line[0] == ' ' || strings.HasPrefix(text, "* ") || strings.HasPrefix(text, "- ")
		switch {
		case b.Len() == 0:
		case open && !verbatim:
			if !joinsWithoutSpace(b.String(), text) {
				b.WriteByte(' ')
			}
		default:
			b.WriteByte('\n')
		}
		b.WriteString(text)
		open = true
	}
	return b.String()
}

// joinsWithoutSpace tells whether two lines meet inside Chinese or Japanese text, which has no spaces.
func joinsWithoutSpace(before, after string) bool {
	last, _ := utf8.DecodeLastRuneInString(before)
	first, _ := utf8.DecodeRuneInString(after)
	return wide(last) && wide(first)
}

func wide(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana) || r >= 0x3000 && r <= 0x30FF || r >= 0xFF00 && r <= 0xFFEF
}
