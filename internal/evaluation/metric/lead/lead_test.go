package lead

import (
	"strings"
	"testing"

	"crosssum/internal/evaluation/metric/rouge"
)

func TestTheLeadIsTheFirstSentenceOfAnyScript(t *testing.T) {
	for _, c := range []struct{ language, text, want string }{
		{"english", "  One thing. Another thing.", "One thing."},
		{"english", "Version 1.5 of it (see e.g. there) works! More.", "Version 1.5 of it (see e.g. there) works!"},
		{"english", "1. First words. Second words.", "1. First words."},
		{"english", "A heading\nA paragraph follows. And so on.", "A heading"},
		{"hindi", "यह पहला वाक्य है। यह दूसरा है।", "यह पहला वाक्य है।"},
		{"hindi", "पहला है।दूसरा है।", "पहला है।"},
		{"burmese", "ပထမ ဝါကျ။ ဒုတိယ ဝါကျ။", "ပထမ ဝါကျ။"},
		{"amharic", "የመጀመሪያ ዓረፍተ ነገር። ሁለተኛ።", "የመጀመሪያ ዓረፍተ ነገር።"},
		{"chinese_simplified", "第一句。第二句。", "第一句。"},
		{"japanese", "「最初の文。」次の文。", "「最初の文。」"},
		{"english", "", ""},
		{"english", "...", "..."},
	} {
		if got := Sentence(c.language, c.text); got != c.want {
			t.Errorf("%s %q: %q, wanted %q", c.language, c.text, got, c.want)
		}
	}
}

func TestATextWithoutASentenceEndIsCutAt84Tokens(t *testing.T) {
	got := Sentence("english", strings.Repeat("word ", 200))
	if n := rouge.Length("english", got); n != 84 {
		t.Errorf("%d tokens, wanted 84", n)
	}
	long := strings.Repeat("word ", 200) + "end."
	if got := Sentence("english", long); got != long {
		t.Error("a sentence that ends was cut")
	}
}
