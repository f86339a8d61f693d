package main

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

const (
	mallard           = "http://projectmallard.org/1.0/"
	mallardConditions = "http://projectmallard.org/if/1.0/"
	maximumDepth      = 100 // of elements in each other
)

// page is what a Mallard page says. Where a link shows the title of what it leads to, its texts have a hole, which fill fills.
type page struct {
	title, summary string
	paragraphs     []string
	titles         map[string]string // of its parts, by id
	credits        []credit
}

// credit is one who wrote or translated a page.
type credit struct {
	name       string
	translator bool
}

// element of a page; content is elements and strings, in order.
type element struct {
	xml.StartElement
	content []any
}

func (e *element) is(name string) bool { return e.Name.Space == mallard && e.Name.Local == name }

func (e *element) attribute(space, name string) string {
	for _, a := range e.Attr {
		if a.Name.Space == space && a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

func (e *element) children() (all []*element) {
	for _, c := range e.content {
		if child, ok := c.(*element); ok {
			all = append(all, child)
		}
	}
	return all
}

// child is the first one of the name, nil where there is none.
func (e *element) child(name string) *element {
	all := e.children()
	if i := slices.IndexFunc(all, func(c *element) bool { return c.is(name) }); i >= 0 {
		return all[i]
	}
	return nil
}

// parsePage reads a page. No entity but XML's own is known, and nothing that a page names is opened.
func parsePage(text []byte) (page, error) {
	root, err := parseXML(text)
	if err != nil {
		return page{}, err
	}
	if !root.is("page") {
		return page{}, fmt.Errorf("no Mallard page: its element is <%.40s> of %.80q", root.Name.Local, root.Name.Space)
	}
	p := page{titles: map[string]string{}}
	if title := root.child("title"); title != nil {
		p.title = inline(title)
	}
	if info := root.child("info"); info != nil {
		if desc := info.child("desc"); desc != nil {
			p.summary = inline(desc)
		}
		p.credits = creditsOf(info)
	}
	p.read(root)
	return p, nil
}

func parseXML(text []byte) (*element, error) {
	tokens := xml.NewDecoder(bytes.NewReader(text))
	top := &element{}
	open := []*element{top}
	for {
		token, err := tokens.Token()
		last := open[len(open)-1]
		switch t := token.(type) {
		case xml.StartElement:
			if len(open) > maximumDepth {
				return nil, fmt.Errorf("elements lie in each other more than %d deep", maximumDepth)
			}
			e := &element{StartElement: t.Copy()}
			last.content = append(last.content, e)
			open = append(open, e)
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			last.content = append(last.content, string(t))
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
	}
	roots := top.children()
	if len(roots) != 1 {
		return nil, fmt.Errorf("%d elements stand at its top, wanted one", len(roots))
	}
	return roots[0], nil
}

// creditsOf are the people whom a page's head names.
func creditsOf(info *element) (all []credit) {
	for _, c := range info.children() {
		if name := c.child("name"); c.is("credit") && name != nil {
			kinds := strings.Fields(c.attribute("", "type"))
			all = append(all, credit{inline(name), slices.Contains(kinds, "translator")})
		}
	}
	return all
}

// aside are the blocks that are no part of the running text: remarks of authors among themselves, what is shown where a picture cannot be, ...
var aside = []string{"info", "comment", "media", "links", "screen"}

// read gathers the paragraphs below e, and the titles of its parts.
func (p *page) read(e *element) {
	if title, id := e.child("title"), e.attribute("", "id"); title != nil && id != "" {
		p.titles[id] = inline(title)
	}
	for _, c := range chosen(e) {
		switch {
		case c.is("p"):
			if text := inline(c); text != "" {
				p.paragraphs = append(p.paragraphs, text)
			}
		case c.Name.Space == mallard && slices.Contains(aside, c.Name.Local):
		case c.Name.Space == mallard || c.Name.Space == mallardConditions:
			p.read(c)
		}
	}
}

// chosen are the children that a reader of an ordinary desktop sees. Of an if:choose that is the first if:when that holds, else what is none.
func chosen(e *element) (all []*element) {
	var otherwise []*element
	for _, c := range e.children() {
		when := c.Name == xml.Name{Space: mallardConditions, Local: "when"}
		test := c.attribute(mallardConditions, "test")
		if c.Name.Space == mallardConditions {
			test = c.attribute("", "test")
		}
		switch {
		case when && holds(test):
			return []*element{c}
		case when || test != "" && !holds(test):
		default:
			otherwise = append(otherwise, c)
		}
	}
	return otherwise
}

// holds says whether a condition (alternatives between commas, each of tokens that must all hold) holds where nothing special is the case.
func holds(test string) bool {
	return slices.ContainsFunc(strings.Split(test, ","), func(all string) bool {
		return !slices.ContainsFunc(strings.Fields(all), func(token string) bool { return !strings.HasPrefix(token, "!") })
	})
}

// inline is the text of an element, in one line.
func inline(e *element) string { return strings.Join(strings.Fields(spoken(e)), " ") }

// between stands between the parts of what is pressed or chosen one after the other.
var between = map[string]string{"keyseq": "+", "guiseq": " ▸ "}

func spoken(e *element) string {
	var parts []string
	for _, c := range e.content {
		switch c := c.(type) {
		case string:
			parts = append(parts, c)
		case *element:
			if !c.is("comment") {
				parts = append(parts, spoken(c))
			}
		}
	}
	if sign := between[e.Name.Local]; sign != "" && e.Name.Space == mallard {
		for i := range parts {
			parts[i] = strings.TrimSpace(parts[i])
		}
		return strings.Join(slices.DeleteFunc(parts, func(part string) bool { return part == "" }), sign)
	}
	text := strings.Join(parts, "")
	if e.is("link") && strings.TrimSpace(text) == "" {
		if to := e.attribute("", "xref"); to != "" {
			return hole + to + hole
		}
		return e.attribute("", "href")
	}
	return text
}

// hole stands around where a link leads that shows the title of what is there. XML has no such character.
const hole = "\x00"

// fill puts the titles of what links lead to into the texts of the page, of which name is the name; pages are all of its language by name. A link that
// leads nowhere shows nothing.
func (p *page) fill(name string, pages map[string]*page) {
	title := func(to string) string {
		at, part, _ := strings.Cut(to, "#")
		target := pages[at]
		if at == "" {
			target = pages[name]
		}
		switch {
		case target == nil:
			return ""
		case part != "":
			return target.titles[part]
		}
		return target.title
	}
	texts := []*string{&p.summary}
	for i := range p.paragraphs {
		texts = append(texts, &p.paragraphs[i])
	}
	for _, text := range texts {
		pieces := strings.Split(*text, hole)
		if len(pieces) == 1 {
			continue
		}
		for i := 1; i < len(pieces); i += 2 {
			pieces[i] = strings.ReplaceAll(title(pieces[i]), hole, "")
		}
		*text = strings.Join(strings.Fields(strings.Join(pieces, "")), " ")
	}
}
