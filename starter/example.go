package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"crosssum/internal/cli"
	"crosssum/schemas"
)

// example prints the input of a workflow, complete and ready to paste.
func example(ctx context.Context, args []string) error {
	set := flags("example", "example pipeline|realign [--preset demo] [--form]",
		"Prints the JSON input of a workflow with every parameter at its preset's value. What you leave out keeps that value: `{}` is\n"+
			"the demo. --form prints what else the web UI's start form asks for.", "./crosssum example pipeline > my.json && ./crosssum demo --params my.json")
	preset := set.String("preset", "demo", "demo or paper")
	form := set.Bool("form", false, "print the fields of the web UI's start form, then the JSON")
	open := houseFlags(set)
	what, args := words(args)
	if err := cli.Parse(set, args); err != nil {
		return err
	}
	if len(what) != 1 || what[0] != "pipeline" && what[0] != "realign" {
		return errors.New("example: " + sayWhich("example", what, "pipeline", "realign"))
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
	if what[0] == "realign" {
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
		fmt.Printf("namespace      %s\nworkflow id    any name: results appear in data/runs/<workflow id>\ntask queue     %s\nworkflow type  %s\nencoding       json/plain\ninput          the JSON below\n\n",
			h.config.Namespace, h.config.Queue(schemas.QueueMain), workflow)
	}
	fmt.Println(string(b))
	return nil
}
