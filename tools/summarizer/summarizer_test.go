package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/internal/crawl"
	"crosssum/internal/model/random"
	"crosssum/internal/model/safetensors"
	"crosssum/internal/model/starts"
	"crosssum/internal/model/t5"
	"crosssum/internal/native/kernels"
	"crosssum/internal/native/sentencepiece"
	"crosssum/internal/native/torch"
	"crosssum/internal/testkit"
	"crosssum/internal/training/train"
	"crosssum/internal/training/trained"
	"crosssum/schemas"
)

var must = testkit.Must

// vocabulary trains spiece.model of 396 pieces in a new folder.
func vocabulary(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	var text strings.Builder
	for i := 0; i < 300; i++ {
		fmt.Fprintf(&text, "package %d holds the programs, the files and the documentation of <extra_id_%d> library %d\n", i, i%10, i*i)
	}
	must(t, os.WriteFile(filepath.Join(dir, "sentences.txt"), []byte(text.String()), 0o644))
	path := filepath.Join(dir, "spiece.model")
	must(t, TrainVocabulary(filepath.Join(dir, "sentences.txt"), path, 396, 1))
	return path
}

func TestSentinelsEndAVocabularyDownwardAndTextNeverBecomesOne(t *testing.T) {
	m, err := sentencepiece.Load(vocabulary(t))
	must(t, err)
	if m.Size() != 396 || m.ID(starts.SentinelPiece(0)) != 395 || m.ID(starts.SentinelPiece(99)) != 296 || m.Eos() != 1 || m.Pad() != 0 {
		t.Fatalf("%d pieces, <extra_id_0> %d, <extra_id_99> %d", m.Size(), m.ID(starts.SentinelPiece(0)), m.ID(starts.SentinelPiece(99)))
	}
	ids, err := m.Encode("the ▁<extra_id_5> </s> <pad> 日本")
	must(t, err)
	for _, id := range ids {
		if id < 3 || id >= 296 {
			t.Errorf("text became piece %d", id)
		}
	}
	if back, err := m.Decode(ids); err != nil || !strings.HasSuffix(back, "</s> <pad> 日本") {
		t.Errorf("came back as %q (%v)", back, err)
	}
}

var tiny = Shape{DModel: 32, DKV: 16, DFF: 24, Heads: 2, EncoderLayers: 1, DecoderLayers: 1}

func TestANewModelLoadsAndACheckpointOfItIsExportedInBf16(t *testing.T) {
	spiece, dir := vocabulary(t), t.TempDir()
	model := filepath.Join(dir, "model")
	must(t, Init(model, spiece, "none", tiny, 1))
	_, tokenizer, err := t5.Load(model)
	must(t, err)
	config, err := t5.LoadConfig(model)
	must(t, err)
	if id, ok := tokenizer.Lookup("▁<extra_id_69>"); !ok || config.Languages["english"].ID != id || len(config.Languages) != 45 {
		t.Fatalf("start token of english: %v of %d", config.Languages["english"], len(config.Languages))
	}
	material := filepath.Join(dir, "material")
	must(t, os.Mkdir(material, 0o755))
	all := []article{}
	for i := 0; i < 8; i++ {
		for _, language := range []string{"english", "german"} {
			all = append(all, article{crawl.Article{ID: fmt.Sprint(i), Summary: "the files " + fmt.Sprint(i), Text: fmt.Sprint(i, " package of programs in ", language)}, language, fmt.Sprint(i)})
		}
	}
	articles, pairs := filepath.Join(material, "articles.arrow"), filepath.Join(material, "samples.arrow")
	must(t, writeArticles(articles, all, summary))
	for native, want := range map[bool]int64{true: 8 * 2, false: 8 * 4} {
		samples, err := writeSamples(filepath.Join(material, fmt.Sprint("native-", native)), all, native)
		must(t, err)
		if samples != want {
			t.Errorf("%d samples (native %v), want %d: every directed pair of a key and native ones", samples, native, want)
		}
	}
	must(t, os.Rename(filepath.Join(material, "native-false"), pairs))
	p := schemas.Demo().Train
	p.Steps, p.MiniBatch, p.CheckpointEvery = 2, 4, 1
	output := filepath.Join(dir, "output")
	must(t, os.Mkdir(output, 0o755))
	_, err = train.Run(context.Background(), Request(articles, pairs, model, filepath.Join(dir, "work"), output, p, 1), nil)
	must(t, err)
	shipped := filepath.Join(dir, "shipped")
	for range 2 { // an export replaces an older one
		must(t, Export(filepath.Join(dir, "work"), model, articles, shipped, true))
	}
	texts := map[trained.Row]bool{}
	must(t, trained.Read(filepath.Join(shipped, schemas.TrainedOnFile), func(row trained.Row) { texts[row.Clone()] = true }))
	if len(texts) != 16 || !texts[trained.Row{Language: "german", Content: trained.Text("7 package of programs in german")}] {
		t.Errorf("trained on %v", texts)
	}
	file, err := safetensors.Open(shipped)
	must(t, err)
	defer file.Close()
	if e, _ := file.Entry("shared.weight"); e.DType != "BF16" {
		t.Errorf("shared.weight is %s", e.DType)
	}
	m, _, err := t5.Load(shipped)
	must(t, err)
	defer m.Free()
	if m.Config.Languages["german"].Piece != starts.SentinelPiece(54) {
		t.Errorf("german starts with %v", m.Config.Languages["german"])
	}
}

