package main

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"

	"crosssum/internal/crawl"
	"crosssum/internal/mining/gold"
	"crosssum/tools/articles"
)

// SampleOptions say how a sample is drawn from a fetched crawl. Shares are of clusters, by hash.
type SampleOptions struct {
	Crawl        string  // folder that Fetch made; its gold lies in <parent>/gold
	Sample       string  // crawl folder to make
	Outside      string  // crawl folder to make of what shares nothing with the sample; "": none
	Draw         string  // another word, another drawing
	Applications float64 // share of the clusters that hold an AppStream component
	Many         float64 // share of the clusters with a key of ManyLanguages or more
	ManyLangs    int
	Rest         float64  // share of all others
	LargestKeys  int      // clusters of more keys stay outside
	LargestLang  int      // no language gets more articles; what is over it goes nowhere
	SmallestLang int      // a language with fewer articles is left out of the sample
	LoneShare    float64  // share of the drawn keys that keep one article only
	Without      []string // languages left out of the sample: british english is english, not a translation
	Origin       string
}

// ShippedSample are the options that the shipped sample was drawn with.
func ShippedSample(crawl, sample, outside string) SampleOptions {
	return SampleOptions{Crawl: crawl, Sample: sample, Outside: outside, Applications: 0.5, Many: 0.012, ManyLangs: 6, Rest: 0.002,
		LargestKeys: 30, LargestLang: 2000, SmallestLang: 20, LoneShare: 0.06, Without: []string{"english_britain"}, Origin: "bookworm"}
}

// SampleResult counts a drawing.
type SampleResult struct {
	Sample, Outside map[string]int // articles by language
	Lone            int            // keys that kept one article on purpose
	Dropped         int            // articles of neither: counterparts left out, small languages, over the limit
}

// MakeSample draws clusters by hash with all their translations, and writes the sample and everything that shares no
// key, package or text cluster with it. Same crawl and options, same bytes.
func MakeSample(o SampleOptions) (SampleResult, error) {
	entries, err := ReadEntries(o.Crawl, goldPath(o.Crawl))
	if err != nil {
		return SampleResult{}, err
	}
	sample, outside, result := draw(entries, o)
	for _, side := range []struct {
		folder  string
		entries []gold.Entry
	}{{o.Sample, sample}, {o.Outside, outside}} {
		if side.folder == "" {
			continue
		}
		if err := removeCrawl(side.folder); err != nil {
			return result, err
		}
		if err := WriteCrawl(side.folder, o.Origin, "", side.entries); err != nil {
			return result, err
		}
	}
	return result, nil
}

// removeCrawl removes an earlier crawl folder, and nothing that is not one.
func removeCrawl(folder string) error {
	if _, err := os.Stat(folder); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if _, err := os.Stat(filepath.Join(folder, "crawl.json")); err != nil {
		return fmt.Errorf("%s exists and is no crawl folder (no crawl.json in it): name another", folder)
	}
	return os.RemoveAll(folder)
}

func draw(entries []gold.Entry, o SampleOptions) (sample, outside []gold.Entry, result SampleResult) {
	result = SampleResult{Sample: map[string]int{}, Outside: map[string]int{}}
	group := gold.ClusterKeys(entries)
	chosen := chooseClusters(entries, group, o)
	var drawn []gold.Entry
	for _, e := range entries {
		if !chosen[group[e.Key]] {
			outside = append(outside, e)
			result.Outside[e.Language]++
			continue
		}
		drawn = append(drawn, e)
	}
	kept := leaveOut(drawn, o, &result)
	result.Dropped = len(drawn) - len(kept)
	for _, e := range kept {
		result.Sample[e.Language]++
	}
	return kept, outside, result
}

// chooseClusters draws clusters: each hashes to a number in [0, 1) that must be below its stratum's share.
func chooseClusters(entries []gold.Entry, group map[string]string, o SampleOptions) map[string]bool {
	languages, application, keys := map[string]int{}, map[string]bool{}, map[string]map[string]bool{}
	for _, e := range entries {
		g := group[e.Key]
		languages[e.Key]++
		if strings.HasPrefix(e.Key, "appstream:") {
			application[g] = true
		}
		if keys[g] == nil {
			keys[g] = map[string]bool{}
		}
		keys[g][e.Key] = true
	}
	chosen := map[string]bool{}
	for g, members := range keys {
		if len(members) > o.LargestKeys {
			continue
		}
		share := o.Rest
		for k := range members {
			if languages[k] >= o.ManyLangs {
				share = o.Many
			}
		}
		if application[g] {
			share = o.Applications
		}
		chosen[g] = uniform("cluster"+o.Draw, g) < share
	}
	return chosen
}

// leaveOut makes lone articles of some keys, and drops languages that are too small and articles over the largest size.
func leaveOut(drawn []gold.Entry, o SampleOptions, result *SampleResult) []gold.Entry {
	byKey := map[string][]int{}
	for i, e := range drawn {
		byKey[e.Key] = append(byKey[e.Key], i)
	}
	drop := map[int]bool{}
	for key, members := range byKey {
		if len(members) < 2 || uniform("lone", key) >= o.LoneShare {
			continue
		}
		result.Lone++
		sort.Slice(members, func(a, b int) bool { return drawn[members[a]].Language < drawn[members[b]].Language })
		keep := int(uniform("keep", key) * float64(len(members)))
		for i, m := range members {
			drop[m] = i != keep
		}
	}
	languages := map[string][]int{}
	for i, e := range drawn {
		if !drop[i] {
			languages[e.Language] = append(languages[e.Language], i)
		}
	}
	for language, members := range languages {
		sort.Slice(members, func(a, b int) bool {
			return uniform("size", drawn[members[a]].Key) < uniform("size", drawn[members[b]].Key)
		})
		for i, m := range members {
			drop[m] = len(members) < o.SmallestLang || i >= o.LargestLang || slices.Contains(o.Without, language)
		}
	}
	var kept []gold.Entry
	for i, e := range drawn {
		if !drop[i] {
			kept = append(kept, e)
		}
	}
	return kept
}

// uniform hashes a name to [0, 1); purpose keeps the draws independent.
func uniform(purpose, name string) float64 {
	sum := sha256.Sum256([]byte(purpose + "\x00" + name))
	return float64(binary.BigEndian.Uint64(sum[:8])>>11) / math.Exp2(53)
}

// ReadEntries joins a crawl folder that WriteCrawl made with its gold.
func ReadEntries(folder, goldFile string) (entries []gold.Entry, err error) {
	known, err := gold.Read(goldFile)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", goldFile, err)
	}
	err = articles.Each(folder, func(language string, a crawl.Article) error {
		k, ok := known[language][a.ID]
		if !ok {
			return fmt.Errorf("%s: %s/%s is not in %s", folder, language, a.ID, goldFile)
		}
		entries = append(entries, gold.Entry{Language: language, Key: k.Key, Packages: k.Packages, Title: a.Title, Summary: a.Summary, Text: a.Text})
		return nil
	})
	return entries, err
}
