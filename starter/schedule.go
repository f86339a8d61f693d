package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"crosssum/activities"
	"crosssum/internal/operation/processes"
	"crosssum/internal/operation/schedules"
	"crosssum/schemas"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
)

const scheduleUsage = `Usage: ./crosssum schedule create|list|trigger|pause|resume|delete [--help] ...

Temporal Schedules of ` + "`realign`" + `: new crawls are taken without anybody. They live in the Temporal server, which has to run with a
worker: ./crosssum up keeps both. A time that passed while they were down is made up for; and as every run takes all crawls that
wait, a missed run costs nothing but time. While one run is at work, one more waits and the rest are left out.

  create    make one: every so long, or by a cron expression
  list      what there is: when, next run, latest run
  trigger   start a run now
  pause     let it start no runs until resume
  resume    let it go on
  delete    remove it; a run at work goes on

Example: ./crosssum schedule create weekly --cron "0 6 * * MON" && ./crosssum schedule list`

// schedule has the commands of schedules.
func schedule(ctx context.Context, args []string) error {
	verbs := map[string]func(context.Context, []string) error{"create": scheduleCreate, "list": scheduleList,
		"trigger": scheduleVerb("trigger", "Starts a run now, as if its time had come.", scheduleTrigger),
		"pause": scheduleVerb("pause", "Lets the schedule start no runs until resume. A run at work goes on.", func(ctx context.Context, h *house, c client.Client, id string) error {
			return said(schedules.Pause(ctx, c, id, "paused by ./crosssum schedule pause"), "%s is paused; ./crosssum schedule resume %s", id, id)
		}),
		"resume": scheduleVerb("resume", "Lets a paused schedule go on.", func(ctx context.Context, h *house, c client.Client, id string) error {
			return said(schedules.Resume(ctx, c, id, ""), "%s goes on", id)
		}),
		"delete": scheduleVerb("delete", "Removes the schedule. A run at work goes on, and catalogues stay.", func(ctx context.Context, h *house, c client.Client, id string) error {
			return said(schedules.Delete(ctx, c, id), "%s is deleted", id)
		}),
	}
	if len(args) == 0 || args[0] == "--help" || args[0] == "-h" || args[0] == "help" {
		fmt.Println(scheduleUsage)
		return nil
	}
	verb, ok := verbs[args[0]]
	if !ok {
		return fmt.Errorf("schedule: no %q; %s; see ./crosssum schedule --help", args[0], schemas.Instead(args[0], slices.Sorted(maps.Keys(verbs))))
	}
	return verb(ctx, args[1:])
}

// said prints a line when there is no error.
func said(err error, format string, args ...any) error {
	if err == nil {
		fmt.Printf(format+"\n", args...)
	}
	return err
}