func TestALeadIsTheFirstSentenceOfTheFirstLine(t *testing.T) {
	for text, want := range map[string]string{
		"One. Two.\nThree.": "One.", "no end\nnext": "no end", " Version 1.2 of it. More": "Version 1.2 of it.", "第一。第二。": "第一。", "": "",
	} {
		if got := lead(article{Article: crawl.Article{Text: text}}); got != want {
			t.Errorf("lead of %q: %q, want %q", text, got, want)
		}
	}
}

func TestTheCopyingStartGoesOnWithItsSource(t *testing.T) {
	config := &t5.Config{ModelType: "mt5", VocabSize: 512, DModel: 256, DKV: 64, DFF: 64, NumLayers: 2, NumDecoderLayers: 2, NumHeads: 4,
		Buckets: 32, MaxDistance: 128, LayerNormEpsilon: 1e-6, FeedForward: "gated-gelu", EOSTokenID: 1}
	m, err := t5.New(config, 3)
	must(t, err)
	defer m.Free()
	var table []float32
	must(t, m.Edit("shared.weight", func(v []float32) { // as principal components: most of a row is in its first dimensions
		for i := range v {
			v[i] *= []float32{1.7, 0.8, 0.6, 0.3}[i%256/64]
		}
		table = v
	}))
	must(t, m.Edit("lm_head.weight", func(v []float32) {
		for i := range v {
			v[i] = table[i] / 16
		}
	}))
	source := make([]int, 30)
	stream := random.New(1, 99, 0, 0)
	for i := range source {
		source[i] = 2 + int(stream.Below(510))
	}
	right := func() (n int) {
		must(t, torch.Do(func() {
			b := t5.Batch{Source: source, Decoder: source[:29], Sources: kernels.Pack([]int{30}), Targets: kernels.Pack([]int{29})}
			for i, id := range torch.Custom("aten::argmax").One(m.Forward(b), 1).Float64s() {
				if int(id) == source[i+1] {
					n++
				}
			}
		}))
		return n
	}
	before := right()
	must(t, copying(m))
	if after := right(); before > 5 || after < 12 {
		t.Errorf("of 29 next tokens of the source, the model has %d right before and %d after", before, after)
	}
}

func TestUntranslatedSummariesAreLeftOut(t *testing.T) {
	all := []article{
		{crawl.Article{Summary: "a mail reader", Text: "x"}, "english", "k"},
		{crawl.Article{Summary: "a mail reader", Text: "y"}, "danish", "k"},
		{crawl.Article{Summary: "ein Mailprogramm", Text: "z"}, "german", "k"},
		{crawl.Article{Summary: "GNOME", Text: "x"}, "english", "n"},
		{crawl.Article{Summary: "GNOME", Text: "x"}, "french", "n"},
	}
	kept := usable(all)
	if len(kept) != 4 || kept[1].language != "german" || kept[3].Summary != "GNOME" {
		t.Errorf("kept %v", kept)
	}
}

func TestPreparedArticlesAreReadByTraining(t *testing.T) {
	path := filepath.Join(t.TempDir(), "articles.arrow")
	must(t, writeArticles(path, []article{{crawl.Article{ID: "1", Summary: "s", Text: "t"}, "english", ""}}, summary))
	must(t, arrowfile.Each(path, func(r *schemas.ArticleRow) error {
		if r.Language != "english" || r.Summary != "s" || r.Text != "t" {
			t.Errorf("row %s %s %s", r.Language, r.Summary, r.Text)
		}
		return nil
	}))
}
