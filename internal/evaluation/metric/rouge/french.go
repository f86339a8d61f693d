package rouge

import (
	"slices"
	"strings"
)

// The French Snowball stemmer in the form of NLTK's port: regions are not cut along with the word, and a suffix counts as
// in a region where the region holds it anywhere.

var (
	frenchVowel    = oneOf("aeiouyâàëéêèïîôûù")
	frenchStandard = strings.Fields("issements issement atrices atrice ateurs ations logies usions utions ements amment emment ances iqUes ismes ables " +
		"istes ateur ation logie usion ution ences ement euses ments ance iqUe isme able iste ence ités ives eaux euse ment eux ité ive ifs aux if")
	frenchI = strings.Fields("issaIent issantes iraIent issante issants issions irions issais issait issant issent issiez issons irais irait irent iriez " +
		"irons iront isses issez îmes îtes irai iras irez isse ies ira ît ie ir is it i")
	frenchVerb = strings.Fields("eraIent assions erions assent assiez èrent erais erait eriez erons eront aIent antes asses ions erai eras erez âmes âtes " +
		"ante ants asse ées era iez ais ait ant ée és er ez ât ai as é a")
	frenchVerbA = strings.Fields("assions assent assiez aIent antes asses âmes âtes ante ants asse ais ait ant ât ai as a")
	frenchRest  = strings.Fields("ière Ière ion ier Ier e ë")
)

func french(in string) string {
	word := frenchMarks(in)
	s := standard(string(word), frenchVowel)
	s.rv = frenchRegion(word)
	changed, verb := s.frenchStandard()
	if !changed || verb {
		changed = s.frenchVerb() || changed
	}
	if changed {
		switch back(s.word, 1) {
		case 'Y':
			s.word = chop(s.word) + "i"
		case 'ç':
			s.word = chop(s.word) + "c"
		}
	} else {
		s.frenchResidual()
	}
	if endsAny(s.word, "enn", "onn", "ett", "ell", "eill") {
		s.word = chop(s.word)
	}
	out := []rune(s.word)
	for i := len(out) - 1; i > 0; i-- {
		if frenchVowel(out[i]) {
			if i < len(out)-1 && (out[i] == 'é' || out[i] == 'è') {
				out[i] = 'e'
			}
			break
		}
	}
	return strings.NewReplacer("I", "i", "U", "u", "Y", "y").Replace(string(out))
}

// frenchMarks writes the u of qu, and u, i and y that stand as consonants, in upper case.
func frenchMarks(in string) []rune {
	word := []rune(strings.ReplaceAll(in, "qu", "qU"))
	for i := 1; i+1 < len(word); i++ {
		left, right := frenchVowel(word[i-1]), frenchVowel(word[i+1])
		switch {
		case word[i] == 'u' && left && right:
			word[i] = 'U'
		case word[i] == 'i' && left && right:
			word[i] = 'I'
		case word[i] == 'y' && (left || right):
			word[i] = 'Y'
		}
	}
	return word
}

// frenchRegion is rv: after the third letter behind par, col, tap or two vowels, else after the first vowel that is not the
// first letter.
func frenchRegion(word []rune) string {
	if len(word) < 2 {
		return ""
	}
	if endsAny(string(word[:min(3, len(word))]), "par", "col", "tap") || frenchVowel(word[0]) && frenchVowel(word[1]) {
		return string(word[min(3, len(word)):])
	}
	for i := 1; i < len(word); i++ {
		if frenchVowel(word[i]) {
			return string(word[i+1:])
		}
	}
	return ""
}

// frenchStandard is step 1. verb tells that a verb suffix may follow all the same.
func (s *regions) frenchStandard() (changed, verb bool) {
	suffix := ending(s.word, frenchStandard...)
	stem := trim(s.word, len(suffix))
	in := func(region string) bool { return strings.Contains(region, suffix) }
	switch suffix {
	case "":
		return false, false
	case "eaux":
		s.word = chop(s.word)
		return true, false
	case "euse", "euses":
		if in(s.r2) {
			s.word = stem
		} else if in(s.r1) {
			s.word = stem + "eux"
		}
		return in(s.r1) || in(s.r2), false
	case "ement", "ements":
		if in(s.rv) {
			s.word = s.frenchEment(stem)
		}
		return in(s.rv), false
	case "amment":
		if in(s.rv) {
			s.word, s.rv = stem+"ant", trim(s.rv, len(suffix))+"ant"
			return false, true
		}
		return false, false
	case "emment":
		if in(s.rv) {
			s.word = stem + "ent"
		}
		return false, true
	case "ment", "ments":
		if in(s.rv) && !strings.HasPrefix(s.rv, suffix) && frenchVowel(back(s.rv[:strings.LastIndex(s.rv, suffix)], 1)) {
			s.word, s.rv = stem, trim(s.rv, len(suffix))
		}
		return false, true
	case "aux":
		if in(s.r1) {
			s.word = stem + "al"
		}
		return in(s.r1), false
	case "issement", "issements":
		if !in(s.r1) || frenchVowel(back(stem, 1)) {
			return false, false
		}
		s.word = stem
		return true, false
	}
	if !in(s.r2) {
		return false, false
	}
	s.word = s.frenchNoun(suffix, stem)
	return true, false
}