func scheduleCreate(ctx context.Context, args []string) error {
	set := flags("schedule create", "schedule create NAME [--every 168h | --cron \"0 6 * * MON\"] [options of realign]",
		"Makes a schedule that runs `realign` with the options given here. --every 168h is every Thursday at 00:00 UTC (multiples since 1970); a cron\n"+
			"expression is in UTC too, or behind CRON_TZ=Europe/Berlin. Runs are named NAME-<scheduled time>, NAME-2026-11-30T06:00:00Z for one, and since no\n"+
			"colon may stand in a folder's name their results lie in data/runs/NAME-2026-11-30T06-00-00Z-<ten letters>: ./crosssum schedule list names the latest.",
		"./crosssum schedule create weekly --every 168h\n         ./crosssum schedule create news --cron \"CRON_TZ=Europe/Berlin 0 6 * * MON\" --catalogue news --crawls news")
	o := schedules.Options{}
	id := set.String("id", "", "name of the schedule (the same as NAME)")
	yes := set.Bool("yes", false, "without a NAME: take the name "+schedules.Usual)
	set.DurationVar(&o.Every, "every", 0, "how often: 168h, 24h, 90m (default 168h, unless --cron)")
	set.StringVar(&o.Cron, "cron", "", "when: minute, hour, day of the month, month, day of the week")
	set.DurationVar(&o.CatchUp, "catch-up", 30*24*time.Hour, "make up for a time that passed while no server ran, if it is not longer ago")
	set.DurationVar(&o.Timeout, "timeout", 7*24*time.Hour, "end a run that lasts longer")
	ask := realignFlags(set)
	names, args := words(args)
	h, err := openHouse(set, args)
	if err != nil {
		return err
	}
	if o.ID, err = oneName("create", names, *id); err != nil {
		return err
	}
	if o.Every == 0 && o.Cron == "" {
		o.Every = 7 * 24 * time.Hour
	}
	if o.Params, err = ask(h); err != nil {
		return err
	}
	resolved, err := schemas.DecodeRealign(o.Params)
	if err != nil {
		return err
	}
	o.Queue, o.Summary = h.config.Queue(schemas.QueueMain), aboutRealign(resolved)
	bare := o.ID == ""
	o.ID = cmp.Or(o.ID, schedules.Usual)
	what := fmt.Sprintf("schedule %s: %s, %s", o.ID, o.Summary, o.When())
	if bare && !*yes {
		return fmt.Errorf("schedule create: this would make the %s: say --yes to it, or give it a name, ./crosssum schedule create NAME", what)
	}
	c, err := h.reach(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	fmt.Println(what)
	if err := schedules.Create(ctx, c, o); err != nil {
		return err
	}
	return h.listSchedules(ctx, c)
}

// oneName is the schedule that a command names, before its flags or by --id; "" if it names none.
func oneName(verb string, names []string, id string) (string, error) {
	if id != "" {
		names = append(names, id)
	}
	if len(names) > 1 {
		return "", fmt.Errorf("schedule %s: name one schedule, not %s", verb, strings.Join(names, " and "))
	}
	return append(names, "")[0], nil
}

func scheduleList(ctx context.Context, args []string) error {
	set := flags("schedule list", "schedule list", "Lists the schedules with their next and latest runs.", "./crosssum schedule list")
	h, err := openHouse(set, args)
	if err != nil {
		return err
	}
	c, err := h.reach(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	return h.listSchedules(ctx, c)
}

// listSchedules prints the table of schedules, and says if nobody would work for them.
func (h *house) listSchedules(ctx context.Context, c client.Client) error {
	all, err := schedules.List(ctx, c)
	if err != nil {
		return err
	}
	if len(all) == 0 {
		fmt.Println("no schedule; ./crosssum schedule create NAME makes one")
		return nil
	}
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "id\twhen\tnext run\tlatest run\tresults\t")
	for _, s := range all {
		next := "-"
		if s.Paused {
			next = "paused"
		} else if len(s.Next) > 0 {
			next = s.Next[0].Local().Format("2006-01-02 15:04")
		}
		results := "-"
		if folder := filepath.Join(h.config.Runs, activities.RunFolder(s.Last)); s.Last != "" && exists(folder) {
			results = folder
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t\n", s.ID, s.When, next, latestRun(ctx, c, s.Last), results)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	queue := h.config.Queue(schemas.QueueMain)
	if q, err := c.DescribeTaskQueue(ctx, queue, enums.TASK_QUEUE_TYPE_WORKFLOW); err == nil && len(q.GetPollers()) == 0 {
		fmt.Printf("No worker listens to %s: what a schedule starts waits until ./crosssum up\n", queue)
	}
	return nil
}

// latestRun tells a run's id and state.
func latestRun(ctx context.Context, c client.Client, id string) string {
	if id == "" {
		return "none yet"
	}
	d, err := c.DescribeWorkflowExecution(ctx, id, "")
	if err != nil {
		return id
	}
	return id + " " + strings.ToLower(d.GetWorkflowExecutionInfo().GetStatus().String())
}

func scheduleTrigger(ctx context.Context, h *house, c client.Client, id string) error {
	run, err := schedules.Trigger(ctx, c, id)
	switch {
	case err != nil:
		return err
	case run == "":
		fmt.Println("a run of this schedule is at work: the new one comes after it")
	case h.ui == "":
		fmt.Printf("started %s; ./crosssum status\n", run)
	default:
		fmt.Printf("started %s: %s/%s\n", run, h.runsURL(), url.PathEscape(run))
	}
	return nil
}

// scheduleVerb is a command on one schedule; without a name on the usual one, which has to be confirmed before it is deleted.
func scheduleVerb(verb, text string, do func(context.Context, *house, client.Client, string) error) func(context.Context, []string) error {
	return func(ctx context.Context, args []string) error {
		set := flags("schedule "+verb, "schedule "+verb+" NAME", text, "./crosssum schedule "+verb+" weekly")
		id := set.String("id", "", "name of the schedule (the same as NAME)")
		yes := new(bool)
		if verb == "delete" {
			set.BoolVar(yes, "yes", false, "without a NAME: the schedule "+schedules.Usual+" is meant")
		} else {
			set.Lookup("id").Usage += " (default " + schedules.Usual + ")"
		}
		names, args := words(args)
		h, err := openHouse(set, args)
		if err != nil {
			return err
		}
		name, err := oneName(verb, names, *id)
		if err != nil {
			return err
		}
		c, err := h.reach(ctx)
		if err != nil {
			return err
		}
		defer c.Close()
		if verb != "delete" {
			return do(ctx, h, c, cmp.Or(name, schedules.Usual))
		}
		s, err := schedules.Find(ctx, c, cmp.Or(name, schedules.Usual))
		if err != nil {
			return err
		}
		what := fmt.Sprintf("the schedule %s (%s; latest run %s)", s.ID, s.When, cmp.Or(s.Last, "none yet"))
		if name == "" && !*yes {
			return fmt.Errorf("schedule delete: this would remove %s: say --yes to it, or name it, ./crosssum schedule delete %s", what, s.ID)
		}
		fmt.Printf("removing %s\n", what)
		return do(ctx, h, c, s.ID)
	}
}

// words are the arguments before the first flag.
func words(args []string) (words, rest []string) {
	i := slices.IndexFunc(args, func(arg string) bool { return strings.HasPrefix(arg, "-") })
	if i < 0 {
		i = len(args)
	}
	return slices.Clone(args[:i]), args[i:]
}

// reach connects to the server, which must run already: schedules live in it.
func (h *house) reach(ctx context.Context) (client.Client, error) {
	if !processes.Serves(ctx, h.config.Address) {
		return nil, errors.New("schedules live in the Temporal server, and none answers at " + h.config.Address +
			": ./crosssum up starts it with a worker, and keeps them running")
	}
	if _, ok := h.keeper.Find(processes.ServerName); ok {
		if err := processes.PrepareNamespace(ctx, h.config.Address, h.config.Namespace); err != nil {
			return nil, err
		}
	}
	return h.client()
}
