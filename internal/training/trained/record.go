// Package trained is the record of what a model was trained on, which lies beside its files: schemas.TrainedOnRow.
package trained

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/schemas"
)

// Row is an article, or, without an ID, a text or a summary, of a language that may be unknown: "".
type Row schemas.TrainedOnRow

// textDigits is the length of Text; the file has the texts of a language one behind the other, textsTogether a row.
const textDigits, textsTogether = 16, 1 << 16

// Text is the content of a text or a summary alone: the first 16 hex digits of its SHA-256.
func Text(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:textDigits/2])
}

// Read calls do with every row of the record at path. What a row holds is valid until the next one.
func Read(path string, do func(Row)) error {
	return arrowfile.Each(path, func(r *schemas.TrainedOnRow) error {
		row := Row(*r)
		if row.ID != "" {
			do(row)
			return nil
		}
		if len(row.Content)%textDigits != 0 {
			return fmt.Errorf("%s: %d characters are no list of digests of %d", path, len(row.Content), textDigits)
		}
		for texts := row.Content; texts != ""; texts = texts[textDigits:] {
			do(Row{row.Language, "", texts[:textDigits]})
		}
		return nil
	})
}

// Clone copies what is to be kept of a row of Read.
func (r Row) Clone() Row {
	return Row{arrowfile.Clone(r.Language), arrowfile.Clone(r.ID), arrowfile.Clone(r.Content)}
}

// Write sorts the rows and writes each once.
func Write(path string, rows []Row) error {
	slices.SortFunc(rows, func(a, b Row) int {
		return cmp.Or(strings.Compare(a.Language, b.Language), strings.Compare(a.ID, b.ID), strings.Compare(a.Content, b.Content))
	})
	rows = slices.Compact(rows)
	var packed []Row
	for len(rows) > 0 {
		row, n := rows[0], 1
		if row.ID == "" {
			texts := strings.Builder{}
			for n = 0; n < min(len(rows), textsTogether) && rows[n].ID == "" && rows[n].Language == row.Language; n++ {
				texts.WriteString(rows[n].Content)
			}
			row.Content = texts.String()
		}
		packed, rows = append(packed, row), rows[n:]
	}
	return arrowfile.WriteRows(path, len(packed), func(i int) schemas.TrainedOnRow { return schemas.TrainedOnRow(packed[i]) })
}

// Article is the row of a row of schemas.ArticleRow.
func Article(r *schemas.ArticleRow) Row {
	return Row{Language: r.Language, ID: r.ID, Content: r.Digest}.Clone()
}

// Contents are all that a record may have in place of an article's name: rows without an ID.
func Contents(r *schemas.ArticleRow) []Row {
	a, text, summary := Article(r), Text(r.Text), Text(r.Summary)
	return []Row{{a.Language, "", a.Content}, {a.Language, "", text}, {a.Language, "", summary}, {"", "", text}}
}
