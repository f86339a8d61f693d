package rouge

import (
	"strings"
	"unicode/utf8"
)

// english is the Snowball English stemmer in the form of NLTK's port, whose regions are strings of their own. Words
// come cleaned, so that the steps for apostrophes have nothing to do.
func english(in string) string {
	if stem, ok := englishSpecial[in]; ok {
		return stem
	}
	word := []rune(in)
	consonantY(word, englishVowel)
	s := standard(string(word), englishVowel)
	for _, prefix := range []string{"gener", "arsen", "commun"} {
		if rest, ok := strings.CutPrefix(s.word, prefix); ok {
			s.r1, s.r2 = rest, regionAfter(rest, englishVowel)
		}
	}
	s.englishPlural()
	s.englishPast()
	if endsAny(s.word, "y", "Y") && utf8.RuneCountInString(s.word) > 2 && !englishVowel(back(s.word, 2)) {
		s.replace(1, "i")
	}
	s.englishDouble()
	s.englishSingle()
	s.englishResidual()
	s.englishE()
	return strings.ReplaceAll(s.word, "Y", "y")
}

var englishVowel = oneOf("aeiouy")

var englishSpecial = map[string]string{
	"skis": "ski", "skies": "sky", "dying": "die", "lying": "lie", "tying": "tie", "idly": "idl", "gently": "gentl",
	"ugly": "ugli", "early": "earli", "only": "onli", "singly": "singl", "news": "news", "howe": "howe",
	"atlas": "atlas", "cosmos": "cosmos", "bias": "bias", "andes": "andes", "inning": "inning", "innings": "inning",
	"outing": "outing", "outings": "outing", "canning": "canning", "cannings": "canning", "herring": "herring",
	"herrings": "herring", "earring": "earring", "earrings": "earring", "proceed": "proceed", "proceeds": "proceed",
	"proceeded": "proceed", "proceeding": "proceed", "exceed": "exceed", "exceeds": "exceed", "exceeded": "exceed",
	"exceeding": "exceed", "succeed": "succeed", "succeeds": "succeed", "succeeded": "succeed", "succeeding": "succeed",
}

// englishPlural is step 1a.
func (s *regions) englishPlural() {
	switch suffix := ending(s.word, "sses", "ied", "ies", "us", "ss", "s"); suffix {
	case "sses":
		s.cut(2)
	case "ied", "ies":
		if utf8.RuneCountInString(s.word) > 4 {
			s.cut(2)
		} else {
			s.cut(1)
		}
	case "s":
		if strings.ContainsFunc(chop(chop(s.word)), englishVowel) {
			s.cut(1)
		}
	}
}

// englishPast is step 1b.
func (s *regions) englishPast() {
	suffix := ending(s.word, "eedly", "ingly", "edly", "eed", "ing", "ed")
	switch {
	case suffix == "":
		return
	case suffix == "eed" || suffix == "eedly":
		if strings.HasSuffix(s.r1, suffix) {
			s.replace(len(suffix), "ee")
		}
		return
	case !strings.ContainsFunc(trim(s.word, len(suffix)), englishVowel):
		return
	}
	s.cut(len(suffix))
	n := utf8.RuneCountInString(s.word)
	switch {
	case endsAny(s.word, "at", "bl", "iz"):
		s.word, s.r1 = s.word+"e", s.r1+"e"
		if n >= 5 || utf8.RuneCountInString(s.r1) >= 3 {
			s.r2 += "e"
		}
	case endsAny(s.word, "bb", "dd", "ff", "gg", "mm", "nn", "pp", "rr", "tt"):
		s.cut(1)
	case s.r1 == "" && (n >= 3 && shortSyllable(s.word) || n == 2 && englishVowel(back(s.word, 2)) && !englishVowel(back(s.word, 1))):
		s.word += "e"
		if s.r2 != "" {
			s.r2 += "e"
		}
	}
}

// shortSyllable: consonant, vowel, consonant other than w, x, Y at the end.
func shortSyllable(word string) bool {
	return !strings.ContainsRune("aeiouywxY", back(word, 1)) && englishVowel(back(word, 2)) && !englishVowel(back(word, 3))
}

// englishDouble is step 2: double suffixes become single ones.
func (s *regions) englishDouble() {
	suffix := ending(s.word, "ization", "ational", "fulness", "ousness", "iveness", "tional", "biliti", "lessli",
		"entli", "ation", "alism", "aliti", "ousli", "iviti", "fulli", "enci", "anci", "abli", "izer", "ator", "alli",
		"bli", "ogi", "li")
	if suffix == "" || !strings.HasSuffix(s.r1, suffix) {
		return
	}
	short := len(s.r2) < len(suffix)
	n := len(suffix)
	switch suffix {
	case "tional", "entli", "fulli", "lessli":
		s.cut(2)
	case "fulness":
		s.cut(4)
	case "enci", "anci", "abli":
		s.replace(1, "e")
	case "izer", "ization":
		s.replace(n, "ize")
	case "alism", "aliti", "alli":
		s.replace(n, "al")
	case "ousli", "ousness":
		s.replace(n, "ous")
	case "biliti", "bli":
		s.replace(n, "ble")
	case "ational", "ation", "ator":
		s.replace(n, "ate")
		if short {
			s.r2 = "e"
		}
	case "iveness", "iviti":
		s.replace(n, "ive")
		if short {
			s.r2 = "e"
		}
	case "ogi":
		if back(s.word, 4) == 'l' {
			s.cut(1)
		}
	case "li":
		if c := back(s.word, 3); c != 0 && oneOf("cdeghkmnrt")(c) {
			s.cut(2)
		}
	}
}

// englishSingle is step 3.
func (s *regions) englishSingle() {
	suffix := ending(s.word, "ational", "tional", "alize", "icate", "iciti", "ative", "ical", "ness", "ful")
	if suffix == "" || !strings.HasSuffix(s.r1, suffix) {
		return
	}
	switch suffix {
	case "tional":
		s.cut(2)
	case "ational":
		s.replace(7, "ate")
	case "alize":
		s.cut(3)
	case "icate", "iciti", "ical":
		s.replace(len(suffix), "ic")
	case "ful", "ness":
		s.cut(len(suffix))
	case "ative":
		if strings.HasSuffix(s.r2, suffix) {
			s.cut(5)
		}
	}
}

// englishResidual is step 4.
func (s *regions) englishResidual() {
	suffix := ending(s.word, "ement", "ance", "ence", "able", "ible", "ment", "ant", "ent", "ism", "ate", "iti",
		"ous", "ive", "ize", "ion", "al", "er", "ic")
	if suffix == "" || !strings.HasSuffix(s.r2, suffix) {
		return
	}
	if c := back(s.word, 4); suffix == "ion" && c != 's' && c != 't' {
		return
	}
	s.cut(len(suffix))
}

// englishE is step 5.
func (s *regions) englishE() {
	switch {
	case strings.HasSuffix(s.r2, "l") && back(s.word, 2) == 'l', strings.HasSuffix(s.r2, "e"):
		s.word = chop(s.word)
	case strings.HasSuffix(s.r1, "e") && utf8.RuneCountInString(s.word) >= 4 && !shortSyllable(chop(s.word)):
		s.word = chop(s.word)
	}
}
