package arrowfile_test

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/schemas"
)

// golden are the columns of all files. What it says is read by programs that others wrote, and its order is in every digest.
const golden = `
ArticleRow: language utf8, id utf8, url utf8, title utf8, summary utf8, text utf8, images list<item: utf8, nullable>, label utf8, content_digest utf8
RejectRow: file utf8, line int64, reason utf8, detail utf8
DeletionRow: language utf8, id utf8
ChangeRow: language utf8, id utf8, change utf8
NeighbourRow: source_id utf8, rank int32, target_id utf8, score float32
LexiconRow: id utf8, copy_of int32, tokens list<item: int32>, weights list<item: int32>, articles list<item: int32>
EvidenceRow: source int32, target int32, score float32, source_mean float32, target_mean float32, tokens float32, source_tokens float32, target_tokens float32
PairRow: source_language utf8, source_id utf8, target_language utf8, target_id utf8, score float32, margin float32, tokens float32, agreement float32, probability float32, rule utf8, component utf8
DuplicateRow: language utf8, source_id utf8, target_id utf8, score float32
TextDigestRow: id utf8, text_digest utf8, summary_digest utf8, signature list<item: int32>, crowded bool
TrainedTextRow: language utf8, text_digest utf8, summary_digest utf8, signature list<item: int32>
ComponentRow: language utf8, id utf8, component utf8
SplitRow: language utf8, id utf8, component utf8, split utf8, reason utf8
HistoryRow: language utf8, id utf8, split utf8
TrainedRow: content utf8
SampleRow: source_language utf8, source_id utf8, target_language utf8, target_id utf8, split utf8
TextRow: language utf8, id utf8, text utf8
ClassifiedRow: language utf8, id utf8, label utf8, probability float32, wanted float32, letters int32, hash int64, script utf8, other_letters int32, small_words int32
IdentifiedRow: language utf8, id utf8, identified utf8, probability float32, ok bool or null
SetAsideRow: language utf8, id utf8, reason utf8, identified utf8, probability float32
TokensRow: language utf8, id utf8, source list<item: int32>, label list<item: int32>, dropped int32
PromptRow: source_language utf8, source_id utf8, target_language utf8, target_id utf8, text utf8
GenerationRow: source_language utf8, source_id utf8, target_language utf8, target_id utf8, generated utf8, score float32
ScoredRow: source_language utf8, source_id utf8, target_language utf8, target_id utf8, generated utf8, reference utf8, lead utf8, ` +
	`rouge1 float64, rouge2 float64, rougeL float64, lase float64, ms float64, lc float64, lp float64, lase_shuffled float64, ` +
	`lead_rouge1 float64, lead_rouge2 float64, lead_rougeL float64, lead_lase float64
EmbeddingRow: language utf8, id utf8, text_digest utf8, embedding fixed_size_list<item: float32>[7]
VectorRow: text_digest utf8, embedding fixed_size_list<item: float32>[7]
TrainedOnRow: language utf8, id utf8, content_digest utf8
DatasetRow: source_url utf8, target_url utf8, summary utf8, text utf8, source_language utf8, target_language utf8, source_id utf8, target_id utf8, ` +
	`score float32 or null, margin float32 or null, tokens float32 or null, agreement float32 or null, probability float32 or null, rule utf8, component utf8, crawl utf8, language_ok bool or null
`

func TestColumnsKeepTheirPlacesNamesAndTypes(t *testing.T) {
	got := strings.Join([]string{"", listed[schemas.ArticleRow](), listed[schemas.RejectRow](), listed[schemas.DeletionRow](), listed[schemas.ChangeRow](),
		listed[schemas.NeighbourRow](), listed[schemas.LexiconRow](), listed[schemas.EvidenceRow](), listed[schemas.PairRow](), listed[schemas.DuplicateRow](), listed[schemas.TextDigestRow](), listed[schemas.TrainedTextRow](),
		listed[schemas.ComponentRow](), listed[schemas.SplitRow](),
		listed[schemas.HistoryRow](), listed[schemas.TrainedRow](), listed[schemas.SampleRow](), listed[schemas.TextRow](), listed[schemas.ClassifiedRow](),
		listed[schemas.IdentifiedRow](), listed[schemas.SetAsideRow](), listed[schemas.TokensRow](), listed[schemas.PromptRow](), listed[schemas.GenerationRow](),
		listed[schemas.ScoredRow](), listed[schemas.EmbeddingRow](), listed[schemas.VectorRow](), listed[schemas.TrainedOnRow](), listed[schemas.DatasetRow](), ""}, "\n")
	if got != golden {
		t.Errorf("the columns are%swanted%s", got, golden)
	}
	for _, name := range rowTypes(t) {
		if !strings.Contains(golden, "\n"+name+": ") {
			t.Errorf("the columns of schemas.%s are not held", name)
		}
	}
}

