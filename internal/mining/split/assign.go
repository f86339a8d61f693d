// Package split assigns connected components of aligned articles to train, val and test, so that no article is trained on
// whose translation or duplicate is tested on, and lists the samples of every directed pair of languages.
package split

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"math/bits"
	"slices"
	"strings"

	"crosssum/internal/fault"
	"crosssum/internal/mining/link"
	"crosssum/internal/mining/neardup"
	"crosssum/schemas"
)

// The splits, and what becomes of an article whose content another article of its language has.
const (
	Train   = "train"
	Val     = "val"
	Test    = "test"
	Dropped = "dropped"
)

// Why an article has its split: the reasons in their precedence, by component; and why one is dropped.
const (
	ByTrainHistory = "history_train"   // a member, or its content, was published in train before: it stays there
	ByLarge        = "large"           // it is too large a share of the articles
	ByLabel        = "label"           // a member has this label of the crawl: test before val before train
	ByEvalHistory  = "history_eval"    // a member was last published in test, or else in val
	ByHash         = "hash"            // nothing is known of any member
	ExactDuplicate = "exact_duplicate" // dropped: a smaller id of its language has the same content
	Boilerplate    = "boilerplate"     // dropped from val and test: its text or summary is common, or near one that is
)

// Article is what decides about one article. Articles are numbered in (language, id) order.
type Article struct {
	Language, ID  string
	Label         string         // of the crawl: "train", "val", "test" or ""
	Content       [32]byte       // SHA-256 of summary and text, each ended by a zero byte
	Trained       bool           // an article of this content was in train in an earlier catalogue
	Published     string         // its split when a catalogue last held it, "" if none did
	Text, Summary neardup.Digest // after normalization; zero where they are not known
	Untested      bool           // its text or its summary is too common to be tested on
}

// Assignment is what was decided.
type Assignment struct {
	Component int32 // its smallest member
	Split     string
	Reason    string
	of        string // the split of the component, which a dropped article stands for
}

func assignment(component int32, split, reason string) Assignment {
	return Assignment{component, split, reason, split}
}

// Assign splits articles, which edges (accepted pairs and duplicates, in any order) join into components. By component, in
// this order: one with a member that was ever in train stays in train, so that a model trained on an older catalogue can be
// tested on a newer one; one above LargeShare of the articles goes to train, unless it has no more articles than there are
// languages (a small crawl would have nothing but large components); else the labels of the crawl decide, test before val
// before train; else the split that members were last published in, test before val; else the hash of its smallest (language,
// id) with the seed. Of the articles of one language with the same content, which are joined too, all but the smallest id
// are dropped.
func Assign(articles []Article, edges [][2]int32, params schemas.SplitParams, seed uint64) ([]Assignment, error) {
	if err := params.Check(); err != nil {
		return nil, fault.Of(schemas.InvalidInput, err)
	}
	forest, dropped := link.NewForest(len(articles)), make([]bool, len(articles))
	for _, e := range edges {
		forest.Union(e[0], e[1])
	}
	byContent := make([]int32, len(articles))
	for n, a := range articles {
		if _, ok := precedence[a.Label]; !ok {
			return nil, invalid("article %s/%s has label %q; it may be train, val, test or empty", a.Language, a.ID, a.Label)
		}
		byContent[n] = int32(n)
	}
	slices.SortFunc(byContent, func(a, b int32) int {
		x, y := &articles[a], &articles[b]
		return cmp.Or(bytes.Compare(x.Content[:], y.Content[:]), strings.Compare(x.Language, y.Language), cmp.Compare(a, b))
	})
	for i, n := range byContent[min(1, len(byContent)):] { // behind the smaller ids of its content
		before := byContent[i]
		if articles[n].Content == articles[before].Content && articles[n].Language == articles[before].Language {
			forest.Union(before, n)
			dropped[n] = true
		}
	}
	return decide(articles, forest, dropped, params, seed), nil
}

func decide(articles []Article, forest *link.Forest, dropped []bool, params schemas.SplitParams, seed uint64) []Assignment {
	large := max(params.LargeShare*float64(len(articles)), float64(languages(articles)))
	known := make([]component, len(articles)) // by root
	for n, a := range articles {
		known[forest.Root(int32(n))].add(a)
	}
	out := make([]Assignment, len(articles))
	for n, a := range articles {
		root := forest.Root(int32(n))
		if int(root) == n { // the root is the smallest member: decided before any other asks
			switch c := known[n]; {
			case c.trained:
				out[n] = assignment(root, Train, ByTrainHistory)
			case float64(c.size) > large:
				out[n] = assignment(root, Train, ByLarge)
			case c.label > 0:
				out[n] = assignment(root, splits[c.label], ByLabel)
			case c.published > 0:
				out[n] = assignment(root, splits[c.published], ByEvalHistory)
			default:
				out[n] = assignment(root, hashed(a, params, seed), ByHash)
			}
		}
		out[n] = out[root]
	}
	for n := range out { // last, as a dropped article's component is decided like any other
		switch {
		case dropped[n]:
			out[n].Split, out[n].Reason = Dropped, ExactDuplicate
		case articles[n].Untested && out[n].Split != Train:
			out[n].Split, out[n].Reason = Dropped, Boilerplate
		}
	}
	return out
}

// component is what is known of the members of one; label and published by their precedence.
type component struct {
	size             int32
	trained          bool
	label, published int8
}

func (c *component) add(a Article) {
	c.size++
	c.trained = c.trained || a.Trained || a.Published == Train
	c.label, c.published = max(c.label, precedence[a.Label]), max(c.published, precedence[a.Published])
}

// languages counts those of articles.
func languages(articles []Article) int {
	of := map[string]bool{}
	for _, a := range articles {
		of[a.Language] = true
	}
	return len(of)
}

// precedence of labels and of earlier splits within a component: a test article must never be trained on.
var precedence = map[string]int8{"": 0, Train: 1, Val: 2, Test: 3}

// splits are the names, by precedence.
var splits = [...]string{"", Train, Val, Test}

// hashed is the split of a component by the SHA-256 of seed, language and id of its smallest member: the first 64 bits,
// scaled to 0..99, fall to train, val and test in this order.
func hashed(a Article, params schemas.SplitParams, seed uint64) string {
	b := binary.LittleEndian.AppendUint64(nil, seed)
	b = append(append(append(b, a.Language...), 0), a.ID...)
	sum := sha256.Sum256(b)
	percent, _ := bits.Mul64(binary.BigEndian.Uint64(sum[:8]), 100)
	switch {
	case int(percent) < params.Train:
		return Train
	case int(percent) < params.Train+params.Val:
		return Val
	}
	return Test
}

func invalid(format string, args ...any) error {
	return fault.New(schemas.InvalidInput, "split: "+format, args...)
}
