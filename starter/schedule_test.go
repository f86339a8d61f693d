package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"crosssum/activities"
)

func TestAScheduleIsNamedOrConfirmedAndWhatIsAboutToBeDoneIsSaid(t *testing.T) {
	t.Parallel()
	l := lodge(t)
	for command, want := range map[string]string{
		"schedule create": "schedule create: this would make the schedule realign: catalogue main, all crawls with a crawl.json, every 168h: say --yes to it, or give it a name",
		"schedule create --every 24h --catalogue x": "schedule realign: catalogue x, all crawls with a crawl.json, every 24h: say --yes",
		"schedule create a b":                       "schedule create: name one schedule, not a and b",
		"schedule create a --id b":                  "name one schedule, not a and b",
		"schedule trigger a b":                      "schedule trigger: name one schedule, not a and b", // and not that there is no server
		"schedule pause a b":                        "schedule pause: name one schedule, not a and b",
		"schedule delete a --id b":                  "schedule delete: name one schedule, not a and b",
		"schedule list":                             "schedules live in the Temporal server, and none answers",
		"schedule delete":                           "schedules live in the Temporal server",
	} {
		l.says(1, command, want)
	}
	l.says(0, "up")
	l.says(1, "schedule delete", `there is no schedule "realign"; there is none at all`)
	l.says(0, "schedule create --yes", "schedule realign: catalogue main, all crawls with a crawl.json, every 168h\n")
	l.says(0, "schedule create weekly --every 24h --catalogue news", "schedule weekly: catalogue news, all crawls with a crawl.json, every 24h\n")
	l.says(1, "schedule create")
	l.says(1, "schedule delete", "schedule delete: this would remove the schedule realign (every 168h; latest run none yet): say --yes to it, or name it")
	l.says(0, "schedule list", "realign", "weekly")
	l.says(1, "schedule delete weakly", `there is no schedule "weakly"; nearest is weekly`)
	l.says(1, "schedule trigger weekl", "nearest is weekly")
	l.says(0, "schedule delete weekly", "removing the schedule weekly (every 24h; latest run none yet)\n", "weekly is deleted")
	l.says(0, "schedule delete --yes", "removing the schedule realign (every 168h;", "realign is deleted")
	l.says(0, "schedule list", "no schedule; ")
}

func TestTheHelpOfSchedulesNamesTheFolderWhereResultsLie(t *testing.T) {
	help := captured(t, func() { dispatch(t.Context(), []string{"schedule", "create", "--help"}) })
	folder := activities.RunFolder("NAME-2026-11-30T06:00:00Z")
	if said, letters := "data/runs/NAME-2026-11-30T06-00-00Z-<ten letters>", folder[strings.LastIndexByte(folder, '-')+1:]; !strings.Contains(help, said) ||
		len(letters) != 10 || "data/runs/"+strings.TrimSuffix(folder, letters)+"<ten letters>" != said {
		t.Errorf("results lie in %s; the help:\n%s", folder, help)
	}
}

func TestAnExampleSaysWhatTheFormOfTheWebUIAsksFor(t *testing.T) {
	config := filepath.Join(t.TempDir(), "temporal.yaml")
	settings, err := os.ReadFile("../temporal.yaml")
	if err == nil {
		err = os.WriteFile(config, settings, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	for what, wants := range map[string][]string{
		"schedule": {"\nName ", "\nWorkflow Type  Realign\n", "\nWorkflow ID ", "\nTask Queue     crosssum\n", "\nInput ", "\nSchedule ", "0 6 * * MON", `"catalogue": "main"`},
		"realign":  {"\nworkflow type  Realign\n", `"catalogue": "main"`},
		"pipeline": {"\nworkflow type  Pipeline\n", "\nworkflow id ", filepath.Join(filepath.Dir(config), "data/runs")},
	} {
		out := captured(t, func() { dispatch(t.Context(), []string{"example", what, "--form", "--config", config}) })
		for _, want := range wants {
			if !strings.Contains(out, want) {
				t.Errorf("%s lacks %q:\n%.1500s", what, want, out)
			}
		}
	}
}
