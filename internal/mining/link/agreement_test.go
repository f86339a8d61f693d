package link

import (
	"math"
	"math/rand"
	"testing"
)

func TestOtherLanguagesRaiseAPairTheyAgreeOnAndLowerOneTheyDoNot(t *testing.T) {
	// English 0 1, French 2 3, German 4 5, Russian 6 7.
	articles := &Articles{Languages: []string{"english", "french", "german", "russian"}, first: []int{0, 2, 4, 6, 8}}
	contenders := []contender{ // by (a, b)
		{a: 0, b: 2, margin: 1.04}, // German says 4 of both, Russian says 6 and 7: n = 1, t = 2
		{a: 0, b: 4, margin: 1.03}, // French says 2 of both, Russian has nothing of 4: n = 1, t = 1
		{a: 0, b: 6, margin: 1.02}, // French has nothing of 6, German nothing: n = 0, t = 0
		{a: 1, b: 3, margin: 1.01}, // nothing at all is known
		{a: 2, b: 4, margin: 1.05}, // English says 0 of both: n = 1, t = 1
		{a: 2, b: 7, margin: 1.00}, // English has nothing of 7, German nothing
	}
	agree(contenders, articles)
	for i, want := range []float64{1.04 + 0.1*(2./4-0.5), 1.03 + 0.1*(2./3-0.5), 1.02, 1.01, 1.05 + 0.1*(2./3-0.5), 1} {
		if got := float64(contenders[i].value); math.Abs(got-want) > 1e-6 || contenders[i].rule != "agreement" {
			t.Errorf("pair %d: %v by %q, wanted %v", i, got, contenders[i].rule, want)
		}
	}
	against := []contender{{a: 0, b: 2, margin: 1.04}, {a: 0, b: 4, margin: 1}, {a: 2, b: 5, margin: 1}}
	agree(against, articles) // German says 4 of the one and 5 of the other: n = 0, t = 1
	if got, want := float64(against[0].value), 1.04+0.1*(1./3-0.5); math.Abs(got-want) > 1e-6 {
		t.Errorf("a pair spoken against has %v, wanted %v", got, want)
	}
}

func TestWithTwoLanguagesAgreementIsTheMargin(t *testing.T) {
	in := randomWorld(rand.New(rand.NewSource(3)), 0.3, map[string]int{"english": 60, "french": 50}).input(t)
	in.Threshold = 1.03
	none := func(int, int) {}
	margin, err := link(in, none)
	if err != nil {
		t.Fatal(err)
	}
	in.Rule = "agreement"
	agreement, err := link(in, none)
	if err != nil {
		t.Fatal(err)
	}
	if len(margin.accepted) == 0 || len(margin.accepted) != len(agreement.accepted) || margin.counts["near_misses"] != agreement.counts["near_misses"] {
		t.Fatalf("%d and %d pairs", len(margin.accepted), len(agreement.accepted))
	}
	for i, c := range agreement.accepted {
		if m := margin.accepted[i]; c.a != m.a || c.b != m.b || c.margin != m.margin {
			t.Errorf("pair %d: %+v and %+v", i, c, m)
		}
	}
}
