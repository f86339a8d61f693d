package train

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"sort"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/internal/model/starts"
	"crosssum/schemas"
)

// heldOut is a sample that the training is validated on.
type heldOut struct {
	hash          [sha256.Size]byte // of the seed and what names the sample: the order in which samples are drawn
	from, to      string            // languages
	fromID, toID  string            // articles; none where the sample is a row of a data set's folder
	text, summary string
	group         string // of the target language
	sequence
}

// Groups of target languages, by their training samples: as pairs of languages are classed in the report.
var groups = []string{"low", "mid", "high"}

func groupOf(samples int) string {
	bounds := schemas.Paper().Report
	switch {
	case samples < bounds.LowBelow:
		return "low"
	case samples < bounds.MidBelow:
		return "mid"
	}
	return "high"
}

// draw keeps those with the smallest hashes.
type draw struct {
	limit  int
	seed   uint64
	wanted func(source, target string) bool
	list   []heldOut
}

// offer adds a sample, which parts name.
func (d *draw) offer(h heldOut, parts ...string) {
	sum := sha256.New()
	fmt.Fprint(sum, d.seed)
	for _, part := range parts {
		fmt.Fprintf(sum, "\x00%d %s", len(part), part)
	}
	sum.Sum(h.hash[:0])
	if d.list = append(d.list, h); len(d.list) > 2*d.limit+1000 {
		d.cut()
	}
}

func (d *draw) cut() []heldOut {
	sort.Slice(d.list, func(i, j int) bool { return bytes.Compare(d.list[i].hash[:], d.list[j].hash[:]) < 0 })
	d.list = d.list[:min(len(d.list), d.limit)]
	return d.list
}

// holdOut draws the samples of split val that the training is validated on, of the pairs that it trains on. Where there is none it
// says so, and refuses parameters that need validation.
func (in *inputs) holdOut(languages starts.Tokens, out *outputs) error {
	p := in.request.Params
	if p.ValidateEvery == 0 {
		return nil
	}
	samples := map[string]int{} // training samples, by target language
	pairs := map[[2]string]bool{}
	for _, pair := range in.feed.pairs() {
		pairs[[2]string{pair.Source, pair.Target}] = true
		samples[pair.Target] += pair.Samples
	}
	d := &draw{limit: p.ValidationSamples, seed: in.request.Seed, wanted: func(source, target string) bool { return pairs[[2]string{source, target}] }}
	var err error
	switch {
	case in.request.Samples != nil:
		err = d.articles(in.request.Samples.File, in.request.Samples.Articles)
	case in.request.Dataset != "":
		err = d.folder(in.request.Dataset)
	}
	if err != nil {
		return err
	}
	if len(d.list) == 0 {
		if p.Output == "best" || p.Patience > 0 {
			return invalid("output %q and patience %d need validation, and no sample of split \"val\" is of a pair that is trained on: "+
				"raise the share of val: %s; or set output to \"last\" and patience to 0: %s", p.Output, p.Patience, schemas.Shares(), schemas.Give("train.output", "last"))
		}
		if in.request.Batches == "" {
			out.note("not validated: no sample of split \"val\" is of a pair that is trained on")
		}
		return nil
	}
	in.held = d.cut()
	for i := range in.held {
		h := &in.held[i]
		h.group, h.start = groupOf(samples[h.to]), languages[h.to].ID
		if h.source, err = in.tokenizer.Source(h.text, p.SourceTokens); err != nil {
			return err
		}
		if h.label, _, err = in.tokenizer.Label(h.summary, p.TargetTokens); err != nil {
			return err
		}
		h.text = ""
	}
	return nil
}

// articles draws from the samples of a run, whose texts stand in article files.
func (d *draw) articles(samples string, articles []string) error {
	err := arrowfile.Each(samples, func(r *schemas.SampleRow) error {
		if r.Split == "val" && d.wanted(r.SourceLanguage, r.TargetLanguage) {
			s := arrowfile.Clone
			d.offer(heldOut{from: s(r.SourceLanguage), fromID: s(r.SourceID), to: s(r.TargetLanguage), toID: s(r.TargetID)},
				r.SourceLanguage, r.SourceID, r.TargetLanguage, r.TargetID)
		}
		return nil
	})
	if err != nil {
		return err
	}
	texts, summaries := map[articleKey]string{}, map[articleKey]string{}
	for _, h := range d.cut() {
		texts[articleKey{h.from, h.fromID}], summaries[articleKey{h.to, h.toID}] = "", ""
	}
	for _, path := range articles {
		err := arrowfile.Each(path, func(r *schemas.ArticleRow) error {
			key := articleKey{r.Language, r.ID}
			if _, ok := texts[key]; ok {
				texts[articleKey{arrowfile.Clone(key.language), arrowfile.Clone(key.id)}] = arrowfile.Clone(r.Text)
			}
			if _, ok := summaries[key]; ok {
				summaries[articleKey{arrowfile.Clone(key.language), arrowfile.Clone(key.id)}] = arrowfile.Clone(r.Summary)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	for i := range d.list {
		h := &d.list[i]
		h.text, h.summary = texts[articleKey{h.from, h.fromID}], summaries[articleKey{h.to, h.toID}]
		if h.text == "" || h.summary == "" {
			return invalid("%s: of the sample of split \"val\" from %s/%s to %s/%s an article is in no article file: samples and articles come "+
				"from different runs", samples, h.from, h.fromID, h.to, h.toID)
		}
	}
	return nil
}

// folder draws from the validation files of a data set.
func (d *draw) folder(dir string) error {
	files, err := splitFiles(dir, "val")
	if err != nil {
		return err
	}
	files = slices.DeleteFunc(files, func(f pairFile) bool { return !d.wanted(f.source, f.target) })
	return eachRow(files, func(f pairFile, r row) error {
		text, failed := r.text.text()
		summary, err := r.summary.text()
		if err = errors.Join(failed, err); err == nil {
			d.offer(heldOut{from: f.source, to: f.target, text: text, summary: summary}, f.source, f.target, text, summary)
		}
		return err
	})
}
