// Package screen decides which summaries are not in the language of their file, keeps, sets aside or moves their articles,
// and counts what else a crawl has that alignment stumbles over: templates, siblings, mojibake and Zawgyi.
package screen

import (
	"slices"

	"crosssum/schemas"
)

// Verdict is what is known of one summary.
type Verdict struct {
	Home         Home    // of its file
	Label        string  // the classifier's first label
	Probability  float64 // of Label
	Wanted       float64 // of Home's label; -1 when the classifier does not know it
	Letters      int     // of the summary, see schemas.ClassifiedRow
	Script       string  // that most of them are in
	OtherLetters int     // those in other scripts
	SmallWords   int     // words that begin with a small letter, which few names have
	Original     bool    // the very summary stands in a file of Label's language too
}

// OK is whether a summary is in its file's language: false where it is proved not to be; nil where nothing can be known, because
// the classifier does not know the language, or there is no letter; else true.
func OK(v Verdict, p schemas.ScreenParams) *bool {
	misplaced := Misplaced(v, p)
	if !misplaced && (v.unknown() || v.Letters == 0) {
		return nil
	}
	ok := !misplaced
	return &ok
}

// Misplaced is a summary that is proved not to be in its file's language.
func Misplaced(v Verdict, p schemas.ScreenParams) bool { return v.otherScript(p) || v.otherLanguage(p) }

func (v Verdict) unknown() bool { return v.Home.Label == "" || v.Wanted < 0 }

// otherLanguage goes by the classifier. Classifiers are unsure of short technical texts ("Qt component for KDE" has no language)
// and mistake languages for their relatives, so a label alone says little. There are two kinds of proof. A long text whose own
// language is all but ruled out; and a text that stands, letter by letter, in the file of the language that the classifier
// names: an original that nobody translated. Related languages share short texts rightly, so between them only the first counts.
// A language that the classifier does not know is ruled out where it is sure of another that is no relative: of texts in such
// languages it gives relatives .9 and more, and others at most .81 (English, for Nigerian Pidgin).
func (v Verdict) otherLanguage(p schemas.ScreenParams) bool {
	own, unknown := v.Home.Label, v.unknown()
	if unknown {
		own = v.Home.Code
	}
	if v.Label == "" || v.Label == own {
		return false
	}
	kin := related(own, v.Label)
	if v.Letters >= p.Letters && v.Probability >= p.Probability && (unknown && !kin || !unknown && v.Wanted <= p.OwnAtMost) {
		return true
	}
	return v.Original && v.Letters >= p.OriginalLetters && v.Probability >= p.OriginalProbability &&
		(unknown || v.Wanted*8 <= v.Probability) && !kin
}

// otherScript goes by what the text is written in. Where the table of languages has the language in that script as another row
// (Serbian, Chinese), most letters tell; else nearly all must be in the script. Latin is special: names and commands are Latin
// everywhere, so a Latin text must be long, or more than a name and, to the classifier, the language itself in its other script. For
// Serbian in Latin letters it as soon says Croatian. Of 65 such summaries of software that finds 55, and 4 of 8,162 in English,
// German, Danish, French and Italian.
func (v Verdict) otherScript(p schemas.ScreenParams) bool {
	if v.Letters-v.OtherLetters < p.OriginalLetters || v.Home.writes(v.Script) {
		return false
	}
	purely, elsewhere := v.OtherLetters*10 <= v.Letters, slices.Contains(v.Home.elsewhere, v.Script)
	if v.Script != "Latn" {
		return purely || elsewhere
	}
	return purely && (v.Letters >= p.Letters || elsewhere && v.SmallWords > 0 && v.itself())
}

// itself tells whether the classifier takes a text for the language of its file, or for a relative that is written in its script.
func (v Verdict) itself() bool {
	return v.Home.Label != "" && (v.Label == v.Home.Label || related(v.Home.Label, v.Label) && isWritten(v.Label, v.Script))
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
	{"am", "ti"},
	{"rn", "rw"},
	{"nr", "ss", "xh", "zu"},
	{"om", "so"},
}

func related(a, b string) bool {
	return slices.ContainsFunc(relatives, func(family []string) bool { return slices.Contains(family, a) && slices.Contains(family, b) })
}
