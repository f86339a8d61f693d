package rouge

import "strings"

// The Spanish, Italian and Portuguese Snowball stemmers in the form of NLTK's port.

var (
	spanishVowel    = oneOf("aeiouáéíóúü")
	italianVowel    = oneOf("aeiouàèìòù")
	portugueseVowel = oneOf("aeiouáéíóúâêô")

	spanishPronouns = strings.Fields("selas selos sela selo las les los nos me se la le lo")
	spanishStandard = strings.Fields("amientos imientos amiento imiento acion aciones uciones ucion adoras adores ancias logías encias amente idades " +
		"anzas ismos ables ibles istas adora ación antes ancia logía ución encia mente anza icos icas ismo able ible ista osos osas ador ante idad ivas ivos " +
		"ico ica oso osa iva ivo")
	spanishY    = strings.Fields("yeron yendo yamos yais yan yen yas yes ya ye yo yó")
	spanishVerb = strings.Fields("aríamos eríamos iríamos iéramos iésemos aríais aremos eríais eremos iríais iremos ierais ieseis asteis isteis ábamos " +
		"áramos ásemos arían arías aréis erían erías eréis irían irías iréis ieran iesen ieron iendo ieras ieses abais arais aseis éamos arán arás aría erán " +
		"erás ería irán irás iría iera iese aste iste aban aran asen aron ando abas adas idas aras ases íais ados idos amos imos emos ará aré erá eré irá iré " +
		"aba ada ida ara ase ían ado ido ías áis éis ía ad ed id an ió ar er ir as ís en es")
	spanishAccents = strings.NewReplacer("á", "a", "é", "e", "í", "i", "ó", "o", "ú", "u")

	italianPronouns = strings.Fields("gliela gliele glieli glielo gliene sene mela mele meli melo mene tela tele teli telo tene cela cele celi celo cene " +
		"vela vele veli velo vene gli ci la le li lo mi ne si ti vi")
	italianStandard = strings.Fields("atrice atrici azione azioni uzione uzioni usione usioni amento amenti imento imenti amente abile abili ibile ibili " +
		"mente atore atori logia logie anza anze iche ichi ismo ismi ista iste isti istà istè istì ante anti enza enze ico ici ica ice oso osi osa ose ità ivo " +
		"ivi iva ive")
	italianVerb = strings.Fields("erebbero irebbero assero assimo eranno erebbe eremmo ereste eresti essero iranno irebbe iremmo ireste iresti iscano " +
		"iscono issero arono avamo avano avate eremo erete erono evamo evano evate iremo irete irono ivamo ivano ivate ammo ando asse assi emmo enda ende endi " +
		"endo erai erei Yamo iamo immo irai irei isca isce isci isco ano are ata ate ati ato ava avi avo erà ere erò ete eva evi evo irà ire irò ita ite iti " +
		"ito iva ivi ivo ono uta ute uti uto ar ir")
	italianAccents = strings.NewReplacer("á", "à", "é", "è", "í", "ì", "ó", "ò", "ú", "ù")

	portugueseStandard = strings.Fields("amentos imentos uço~es amento imento adoras adores aço~es logias ências amente idades anças ismos istas adora " +
		"aça~o antes ância logia uça~o ência mente idade ança ezas icos icas ismo ável ível ista osos osas ador ante ivas ivos iras eza ico ica oso osa iva " +
		"ivo ira")
	portugueseVerb = strings.Fields("aríamos eríamos iríamos ássemos êssemos íssemos aríeis eríeis iríeis ásseis ésseis ísseis áramos éramos íramos ávamos " +
		"aremos eremos iremos ariam eriam iriam assem essem issem ara~o era~o ira~o arias erias irias ardes erdes irdes asses esses isses astes estes istes " +
		"áreis areis éreis ereis íreis ireis áveis íamos armos ermos irmos aria eria iria asse esse isse aste este iste arei erei irei aram eram iram avam arem " +
		"erem irem ando endo indo adas idas arás aras erás eras irás avas ares eres ires íeis ados idos ámos amos emos imos iras ada ida ará ara erá era irá " +
		"ava iam ado ido ias ais eis ira ia ei am em ar er ir as es is eu iu ou")
)

