package live

import (
	"slices"
	"strings"
	"testing"
	"time"

	"crosssum/schemas"
)

// see updates the board with a running training at the given step, seconds after start.
func see(b *Board, start time.Time, seconds int, step int64) {
	b.Update(Snapshot{
		Stages: []schemas.StageProgress{{Stage: "train", State: "running", Unit: "run", Units: 1, Work: 20}},
		Active: []Activity{{ID: "7", Stage: "train", Attempt: 1, Progress: schemas.Progress{Stage: "train", Unit: "all", Units: 1, UnitWork: 20,
			Done: step, Total: 80, Of: "steps", Metrics: map[string]float64{"loss": 6.125, "ranks": 2}}}},
	}, start.Add(time.Duration(seconds)*time.Second))
}

func TestATrainingShowsStepsRateLossAndTimeToGo(t *testing.T) {
	b, start := &Board{}, time.Unix(1e9, 0)
	for s := 0; s <= 20; s++ {
		see(b, start, s, int64(s)) // a step a second
	}
	line := b.Lines(0, start.Add(20*time.Second))[0]
	for _, want := range []string{"train", "25 %", "20 of 80 steps", "1 steps/s", "loss 6.12", "ranks 2", "ETA 1:00 min", "█████░"} {
		if !strings.Contains(line, want) {
			t.Errorf("%q lacks %q", line, want)
		}
	}
}

// TestARateIsThatOfTheAttemptAndNotOfTheOnesBefore: a resumed training says 0 steps while it loads, and then those of its checkpoint at once.
func TestARateIsThatOfTheAttemptAndNotOfTheOnesBefore(t *testing.T) {
	type look struct{ done, resumed int64 }
	steps := func(from, to, resumed int64) (looks []look) {
		for n := from; n <= to; n++ {
			looks = append(looks, look{n, resumed})
		}
		return looks
	}
	loading := []look{{}, {}, {}}
	for name, looks := range map[string][]look{
		"after a crash that was watched":        slices.Concat(steps(0, 30, 0), loading, steps(24, 40, 24)),
		"in a command that begins to watch now": slices.Concat(loading, steps(24, 40, 24)),
		"after a second crash":                  slices.Concat(steps(0, 30, 0), loading, steps(24, 34, 24), loading, steps(32, 40, 32)),
		"after one before its first step":       slices.Concat(loading, []look{{24, 24}}, loading, steps(24, 40, 24)),
	} {
		b, start, now := &Board{}, time.Unix(1e9, 0), time.Duration(0)
		for _, l := range looks { // a step a second
			now += time.Second
			b.Update(Snapshot{
				Stages: []schemas.StageProgress{{Stage: "train", State: "running", Unit: "run", Units: 1, Work: 20}},
				Active: []Activity{{ID: "7", Stage: "train", Progress: schemas.Progress{Unit: "all", Units: 1, UnitWork: 20, Done: l.done, Resumed: l.resumed,
					Total: 80, Of: "steps"}}},
			}, start.Add(now))
		}
		if line := b.Lines(0, start.Add(now))[0]; !strings.Contains(line, " 1 steps/s") || !strings.Contains(line, "ETA 40 s") {
			t.Errorf("%s: %q, where 40 steps are left, one a second", name, line)
		}
	}
}

func TestARateSpansTheUnitsOfAWorkItem(t *testing.T) {
	b, start := &Board{}, time.Unix(1e9, 0)
	for i, unit := range []string{"english", "english", "hindi", "hindi"} {
		b.Update(Snapshot{
			Stages: []schemas.StageProgress{{Stage: "embed", State: "running", Unit: "language", Units: 4, Work: 40, WorkDone: 10}},
			Active: []Activity{{ID: "3", Stage: "embed", Progress: schemas.Progress{Unit: unit, UnitNo: i / 2, Units: 4, WorkDone: float64(i/2) * 5, UnitWork: 10,
				Done: int64(i%2) * 100, Total: 200, Of: "rows"}}},
		}, start.Add(time.Duration(i)*time.Second))
	}
	line := b.Lines(0, start.Add(3*time.Second))[0] // 100 rows of english and 100 of hindi were seen in 3 s
	for _, want := range []string{"1 of 4 languages", "hindi 100 of 200 rows", "66.7 rows/s", "50 %"} {
		if !strings.Contains(line, want) {
			t.Errorf("%q lacks %q", line, want)
		}
	}
}

