package filetools

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/internal/cli"
	"crosssum/internal/engine"
	"crosssum/internal/mining/link"
	"crosssum/internal/mining/search"
	"crosssum/schemas"
)

// align prints the pairs that a rule accepts between two files of embeddings.
func align(args []string) error {
	var o alignment
	set := cli.New("align", "align --source A.arrow --target B.arrow --rule RULE --threshold T [--k 4] [--output F.tsv]",
		"Finds the nearest neighbours between two Arrow files, exactly and in both directions, and writes the pairs that a rule accepts,\n"+
			"tab-separated under the header `source_row target_row score`: rows count from 0, score is the cosine. A and B have a column\n"+
			"`embedding` (fixed-size list of float32), as ./crosssum encode writes it; further columns are not looked at.\n\n"+
			"Rules, and what T is compared with:\n"+
			"  mutual   each is the other's nearest; the cosine\n"+
			"  seed     one is the other's nearest, in either direction; the cosine\n"+
			"  induced  mutual, and mutual ones down to 0.10 lower within a connected component of at most 50; the cosine\n"+
			"  margin   each is the other's best by margin; the margin: cosine / mean cosine of both sides' k nearest\n"+
			"Thresholds are inclusive and belong to the encoder; ties go to the smaller row.",
		"./crosssum align --source english.arrow --target german.arrow --rule margin --threshold 1.023 > pairs.tsv", nil)
	set.StringVar(&o.source, "source", "", "Arrow file")
	set.StringVar(&o.target, "target", "", "Arrow file")
	set.StringVar(&o.rule, "rule", "", "mutual, seed, induced or margin")
	set.Float64Var(&o.threshold, "threshold", 0, "smallest cosine (margin: smallest margin) of a pair, itself included")
	set.IntVar(&o.k, "k", 4, "neighbours of the margin")
	output := set.String("output", "", "file to write (default: the standard output)")
	if err := cli.Parse(set, args, "source", "target", "rule", "threshold"); err != nil {
		return err
	}
	if o.rule == schemas.EvidenceRule {
		return errors.New("--rule evidence reads texts, and here are vectors alone: take mutual, seed, induced or margin")
	}
	if o.rule == "agreement" {
		return errors.New("--rule agreement asks other languages, and here are two: take mutual, seed, induced or margin")
	}
	if !slices.Contains(alignRules, o.rule) {
		return fmt.Errorf("--rule %.40q: %s", o.rule, schemas.Instead(o.rule, alignRules))
	}
	params := schemas.AlignParams{Rule: o.rule, Threshold: &o.threshold, Neighbours: o.k, Keep: o.k, BlockRows: schemas.Paper().Align.BlockRows}
	if err := params.Check(); err != nil {
		return errors.New(strings.NewReplacer("align.threshold:", "--threshold:", "align.neighbours:", "--k:", "align.keep:", "--k:").Replace(err.Error()))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	report, end := progress("align")
	defer end()
	dir, err := os.MkdirTemp("", "crosssum-align-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	o.dir = dir
	if err := o.run(ctx, report); err != nil {
		return err
	}
	if *output == "" {
		return o.print(os.Stdout)
	}
	return making(*output, func(path string) error {
		file, err := os.Create(path)
		if err != nil {
			return err
		}
		defer file.Close()
		return o.print(file)
	})
}

// alignRules are those that ask nothing of other languages.
var alignRules = []string{"mutual", "seed", "induced", "margin"}

// alignment lays the two files out as two languages, "source" and "target", whose articles have row numbers as ids, and lets
// search and link do what they do in a run.
type alignment struct {
	source, target, rule string
	threshold            float64
	k                    int
	dir                  string
}

func (o *alignment) path(name string) string { return filepath.Join(o.dir, name) }

func (o *alignment) run(ctx context.Context, report engine.Report) error {
	var width [2]int
	for i, side := range [][2]string{{"source", o.source}, {"target", o.target}} {
		var err error
		if width[i], err = o.lay(side[0], side[1], report); err != nil {
			return err
		}
	}
	if width[0] != width[1] {
		return fmt.Errorf("%s has vectors of %d values, %s of %d: encode both with one model", o.source, width[0], o.target, width[1])
	}
	_, err := search.Run(ctx, engine.SearchRequest{Source: o.path("source.arrow"), Target: o.path("target.arrow"), Keep: o.k,
		BlockRows: schemas.Paper().Align.BlockRows, Forward: o.path("forward.arrow"), Backward: o.path("backward.arrow")}, report)
	if err != nil {
		return err
	}
	_, err = link.Run(link.Input{Languages: []string{"source", "target"}, Articles: []string{o.path("source.articles"), o.path("target.articles")},
		Lists: []link.Lists{{A: "source", B: "target", Forward: o.path("forward.arrow"), Backward: o.path("backward.arrow")}},
		Rule:  o.rule, Threshold: o.threshold, DuplicateThreshold: 2, K: o.k}, o.dir, func(int, int) {})
	return err
}

// lay copies the vectors of a user's file, checks each, and numbers the rows.
func (o *alignment) lay(language, path string, report engine.Report) (width int, err error) {
	width, err = arrowfile.Dimension(path, "embedding")
	if err != nil {
		return 0, err
	}
	vectors, err := arrowfile.CreateVectors[schemas.EmbeddingRow](o.path(language+".arrow"), width, nil)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, vectors.Close()) }()
	articles, err := arrowfile.Create[schemas.ArticleRow](o.path(language + ".articles"))
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, articles.Close()) }()
	type line struct {
		Embedding []float32 `arrow:"embedding"`
	}
	row := 0
	err = arrowfile.Pick(path, func(l *line) error {
		vector, err := unit(l.Embedding)
		if err != nil {
			return fmt.Errorf("%s: row %d: %w", path, row, err)
		}
		id := fmt.Sprintf("%010d", row)
		if row++; row%4096 == 0 {
			report(schemas.Progress{Done: int64(row), Of: "rows read"})
		}
		return errors.Join(vectors.Append(schemas.EmbeddingRow{Language: language, ID: id, Embedding: vector}),
			articles.Append(schemas.ArticleRow{Language: language, ID: id}))
	}, "embedding")
	return width, err
}

// unit is v at length 1, so that a product is a cosine; a vector that has it already keeps its bits, and so does zero, which a
// StaticEmbedding gives a text without a known token.
func unit(v []float32) ([]float32, error) {
	sum := 0.0
	for _, x := range v {
		sum += float64(x) * float64(x)
	}
	switch length := math.Sqrt(sum); {
	case math.IsNaN(sum) || math.IsInf(sum, 0):
		return nil, fmt.Errorf("the vector holds NaN or infinity")
	case sum == 0 || math.Abs(length-1) < 1e-4:
		return v, nil
	default:
		out := make([]float32, len(v))
		for i, x := range v {
			out[i] = float32(float64(x) / length)
		}
		return out, nil
	}
}

// print writes the accepted pairs in row order.
func (o *alignment) print(w io.Writer) error {
	out := bufio.NewWriter(w)
	out.WriteString("source_row\ttarget_row\tscore\n")
	err := arrowfile.Each(o.path("pairs.arrow"), func(r *schemas.PairRow) error {
		_, err := fmt.Fprintf(out, "%s\t%s\t%s\n", number(r.SourceID), number(r.TargetID), strconv.FormatFloat(float64(r.Score), 'g', -1, 32))
		return err
	})
	return cmp.Or(err, out.Flush())
}

// number is an id without its leading zeros.
func number(id string) string { return cmp.Or(strings.TrimLeft(id, "0"), "0") }