func spanish(in []rune) []rune {
	s := romance(in, spanishVowel)
	if suffix := ending(s.rv, spanishPronouns); suffix != "" {
		rest := trim(s.rv, len(suffix))
		if endsAny(rest, "ando", "ándo", "ar", "ár", "er", "ér", "iendo", "iéndo", "ir", "ír") ||
			strings.HasSuffix(rest, "yendo") && strings.HasSuffix(trim(s.word, len(suffix)), "uyendo") {
			s.cut(len(suffix))
			s = regions{spanishAccents.Replace(s.word), spanishAccents.Replace(s.r1), spanishAccents.Replace(s.r2), spanishAccents.Replace(s.rv)}
		}
	}
	if !s.spanishStandard() {
		s.spanishVerb()
	}
	if suffix := ending(s.rv, strings.Fields("os a e o á é í ó")); suffix != "" {
		s.cut(len(suffix))
		if one(suffix, "e", "é") && strings.HasSuffix(s.word, "gu") && strings.HasSuffix(s.rv, "u") {
			s.cut(1)
		}
	}
	return []rune(spanishAccents.Replace(s.word))
}

// adverb cuts -amente and what it was made of.
func (s *regions) adverb(before ...string) {
	s.cut(6)
	switch {
	case strings.HasSuffix(s.r2, "iv"):
		s.cut(2)
		if strings.HasSuffix(s.r2, "at") {
			s.cut(2)
		}
	default:
		s.cut(len(ending(s.r2, before)))
	}
}

// spanishStandard is step 1; it tells whether a suffix was removed.
func (s *regions) spanishStandard() bool {
	suffix := ending(s.word, spanishStandard)
	switch {
	case suffix == "":
		return false
	case suffix == "amente" && strings.HasSuffix(s.r1, suffix):
		s.adverb("os", "ic", "ad")
		return true
	case !strings.HasSuffix(s.r2, suffix):
		return false
	}
	n := len(suffix)
	switch suffix {
	case "adora", "ador", "ación", "adoras", "adores", "acion", "aciones", "ante", "antes", "ancia", "ancias":
		s.cut(n)
		s.cut(len(ending(s.r2, []string{"ic"})))
	case "logía", "logías":
		s.swap(n, "log")
	case "ución", "uciones", "ucion":
		s.swap(n, "u")
	case "encia", "encias":
		s.swap(n, "ente")
	case "mente":
		s.cut(n)
		s.cut(len(ending(s.r2, []string{"ante", "able", "ible"})))
	case "idad", "idades":
		s.cut(n)
		s.cut(len(ending(s.r2, []string{"abil", "ic", "iv"})))
	case "ivo", "iva", "ivos", "ivas":
		s.cut(n)
		s.cut(len(ending(s.r2, []string{"at"})))
	default:
		s.cut(n)
	}
	return true
}

// spanishVerb is steps 2a and 2b.
func (s *regions) spanishVerb() {
	for _, suffix := range spanishY {
		if strings.HasSuffix(s.rv, suffix) && strings.HasSuffix(trim(s.word, len(suffix)), "u") {
			s.cut(len(suffix))
			break
		}
	}
	suffix := ending(s.rv, spanishVerb)
	s.cut(len(suffix))
	if one(suffix, "en", "es", "éis", "emos") {
		if strings.HasSuffix(s.word, "gu") {
			s.word = trim(s.word, 1)
		}
		if strings.HasSuffix(s.rv, "gu") {
			s.rv = trim(s.rv, 1)
		}
	}
}

func italian(in []rune) []rune {
	word := []rune(italianAccents.Replace(string(in)))
	for i := 1; i < len(word); i++ {
		if word[i-1] == 'q' && word[i] == 'u' {
			word[i] = 'U'
		}
	}
	for i := 1; i+1 < len(word); i++ {
		if italianVowel(word[i-1]) && italianVowel(word[i+1]) {
			switch word[i] {
			case 'u':
				word[i] = 'U'
			case 'i':
				word[i] = 'I'
			}
		}
	}
	s := romance(word, italianVowel)
	if suffix := ending(s.rv, italianPronouns); suffix != "" {
		switch rest := trim(s.rv, len(suffix)); {
		case endsAny(rest, "ando", "endo"):
			s.cut(len(suffix))
		case endsAny(rest, "ar", "er", "ir"):
			s.swap(len(suffix), "e")
		}
	}
	if !s.italianStandard() {
		s.cut(len(ending(s.rv, italianVerb)))
	}
	if endsAny(s.rv, "a", "e", "i", "o", "à", "è", "ì", "ò") {
		s.word, s.rv = chop(s.word), chop(s.rv)
		if strings.HasSuffix(s.rv, "i") {
			s.cut(1)
		}
	}
	if endsAny(s.rv, "ch", "gh") {
		s.cut(1)
	}
	return []rune(strings.NewReplacer("I", "i", "U", "u").Replace(s.word))
}

