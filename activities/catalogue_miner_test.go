package activities

import (
	"cmp"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/internal/artifact/store"
	"crosssum/internal/crawl"
	"crosssum/internal/crawl/catalogue"
	"crosssum/internal/testkit"
	"crosssum/schemas"

	"go.temporal.io/sdk/testsuite"
)

// miner takes crawls into a catalogue by the stages' own code; only vectors and search are stand-ins.
type miner struct {
	t     *testing.T
	a     *Activities
	root  string
	rule  string
	crash func(point string) bool // a run ends here when it says so
}

func newMiner(t *testing.T, rule string) *miner {
	s, err := store.Open(t.TempDir())
	noError(t, err)
	root := t.TempDir()
	noError(t, os.MkdirAll(filepath.Join(root, "weekly"), 0o755))
	return &miner{t, &Activities{Config{Store: s, CrawlRoots: []string{root}}}, root, rule, func(string) bool { return false }}
}

func (m *miner) scan(crawl string) schemas.Scanned {
	env := (&testsuite.WorkflowTestSuite{}).NewTestActivityEnvironment()
	registerOne(env, m.a, schemas.ScanActivity, m.a.scan)
	value, err := env.ExecuteActivity("scan", schemas.ScanInput{Crawl: crawl, Ledger: true})
	noError(m.t, err)
	var scanned schemas.Scanned
	noError(m.t, value.Get(&scanned))
	return scanned
}

// nearest publishes the neighbour lists of all articles by comparing each with each: up to 4, by cosine.
func (m *miner) nearest(articles schemas.Ref) schemas.Ref {
	units, paths, digests, err := m.a.Store.Files(articles, "articles.arrow")
	noError(m.t, err)
	ids, vectors := make([][]string, len(units)), make([][][]float64, len(units))
	for i, path := range paths {
		noError(m.t, arrowfile.Each(path, func(r *schemas.ArticleRow) error {
			ids[i], vectors[i] = append(ids[i], arrowfile.Clone(r.ID)), append(vectors[i], topicVector(r.Summary))
			return nil
		}))
	}
	lists := func(path string, i, j int) {
		var rows []schemas.NeighbourRow
		for a, v := range vectors[i] {
			type found struct {
				id    string
				score float32
			}
			var all []found
			for b, w := range vectors[j] {
				dot := 0.0
				for k := range v {
					dot += v[k] * w[k]
				}
				if i != j || a != b {
					all = append(all, found{ids[j][b], float32(dot)})
				}
			}
			slices.SortFunc(all, func(x, y found) int { return cmp.Or(cmp.Compare(y.score, x.score), cmp.Compare(x.id, y.id)) })
			for rank, f := range all[:min(4, len(all))] {
				rows = append(rows, schemas.NeighbourRow{SourceID: ids[i][a], Rank: int32(rank), TargetID: f.id, Score: f.score})
			}
		}
		noError(m.t, arrowfile.WriteRows(path, len(rows), func(i int) schemas.NeighbourRow { return rows[i] }))
	}
	var pairs []schemas.Unit
	for i, a := range units {
		for j, b := range units[i:] {
			name := a.Name + "-" + b.Name
			pairs = append(pairs, testkit.Unit(m.t, m.a.Store, "neighbours", []string{name, digests[i], digests[i+j]}, name, nil, func(dir string) {
				lists(filepath.Join(dir, "forward.arrow"), i, i+j)
				if j > 0 {
					lists(filepath.Join(dir, "backward.arrow"), i+j, i)
				}
			}))
		}
	}
	return testkit.Seal(m.t, m.a.Store, "neighbours", pairs...)
}

func (m *miner) link(articles, neighbours schemas.Ref) schemas.Ref {
	in := schemas.LinkInput{Articles: articles, Neighbours: neighbours, Rule: m.rule, DuplicateThreshold: 0.9999, Neighbour: 4,
		Threshold: map[string]float64{"margin": 1.02, "mutual": 0.99, "seed": 0.99, "induced": 0.99, "evidence": 0.9}[m.rule]}
	if m.rule == schemas.EvidenceRule {
		lexicon := finish(m.t, m.a, define(schemas.Lexicon, openLexicon), schemas.LexiconInput{Articles: articles})
		evidence := finish(m.t, m.a, define(schemas.Evidence, openEvidence), schemas.EvidenceInput{Lexicon: lexicon, Embeddings: m.embed(articles),
			Neighbours: neighbours, Neighbour: 4, BlockRows: 7, DuplicateThreshold: 0.9999})
		in.Evidence = &evidence
		in.Model = &schemas.EvidenceModel{Bias: -1, Weights: map[string]float64{"margin": 30, "token_margin": 8, "agreement": 5},
			Cuts: []schemas.Cut{{Precision: 0.9, Probability: 0.3}}}
	}
	return finish(m.t, m.a, define(schemas.Link, openLink), in)
}

