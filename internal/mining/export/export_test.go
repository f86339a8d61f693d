package export

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/internal/testkit"
	"crosssum/schemas"

	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
	parquetfile "github.com/apache/arrow/go/v17/parquet/file"
	"github.com/apache/arrow/go/v17/parquet/pqarrow"
)

// world has articles e0, e1 and h0, h1; e0 and h1 are a pair in train, e1 and h0 one in test; h0 was edited by the second of two crawls.
func world(t *testing.T) Input {
	t.Helper()
	dir := t.TempDir()
	in := Input{Source: "english", Articles: map[string]string{}, Samples: filepath.Join(dir, "samples"),
		Pairs: filepath.Join(dir, "pairs"), Splits: filepath.Join(dir, "splits")}
	for _, l := range []string{"english", "hindi"} {
		in.Articles[l] = filepath.Join(dir, l)
		must(t, arrowfile.WriteRows(in.Articles[l], 2, func(i int) schemas.ArticleRow {
			id := l[:1] + string(rune('0'+i))
			return schemas.ArticleRow{Language: l, ID: id, URL: "http://" + id, Title: "t",
				Summary: "summary \"" + id + "\" <b>\u2028ह", Text: "text\n" + id + "\x01", Digest: "d"}
		}))
	}
	samples := []schemas.SampleRow{sampleOf("e0", "e0", "train"), sampleOf("e0", "h1", "train"), sampleOf("e1", "h0", "test"), sampleOf("h0", "e1", "test")}
	pairs := []schemas.PairRow{
		{SourceLanguage: "english", SourceID: "e0", TargetLanguage: "hindi", TargetID: "h1", Score: 0.9, Margin: 1.2, Rule: "margin", Component: "english/e0"},
		{SourceLanguage: "english", SourceID: "e1", TargetLanguage: "hindi", TargetID: "h0", Score: 0.8, Margin: 1.1, Rule: "margin", Component: "english/e1"},
	}
	splits := []schemas.SplitRow{
		{Language: "english", ID: "e0", Component: "english/e0", Split: "train", Reason: "hash"},
		{Language: "english", ID: "e1", Component: "english/e1", Split: "test", Reason: "label"},
		{Language: "hindi", ID: "h0", Component: "english/e1", Split: "test", Reason: "label"},
		{Language: "hindi", ID: "h1", Component: "english/e0", Split: "train", Reason: "hash"},
	}
	must(t, arrowfile.WriteRows(in.Samples, len(samples), func(i int) schemas.SampleRow { return samples[i] }))
	must(t, arrowfile.WriteRows(in.Pairs, len(pairs), func(i int) schemas.PairRow { return pairs[i] }))
	must(t, arrowfile.WriteRows(in.Splits, len(splits), func(i int) schemas.SplitRow { return splits[i] }))
	changes := filepath.Join(dir, "changes")
	must(t, arrowfile.WriteRows(changes, 2, func(i int) schemas.ChangeRow {
		return schemas.ChangeRow{Language: "hindi", ID: []string{"h0", "h7"}[i], Change: []string{"edited", "withdrawn"}[i]}
	}))
	in.Crawls = []Crawl{{Digest: "first"}, {Digest: "second", Changes: map[string]string{"hindi": changes}}}
	return in
}

// sampleOf is the sample of two ids, whose first letter is their language's.
func sampleOf(source, target, split string) schemas.SampleRow {
	language := map[byte]string{'e': "english", 'h': "hindi", 't': "thai"}
	return schemas.SampleRow{SourceLanguage: language[source[0]], SourceID: source, TargetLanguage: language[target[0]], TargetID: target, Split: split}
}

func TestTextIsOfTheSourceAndSummaryOfTheTarget(t *testing.T) {
	dir := t.TempDir()
	counts, err := Run(world(t), dir, func(int64, int64) {})
	must(t, err)
	if counts["samples"] != 3 || counts["files"] != 3 {
		t.Errorf("counts %v", counts)
	}
	b, err := os.ReadFile(filepath.Join(dir, "english-hindi_train.jsonl"))
	must(t, err)
	want := `{"source_url": "http://e0", "target_url": "http://h1", "summary": "summary \"h1\" <b>\u2028ह", "text": "text\ne0\u0001"}` + "\n"
	if string(b) != want {
		t.Errorf("got  %s\nwant %s", b, want)
	}
	var row map[string]string
	if err := json.Unmarshal(b, &row); err != nil || row["text"] != "text\ne0\x01" {
		t.Errorf("%v, %v", row, err)
	}
}

