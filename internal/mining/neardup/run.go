package neardup

import (
	"path/filepath"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/internal/fault"
	"crosssum/schemas"
)

// Run compares the texts of a language's articles (schemas.ArticleRow) and writes texts.arrow (schemas.TextDigestRow) and near.arrow
// (schemas.DuplicateRow, whose score is the Jaccard similarity) into dir. threshold is the similarity from which two texts are near.
// Of equal texts the first one alone is compared. Counts: articles, equal (texts that an article before has), near (pairs), crowded
// (texts near so many that not all were compared). progress is called with the number of articles read and bands compared.
func Run(articles string, threshold float64, dir string, progress func(articles, bands int)) (map[string]int64, error) {
	params := schemas.Paper().Split
	if params.NearText = threshold; params.Check() != nil {
		return nil, fault.Of(schemas.InvalidInput, params.Check())
	}
	f := finder{threshold: threshold}
	var language string
	var ids []string
	var digests, summaries []Digest
	known := map[Digest]bool{}
	err := arrowfile.Each(articles, func(row *schemas.ArticleRow) error {
		normalized := Normalize(row.Text)
		shingles, digest := Shingles(normalized), DigestOf(normalized)
		f.texts = append(f.texts, text{signature: Sign(shingles), shingles: int32(len(shingles)), first: !known[digest]})
		known[digest], language = true, arrowfile.Clone(row.Language)
		ids, digests, summaries = append(ids, arrowfile.Clone(row.ID)), append(digests, digest), append(summaries, DigestOf(Normalize(row.Summary)))
		if len(ids)%256 == 0 {
			progress(len(ids), 0)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	clear(known)
	f.sets = func(wanted []int32, use func(int32, []uint64)) error {
		n := int32(-1)
		return arrowfile.Pick(articles, func(row *struct {
			Text string `arrow:"text"`
		}) error {
			if n++; len(wanted) > 0 && wanted[0] == n {
				wanted = wanted[1:]
				use(n, Shingles(Normalize(row.Text)))
			}
			return nil
		}, "text")
	}
	if err := f.find(func(band int) { progress(len(ids), band) }); err != nil {
		return nil, err
	}
	counts := map[string]int64{"articles": int64(len(ids)), "equal": 0, "near": int64(len(f.near)), "crowded": 0}
	for _, t := range f.texts {
		if !t.first {
			counts["equal"]++
		}
		if t.crowded {
			counts["crowded"]++
		}
	}
	err = arrowfile.WriteRows(filepath.Join(dir, "texts.arrow"), len(ids), func(i int) schemas.TextDigestRow {
		return schemas.TextDigestRow{ID: ids[i], Text: digests[i].String(), Summary: summaries[i].String(),
			Signature: f.texts[i].signature.Pack(), Crowded: f.texts[i].crowded}
	})
	if err != nil {
		return nil, err
	}
	return counts, arrowfile.WriteRows(filepath.Join(dir, "near.arrow"), len(f.near), func(i int) schemas.DuplicateRow {
		n := f.near[i]
		return schemas.DuplicateRow{Language: language, SourceID: ids[n.A], TargetID: ids[n.B], Score: n.Jaccard}
	})
}