func TestARateCountsOneThingAtATime(t *testing.T) {
	b, start := &Board{}, time.Unix(1e9, 0)
	for i, p := range []schemas.Progress{{Done: 1e9, Of: "bytes"}, {Done: 2e9, Of: "bytes"}, {Done: 10, Of: "texts"}, {Done: 30, Of: "texts"}, {Done: 50, Of: "texts"}} {
		p.Unit, p.Total = "english", 3e9
		b.Update(Snapshot{
			Stages: []schemas.StageProgress{{Stage: "embed", State: "running", Unit: "language", Units: 1, Work: 40}},
			Active: []Activity{{ID: "3", Stage: "embed", Progress: p}},
		}, start.Add(time.Duration(i)*time.Second))
	}
	if line := b.Lines(0, start.Add(4*time.Second))[0]; !strings.Contains(line, " 20.0 texts/s") && !strings.Contains(line, " 20 texts/s") {
		t.Errorf("%q: 20 texts were seen in every second", line)
	}
}

func TestLoadingAModelIsShownButIsNoWork(t *testing.T) {
	b, start := &Board{}, time.Unix(1e9, 0)
	see := func(second int, p schemas.Progress) string {
		p.Unit, p.UnitWork = "english", 40
		b.Update(Snapshot{
			Stages: []schemas.StageProgress{{Stage: "embed", State: "running", Unit: "language", Units: 1, Work: 40}},
			Active: []Activity{{ID: "3", Stage: "embed", Progress: p}},
		}, start.Add(time.Duration(second)*time.Second))
		return b.Lines(0, start.Add(time.Duration(second)*time.Second))[0]
	}
	see(0, schemas.Progress{Done: 0, Total: 400, Of: schemas.OfModel})
	if line := see(60, schemas.Progress{Done: 300, Total: 400, Of: schemas.OfModel}); !strings.Contains(line, " 0 %  english 300 of 400 bytes of the model") ||
		strings.Contains(line, "/s") || strings.Contains(line, "ETA") {
		t.Errorf("while it loads: %q", line)
	}
	see(80, schemas.Progress{Done: 0, Total: 100, Of: "texts"})
	if line := see(90, schemas.Progress{Done: 50, Total: 100, Of: "texts"}); !strings.Contains(line, " 50 %") || !strings.Contains(line, "ETA 10 s") {
		t.Errorf("half of the texts took 10 s: %q", line)
	}
}

func TestTheEndOfAStageSaysWhatWasReused(t *testing.T) {
	for want, stage := range map[string]schemas.StageProgress{
		"reused":                    {Units: 1, Unit: "run", Reused: 1},
		"34 of 34 languages reused": {Units: 34, Unit: "language", Reused: 34},
		"561 pairs in 1:12 min, 33 of them reused": {Units: 561, Unit: "pair", Reused: 33, Seconds: 72},
		"in 3.5 s": {Units: 1, Unit: "run", Seconds: 3.5},
	} {
		if got := Finished(stage); got != want {
			t.Errorf("%+v: %q, want %q", stage, got, want)
		}
	}
}

