package activities

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"crosssum/internal/model/texts"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/internal/engine"
	"crosssum/internal/evaluation/report"
	"crosssum/schemas"
)

// labeller classifies summaries by the language that their first word names, and is sure of it.
type labeller struct{ standIn }

func (l labeller) Call(ctx context.Context, mode, op string, args, result any, report engine.Report) error {
	request, ok := args.(engine.ClassifyRequest)
	if !ok || request.Column != "summary" {
		return l.standIn.Call(ctx, mode, op, args, result, report)
	}
	w, err := arrowfile.Create[schemas.ClassifiedRow](request.Output)
	if err != nil {
		return err
	}
	err = arrowfile.Each(request.Input, func(r *schemas.ArticleRow) error {
		result.(*engine.ClassifyResult).Rows++
		word, _, _ := strings.Cut(r.Summary, " ")
		label, _ := schemas.LanguageByName(word)
		wanted := float32(0.001)
		if word == r.Language {
			wanted = 0.95
		}
		return w.Append(schemas.ClassifiedRow{Language: r.Language, ID: r.ID, Label: label.FastText, Probability: 0.95, Wanted: wanted,
			Letters: int32(texts.Letters(r.Summary)), Hash: texts.Hash(r.Summary)})
	})
	return errors.Join(err, w.Close())
}

// crawl publishes articles by language; a summary begins with the language that it is in.
func (sc *scene) crawl(stage string, summaries map[string][]string) schemas.Ref {
	var units []schemas.Unit
	for _, language := range sceneLanguages {
		rows := summaries[language]
		counts := map[string]int64{"accepted": int64(len(rows))}
		if stage == "merge" {
			counts = map[string]int64{"articles": int64(len(rows)), "new": 2, "edited": 1}
		}
		units = append(units, sc.publish(stage+"-screened", language, counts, func(dir string) {
			noError(sc.t, arrowfile.WriteRows(filepath.Join(dir, "articles.arrow"), len(rows), func(i int) schemas.ArticleRow {
				return schemas.ArticleRow{Language: language, ID: fmt.Sprint(language, i), Summary: rows[i], Text: "text", Digest: fmt.Sprint(i)}
			}))
			if stage == "merge" {
				noError(sc.t, arrowfile.WriteRows(filepath.Join(dir, "changes.arrow"), 1, func(int) schemas.DeletionRow { return schemas.DeletionRow{Language: language, ID: "x"} }))
			}
		}))
	}
	return sc.seal(stage, units...)
}

const faraway = " as a language, and a summary so long that nobody who reads it can doubt which one it is"

func screened(t *testing.T, sc *scene, articles schemas.Ref, misplaced string) (identified, kept schemas.Ref) {
	t.Helper()
	sc.CPU = labeller{}
	identified = finish(t, sc.Activities, define(schemas.Identify, openIdentify), schemas.IdentifyInput{Articles: articles, Numerics: "portable"})
	in := schemas.ScreenInput{Articles: articles, Identified: identified, Params: schemas.Demo().Screen}
	in.Params.Misplaced = misplaced
	return identified, finish(t, sc.Activities, define(schemas.Screen, openScreen), in)
}

func (sc *scene) digests(ref schemas.Ref) map[string]string {
	index, err := sc.Store.Index(ref)
	if err != nil {
		sc.t.Fatal(err)
	}
	out := map[string]string{}
	for _, u := range index.Units {
		out[u.Name] = u.Files["articles.arrow"].Digest
	}
	return out
}

func TestScreeningThatKeepsEverythingChangesNoDigest(t *testing.T) {
	sc := newScene(t)
	articles := sc.crawl("ingest", map[string][]string{"english": {"english" + faraway}, "french": {"english" + faraway, "french words"}, "hindi": {"hindi"}})
	_, kept := screened(t, sc, articles, "keep")
	if before, after := sc.digests(articles), sc.digests(kept); fmt.Sprint(before) != fmt.Sprint(after) {
		t.Errorf("%v became %v: everything behind it would be computed again", before, after)
	}
	if kept.Counts["misplaced"] != 1 || kept.Counts["articles"] != 4 || kept.Counts["set_aside"] != 0 {
		t.Errorf("%v", kept.Counts)
	}
	_, aside := screened(t, sc, articles, "set_aside")
	before, after := sc.digests(articles), sc.digests(aside)
	if before["french"] == after["french"] || before["english"] != after["english"] || before["hindi"] != after["hindi"] || aside.Counts["articles"] != 3 {
		t.Errorf("one French article was to be set aside: %v, %v, %v", before, after, aside.Counts)
	}
	_, moved := screened(t, sc, articles, "move")
	after = sc.digests(moved)
	if before["french"] == after["french"] || before["english"] == after["english"] || moved.Counts["articles"] != 4 || moved.Counts["moved_in"] != 1 {
		t.Errorf("one French article was to be moved: %v, %v", after, moved.Counts)
	}
}

func TestWhatACrawlChangedGoesToEmbedAndExportAndNotThroughScreen(t *testing.T) {
	sc := newScene(t)
	merged := sc.crawl("merge", map[string][]string{"english": {"english words"}, "french": {"french words"}, "hindi": {"hindi"}})
	_, kept := screened(t, sc, merged, "keep")
	index, err := sc.Store.Index(kept)
	noError(t, err)
	if _, copied := index.Units[0].Files["changes.arrow"]; copied || kept.Counts["new"] != 0 {
		t.Errorf("screening passes on %+v", index.Units[0])
	}
	o := &opening{Activities: sc.Activities}
	changed := o.inputs(merged, "changes.arrow")
	noError(t, o.err)
	if rows := (embedding{merged: changed}).newRows(index.Units[0]); rows != 3 {
		t.Errorf("%d articles are taken for new, of 2 new and 1 edited", rows)
	}
	entry, err := sc.Store.PutJSON(schemas.Catalogue{Digest: "first"})
	noError(t, err)
	crawls := o.crawlsOf(schemas.ExportInput{Articles: kept, Ingested: merged, Previous: entry.Digest, Mined: schemas.Mined{Crawl: "second"}})
	if noError(t, o.err); len(crawls) != 2 || crawls[1].Crawl != "second" || fmt.Sprint(crawls[1].Changes) != fmt.Sprint(changed.byUnit()) {
		t.Errorf("%+v", crawls)
	}
}

func TestTheReportShowsWhatScreeningFound(t *testing.T) {
	for misplaced, reason := range map[string]string{"keep": "", "set_aside": "misplaced"} {
		sc := newScene(t)
		articles := sc.crawl("ingest", map[string][]string{"english": {"english words", "english words", "english words"},
			"french": {"english" + faraway, "french words"}, "hindi": {"hindi"}})
		identified, kept := screened(t, sc, articles, misplaced)
		d, err := report.Gather(t.Context(), sc.Store, schemas.ReportInput{Run: "r", Params: schemas.Demo(), Made: schemas.Refs{"ingest": articles, "identify": identified, "screen": kept}},
			func(schemas.Progress) {})
		if err != nil {
			t.Fatal(err)
		}
		if len(d.Misplaced) != 1 || d.Misplaced[0].Reason != reason || d.Misplaced[0].Identified != "english" || d.Misplaced[0].Summary != "english"+faraway {
			t.Errorf("%s: %+v", misplaced, d.Misplaced)
		}
		f := report.Figures(d)
		if f["untranslated"] != 1 || f["templates"] != 1 || f["templated"] != 3 || f["articles"] != 6 {
			t.Errorf("%s: %v", misplaced, f)
		}
	}
}