// italianStandard is step 1; it tells whether a suffix was removed.
func (s *regions) italianStandard() bool {
	suffix := ending(s.word, italianStandard)
	n := len(suffix)
	switch {
	case suffix == "":
		return false
	case suffix == "amente" && strings.HasSuffix(s.r1, suffix):
		s.adverb("os", "ic", "abil")
		return true
	case one(suffix, "amento", "amenti", "imento", "imenti") && strings.HasSuffix(s.rv, suffix):
		s.cut(n)
		return true
	case !strings.HasSuffix(s.r2, suffix):
		return false
	}
	switch suffix {
	case "azione", "azioni", "atore", "atori":
		s.cut(n)
		s.cut(len(ending(s.r2, []string{"ic"})))
	case "logia", "logie":
		s.word = trim(s.word, 2)
		s.rv = trim(s.word, 2)
	case "uzione", "uzioni", "usione", "usioni":
		s.cut(5)
	case "enza", "enze":
		s.swap(n, "te")
	case "ità":
		s.cut(n)
		s.cut(len(ending(s.r2, []string{"ic", "iv", "abil"})))
	case "ivo", "ivi", "iva", "ive":
		s.cut(n)
		if strings.HasSuffix(s.r2, "at") {
			s.cut(2)
			s.cut(len(ending(s.r2, []string{"ic"})))
		}
	default:
		s.cut(n)
	}
	return true
}

var portugueseIn, portugueseOut = strings.NewReplacer("ã", "a~", "õ", "o~", "qü", "qu", "gü", "gu"), strings.NewReplacer("a~", "ã", "o~", "õ")

func portuguese(in []rune) []rune {
	s := romance([]rune(portugueseIn.Replace(string(in))), portugueseVowel)
	changed := s.portugueseStandard()
	if !changed {
		suffix := ending(s.rv, portugueseVerb)
		changed = suffix != ""
		s.cut(len(suffix))
	}
	if changed {
		if strings.HasSuffix(s.rv, "i") && back(s.word, 2) == 'c' {
			s.cut(1)
		}
	} else {
		s.cut(len(ending(s.rv, strings.Fields("os a i o á í ó"))))
	}
	switch {
	case endsAny(s.rv, "e", "é", "ê"):
		s.word, s.rv = chop(s.word), chop(s.rv)
		if strings.HasSuffix(s.word, "gu") && strings.HasSuffix(s.rv, "u") || strings.HasSuffix(s.word, "ci") && strings.HasSuffix(s.rv, "i") {
			s.cut(1)
		}
	case strings.HasSuffix(s.word, "ç"):
		s.word = chop(s.word) + "c"
	}
	return []rune(portugueseOut.Replace(s.word))
}

// portugueseStandard is step 1; it tells whether a suffix was removed.
func (s *regions) portugueseStandard() bool {
	suffix := ending(s.word, portugueseStandard)
	n := len(suffix)
	switch {
	case suffix == "":
		return false
	case suffix == "amente" && strings.HasSuffix(s.r1, suffix):
		s.adverb("os", "ic", "ad")
		return true
	case one(suffix, "ira", "iras") && strings.HasSuffix(s.rv, suffix) && strings.HasSuffix(trim(s.word, n), "e"):
		s.swap(n, "ir")
		return true
	case !strings.HasSuffix(s.r2, suffix):
		return false
	}
	switch suffix {
	case "logia", "logias":
		s.swap(n, "log")
	case "uça~o", "uço~es":
		s.swap(n, "u")
	case "ência", "ências":
		s.swap(n, "ente")
	case "mente":
		s.cut(n)
		s.cut(len(ending(s.r2, []string{"ante", "avel", "ivel"})))
	case "idade", "idades":
		s.cut(n)
		s.cut(len(ending(s.r2, []string{"ic", "iv", "abil"})))
	case "iva", "ivo", "ivas", "ivos":
		s.cut(n)
		s.cut(len(ending(s.r2, []string{"at"})))
	default:
		s.cut(n)
	}
	return true
}