// frenchEment is what -ement leaves.
func (s *regions) frenchEment(stem string) string {
	two, r2 := strings.HasSuffix, func(x string) bool { return strings.Contains(s.r2, x) }
	switch {
	case two(stem, "iv") && r2("iv"):
		stem = trim(stem, 2)
		if two(stem, "at") && r2("at") {
			stem = trim(stem, 2)
		}
	case two(stem, "eus"):
		if r2("eus") {
			return trim(stem, 3)
		} else if strings.Contains(s.r1, "eus") {
			return trim(stem, 1) + "x"
		}
	case endsAny(stem, "abl", "iqU"):
		if r2("abl") || r2("iqU") {
			return trim(stem, 3)
		}
	case endsAny(stem, "ièr", "Ièr"):
		if strings.Contains(s.rv, "ièr") || strings.Contains(s.rv, "Ièr") {
			return trim(stem, len("ièr")) + "i"
		}
	}
	return stem
}

// frenchNoun is what the suffixes of nouns and adjectives leave; they stand in r2.
func (s *regions) frenchNoun(suffix, stem string) string {
	r2 := func(x string) bool { return strings.Contains(s.r2, x) }
	ic := func(stem string) string {
		switch {
		case !strings.HasSuffix(stem, "ic"):
			return stem
		case r2("ic"):
			return trim(stem, 2)
		}
		return trim(stem, 2) + "iqU"
	}
	switch suffix {
	case "atrice", "ateur", "ation", "atrices", "ateurs", "ations":
		return ic(stem)
	case "logie", "logies":
		return stem + "log"
	case "usion", "ution", "usions", "utions":
		return stem + "u"
	case "ence", "ences":
		return stem + "ent"
	case "ité", "ités":
		switch {
		case strings.HasSuffix(stem, "abil") && r2("abil"):
			return trim(stem, 4)
		case strings.HasSuffix(stem, "abil"):
			return trim(stem, 2) + "l"
		case strings.HasSuffix(stem, "iv") && r2("iv"):
			return trim(stem, 2)
		}
		return ic(stem)
	case "if", "ive", "ifs", "ives":
		if strings.HasSuffix(stem, "at") && r2("at") {
			return ic(trim(stem, 2))
		}
	}
	return stem
}

// frenchVerb is steps 2a and 2b; it tells whether a suffix was removed.
func (s *regions) frenchVerb() bool {
	if suffix := ending(s.word, frenchI...); suffix != "" && strings.Contains(s.rv, suffix) && len(s.rv) > len(suffix) {
		before := s.rv[:strings.LastIndex(s.rv, suffix)]
		if before == "" {
			before = s.rv
		}
		if !frenchVowel(back(before, 1)) {
			s.word = trim(s.word, len(suffix))
			return true
		}
	}
	suffix := ending(s.rv, frenchVerb...)
	switch {
	case suffix == "":
		return false
	case suffix == "ions":
		if !strings.Contains(s.r2, suffix) {
			return false
		}
		s.word = trim(s.word, len(suffix))
	case slices.Contains(frenchVerbA, suffix):
		s.word, s.rv = trim(s.word, len(suffix)), trim(s.rv, len(suffix))
		if strings.HasSuffix(s.rv, "e") {
			s.word = chop(s.word)
		}
	default:
		s.word = trim(s.word, len(suffix))
	}
	return true
}

// frenchResidual is step 4.
func (s *regions) frenchResidual() {
	if c := back(s.word, 2); back(s.word, 1) == 's' && c != 0 && !strings.ContainsRune("aiouès", c) {
		s.word = chop(s.word)
	}
	for _, suffix := range frenchRest {
		if !strings.HasSuffix(s.word, suffix) || !strings.Contains(s.rv, suffix) {
			continue
		}
		stem := trim(s.word, len(suffix))
		switch suffix {
		case "ion":
			if c := back(s.rv, 4); strings.Contains(s.r2, suffix) && (c == 's' || c == 't') {
				s.word = stem
			}
		case "ier", "ière", "Ier", "Ière":
			s.word = stem + "i"
		case "e":
			s.word = stem
		case "ë":
			if strings.HasSuffix(stem, "gu") {
				s.word = stem
			}
		}
		break
	}
}