func TestParquetHasTheRowsOfTheJSONLinesAndWhatToFilterThemBy(t *testing.T) {
	in, dir := world(t), t.TempDir()
	_, err := Run(in, dir, func(int64, int64) {})
	must(t, err)
	extra := map[string]string{
		"english train": `"english","english","e0","e0",null,null,null,null,null,"native","english/e0","first",null`,
		"hindi train":   `"english","hindi","e0","h1",0.9,1.2,null,null,null,"margin","english/e0","first",null`,
		"hindi test":    `"english","hindi","e1","h0",0.8,1.1,null,null,null,"margin","english/e1","second",null`,
	}
	for name, want := range extra {
		target, split, _ := strings.Cut(name, " ")
		lines, err := os.ReadFile(filepath.Join(dir, JSONL("english", target, split)))
		must(t, err)
		rows := readParquet(t, filepath.Join(dir, Parquet("english", target, split)))
		if got := jsonLines(t, rows); got != string(lines) {
			t.Errorf("%s:\nparquet %s\njsonl   %s", name, got, lines)
		}
		rest, err := json.Marshal(rows[0][4:])
		must(t, err)
		if string(rest) != "["+want+"]" {
			t.Errorf("%s: got %s, wanted [%s]", name, rest, want)
		}
	}
}

func TestParquetHasThePartsThatTheRuleAsksFor(t *testing.T) {
	for rule, want := range map[string]string{
		"evidence":  `0.9,1.2,0.4,0.25,0.75,"evidence"`,
		"agreement": `0.9,1.2,null,0.25,null,"agreement"`,
		"mutual":    `0.9,1.2,null,null,null,"mutual"`,
		"margin":    `0.9,1.2,null,null,null,"margin"`,
	} {
		in, dir := world(t), t.TempDir()
		var pairs []schemas.PairRow
		must(t, arrowfile.Each(in.Pairs, func(r *schemas.PairRow) error {
			pairs = append(pairs, schemas.PairRow{SourceLanguage: "english", SourceID: arrowfile.Clone(r.SourceID), TargetLanguage: "hindi",
				TargetID: arrowfile.Clone(r.TargetID), Score: 0.9, Margin: 1.2, Tokens: 0.4, Agreement: 0.25, Probability: 0.75, Rule: rule, Component: arrowfile.Clone(r.Component)})
			return nil
		}))
		must(t, os.Remove(in.Pairs))
		must(t, arrowfile.WriteRows(in.Pairs, len(pairs), func(i int) schemas.PairRow { return pairs[i] }))
		_, err := Run(in, dir, func(int64, int64) {})
		must(t, err)
		row, err := json.Marshal(readParquet(t, filepath.Join(dir, Parquet("english", "hindi", "train")))[0])
		must(t, err)
		if !strings.Contains(string(row), want) {
			t.Errorf("%s: %s lacks %s", rule, row, want)
		}
	}
}

func TestWhatIsKnownOfASummarysLanguageHasThreeValues(t *testing.T) {
	in, dir, no := world(t), t.TempDir(), false
	yes := true
	in.Languages = map[string]string{"hindi": filepath.Join(dir, "languages"), "english": filepath.Join(dir, "english languages")}
	must(t, arrowfile.WriteRows(in.Languages["hindi"], 2, func(i int) schemas.IdentifiedRow {
		return schemas.IdentifiedRow{Language: "hindi", ID: []string{"h0", "h1"}[i], OK: []*bool{&no, nil}[i]}
	}))
	must(t, arrowfile.WriteRows(in.Languages["english"], 1, func(int) schemas.IdentifiedRow {
		return schemas.IdentifiedRow{Language: "english", ID: "e0", OK: &yes}
	}))
	_, err := Run(in, dir, func(int64, int64) {})
	must(t, err)
	for name, want := range map[string]any{"hindi test": false, "hindi train": nil, "english train": true} {
		target, split, _ := strings.Cut(name, " ")
		rows := readParquet(t, filepath.Join(dir, Parquet("english", target, split)))
		if got := rows[0][len(rows[0])-1]; got != want {
			t.Errorf("%s: language_ok is %v, wanted %v", name, got, want)
		}
	}
}

func TestTheSameInputGivesTheSameBytes(t *testing.T) {
	in := world(t)
	a, b := t.TempDir(), t.TempDir()
	defer func(before int) { halvesAtATime = before }(halvesAtATime)
	for _, dir := range []string{a, b} {
		_, err := Run(in, dir, func(int64, int64) {})
		must(t, err)
		halvesAtATime = 1 // however few target articles are held
	}
	for _, name := range []string{Parquet("english", "hindi", "test"), Parquet("english", "english", "train"), JSONL("english", "hindi", "train")} {
		x, err := os.ReadFile(filepath.Join(a, name))
		must(t, err)
		y, err := os.ReadFile(filepath.Join(b, name))
		must(t, err)
		if !bytes.Equal(x, y) || len(x) == 0 {
			t.Errorf("%s differs", name)
		}
	}
}

