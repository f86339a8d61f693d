package activities

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"math/rand"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"crosssum/schemas"
)

// crawlRow is a row of a crawl: an article, or the deletion of one.
type crawlRow struct {
	ID      string   `json:"id"`
	URL     string   `json:"url,omitempty"`
	Summary string   `json:"summary,omitempty"`
	Text    string   `json:"text,omitempty"`
	Images  []string `json:"images,omitempty"`
	Deleted bool     `json:"deleted,omitempty"`
}

// testCrawl is a crawl: its mode, and its rows by file.
type testCrawl struct {
	name, mode string
	files      map[string][]crawlRow // "hindi_test" -> rows
}

func (c testCrawl) write(t *testing.T, root string) {
	t.Helper()
	dir := filepath.Join(root, "weekly", c.name)
	noError(t, os.MkdirAll(dir, 0o755))
	for name, rows := range c.files {
		var b strings.Builder
		for _, r := range rows {
			line, _ := json.Marshal(r)
			b.Write(append(line, '\n'))
		}
		put(t, filepath.Join(dir, name+".jsonl"), b.String())
	}
	put(t, filepath.Join(dir, "crawl.json"), fmt.Sprintf(`{"mode":%q}`, c.mode))
}

// plainWorld is what a crawl must come to: a replay on plain maps. Language -> id -> the row and its file's split.
type plainWorld map[string]map[string]labelled

type labelled struct {
	row   crawlRow
	label string
}

func (w plainWorld) take(c testCrawl) {
	said := map[string]map[string]bool{}
	for _, file := range slices.Sorted(maps.Keys(c.files)) {
		language, label, _ := strings.Cut(file, "_")
		if said[language] == nil {
			said[language] = map[string]bool{}
		}
		if w[language] == nil {
			w[language] = map[string]labelled{}
		}
		for _, r := range c.files[file] {
			switch {
			case said[language][r.ID]: // a second row of one identity
				continue
			case r.Deleted:
				delete(w[language], r.ID)
			default:
				w[language][r.ID] = labelled{r, label}
			}
			said[language][r.ID] = true
		}
	}
	for language, ids := range said {
		for id := range w[language] {
			if c.mode == schemas.ModeSnapshot && !ids[id] {
				delete(w[language], id)
			}
		}
	}
}

// crawl is the world as one crawl from scratch.
func (w plainWorld) crawl() testCrawl {
	c := testCrawl{"scratch", schemas.ModeDelta, map[string][]crawlRow{}}
	for language, articles := range w {
		for _, id := range slices.Sorted(maps.Keys(articles)) {
			file := language
			if label := articles[id].label; label != "" {
				file += "_" + label
			}
			c.files[file] = append(c.files[file], articles[id].row)
		}
	}
	return c
}

var crawlLanguages = []string{"english", "german", "hindi", "swahili"}

// randomCrawls are a history of a catalogue: deltas and snapshots, edits, withdrawals, duplicates across crawls, a language
// that comes late, a crawl without rows and one without files.
func randomCrawls(random *rand.Rand) []testCrawl {
	var crawls []testCrawl
	for n := range 6 {
		c := testCrawl{fmt.Sprintf("2026-%02d", n), schemas.ModeDelta, map[string][]crawlRow{}}
		if random.Intn(4) == 0 {
			c.mode = schemas.ModeSnapshot
		}
		languages := crawlLanguages[:3]
		if n > 2 {
			languages = crawlLanguages
		}
		for _, language := range languages {
			split := []string{"", "", "", "_train", "_val", "_test"}[random.Intn(6)]
			switch random.Intn(6) {
			case 0:
				continue
			case 1:
				c.files[language+split] = []crawlRow{}
				continue
			}
			for range 4 + random.Intn(14) {
				id := fmt.Sprint(random.Intn(22))
				r := crawlRow{ID: id, Deleted: true}
				if random.Intn(7) > 0 {
					topic := random.Intn(16)
					r = crawlRow{ID: id, URL: "u" + id, Text: fmt.Sprint("text ", random.Intn(3)),
						Summary: fmt.Sprintf("topic %d in %s, %d", topic, language, random.Intn(3))}
					if random.Intn(3) == 0 {
						r.Images = []string{fmt.Sprint("image ", topic)}
					}
				}
				c.files[language+split] = append(c.files[language+split], r)
			}
		}
		if n == 1+random.Intn(4) {
			c.files = map[string][]crawlRow{}
		}
		crawls = append(crawls, c)
	}
	return crawls
}

// topicVector is a stand-in for an encoder, a pure function of the text: a unit vector near that of its topic.
func topicVector(summary string) []float64 {
	topic, _, _ := strings.Cut(summary, " in ")
	v := make([]float64, 6)
	sum := 0.0
	for i, b := range [2][32]byte{sha256.Sum256([]byte(topic)), sha256.Sum256([]byte(summary))} {
		for j := range v {
			v[j] += []float64{1, 0.1}[i] * (float64(binary.LittleEndian.Uint16(b[2*j:]))/32768 - 1)
		}
	}
	for _, x := range v {
		sum += x * x
	}
	for j := range v {
		v[j] /= math.Sqrt(sum)
	}
	return v
}
