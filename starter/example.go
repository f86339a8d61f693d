package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"crosssum/internal/cli"
	"crosssum/schemas"
)

// example prints the input of a workflow, complete and ready to paste.
func example(ctx context.Context, args []string) error {
	set := flags("example", "example pipeline|realign|schedule [--preset demo] [--form]",
		"Prints the JSON input of a workflow with every parameter at its preset's value. What you leave out keeps that value: `{}` is\n"+
			"the demo. --form prints what else the web UI's form asks for: that of *Start workflow*, or for a schedule that of *Create Schedule*.", "./crosssum example pipeline > my.json && ./crosssum demo --params my.json")
	preset := set.String("preset", "demo", "demo or paper")
	form := set.Bool("form", false, "print the fields of the web UI's start form, then the JSON")
	open := houseFlags(set)
	what, args := words(args)
	if err := cli.Parse(set, args); err != nil {
		return err
	}
	if len(what) != 1 || !slices.Contains([]string{"pipeline", "realign", "schedule"}, what[0]) {
		return errors.New("example: " + sayWhich("example", what, "pipeline", "realign", "schedule"))
	}
	values, ok := schemas.Presets[*preset]
	if !ok {
		return fmt.Errorf("example: no preset %q: demo or paper", *preset)
	}
	p := values()
	if p.Languages == nil {
		p.Languages = []string{}
	}
	var input any = p
	workflow := schemas.PipelineWorkflow
	if what[0] != "pipeline" { // a schedule starts Realign
		p.Crawl = "" // of the preset: here it would name the one crawl to take
		input, workflow = schemas.RealignParams{Params: p, Catalogue: "main"}, schemas.RealignWorkflow
	}
	b, err := json.MarshalIndent(input, "", "  ")
	if err != nil {
		return err
	}
	if *form {
		h, err := open()
		if err != nil {
			return err
		}
		form := startForm
		if what[0] == "schedule" {
			form = scheduleForm
		}
		fmt.Printf(form, h.config.Namespace, h.config.Runs, h.config.Queue(schemas.QueueMain), workflow)
	}
	fmt.Println(string(b))
	return nil
}

// The fields of the web UI's forms, with namespace, folder of results, task queue and workflow type.
const (
	startForm = `namespace      %[1]s
workflow id    any name: results appear in %[2]s/<workflow id> (signs that no folder's name should have become dashes, with ten letters behind)
task queue     %[3]s
workflow type  %[4]s
encoding       json/plain
input          the JSON below

`
	scheduleForm = `(Schedules, Create Schedule, in namespace %[1]s)
Name           any name: weekly
Workflow Type  %[4]s
Workflow ID    any name: weekly; runs are called <Workflow ID>-<time>, and results appear in %[2]s under that, each colon a dash, with ten letters behind
Task Queue     %[3]s
Input          the JSON below, encoding json/plain
Schedule       tab String: 0 6 * * MON (UTC), or tab Interval: 7 days

The form asks for no policies, and needs none: a time that comes while a run of the schedule is at work is left out, and of the runs on one
catalogue, whoever started them, one takes crawls and the others wait for it. ./crosssum schedule create also lets one run wait, and ends a run
after --timeout.

`
)