func TestManyRowsMakeRowGroupsOfBoundedSize(t *testing.T) {
	dir := t.TempDir()
	f := newFiles(dir, "english")
	long := strings.Repeat("long text ", 100_000) // 1 MB
	for i := range 40 {
		target := []string{"hindi", "thai"}[i%2]
		must(t, f.write(row{sample: &sample{source: fmt.Sprint(i), language: target, target: "x", split: "val"}, text: long}))
		if f.bytes > openBytes {
			t.Fatalf("%d bytes are open", f.bytes)
		}
	}
	must(t, f.close())
	r, err := parquetfile.OpenParquetFile(filepath.Join(dir, Parquet("english", "thai", "val")), false)
	must(t, err)
	defer r.Close()
	if r.NumRows() != 20 || r.NumRowGroups() != 2 || r.MetaData().RowGroup(0).NumRows() != int64(groupBytes/len(long)+1) {
		t.Errorf("%d rows in %d groups, %d in the first", r.NumRows(), r.NumRowGroups(), r.MetaData().RowGroup(0).NumRows())
	}
	if by := r.MetaData().GetCreatedBy(); by != "crosssum" {
		t.Errorf("created by %q", by)
	}
}

func TestSamplesThatDoNotFitTheRestAreAnError(t *testing.T) {
	for want, sample := range map[string]schemas.SampleRow{
		"e7, which has no split":     sampleOf("e7", "e7", "train"),
		"1 articles of hindi":        sampleOf("e0", "h7", "train"),
		"of thai, of which there":    sampleOf("e0", "t0", "train"),
		`has split "../x"`:           sampleOf("e0", "h0", "../x"),
		"h0 is of no accepted pair":  sampleOf("e0", "h0", "train"),
		"is in test, the article in": sampleOf("e0", "h1", "test"),
	} {
		in := world(t)
		in.Samples += "2"
		must(t, arrowfile.WriteRows(in.Samples, 1, func(int) schemas.SampleRow { return sample }))
		if !strings.Contains(want, "pair") && sample.SourceID != sample.TargetID { // a pair of the articles that are not there
			in.Pairs += "2"
			must(t, arrowfile.WriteRows(in.Pairs, 1, func(int) schemas.PairRow {
				return schemas.PairRow{SourceLanguage: sample.SourceLanguage, SourceID: sample.SourceID, TargetLanguage: sample.TargetLanguage,
					TargetID: sample.TargetID, Score: 1, Margin: 1, Rule: "margin", Component: "c"}
			}))
		}
		if _, err := Run(in, t.TempDir(), func(int64, int64) {}); err == nil || !strings.HasPrefix(err.Error(), "export: ") ||
			!strings.Contains(err.Error(), want) {
			t.Errorf("%v: wanted %s, got %v", sample, want, err)
		}
	}
}

// readParquet reads all rows as values.
func readParquet(t *testing.T, path string) [][]any {
	t.Helper()
	r, err := parquetfile.OpenParquetFile(path, false)
	must(t, err)
	defer r.Close()
	reader, err := pqarrow.NewFileReader(r, pqarrow.ArrowReadProperties{}, memory.DefaultAllocator)
	must(t, err)
	table, err := reader.ReadTable(context.Background())
	must(t, err)
	for i, want := range arrowfile.SchemaOf[schemas.DatasetRow](1, nil).Fields() {
		got := table.Schema().Field(i)
		if got.Metadata = want.Metadata; !got.Equal(want) {
			t.Errorf("%s: column %v, wanted %v", path, got, want)
		}
	}
	batches := array.NewTableReader(table, 0)
	var rows [][]any
	for batches.Next() {
		for i := range int(batches.Record().NumRows()) {
			var row []any
			for _, column := range batches.Record().Columns() {
				row = append(row, column.GetOneForMarshal(i))
			}
			rows = append(rows, row)
		}
	}
	return rows
}

// jsonLines writes the first four columns as export does, by way of encoding/json's reading of it.
func jsonLines(t *testing.T, rows [][]any) string {
	t.Helper()
	var b strings.Builder
	w := bufio.NewWriter(&b)
	for _, r := range rows {
		w.Write(appendRow(nil, r[0].(string), r[1].(string), r[2].(string), r[3].(string)))
	}
	must(t, w.Flush())
	return b.String()
}

var must = testkit.Must
