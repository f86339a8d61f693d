package main

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/internal/crawl"
	"crosssum/internal/mining/gold"
	"crosssum/schemas"
	"crosssum/tools/articles"
)

// article is one row of a crawl with its gold key: articles of one key are translations of each other.
type article struct {
	crawl.Article
	language, key string
}

// readCrawl reads a crawl folder and the gold keys; articles without a key are left out. They come in (language, id) order.
func readCrawl(folder, goldFile string) (all []article, err error) {
	known, err := gold.Read(goldFile)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", goldFile, err)
	}
	err = articles.Each(folder, func(language string, a crawl.Article) error {
		if k, ok := known[language][a.ID]; ok {
			all = append(all, article{a, language, k.Key})
		}
		return nil
	})
	slices.SortFunc(all, func(a, b article) int {
		return cmp.Or(strings.Compare(a.language, b.language), strings.Compare(a.ID, b.ID))
	})
	return all, err
}

// usable leaves out articles in other languages than English whose summary is that of the English article of the same key,
// word for word: they were never translated. Single words are often names, and stay.
func usable(all []article) []article {
	english := map[string]string{}
	for _, a := range all {
		if a.language == "english" {
			english[a.key] = a.Summary
		}
	}
	var kept []article
	for _, a := range all {
		if a.language == "english" || a.Summary != english[a.key] || !strings.Contains(a.Summary, " ") {
			kept = append(kept, a)
		}
	}
	return kept
}

// PrepareOptions name the material and where it goes.
type PrepareOptions struct {
	Crawl, Gold string
	Output      string // folder: articles.arrow, leads.arrow, samples.arrow, native.arrow, sentences.txt
	Articles    int    // languages with fewer articles are left out
	Sentences   int    // lines for the vocabulary
	Smoothing   float64
}

// Prepare writes training material: every directed pair of articles of one key, native ones included, as samples of split
// "train", and the native ones alone; the articles, and once more with their leads in place of their summaries; lines of
// text for the vocabulary in which language l has a share ~ (its share)^Smoothing.
func Prepare(o PrepareOptions) error {
	all, err := readCrawl(o.Crawl, o.Gold)
	if err != nil {
		return err
	}
	all = large(usable(all), o.Articles)
	if err := os.MkdirAll(o.Output, 0o755); err != nil {
		return err
	}
	if err := writeArticles(filepath.Join(o.Output, "articles.arrow"), all, summary); err != nil {
		return err
	}
	if err := writeArticles(filepath.Join(o.Output, "leads.arrow"), all, lead); err != nil {
		return err
	}
	if _, err := writeSamples(filepath.Join(o.Output, "native.arrow"), all, true); err != nil {
		return err
	}
	samples, err := writeSamples(filepath.Join(o.Output, "samples.arrow"), all, false)
	if err != nil {
		return err
	}
	lines, err := writeSentences(filepath.Join(o.Output, "sentences.txt"), all, o.Sentences, o.Smoothing)
	fmt.Printf("%d articles, %d samples, %d sentences\n", len(all), samples, lines)
	return err
}

func large(all []article, least int) (kept []article) {
	counts := map[string]int{}
	for _, a := range all {
		counts[a.language]++
	}
	for _, a := range all {
		if counts[a.language] >= least {
			kept = append(kept, a)
		}
	}
	return kept
}

func summary(a article) string { return a.Summary }

// lead is the first sentence of the text's first line.
func lead(a article) string {
	line, _, _ := strings.Cut(strings.TrimSpace(a.Text), "\n")
	for _, end := range []string{". ", "。"} {
		if sentence, _, more := strings.Cut(line, end); more {
			line = sentence + strings.TrimSpace(end)
		}
	}
	return line
}

func writeArticles(path string, all []article, summary func(article) string) error {
	os.Remove(path)
	return arrowfile.WriteRows(path, len(all), func(i int) schemas.ArticleRow {
		a := all[i]
		return schemas.ArticleRow{Language: a.language, ID: a.ID, URL: a.URL, Title: a.Title, Summary: summary(a), Text: a.Text}
	})
}

func writeSamples(path string, all []article, native bool) (int64, error) {
	os.Remove(path)
	w, err := arrowfile.Create[schemas.SampleRow](path)
	if err != nil {
		return 0, err
	}
	byKey := map[string][]article{}
	for _, a := range all {
		byKey[a.key] = append(byKey[a.key], a)
	}
	for _, source := range all {
		for _, target := range byKey[source.key] {
			if source.language == target.language && source.ID != target.ID || native && source.language != target.language {
				continue
			}
			if err := w.Append(schemas.SampleRow{SourceLanguage: source.language, SourceID: source.ID, TargetLanguage: target.language, TargetID: target.ID, Split: "train"}); err != nil {
				return 0, err
			}
		}
	}
	return w.Rows(), w.Close()
}