// embed publishes the vectors that nearest compares.
func (m *miner) embed(articles schemas.Ref) schemas.Ref {
	units, paths, digests, err := m.a.Store.Files(articles, "articles.arrow")
	noError(m.t, err)
	var out []schemas.Unit
	for i, u := range units {
		out = append(out, testkit.Unit(m.t, m.a.Store, "embed", []string{u.Name, digests[i]}, u.Name, nil, func(dir string) {
			w, err := arrowfile.CreateVectors[schemas.EmbeddingRow](filepath.Join(dir, "embeddings.arrow"), len(topicVector("")), nil)
			noError(m.t, err)
			noError(m.t, arrowfile.Each(paths[i], func(r *schemas.ArticleRow) error {
				var vector []float32
				for _, x := range topicVector(r.Summary) {
					vector = append(vector, float32(x))
				}
				return w.Append(schemas.EmbeddingRow{Language: u.Name, ID: r.ID, TextDigest: r.Summary, Embedding: vector})
			}))
			noError(m.t, w.Close())
		}))
	}
	return testkit.Seal(m.t, m.a.Store, "embed", out...)
}

// run takes at most so many of the crawls that wait, as Realign does, and says how many. It may crash, or lose a race.
func (m *miner) run(most int) (taken int) {
	for taken < most {
		entries, err := catalogue.History(m.a.Store, "news")
		noError(m.t, err)
		names, _, err := crawl.Crawls(m.a.CrawlRoots, "weekly")
		noError(m.t, err)
		var next *schemas.Scanned
		for _, name := range names {
			if scanned := m.scan(name); catalogue.Contains(entries, scanned.Digest) == 0 {
				next = &scanned
				break
			}
		}
		if next == nil {
			return taken
		}
		entry := schemas.Catalogue{Name: "news", Number: 1, Crawl: next.Crawl, Digest: next.Digest, Mode: next.Mode, Counts: map[string]int64{}}
		ingested := finish(m.t, m.a, define(schemas.Ingest, openIngest), schemas.IngestInput{Scanned: *next, Params: lenient, Tolerant: true})
		merge := schemas.MergeInput{Ingested: ingested, Mode: next.Mode}
		split := schemas.SplitInput{Params: schemas.Demo().Split, Seed: 1}
		if n := len(entries); n > 0 {
			merge.Previous, split.Earlier = &entries[n-1].Articles, &entries[n-1].Splits
			entry.Number, entry.Previous = n+1, entries[n-1].Object
		}
		if m.crash("ingested") {
			return taken
		}
		entry.Articles = finish(m.t, m.a, define(schemas.Merge, openMerge), merge)
		entry.Neighbours = m.nearest(entry.Articles)
		if m.crash("searched") {
			return taken
		}
		entry.Links = m.link(entry.Articles, entry.Neighbours)
		split.Articles, split.Links = entry.Articles, entry.Links
		entry.Splits = finish(m.t, m.a, define(schemas.SplitDedup, openSplit), split)
		if m.crash("split") {
			return taken
		}
		for name, n := range ingested.Counts {
			entry.Counts[name] = n
		}
		if c, got := entry.Articles.Counts, ingested.Counts; got["read"] != got["accepted"]+got["rejected"]+got["deleted"] ||
			got["accepted"] != c["new"]+c["edited"]+c["unchanged"] {
			m.t.Errorf("crawl %s: read %v, merged %v", next.Crawl, got, c)
		}
		_, mine, err := catalogue.Take(m.a.Store, entry)
		if noError(m.t, err); mine {
			taken++
		}
		if m.crash("taken") {
			return taken
		}
	}
	return taken
}

func (m *miner) history() []schemas.Entry {
	entries, err := catalogue.History(m.a.Store, "news")
	noError(m.t, err)
	return entries
}
