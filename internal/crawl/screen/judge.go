// Package screen decides which summaries are not in the language of their file, keeps, sets aside or moves their articles,
// and counts what else a crawl has that alignment stumbles over: templates, siblings and mojibake.
package screen

import (
	"slices"

	"crosssum/schemas"
)

// Verdict is what is known of one summary.
type Verdict struct {
	Own         string  // the classifier's label of the file's language; "" when it does not know it
	Label       string  // the classifier's first label
	Probability float64 // of Label
	Wanted      float64 // of Own; -1 when the classifier does not know it
	Letters     int     // of the summary, see schemas.ClassifiedRow
	Original    bool    // the very summary stands in a file of Label's language too
}

// OK is false for a summary that is not in its file's language. Classifiers are unsure of short technical texts ("Qt
// component for KDE" has no language) and mistake languages for their relatives, so a label alone says little. There
// are two kinds of proof. A long text whose own language is all but ruled out; and a text that stands, letter by letter,
// in the file of the language that the classifier names: an original that nobody translated. Related languages share
// short texts rightly, so between them only the first counts.
func OK(v Verdict, p schemas.ScreenParams) bool {
	if v.Own == "" || v.Wanted < 0 || v.Label == "" || v.Label == v.Own {
		return true
	}
	if v.Letters >= p.Letters && v.Probability >= p.Probability && v.Wanted <= p.OwnAtMost {
		return false
	}
	return !(v.Original && v.Letters >= p.OriginalLetters && v.Probability >= p.OriginalProbability &&
		v.Wanted*8 <= v.Probability && !related(v.Own, v.Label))
}

// relatives are languages, by the classifier's labels, in which short texts are often spelled alike.
var relatives = [][]string{
	{"an", "ast", "ca", "es", "fr", "gl", "ia", "ie", "it", "la", "oc", "pt", "ro"},
	{"en", "ia", "ie", "sco"},
	{"da", "nn", "no", "sv"},
	{"cs", "sk"},
	{"bs", "hr", "sh", "sl", "sr"},
	{"be", "bg", "mk", "ru", "rue", "sr", "uk"},
	{"als", "bar", "de", "lb", "nds"},
	{"af", "fy", "li", "nl", "vls"},
	{"id", "jv", "ms", "su"},
	{"bh", "gom", "hi", "mai", "mr", "ne", "sa"},
	{"as", "bn", "bpy"},
	{"ja", "wuu", "yue", "zh"},
	{"az", "tk", "tr"},
	{"ba", "kk", "ky", "tt"},
	{"fa", "mzn", "ps", "tg"},
	{"arz", "ar"},
}

func related(a, b string) bool {
	return slices.ContainsFunc(relatives, func(family []string) bool { return slices.Contains(family, a) && slices.Contains(family, b) })
}
