package split

import (
	"cmp"
	"crypto/sha256"
	"errors"
	"maps"
	"path/filepath"
	"slices"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/internal/fault"
	"crosssum/internal/mining/link"
	"crosssum/schemas"
)

// Input names what is split. Languages and Articles (paths of schemas.ArticleRow) go together, in byte order.
type Input struct {
	Languages    []string
	Articles     []string
	Pairs        string   // of schemas.PairRow
	Duplicates   string   // of schemas.DuplicateRow
	History      string   // of schemas.HistoryRow: what the ledger's entry before wrote; "" for the first
	Trained      string   // of schemas.TrainedRow, likewise
	Texts        []string // of schemas.TextDigestRow, one a language; none: words tie nothing but exact copies
	Near         []string // of schemas.DuplicateRow: near texts, one a language
	TrainedTexts string   // of schemas.TrainedTextRow: what the entry before wrote; "" for the first, and for one that had none
	Params       schemas.SplitParams
	Seed         uint64
}

// Run writes splits.arrow and samples.arrow into dir, and history.arrow, trained.arrow and trained_texts.arrow for the next catalogue. Counts:
// articles by split ("train", ...) and by reason ("reason_label", ...); samples by split ("samples_train", ...), native ones
// also apart ("samples_native"); "components"; "moved" (articles with another split than when they were last published);
// "relabelled" (articles with another split than their label, by the label of an aligned article) and "overruled_labels"
// (by anything else), of these "overruled_by_history"; and what train shares with val and test ("shared_texts", "shared_summaries",
// "shared_near_texts": 0, where texts are known). progress is called with the number of articles read.
func Run(in Input, dir string, progress func(done, total int64)) (map[string]int64, error) {
	if err := in.Params.Check(); err != nil {
		return nil, fault.Of(schemas.InvalidInput, err)
	}
	var rows []Article
	var labels arrowfile.Names
	articles, err := link.ReadArticles(in.Languages, in.Articles, func(n int32, row *schemas.ArticleRow) error {
		a := Article{Label: labels.Clone(row.Label), Content: sha256.Sum256([]byte(row.Summary + "\x00" + row.Text + "\x00"))}
		if rows = append(rows, a); len(rows)%4096 == 0 {
			progress(int64(len(rows)), 0)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for n := range rows { // the names of articles are held once
		rows[n].Language, rows[n].ID = articles.Language(int32(n)), articles.ID(int32(n))
	}
	past, err := readHistory(in.History, in.Trained)
	if err != nil {
		return nil, err
	}
	past.recall(rows)
	words, err := readWording(in, articles, rows)
	if err != nil {
		return nil, err
	}
	ties := words.ties(rows, in.Params.Boilerplate)
	trained, err := readTrainedTexts(in.TrainedTexts)
	if err != nil {
		return nil, err
	}
	if err := recallTexts(in, rows, trained); err != nil {
		return nil, err
	}
	pairs, err := readEdges(in.Pairs, articles.Pair)
	if err != nil {
		return nil, err
	}
	duplicates, err := readEdges(in.Duplicates, func(d *schemas.DuplicateRow) ([2]int32, error) {
		return articles.Pair(&schemas.PairRow{SourceLanguage: d.Language, SourceID: d.SourceID, TargetLanguage: d.Language, TargetID: d.TargetID})
	})
	if err != nil {
		return nil, err
	}
	assigned, err := Assign(rows, slices.Concat(pairs, duplicates, ties), in.Params, in.Seed)
	if err != nil {
		return nil, err
	}
	progress(int64(len(rows)), int64(len(rows)))
	samples := Samples(assigned, pairs)
	err = arrowfile.WriteRows(filepath.Join(dir, "splits.arrow"), len(rows), func(i int) schemas.SplitRow {
		return schemas.SplitRow{Language: rows[i].Language, ID: rows[i].ID, Component: articles.Name(assigned[i].Component),
			Split: assigned[i].Split, Reason: assigned[i].Reason}
	})
	if err != nil {
		return nil, err
	}
	err = arrowfile.WriteRows(filepath.Join(dir, "samples.arrow"), len(samples), func(i int) schemas.SampleRow {
		s, t := rows[samples[i][0]], rows[samples[i][1]]
		return schemas.SampleRow{SourceLanguage: s.Language, SourceID: s.ID, TargetLanguage: t.Language, TargetID: t.ID,
			Split: assigned[samples[i][0]].Split}
	})
	if err != nil {
		return nil, err
	}
	counts := count(rows, assigned, samples)
	maps.Copy(counts, words.shared(rows, assigned))
	return counts, errors.Join(past.with(rows, assigned).write(dir), writeTrainedTexts(in, rows, assigned, trained, dir))
}

// readEdges lists the two articles of every row.
func readEdges[T any](path string, number func(*T) (edge [2]int32, err error)) (edges [][2]int32, err error) {
	err = arrowfile.Each(path, func(row *T) error {
		edge, err := number(row)
		edges = append(edges, edge)
		return err
	})
	return edges, err
}

// Samples lists the directed samples as (source, target), sorted: both directions of every pair and every article with
// itself, without dropped articles.
func Samples(assigned []Assignment, pairs [][2]int32) [][2]int32 {
	out := make([][2]int32, 0, len(assigned)+2*len(pairs))
	for n, a := range assigned {
		if a.Split != Dropped {
			out = append(out, [2]int32{int32(n), int32(n)})
		}
	}
	for _, p := range pairs {
		if assigned[p[0]].Split != Dropped && assigned[p[1]].Split != Dropped {
			out = append(out, p, [2]int32{p[1], p[0]})
		}
	}
	slices.SortFunc(out, func(a, b [2]int32) int { return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1])) })
	return out
}

func count(rows []Article, assigned []Assignment, samples [][2]int32) map[string]int64 {
	counts := map[string]int64{"moved": 0, "relabelled": 0, "overruled_labels": 0, "overruled_by_history": 0, "components": 0,
		"samples_native": 0, "samples": int64(len(samples))}
	for _, split := range []string{Train, Val, Test} {
		counts[split], counts["samples_"+split] = 0, 0
	}
	counts[Dropped] = 0
	for n, a := range assigned {
		counts[a.Split]++
		counts["reason_"+a.Reason]++
		if int(a.Component) == n {
			counts["components"]++
		}
		if was := rows[n].Published; was != "" && was != published(assigned, n) {
			counts["moved"]++
		}
		if label := rows[n].Label; label == "" || a.Split == Dropped || a.Split == label {
			continue
		}
		switch a.Reason {
		case ByLabel:
			counts["relabelled"]++
		case ByTrainHistory:
			counts["overruled_by_history"]++
			fallthrough
		default:
			counts["overruled_labels"]++
		}
	}
	for _, s := range samples {
		counts["samples_"+assigned[s[0]].Split]++
		if s[0] == s[1] {
			counts["samples_native"]++
		}
	}
	return counts
}
