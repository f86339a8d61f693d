package texts

import "testing"

func TestIdeographsCountForSeveralLetters(t *testing.T) {
	for text, want := range map[string]int{"GTK+ 2.0": 3, "naïve": 5, "日本": 6, "カナ かな": 12, "한국": 6, "привет": 6, "สวัสดี": 4} {
		if got := Letters(text); got != want {
			t.Errorf("%q: %d, want %d", text, got, want)
		}
	}
}