// listed is a row's type with its columns.
func listed[T any]() string {
	var columns []string
	for _, c := range arrowfile.SchemaOf[T](7, nil).Fields() {
		null := ""
		if c.Nullable {
			null = " or null"
		}
		columns = append(columns, fmt.Sprintf("%s %s%s", c.Name, c.Type, null))
	}
	return strings.TrimPrefix(fmt.Sprintf("%T", *new(T)), "schemas.") + ": " + strings.Join(columns, ", ")
}

// rowTypes are the types of package schemas whose fields are columns.
func rowTypes(t *testing.T) (names []string) {
	files, err := filepath.Glob("../../../schemas/*.go")
	if err != nil || len(files) == 0 {
		t.Fatal(err)
	}
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			spec, ok := n.(*ast.TypeSpec)
			if !ok {
				return true
			}
			if row, ok := spec.Type.(*ast.StructType); ok && slices.ContainsFunc(row.Fields.List, func(f *ast.Field) bool {
				return f.Tag != nil && strings.HasPrefix(f.Tag.Value, "`arrow:")
			}) {
				names = append(names, spec.Name.Name)
			}
			return false
		})
	}
	if len(names) < 20 {
		t.Fatalf("found only %v", names)
	}
	return names
}

// wide has other columns before, between and behind those of schemas.TextRow.
type wide struct {
	More      []string  `arrow:"more"`
	Headline  string    `arrow:"headline"`
	ID        string    `arrow:"id"`
	Embedding []float32 `arrow:"embedding"`
	Language  string    `arrow:"language"`
	Last      *bool     `arrow:"last"`
}

func TestColumnsArePickedByName(t *testing.T) {
	path := filepath.Join(t.TempDir(), "wide.arrow")
	w, err := arrowfile.CreateVectors[wide](path, 2, nil)
	if err == nil {
		err = errors.Join(w.Append(wide{Headline: "h", ID: "i", Language: "l", Embedding: []float32{3, 4}}), w.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	err = arrowfile.Pick(path, func(r *schemas.TextRow) error {
		if rows++; r.Language != "l" || r.ID != "i" || r.Text != "h" {
			t.Errorf("%+v", *r)
		}
		return nil
	}, "language", "id", "headline")
	if err != nil || rows != 1 {
		t.Errorf("%d rows, %v", rows, err)
	}
	type vector struct {
		Values []float32 `arrow:"embedding"`
	}
	type flag struct {
		Last bool `arrow:"last"`
	}
	for says, err := range map[string]error{
		"": arrowfile.Pick(path, func(r *vector) error { return map[bool]error{false: errors.New("other values")}[r.Values[1] == 4] }, "embedding"),
		`wide.arrow: has 0 columns "text"; wanted one`:         arrowfile.Pick[schemas.TextRow](path, nil, "language", "id", "text"),
		`wide.arrow: column "embedding" is fixed_size_list`:    arrowfile.Pick[schemas.DeletionRow](path, nil, "language", "embedding"),
		`wide.arrow: column "headline" is utf8; wanted fixed`:  arrowfile.Pick[vector](path, nil, "headline"),
		`wide.arrow: column "last" holds nulls`:                arrowfile.Pick[flag](path, nil, "last"),
		`wide.arrow: has columns [more: type=list<item: utf8,`: arrowfile.Each[schemas.TextRow](path, nil),
	} {
		if says == "" && err != nil || says != "" && (err == nil || !strings.Contains(err.Error(), says)) {
			t.Errorf("%q: %v", says, err)
		}
	}
}

func TestANullStaysANullAndAValueAValue(t *testing.T) {
	yes, no, half := true, false, float32(0.5)
	type row struct {
		OK    *bool    `arrow:"ok"`
		Score *float32 `arrow:"score"`
	}
	rows := []row{{&yes, nil}, {nil, &half}, {&no, nil}, {nil, nil}, {&yes, &half}}
	path := filepath.Join(t.TempDir(), "nulls.arrow")
	if err := arrowfile.WriteRows(path, len(rows), func(i int) row { return rows[i] }); err != nil {
		t.Fatal(err)
	}
	var got []row
	if err := arrowfile.Each(path, func(r *row) error { got = append(got, *r); return nil }); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, rows) {
		t.Errorf("%+v, wanted %+v", got, rows)
	}
}
