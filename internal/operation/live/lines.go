package live

import (
	"fmt"
	"maps"
	"strings"
	"time"

	"crosssum/schemas"
)

// barWidth is the number of cells of a bar.
const barWidth = 20

// Lines draws the board: one line a stage, and one for every activity that is being tried again. Lines are cut to width
// characters (0: not cut).
func (b *Board) Lines(width int, now time.Time) []string {
	var lines []string
	for _, stage := range b.last.Stages {
		f := b.fraction(stage)
		line := fmt.Sprintf("%-11s %s", Title(stage.Stage), bar(f))
		if stage.State != "waiting" {
			line += fmt.Sprintf(" %3.0f %%  %s", 100*f, b.detail(stage, f, now))
		}
		lines = append(lines, cut(strings.TrimRight(line, " "), width))
	}
	for _, line := range b.Retried() {
		lines = append(lines, cut("  "+line, width))
	}
	return lines
}

// Running gives the lines of the stages at work only, without bars: what a log gets every few seconds.
func (b *Board) Running(now time.Time) []string {
	var lines []string
	for _, stage := range b.last.Stages {
		if stage.State == "running" {
			f := b.fraction(stage)
			lines = append(lines, strings.TrimSuffix(fmt.Sprintf("%s %.0f %%: %s", Title(stage.Stage), 100*f, b.detail(stage, f, now)), ": "))
		}
	}
	return lines
}

// Retried gives a line for every activity that is held up or being tried again.
func (b *Board) Retried() []string {
	var lines []string
	for _, a := range b.last.Active {
		if a.Progress.Problem != "" {
			lines = append(lines, fmt.Sprintf("%s: %s", Title(a.Stage), firstLine(a.Progress.Problem)))
		} else if a.Failure != "" {
			lines = append(lines, fmt.Sprintf("%s: attempt %d, after: %s", Title(a.Stage), a.Attempt, firstLine(a.Failure)))
		}
	}
	return lines
}

// Stages is the last look at the stages.
func (b *Board) Stages() []schemas.StageProgress { return b.last.Stages }

// detail is the text beside the bar.
func (b *Board) detail(stage schemas.StageProgress, fraction float64, now time.Time) string {
	switch stage.State {
	case "done":
		return Finished(stage)
	case "failed":
		return "failed"
	case "running":
	default:
		return ""
	}
	var parts []string
	if stage.Stage == schemas.WaitingActivity.Name {
		parts = append(parts, crawls(stage))
	} else if stage.Units > 1 {
		finished := max(stage.UnitsDone, stage.Reused)
		for _, a := range b.last.Active {
			if a.Stage == stage.Stage {
				finished += a.Progress.UnitNo // of a work item at work
			}
		}
		parts = append(parts, fmt.Sprintf("%d of %s", min(finished, stage.Units), count(int64(stage.Units), stage.Unit)))
	}
	metrics := map[string]float64{}
	for _, a := range b.last.Active {
		if a.Stage != stage.Stage {
			continue
		}
		p, unit := a.Progress, a.Progress.Unit
		if unit == "all" {
			unit = ""
		}
		if p.Of != "" && p.Total > 0 {
			parts = append(parts, strings.TrimSpace(fmt.Sprintf("%s %s of %s %s", unit, Thousands(p.Done), Thousands(p.Total), p.Of)))
		} else if unit != "" {
			parts = append(parts, unit)
		}
		maps.Copy(metrics, a.Progress.Metrics)
	}
	t := b.tracks[stage.Stage]
	if rate := t.rate(); rate > 0 && t.of != schemas.OfModel {
		parts = append(parts, fmt.Sprintf("%s %s/s", Readable(rate), t.of))
	}
	for _, m := range []struct{ name, says string }{{"loss", "loss"}, {"learning_rate", "learning rate"}, {"checkpoint", "checkpoint at"}, {"ranks", "ranks"}} {
		if v := metrics[m.name]; v != 0 { // zero: not there yet
			parts = append(parts, m.says+" "+Readable(v))
		}
	}
	if left := t.remaining(fraction, now); left > 0 {
		parts = append(parts, "ETA "+Clock(left))
	}
	return strings.Join(parts, " · ")
}

// Title is what a reader calls a stage. What waits in a run that takes in one crawl after the other are crawls.
func Title(stage string) string {
	if stage == schemas.WaitingActivity.Name {
		return "crawls"
	}
	return stage
}

// crawls says how many of them a run has taken in, and which is at work: the other stages' lines are about that one.
func crawls(stage schemas.StageProgress) string {
	if stage.Crawl == "" {
		return "looking for those that wait"
	}
	return fmt.Sprintf("%s of %s taken in, %s at work", Thousands(int64(stage.UnitsDone)), count(int64(stage.Units), stage.Unit), stage.Crawl)
}

// Finished says how a stage ended: what it made, how long it took, and what it did not compute again.
func Finished(stage schemas.StageProgress) string {
	units := count(int64(stage.Units), stage.Unit)
	switch {
	case stage.Stage == schemas.WaitingActivity.Name:
		return fmt.Sprintf("%s taken in", count(int64(stage.UnitsDone), stage.Unit))
	case stage.Units > 0 && stage.Reused == stage.Units && stage.Units == 1:
		return "reused"
	case stage.Units > 0 && stage.Reused == stage.Units:
		return fmt.Sprintf("%d of %s reused", stage.Reused, units)
	case stage.Reused > 0:
		return fmt.Sprintf("%s in %s, %d of them reused", units, Clock(seconds(stage.Seconds)), stage.Reused)
	case stage.Units == 1 && stage.Unit == "run":
		return "in " + Clock(seconds(stage.Seconds))
	}
	return fmt.Sprintf("%s in %s", units, Clock(seconds(stage.Seconds)))
}

// Reused says of every reused unit of a finished stage that it was, in lines of at most width characters (0: one a line).
// A stage of one unit has said it with Finished; of many, only the first are named.
func Reused(stage schemas.StageProgress, width int) []string {
	if stage.State != "done" || len(stage.ReusedUnits) == 0 || stage.ReusedUnits[0] == "all" {
		return nil
	}
	var said []string
	for _, unit := range stage.ReusedUnits {
		said = append(said, fmt.Sprintf("%s %s: reused", stage.Stage, unit))
	}
	if more := stage.Reused - len(said); more > 0 {
		said = append(said, fmt.Sprintf("and %s more", Thousands(int64(more))))
	}
	lines := []string{"  " + said[0]}
	for _, s := range said[1:] {
		last := &lines[len(lines)-1]
		if longer := *last + " · " + s; len([]rune(longer)) <= width {
			*last = longer
		} else {
			lines = append(lines, "  "+s)
		}
	}
	return lines
}

func bar(fraction float64) string {
	full := int(fraction*barWidth + 1e-9)
	return strings.Repeat("█", full) + strings.Repeat("░", barWidth-full)
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

func firstLine(s string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(s), "\n")
	return line
}

// cut shortens a line to width characters. No character here is wider than one cell.
func cut(line string, width int) string {
	r := []rune(line)
	if width <= 0 || len(r) <= width {
		return line
	}
	return string(r[:max(0, width-1)]) + "…"
}