func TestARunThatTakesCrawlsInSaysWhichIsAtWorkAndHowManyWait(t *testing.T) {
	b := &Board{}
	for _, c := range []struct {
		stage schemas.StageProgress
		want  string
	}{
		{schemas.StageProgress{State: "running"}, "crawls 0 %: looking for those that wait"},
		{schemas.StageProgress{State: "running", Units: 1, Work: 1, Crawl: "2026-45"}, "crawls 0 %: 0 of 1 crawl taken in, 2026-45 at work"},
		{schemas.StageProgress{State: "running", Units: 4, Work: 4, UnitsDone: 1, WorkDone: 1, Crawl: "2026-46"}, "crawls 25 %: 1 of 4 crawls taken in, 2026-46 at work"},
	} {
		c.stage.Stage, c.stage.Unit = schemas.WaitingActivity.Name, "crawl"
		b.Update(Snapshot{Stages: []schemas.StageProgress{c.stage}}, time.Unix(1e9, 0))
		if got := b.Running(time.Unix(1e9, 0)); len(got) != 1 || got[0] != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
	if end := Finished(schemas.StageProgress{Stage: schemas.WaitingActivity.Name, State: "done", Unit: "crawl", Units: 3, UnitsDone: 2, Seconds: 0.2}); end != "2 crawls taken in" {
		t.Error(end)
	}
}

func TestEveryReusedUnitIsNamed(t *testing.T) {
	embed := schemas.StageProgress{Stage: "embed", State: "done", Units: 3, Unit: "language", Reused: 2, ReusedUnits: []string{"english", "hindi"}}
	pairs := schemas.StageProgress{Stage: "neighbours", State: "done", Units: 1653, Unit: "pair", Reused: 1653,
		ReusedUnits: []string{"arabic-arabic", "arabic-english", "arabic-hindi"}}
	for _, c := range []struct {
		stage schemas.StageProgress
		width int
		want  []string
	}{
		{embed, 80, []string{"  embed english: reused · embed hindi: reused"}},
		{embed, 30, []string{"  embed english: reused", "  embed hindi: reused"}},
		{pairs, 200, []string{"  neighbours arabic-arabic: reused · neighbours arabic-english: reused · neighbours arabic-hindi: reused · and 1,650 more"}},
		{schemas.StageProgress{Stage: "link", State: "done", Units: 1, Reused: 1, ReusedUnits: []string{"all"}}, 80, nil},
		{schemas.StageProgress{Stage: "embed", State: "running", Units: 3, Reused: 1, ReusedUnits: []string{"english"}}, 80, nil},
	} {
		if got := Reused(c.stage, c.width); !slices.Equal(got, c.want) {
			t.Errorf("%+v: %q, want %q", c.stage, got, c.want)
		}
	}
}

func TestAFailedAttemptIsShownWithItsFirstLineOnly(t *testing.T) {
	b := &Board{}
	b.Update(Snapshot{Active: []Activity{{ID: "1", Stage: "train", Attempt: 3, Failure: "the engine ended: killed\nstack"}}}, time.Unix(1e9, 0))
	got := strings.Join(b.Lines(0, time.Unix(1e9, 0)), "\n")
	if !strings.Contains(got, "attempt 3, after: the engine ended: killed") || strings.Contains(got, "stack") {
		t.Errorf("%q", got)
	}
}

func TestWhatHoldsUpAnActivityIsShownUntilItGoesOn(t *testing.T) {
	b := &Board{}
	for _, problem := range []string{"disk full: make room", ""} {
		a := Activity{ID: "1", Stage: "embed", Attempt: 2, Failure: "no space left", Progress: schemas.Progress{Problem: problem}}
		b.Update(Snapshot{Active: []Activity{a}}, time.Unix(1e9, 0))
		want := map[bool]string{true: "embed: disk full: make room", false: "embed: attempt 2, after: no space left"}[problem != ""]
		if got := strings.Join(b.Retried(), "\n"); got != want {
			t.Errorf("%q, wanted %q", got, want)
		}
	}
}

func TestLinesFitTheTerminal(t *testing.T) {
	b, start := &Board{}, time.Unix(1e9, 0)
	see(b, start, 0, 10)
	for _, line := range b.Lines(40, start) {
		if n := len([]rune(line)); n > 40 {
			t.Errorf("%d characters: %q", n, line)
		}
	}
}

func TestNumbersAreReadable(t *testing.T) {
	for v, want := range map[float64]string{1234567: "1,234,567", 0.00123: "0.00123", 12.34: "12.3", 8.149: "8.15", 100: "100", -2500: "-2,500", 0: "0"} {
		if got := Readable(v); got != want {
			t.Errorf("%v: %q, want %q", v, got, want)
		}
	}
}
