package export

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/template"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/schemas"

	"gopkg.in/yaml.v3"
)

// CardInput is what a data card is made of.
type CardInput struct {
	Samples  string // path of schemas.SampleRow
	Splits   string // path of schemas.SplitRow
	Articles []CardArticles
	Crawls   []string // digests, oldest first
	Mined    schemas.Mined
	Encoder  string            // digest of the encoder's directory
	Digests  map[string]string // of the artifacts that the data set was made from, by name
	Rows     string            // changes with whatever the rows depend on
}

// CardArticles are the articles of a language.
type CardArticles struct {
	Language string
	Rows     int64
	Digest   string
}

// Card writes README.md into dir: the YAML header by which Hugging Face `datasets` finds the configurations ("all" and one a
// directed pair that has samples), and what a reader must know of the data. It is a function of the input alone.
func Card(in CardInput, dir string) error {
	if in.Mined.Rule != "" && schemas.Rules[in.Mined.Rule].Text == "" {
		return corrupt("the data card has no words for the rule %q", in.Mined.Rule)
	}
	c, err := count(in)
	if err != nil {
		return err
	}
	header, err := c.header()
	if err != nil {
		return err
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "---\n%s---\n", header)
	if err := cardTemplate.Execute(&b, c); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "README.md"), b.Bytes(), 0o644)
}

//go:embed card.md
var cardText string

// CardDigest changes with the card's words: they are no parameter, and the bytes depend on them.
func CardDigest() string {
	sum := sha256.Sum256([]byte(cardText))
	return hex.EncodeToString(sum[:])
}

var cardTemplate = template.Must(template.New("card").Funcs(template.FuncMap{
	"rule": func(name string) string { return schemas.Rules[name].Text },
	"code": func(language string) string { return code(language) },
}).Parse(cardText))

// card is what the template shows.
type card struct {
	CardInput
	Pairs               []cardPair // directed, in order
	Languages           []cardLanguage
	Total, Cross        cardCounts // samples, and those of them that cross languages
	Components, Dropped int64
	Reasons             []string // "hash 123"
}

// cardCounts are samples by split.
type cardCounts struct{ Train, Val, Test int64 }

func (c cardCounts) All() int64 { return c.Train + c.Val + c.Test }

func (c *cardCounts) add(split string, n int64) {
	*map[string]*int64{"train": &c.Train, "val": &c.Val, "test": &c.Test}[split] += n
}

type cardPair struct {
	Source, Target string
	cardCounts
}

// Name is the name of the pair's configuration.
func (p cardPair) Name() string { return p.Source + "-" + p.Target }

type cardLanguage struct {
	Name, Code         string
	Articles           int64
	AsSource, AsTarget int64 // samples across languages
}

// count reads the samples and the splits.
func count(in CardInput) (*card, error) {
	c := &card{CardInput: in}
	byName := map[string]*cardLanguage{}
	for _, a := range in.Articles {
		byName[a.Language] = &cardLanguage{Name: a.Language, Code: code(a.Language), Articles: a.Rows}
	}
	pairs := map[[2]string]*cardPair{}
	err := arrowfile.Each(in.Samples, func(row *schemas.SampleRow) error {
		source, target := byName[row.SourceLanguage], byName[row.TargetLanguage]
		if source == nil || target == nil || fileSplits[row.Split] == "" {
			return corrupt("sample %s/%s to %s/%s in %q: no such language or split", row.SourceLanguage, row.SourceID, row.TargetLanguage, row.TargetID, row.Split)
		}
		p := pairs[[2]string{source.Name, target.Name}]
		if p == nil {
			p = &cardPair{Source: source.Name, Target: target.Name}
			pairs[[2]string{source.Name, target.Name}] = p
		}
		p.add(row.Split, 1)
		c.Total.add(row.Split, 1)
		if source != target {
			source.AsSource++
			target.AsTarget++
			c.Cross.add(row.Split, 1)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, name := range slices.SortedFunc(maps.Keys(pairs), func(a, b [2]string) int { return slices.Compare(a[:], b[:]) }) {
		c.Pairs = append(c.Pairs, *pairs[name])
	}
	for _, name := range sortedKeys(byName) {
		c.Languages = append(c.Languages, *byName[name])
	}
	return c, c.countSplits()
}

func (c *card) countSplits() error {
	reasons := map[string]int64{}
	err := arrowfile.Each(c.Splits, func(row *schemas.SplitRow) error {
		reasons[strings.Clone(row.Reason)]++
		if row.Split == "dropped" {
			c.Dropped++
		}
		if row.Component == row.Language+"/"+row.ID { // a component is named by its smallest article
			c.Components++
		}
		return nil
	})
	for _, reason := range sortedKeys(reasons) {
		c.Reasons = append(c.Reasons, fmt.Sprintf("`%s` %d", reason, reasons[reason]))
	}
	return err
}

// code is the language's BCP-47 code; of one that the table does not know any more, its name.
func code(language string) string {
	if l, err := schemas.LanguageByName(language); err == nil {
		return l.Code
	}
	return language
}

type header struct {
	Name            string   `yaml:"pretty_name"`
	Languages       []string `yaml:"language"`
	Multilinguality []string `yaml:"multilinguality"`
	Tasks           []string `yaml:"task_categories"`
	Size            []string `yaml:"size_categories"`
	License         string   `yaml:"license"`
	Tags            []string `yaml:"tags"`
	Configs         []config `yaml:"configs"`
}

// config is a configuration. `datasets` keeps what it has loaded under the folder's name, which is the same for all data sets, and a hash of
// the configurations as the header has them: only a description that changes with the rows tells one data set from another there.
type config struct {
	Name        string `yaml:"config_name"`
	Description string `yaml:"description"`
	Default     bool   `yaml:"default,omitempty"`
	Files       []data `yaml:"data_files"`
}

type data struct {
	Split string `yaml:"split"`
	Path  string `yaml:"path"`
}

func (c *card) header() (string, error) {
	h := header{Name: "CrossSum data set", Multilinguality: []string{"multilingual"}, Tasks: []string{"summarization"},
		Size: []string{size(c.Total.All())}, License: "unknown", Tags: []string{"cross-lingual-summarization", "crosssum"}}
	for _, l := range c.Languages {
		h.Languages = append(h.Languages, l.Code)
	}
	rows := "rows " + c.Rows
	for _, p := range c.Pairs {
		h.Configs = append(h.Configs, config{Name: p.Name(), Description: rows, Files: p.files()})
	}
	if len(c.Pairs) > 0 { // last: `datasets` looks for the files of the first one, whichever is loaded
		h.Configs = append(h.Configs, config{Name: "all", Description: rows, Default: true, Files: cardPair{"*", "*", c.Total}.files()})
	}
	b, err := yaml.Marshal(h)
	return string(b), err
}

// files lists the splits that have samples: `datasets` refuses a configuration with an empty one.
func (p cardPair) files() (list []data) {
	for _, s := range []struct {
		name string
		n    int64
	}{{"train", p.Train}, {"val", p.Val}, {"test", p.Test}} {
		if s.n > 0 {
			list = append(list, data{fileSplits[s.name], Parquet(p.Source, p.Target, s.name)})
		}
	}
	return list
}

// size is Hugging Face's class of a number of rows.
func size(n int64) string {
	names, low := []string{"n<1K", "1K<n<10K", "10K<n<100K", "100K<n<1M", "1M<n<10M", "10M<n<100M", "100M<n<1B"}, int64(1000)
	for _, name := range names {
		if n < low {
			return name
		}
		low *= 10
	}
	return "n>1T"
}
